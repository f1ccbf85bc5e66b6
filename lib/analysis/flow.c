/*
 * flow.c - see flow.h.
 */
#include "analysis/flow.h"

#include <math.h>

#include "base/attr.h"

void at_flow_links(struct at_flow *out, const float *map, size_t T, bool is_causal,
                   double threshold)
{
    struct at_flow f = { 0 };
    float limit = (float)threshold; /* compared in the precision of the map */

    for (size_t i = 0; i < T; i++) {
        size_t visible = is_causal ? i + 1 : T;
        for (size_t j = 0; j < visible; j++) {
            float w = map[i * T + j];
            if (isnan(w))
                continue;
            f.n_total++;
            f.mass_total += w;
            if (w > limit) {
                f.mass_kept += w;
                *at_array_push(&f.links) = (struct at_link){ i, j, w };
            }
        }
    }
    *out = f;
}

void at_flow_release(struct at_flow *f)
{
    at_array_release(&f->links);
}

/* a stands before b in the list of strongest links. */
static bool is_stronger(const struct at_link *a, const struct at_link *b)
{
    if (a->weight != b->weight)
        return a->weight > b->weight;
    return a->query != b->query ? a->query < b->query : a->key < b->key;
}

/* Restore the heap whose root is its weakest link, after items[i] became stronger. */
static void sift_down(struct at_link *items, size_t n, size_t i)
{
    for (;;) {
        size_t weakest = i, left = 2 * i + 1;
        for (size_t c = left; c < n && c < left + 2; c++)
            if (is_stronger(&items[weakest], &items[c]))
                weakest = c;
        if (weakest == i)
            return;
        struct at_link t = items[i];
        items[i] = items[weakest];
        items[weakest] = t;
        i = weakest;
    }
}

static void heapify(struct at_links *v)
{
    for (size_t i = v->n / 2; i-- > 0;)
        sift_down(v->items, v->n, i);
}

/* Weakest-first heap to strongest-first list: the root goes to the end, again and again. */
static void sort_heap(struct at_links *v)
{
    for (size_t n = v->n; n-- > 1;) {
        struct at_link t = v->items[0];
        v->items[0] = v->items[n];
        v->items[n] = t;
        sift_down(v->items, n, 0);
    }
}

void at_strongest_links(struct at_links *out, const float *map, size_t T, bool is_causal, size_t n)
{
    struct at_links v = { 0 };

    for (size_t i = 0; i < T && n > 0; i++) {
        for (size_t j = 0; j < (is_causal ? i + 1 : T); j++) {
            struct at_link link = { i, j, map[i * T + j] };
            if (isnan(link.weight))
                continue;
            if (v.n < n) {
                *at_array_push(&v) = link;
                if (v.n == n)
                    heapify(&v);
            } else if (is_stronger(&link, &v.items[0])) {
                v.items[0] = link;
                sift_down(v.items, n, 0);
            }
        }
    }
    if (v.n < n)
        heapify(&v);
    sort_heap(&v);
    *out = v;
}

double at_flow_threshold(const float *map, size_t T, bool is_causal, size_t n)
{
    struct at_links links;
    double even = 1.0 / (double)T, threshold = even;

    at_strongest_links(&links, map, T, is_causal, n + 1);
    if (links.n > n)
        threshold = fmax(even, (double)links.items[n].weight);
    at_array_release(&links);
    return threshold;
}
