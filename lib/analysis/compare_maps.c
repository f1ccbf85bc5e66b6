/*
 * compare_maps.c - see compare_maps.h.
 */
#include "analysis/compare_maps.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/consistency.h"
#include "base/alloc.h"

struct job {
    float *out;
    const float *maps;
    const size_t *unit;
    const double *weight; /* (U) 1 / number of tokens */
    size_t T, U, W;
};

static void one_map(void *arg, size_t k, size_t slot)
{
    const struct job *j = arg;
    const float *map = j->maps + k * j->T * j->T;
    float *out = j->out + k * j->U * j->W;
    double *sum = at_calloc(j->U * j->W, sizeof *sum);

    (void)slot;
    for (size_t i = 0; i < j->T; i++) {
        if (j->unit[i] == AT_NONE)
            continue;
        for (size_t c = 0; c < j->T; c++) {
            size_t v = j->unit[c] == AT_NONE ? j->U : j->unit[c];
            sum[j->unit[i] * j->W + v] += (double)map[i * j->T + c];
        }
    }
    for (size_t u = 0; u < j->U; u++)
        for (size_t v = 0; v < j->W; v++)
            out[u * j->W + v] = (float)(sum[u * j->W + v] * j->weight[u]);
    free(sum);
}

/* (U) 1 / tokens of each unit; the caller frees. */
static double *unit_weights(const size_t *unit, size_t T, size_t U)
{
    double *weight = at_calloc(U, sizeof *weight);

    for (size_t i = 0; i < T; i++)
        if (unit[i] != AT_NONE)
            weight[unit[i]] += 1.0;
    for (size_t u = 0; u < U; u++)
        weight[u] = 1.0 / weight[u];
    return weight;
}

void at_unit_maps(struct at_unit_maps *out, const struct at_compare_side *side,
                  const struct at_token_alignment *t, const size_t *unit, struct at_pool *pool)
{
    size_t T = side->doc->tokens.n, U = t->n_units;
    double *weight;

    *out = (struct at_unit_maps){ side->attention, side->L * side->H, U, U, NULL };
    if (t->is_direct)
        return;
    out->W += t->n_only_a + t->n_only_b > 0;
    out->maps = out->own = at_malloc(out->n * U * out->W, sizeof *out->own);
    weight = unit_weights(unit, T, U);
    at_pool_run(pool, out->n, one_map,
                &(struct job){ out->own, side->attention, unit, weight, T, U, out->W });
    free(weight);
}

void at_unit_maps_release(struct at_unit_maps *m)
{
    free(m->own);
    *m = (struct at_unit_maps){ 0 };
}

void at_unit_means(float *out, const float *x, const size_t *unit, size_t T, size_t C, size_t U)
{
    double *weight = unit_weights(unit, T, U), *sum = at_calloc(U * C, sizeof *sum);

    for (size_t i = 0; i < T; i++)
        for (size_t c = 0; c < C && unit[i] != AT_NONE; c++)
            sum[unit[i] * C + c] += (double)x[i * C + c];
    for (size_t u = 0; u < U; u++)
        for (size_t c = 0; c < C; c++)
            out[u * C + c] = (float)(sum[u * C + c] * weight[u]);
    free(weight);
    free(sum);
}

/* (U) what units receive; the caller frees. */
static double *received(const float *map, const struct at_doc *doc, const size_t *unit, size_t U)
{
    size_t T = doc->tokens.n;
    double *by_token = at_malloc(T, sizeof *by_token), *out = at_calloc(U, sizeof *out);

    at_received(by_token, map, T, doc->shape->is_causal);
    for (size_t i = 0; i < T; i++)
        if (unit[i] != AT_NONE)
            out[unit[i]] += by_token[i];
    free(by_token);
    return out;
}

double at_cosine_received(const float *map_a, const struct at_doc *a, const size_t *unit_a,
                          const float *map_b, const struct at_doc *b, const size_t *unit_b,
                          size_t U)
{
    double *x = received(map_a, a, unit_a, U), *y = received(map_b, b, unit_b, U);
    double xy = 0.0, xx = 0.0, yy = 0.0;

    for (size_t u = 0; u < U; u++) {
        xy += x[u] * y[u];
        xx += x[u] * x[u];
        yy += y[u] * y[u];
    }
    free(x);
    free(y);
    return xx > 0.0 && yy > 0.0 ? fmin(xy / sqrt(xx * yy), 1.0) : NAN;
}

size_t at_depth(size_t l, size_t n_layers, size_t n_deepest)
{
    if (n_layers == n_deepest || n_deepest < 2)
        return l;
    return (2 * l * (n_layers - 1) + n_deepest - 1) / (2 * (n_deepest - 1));
}

/* --- one map --- */

/* The mean of some maps of a side, layer and head as in at_compare_view(). */
static float *mean_map(const struct at_compare_side *s, size_t layer, size_t head, size_t deepest,
                       struct at_arena *arena)
{
    size_t cells = s->doc->tokens.n * s->doc->tokens.n, first = 0, n = s->L * s->H;
    float *out = at_arena_alloc(arena, cells, sizeof *out);
    double *sum = at_calloc(cells, sizeof *sum);

    if (layer != AT_NONE) {
        first = at_depth(layer, s->L, deepest) * s->H;
        n = s->H;
    }
    if (head != AT_NONE) {
        first += head;
        n = 1;
    }
    for (size_t k = first; k < first + n; k++)
        for (size_t i = 0; i < cells; i++)
            sum[i] += (double)s->attention[k * cells + i];
    for (size_t i = 0; i < cells; i++)
        out[i] = (float)(sum[i] / (double)n);
    free(sum);
    return out;
}

/* What a unit is called: its tokens of one side in a row. */
static const struct at_label *unit_labels(const struct at_doc *doc, const size_t *unit, size_t U,
                                          struct at_arena *arena)
{
    struct at_label *labels = at_arena_calloc(arena, U, sizeof *labels);

    for (size_t i = 0; i < doc->tokens.n; i++) {
        struct at_label *l;
        if (unit[i] == AT_NONE)
            continue;
        l = &labels[unit[i]];
        if (l->text)
            l->text = at_arena_printf(arena, "%s%s", l->text, doc->labels[i].text);
        else
            *l = doc->labels[i];
    }
    return labels;
}

static const float *unit_difference(const struct at_compare_side *a, const float *map_a,
                                    const struct at_compare_side *b, const float *map_b,
                                    const struct at_token_alignment *t, struct at_arena *arena)
{
    const struct at_compare_side x = { .doc = a->doc, .attention = map_a, .L = 1, .H = 1 };
    const struct at_compare_side y = { .doc = b->doc, .attention = map_b, .L = 1, .H = 1 };
    size_t U = t->n_units;
    float *out = at_arena_alloc(arena, U * U, sizeof *out);
    struct at_unit_maps of_a, of_b;

    at_unit_maps(&of_a, &x, t, t->unit_a, NULL);
    at_unit_maps(&of_b, &y, t, t->unit_b, NULL);
    for (size_t u = 0; u < U; u++)
        for (size_t v = 0; v < U; v++)
            out[u * U + v] = of_a.maps[u * of_a.W + v] - of_b.maps[u * of_b.W + v];
    at_unit_maps_release(&of_a);
    at_unit_maps_release(&of_b);
    return out;
}

struct at_compare_view at_compare_view(const struct at_compare_side *a,
                                       const struct at_compare_side *b,
                                       const struct at_token_alignment *t, size_t layer,
                                       size_t head, struct at_arena *arena)
{
    size_t deepest = AT_MAX(a->L, b->L);
    struct at_compare_view v = { .U = t->n_units };

    if (head == AT_NONE || head < a->H)
        v.a = mean_map(a, layer, head, deepest, arena);
    if (head == AT_NONE || head < b->H)
        v.b = mean_map(b, layer, head, deepest, arena);
    if (!v.a || !v.b || !v.U)
        return v;
    v.difference = unit_difference(a, v.a, b, v.b, t, arena);
    v.labels = unit_labels(a->doc, t->unit_a, v.U, arena);
    return v;
}
