/*
 * mixing.c - see mixing.h.
 */
#include "analysis/mixing.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/attention_flow.h"
#include "analysis/mixing_layer.h"
#include "analysis/rollout.h"
#include "analysis/value_zeroing.h"
#include "base/alloc.h"

static float *map_of(const struct at_mixing *x, enum at_mixing_map which, size_t layer)
{
    return x->map[which] ? x->map[which] + layer * x->T * x->T : NULL;
}

int at_mixing_add(struct at_mixing *x, const struct at_layer_view *view, struct at_pool *pool,
                  struct at_error *err)
{
    size_t l = view->layer, T = x->T;
    const struct at_mixing_layer out = { map_of(x, AT_MIX_NORM, l),
                                         map_of(x, AT_MIX_NORM_RESIDUAL, l),
                                         map_of(x, AT_MIX_NORM_RESIDUAL_LN, l),
                                         map_of(x, AT_MIX_ALTI, l) };
    float *mean = x->attention + l * T * T, *rollout = map_of(x, AT_MIX_ROLLOUT, l);
    float *zeroing = map_of(x, AT_MIX_VALUE_ZEROING, l);
    int rc = 0;

    at_map_mean(mean, view->attention, view->H, T);
    if (rollout)
        at_rollout_step(rollout, mean, l ? rollout - T * T : NULL, T);
    if (out.norm || out.norm_residual || out.norm_residual_ln || out.alti)
        rc = at_mixing_layer(&out, x->m, view, pool, err);
    if (!rc && zeroing)
        rc = at_value_zeroing(zeroing, x->m, view, pool, err);
    return rc;
}

static int make_room(struct at_mixing *x, unsigned wanted, struct at_error *err)
{
    size_t n = x->L * x->T * x->T;
    void *room;
    int rc = at_try_alloc(&room, n, sizeof(float), "maps of attention", err);

    if (rc)
        return rc;
    x->attention = room;
    for (size_t k = 0; k < AT_N_MIXING && !rc; k++) {
        if (k == AT_MIX_ATTENTION || !(wanted & 1u << k))
            continue;
        rc = at_try_alloc(&room, n, sizeof(float), "maps of a method", err);
        if (!rc)
            x->map[k] = room;
    }
    if (!rc && wanted & 1u << AT_MIX_ATTENTION)
        x->map[AT_MIX_ATTENTION] = x->attention;
    return rc;
}

int at_mixing_begin(struct at_mixing *out, const struct at_model *m, size_t T, unsigned wanted,
                    struct at_error *err)
{
    struct at_mixing x = { .m = m, .L = m->config.n_layers, .T = T };
    int rc = make_room(&x, wanted, err);

    if (rc)
        at_mixing_release(&x);
    else
        *out = x;
    return rc;
}

int at_mixing_finish(struct at_mixing *x, struct at_pool *pool, struct at_error *err)
{
    if (!x->map[AT_MIX_FLOW])
        return 0;
    return at_attention_flow_maps(x->map[AT_MIX_FLOW], x->attention, x->L, x->T, pool, err);
}

void at_mixing_release(struct at_mixing *x)
{
    for (size_t k = 0; k < AT_N_MIXING; k++)
        if (x->map[k] != x->attention)
            free(x->map[k]);
    free(x->attention);
    *x = (struct at_mixing){ 0 };
}

/* ---- scores of positions ---- */

/* row (T) times the mean of the maps. */
static void read_mean(double *out, const double *row, const float *maps, size_t L, size_t T)
{
    memset(out, 0, T * sizeof *out);
    for (size_t l = 0; l < L; l++)
        for (size_t i = 0; i < T; i++)
            for (size_t j = 0; j < T && row[i] != 0.0; j++)
                out[j] += row[i] * maps[(l * T + i) * T + j] / (double)L;
}

/* out = row M, the rows of M divided by their sums. */
static void step_back(double *out, const double *row, const float *map, size_t T)
{
    memset(out, 0, T * sizeof *out);
    for (size_t i = 0; i < T; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < T; j++)
            sum += map[i * T + j];
        for (size_t j = 0; j < T && row[i] != 0.0; j++)
            out[j] += row[i] * map[i * T + j] / sum;
    }
}

static void read_product(double *out, double *row, const float *maps, size_t L, size_t T)
{
    for (size_t l = L; l-- > 0;) {
        step_back(out, row, maps + l * T * T, T);
        memcpy(row, out, T * sizeof *row);
    }
}

static int read_flow(double *out, double *row, const struct at_mixing *x, const size_t *positions,
                     size_t n, struct at_pool *pool, struct at_error *err)
{
    size_t T = x->T;
    int rc = 0;

    memset(out, 0, T * sizeof *out);
    for (size_t p = 0; p < n && !rc; p++) {
        rc = at_attention_flow(row, x->attention, T, x->L - 1, positions[p], pool, err);
        for (size_t j = 0; j < T && !rc; j++)
            out[j] += row[j] / (double)n;
    }
    return rc;
}

int at_mixing_scores(double *out, const struct at_mixing *x, enum at_mixing_map which,
                     const size_t *positions, size_t n, struct at_pool *pool, struct at_error *err)
{
    const float *maps = which == AT_MIX_ATTENTION ? x->attention : x->map[which];
    size_t T = x->T;
    double *row = at_calloc(T, sizeof *row);
    int rc = 0;

    AT_BUG_IF(n == 0 || (!maps && which != AT_MIX_FLOW));
    for (size_t p = 0; p < n; p++) {
        AT_BUG_IF(positions[p] >= T);
        row[positions[p]] += 1.0 / (double)n;
    }
    switch (which) {
    case AT_MIX_ATTENTION:
    case AT_MIX_NORM:
        read_mean(out, row, maps, x->L, T);
        break;
    case AT_MIX_ROLLOUT:
        read_mean(out, row, maps + (x->L - 1) * T * T, 1, T);
        break;
    case AT_MIX_FLOW:
        rc = read_flow(out, row, x, positions, n, pool, err);
        break;
    default:
        read_product(out, row, maps, x->L, T);
    }
    free(row);
    return rc;
}
