/*
 * resample.c - see resample.h.
 */
#include "draw/resample.h"

#include <stdlib.h>

#include "base/alloc.h"

/* The cells first..last that one pixel covers along an axis, and how much of the two ends. */
struct span {
    size_t first, last;
    double first_share, last_share; /* in pixels; cells between take 1/scale each */
};

/* Pixel p of n covers cells [p * cells / n, (p + 1) * cells / n): exact in integers. */
static struct span *make_spans(size_t n, size_t cells)
{
    struct span *spans = at_malloc(n, sizeof *spans);

    for (size_t p = 0; p < n; p++) {
        size_t from = p * cells, to = (p + 1) * cells; /* in units of 1/n cell */
        struct span *s = &spans[p];
        s->first = from / n;
        s->last = (to - 1) / n;
        s->first_share =
            s->first == s->last ? 1.0 : (double)((s->first + 1) * n - from) / (double)cells;
        s->last_share = s->first == s->last ? 1.0 : (double)(to - s->last * n) / (double)cells;
    }
    return spans;
}

static double share(const struct span *s, size_t i, size_t n, size_t cells)
{
    return i == s->first  ? s->first_share
           : i == s->last ? s->last_share
                          : (double)n / (double)cells;
}

void at_resample_cells(uint32_t *out, size_t stride, size_t w, size_t h, const uint32_t *cells,
                       size_t rows, size_t cols)
{
    struct span *across = make_spans(w, cols), *down = make_spans(h, rows);

    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++) {
            const struct span *a = &across[x], *d = &down[y];
            double r = 0, g = 0, b = 0;
            if (a->first == a->last && d->first == d->last) {
                out[y * stride + x] = cells[d->first * cols + a->first];
                continue;
            }
            for (size_t i = d->first; i <= d->last; i++)
                for (size_t j = a->first; j <= a->last; j++) {
                    double k = share(d, i, h, rows) * share(a, j, w, cols);
                    uint32_t rgb = cells[i * cols + j];
                    r += k * (rgb >> 16 & 255);
                    g += k * (rgb >> 8 & 255);
                    b += k * (rgb & 255);
                }
            out[y * stride + x] =
                (uint32_t)(r + 0.5) << 16 | (uint32_t)(g + 0.5) << 8 | (uint32_t)(b + 0.5);
        }
    free(across);
    free(down);
}
