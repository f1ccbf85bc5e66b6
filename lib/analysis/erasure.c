/*
 * erasure.c - see erasure.h.
 */
#include "analysis/erasure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stats/permutation.h"
#include "stats/quantiles.h"
#include "stats/summary.h"

enum { N = AT_ERASURE_N_SHARES };
const double at_erasure_shares[N] = { 1.0, 5.0, 10.0, 20.0, 50.0 };

/* One order of the tokens that may go, and what came of it. */
struct curve {
    double comprehensiveness[N], sufficiency[N];
    double area[2]; /* of both */
};

struct erasure {
    struct at_explained *e;
    size_t *tokens, n; /* those that may go */
    size_t count[N];   /* how many of them a share is */
};

static void find_tokens(struct erasure *x)
{
    const struct at_tokens *tokens = &x->e->doc->tokens;

    x->tokens = at_malloc(tokens->n, sizeof *x->tokens);
    for (size_t t = 0; t < tokens->n; t++)
        if (!tokens->items[t].is_special)
            x->tokens[x->n++] = t;
    for (size_t k = 0; k < N; k++)
        x->count[k] = (size_t)ceil(at_erasure_shares[k] * (double)x->n / 100.0 - 1e-9);
}

/* Along an order (n) of tokens. */
static int follow(struct curve *c, const struct erasure *x, const size_t *order,
                  struct at_error *err)
{
    size_t T = x->e->T;
    unsigned char *hidden = at_calloc(2 * N * T, 1);
    struct at_variant variants[2 * N] = { { 0 } };
    double values[2 * N], whole = x->e->probe->value;
    int rc;

    for (size_t k = 0; k < N; k++) {
        unsigned char *without = hidden + k * T, *alone = hidden + (N + k) * T;
        for (size_t i = 0; i < x->n; i++)
            *(i < x->count[k] ? without + order[i] : alone + order[i]) = 1;
        variants[k].is_hidden = without;
        variants[N + k].is_hidden = alone;
    }
    rc = at_probe_values(values, x->e->probe, variants, (size_t)2 * N, err);
    for (size_t k = 0; k < N && !rc; k++) {
        c->comprehensiveness[k] = whole - values[k];
        c->sufficiency[k] = whole - values[N + k];
    }
    c->area[0] = at_mean(c->comprehensiveness, N);
    c->area[1] = at_mean(c->sufficiency, N);
    free(hidden);
    return rc;
}

static void be_undefined(struct curve *c)
{
    for (size_t k = 0; k < N; k++)
        c->comprehensiveness[k] = c->sufficiency[k] = NAN;
    c->area[0] = c->area[1] = NAN;
}

/* The highest scores first; insertion keeps equal ones in the order of the text. */
static void order_by(size_t *order, const struct erasure *x, const double *scores)
{
    for (size_t i = 0; i < x->n; i++) {
        size_t j = i;
        for (; j > 0 && scores[order[j - 1]] < scores[x->tokens[i]]; j--)
            order[j] = order[j - 1];
        order[j] = x->tokens[i];
    }
}

static bool has_scores(const struct erasure *x, const double *scores)
{
    for (size_t i = 0; i < x->n; i++)
        if (isnan(scores[x->tokens[i]]))
            return false;
    return x->n > 0;
}

static int by_method(struct curve *c, const struct erasure *x, const double *scores,
                     struct at_error *err)
{
    size_t *order = at_malloc(x->n + 1, sizeof *order);
    int rc = 0;

    if (has_scores(x, scores)) {
        order_by(order, x, scores);
        rc = follow(c, x, order, err);
    } else {
        be_undefined(c);
    }
    free(order);
    return rc;
}

static int along_random(struct curve *c, const struct erasure *x, uint64_t seed, size_t draw,
                        struct at_error *err)
{
    size_t *order = at_malloc(x->n + 1, sizeof *order);
    int rc;

    at_draw_permutation(order, x->n, seed, draw);
    for (size_t i = 0; i < x->n; i++)
        order[i] = x->tokens[order[i]];
    rc = follow(c, x, order, err);
    free(order);
    return rc;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Mean and the middle 95 % of n values, which are sorted. */
static double spread(double interval[2], double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_number);
    interval[0] = at_quantile_sorted(values, n, 0.025);
    interval[1] = at_quantile_sorted(values, n, 0.975);
    return at_mean(values, n);
}

/* --- rows --- */

static void add_curve(struct at_faith_result *r, const char *method, const struct curve *c)
{
    for (size_t k = 0; k < N; k++)
        r->curves[r->n_curves++] = (struct at_curve_point){
            method,       at_erasure_shares[k], c->comprehensiveness[k], c->sufficiency[k],
            { NAN, NAN }, { NAN, NAN }
        };
}

static void add_random_curve(struct at_faith_result *r, const struct curve *draws, size_t n)
{
    double *a = at_malloc(2 * n, sizeof *a), *b = a + n;

    for (size_t k = 0; k < N; k++) {
        struct at_curve_point *p = &r->curves[r->n_curves++];
        for (size_t d = 0; d < n; d++) {
            a[d] = draws[d].comprehensiveness[k];
            b[d] = draws[d].sufficiency[k];
        }
        *p = (struct at_curve_point){ .method = "random", .k = at_erasure_shares[k] };
        p->comprehensiveness = spread(p->comprehensiveness_spread, a, n);
        p->sufficiency = spread(p->sufficiency_spread, b, n);
    }
    free(a);
}

/* Means of both curves, and how far they are from those of the random orders. */
static void add_area(struct at_faith_result *r, const char *method, const struct curve *c,
                     const struct curve *draws, size_t n)
{
    struct at_curve_area *area = &r->areas[r->n_areas++];
    double *a = at_malloc(2 * n + 1, sizeof *a), *b = a + n;

    for (size_t d = 0; d < n; d++) {
        a[d] = c->area[0] - draws[d].area[0];
        b[d] = draws[d].area[1] - c->area[1];
    }
    *area = (struct at_curve_area){ .method = method,
                                    .comprehensiveness = c->area[0],
                                    .sufficiency = c->area[1] };
    area->net_comprehensiveness = spread(area->net_comprehensiveness_spread, a, n);
    area->net_sufficiency = spread(area->net_sufficiency_spread, b, n);
    free(a);
}

int at_erase(struct at_faith_result *r, struct at_explained *e, size_t n_draws, uint64_t seed,
             struct at_arena *arena, struct at_error *err)
{
    struct erasure x = { .e = e };
    struct curve *draws, c;
    int rc = 0;

    find_tokens(&x);
    n_draws = x.n ? n_draws : 0;
    draws = at_malloc(n_draws + 1, sizeof *draws);
    r->curves = at_arena_calloc(arena, (r->n_methods + 1) * N, sizeof *r->curves);
    r->areas = at_arena_calloc(arena, r->n_methods + 1, sizeof *r->areas);
    for (size_t d = 0; d < n_draws && !rc; d++)
        rc = along_random(&draws[d], &x, seed, d, err);
    for (size_t m = 0; m < r->n_methods && !rc; m++) {
        rc = by_method(&c, &x, r->attributions[m].scores, err);
        if (rc)
            break;
        add_curve(r, r->attributions[m].method, &c);
        add_area(r, r->attributions[m].method, &c, draws, n_draws);
    }
    if (!rc && n_draws)
        add_random_curve(r, draws, n_draws);
    free(draws);
    free(x.tokens);
    return rc;
}
