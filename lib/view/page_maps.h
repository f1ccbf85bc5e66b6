/*
 * page_maps.h - attention maps and vectors as a page holds them: packed, deflated, base64.
 *
 * Maps of one layer are one string. Of every weight w a byte is kept, round(255 sqrt(w)), and of
 * the k strongest keys of each row the weight itself; or, exact, each weight as a half float.
 * Inside, in this order, little-endian:
 *
 *   bytes   (H,n,n)        or    halves (H,n,n) low bytes,
 *   keys    (H,n,k) u16                 (H,n,n) high bytes
 *   weights (H,n,k) f32
 */
#ifndef VIEW_PAGE_MAPS_H
#define VIEW_PAGE_MAPS_H

#include <stdbool.h>
#include <stddef.h>

/* at_page_top_k - the k above: as many as fit into 256 weights per map, within 2 and n. */
size_t at_page_top_k(size_t n);

/* at_page_map_error - the most that a weight w is wrong by: half a step of the square root. */
double at_page_map_error(double w, bool is_exact);

/* at_page_pack_maps - maps (H,n,n) of weights within 0 and 1; the caller frees. */
char *at_page_pack_maps(const float *maps, size_t H, size_t n, bool is_exact);

/* at_page_pack_halves - n numbers as half floats: low bytes, then high bytes; the caller frees. */
char *at_page_pack_halves(const float *v, size_t n);

#endif
