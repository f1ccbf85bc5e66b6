/*
 * quantiles.c - see quantiles.h.
 *
 * Quantiles of a large array come from its bits: a float's bits, with the sign folded in, sort
 * like the float. Counting the bits that lie between the least and the greatest value, in up to
 * 4,096 bins, says which bins hold the wanted ranks. The few cells in them are collected, and a
 * quickselect among those ends at the exact values.
 */
#include "stats/quantiles.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

/* Where quantile q of n values lies: between order statistics low and high. */
struct place {
    size_t low, high;
    double fraction;
};

static struct place place_of(double q, size_t n)
{
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;

    AT_BUG_IF(!(q >= 0.0 && q <= 1.0));
    return (struct place){ low, AT_MIN(low + 1, n - 1), at - (double)low };
}

static double between(double low, double high, double fraction)
{
    return fraction == 0.0 || low == high ? low : low + fraction * (high - low);
}

double at_quantile_sorted(const double *x, size_t n, double q)
{
    struct place p;

    if (n == 0)
        return NAN;
    p = place_of(q, n);
    return between(x[p.low], x[p.high], p.fraction);
}

/* A float's bits as a number that sorts like the float; NaN comes last, or first with its sign. */
static int32_t key_of(float x)
{
    int32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits >> 31 & INT32_MAX);
}

enum { LANES = 8 };
typedef int32_t vint __attribute__((vector_size(LANES * sizeof(int32_t))));

/* Eight keys from x + i. A macro, since passing vectors by value depends on the target. */
#define LOAD_KEYS(keys, x, i)                                                                      \
    do {                                                                                           \
        memcpy(&(keys), (x) + (i), sizeof(keys));                                                  \
        (keys) ^= (keys) >> 31 & INT32_MAX;                                                        \
    } while (0)

enum { MAX_BINS = 4096 };

/* Cells counted by key: bin b holds the keys from least + (b << shift) to the next bin's first. */
struct bins {
    int32_t least;
    unsigned shift;
    size_t n; /* bins in use */
    uint32_t count[MAX_BINS];
};

AT_CLONES static void key_range(int32_t *least_out, int32_t *most_out, const float *x, size_t n)
{
    int32_t least = key_of(x[0]), most = least;
    vint low = least - (vint){ 0 }, high = low, keys;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        LOAD_KEYS(keys, x, i);
        vint less = keys<low, more = keys> high;
        low = (keys & less) | (low & ~less);
        high = (keys & more) | (high & ~more);
    }
    for (size_t k = 0; k < LANES; k++) {
        least = AT_MIN(least, low[k]);
        most = AT_MAX(most, high[k]);
    }
    for (; i < n; i++) {
        least = AT_MIN(least, key_of(x[i]));
        most = AT_MAX(most, key_of(x[i]));
    }
    *least_out = least;
    *most_out = most;
}

/* The bin of each of n cells. */
AT_CLONES static void find_bins(uint32_t *out, const struct bins *b, const float *x, size_t n)
{
    typedef uint32_t vuint __attribute__((vector_size(sizeof(vint))));
    uint32_t least = (uint32_t)b->least;
    size_t i = 0;
    vint keys;

    for (; i + LANES <= n; i += LANES) {
        LOAD_KEYS(keys, x, i);
        vuint bins = ((vuint)keys - least) >> b->shift;
        memcpy(out + i, &bins, sizeof bins);
    }
    for (; i < n; i++)
        out[i] = ((uint32_t)key_of(x[i]) - least) >> b->shift;
}

enum { CHUNK = 256 }; /* cells whose bins are found at a time */

/* Two tables take turns: neighbours in a map often fall into one bin, and adding to the same
   counter twice in a row waits for the first to be stored. */
static void count_cells(struct bins *b, const float *x, size_t n)
{
    uint32_t odd[MAX_BINS], bins[CHUNK], range;
    size_t limit = 16;
    int32_t most;

    while (limit < MAX_BINS && limit < n / 4)
        limit *= 2;
    key_range(&b->least, &most, x, n);
    range = (uint32_t)most - (uint32_t)b->least;
    for (b->shift = 0; range >> b->shift >= limit;)
        b->shift++;
    b->n = (range >> b->shift) + 1;
    memset(b->count, 0, b->n * sizeof *b->count);
    memset(odd, 0, b->n * sizeof *odd);
    for (size_t i = 0; i < n; i += CHUNK) {
        size_t m = AT_MIN(n - i, (size_t)CHUNK), k = 0;
        find_bins(bins, b, x + i, m);
        for (; k + 2 <= m; k += 2) {
            b->count[bins[k]]++;
            odd[bins[k + 1]]++;
        }
        if (k < m)
            b->count[bins[k]]++;
    }
    for (size_t k = 0; k < b->n; k++)
        b->count[k] += odd[k];
}

/* The bins that hold a wanted rank. A key is in bin k when key - start[k] < width as signed numbers
   modulo 2^32: unsigned comparison, which narrow vectors lack, moved by 2^31. */
struct wanted {
    size_t n;
    uint32_t start[2 * AT_MAX_QUANTILES];
    int32_t width;
};

static void want_bin(struct wanted *w, const struct bins *b, size_t bin)
{
    w->start[w->n++] = ((uint32_t)b->least + ((uint32_t)bin << b->shift)) ^ 0x80000000u;
    w->width = (int32_t)((1u << b->shift) ^ 0x80000000u);
}

static bool is_wanted(const struct wanted *w, float x)
{
    bool is = false;

    for (size_t k = 0; k < w->n; k++)
        is |= (int32_t)((uint32_t)key_of(x) - w->start[k]) < w->width;
    return is;
}

/* The cells of the wanted bins, in the order they stand; out may be x. Groups of which no cell is
   wanted, nine of ten in a large map, go by at once. */
AT_CLONES static size_t collect(float *out, const struct wanted *w, const float *x, size_t n)
{
    typedef uint32_t vuint __attribute__((vector_size(sizeof(vint))));
    typedef int64_t vlong __attribute__((vector_size(sizeof(vint))));
    enum { GROUP = 4 * LANES };
    size_t m = 0;

    for (size_t i = 0; i < n;) {
        size_t end = AT_MIN(i + GROUP, n);
        if (i + GROUP <= n) {
            vint a, b, c, d, any = { 0 };
            LOAD_KEYS(a, x, i);
            LOAD_KEYS(b, x, i + LANES);
            LOAD_KEYS(c, x, i + 2 * LANES);
            LOAD_KEYS(d, x, i + 3 * LANES);
            for (size_t k = 0; k < w->n; k++) {
                any |= (vint)((vuint)a - w->start[k]) < w->width;
                any |= (vint)((vuint)b - w->start[k]) < w->width;
                any |= (vint)((vuint)c - w->start[k]) < w->width;
                any |= (vint)((vuint)d - w->start[k]) < w->width;
            }
            if (!(((vlong)any)[0] | ((vlong)any)[1] | ((vlong)any)[2] | ((vlong)any)[3]))
                i = end;
        }
        for (; i < end; i++) {
            out[m] = x[i];
            m += is_wanted(w, x[i]);
        }
    }
    return m;
}

/* Quickselect (Hoare 1961) among x[first..n-1]: afterwards x[rank] has the value of that rank,
   nothing before it is larger and nothing after it smaller. */
static float nth(float *x, size_t first, size_t n, size_t rank)
{
    size_t last = n - 1;

    while (first < last) {
        int32_t pivot = key_of(x[first + (last - first) / 2]);
        size_t i = first, j = last;
        for (;; i++, j--) {
            while (key_of(x[i]) < pivot)
                i++;
            while (key_of(x[j]) > pivot)
                j--;
            if (i >= j)
                break;
            float t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
        if (rank <= j)
            last = j;
        else
            first = j + 1;
    }
    return x[rank];
}

/* Walks up the bins as the wanted ranks rise. */
struct walk {
    size_t bin;
    size_t below;    /* cells in the bins before it */
    size_t left_out; /* of these, the ones in bins that are not wanted */
    bool is_wanted;  /* the bin is in the list */
};

/* Move to the bin of a rank and note it; answers the rank among the collected cells. */
static size_t want_rank(struct wanted *w, struct walk *at, const struct bins *b, size_t rank)
{
    while (rank >= at->below + b->count[at->bin]) {
        at->left_out += at->is_wanted ? 0 : b->count[at->bin];
        at->below += b->count[at->bin++];
        at->is_wanted = false;
    }
    if (!at->is_wanted)
        want_bin(w, b, at->bin);
    at->is_wanted = true;
    return rank - at->left_out;
}

void at_quantiles(double *out, const double *q, size_t n_q, const float *x, size_t n,
                  float *scratch)
{
    struct bins b;
    struct wanted w = { 0 };
    struct walk walk = { 0 };
    size_t low[AT_MAX_QUANTILES], high[AT_MAX_QUANTILES], m, first = 0;

    AT_BUG_IF(n_q > AT_MAX_QUANTILES || n > UINT32_MAX);
    for (size_t k = 0; k < n_q; k++)
        out[k] = NAN;
    if (n == 0)
        return;
    count_cells(&b, x, n);
    for (size_t k = 0; k < n_q; k++) {
        struct place p = place_of(q[k], n);
        AT_BUG_IF(k > 0 && q[k] < q[k - 1]);
        low[k] = want_rank(&w, &walk, &b, p.low);
        high[k] = low[k];
        if (p.fraction > 0.0)
            high[k] = want_rank(&w, &walk, &b, p.high);
    }
    m = collect(scratch, &w, x, n);
    for (size_t k = 0; k < n_q; k++) {
        double at_low = nth(scratch, first, m, low[k]), at_high = nth(scratch, low[k], m, high[k]);
        out[k] = between(at_low, at_high, place_of(q[k], n).fraction);
        first = low[k];
    }
}
