/*
 * resample.h - colour cells to pixels. Inside draw only.
 */
#ifndef DRAW_RESAMPLE_H
#define DRAW_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * at_resample_cells - fill (h,w) pixels from (rows,cols) cells, each pixel the average of the cells
 * it covers, weighted by area.
 *
 * Cells of less than a pixel fade but are never skipped; larger ones keep hard borders and sizes
 * that differ by less than a pixel. Colours are 0xRRGGBB, stride is in pixels.
 */
void at_resample_cells(uint32_t *out, size_t stride, size_t w, size_t h, const uint32_t *cells,
                       size_t rows, size_t cols);

#endif
