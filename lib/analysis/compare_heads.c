/*
 * compare_heads.c - see compare_heads.h.
 *
 * The cells of a text are the compared numbers of every head, then the metrics of every layer's
 * mean map, then those of the mean map of all, the flow change, the numbers of the whole text, and
 * those of predictions.
 */
#include "analysis/compare_heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/text_metrics.h"
#include "base/alloc.h"
#include "stats/hungarian.h"
#include "stats/js_distance.h"
#include "stats/multiple.h"
#include "stats/sign_flip.h"
#include "stats/summary.h"
#include "stats/tails.h"

enum { N_GLOBAL = AT_N_METRICS + 1 };

static size_t n_roles(const struct at_compare *c)
{
    return c->has_roles ? AT_N_HEAD_NUMBERS : 0;
}

const char *at_compare_key(const struct at_compare *c, size_t i)
{
    size_t role = i - AT_N_COMPARED, more = role - n_roles(c);

    if (i == AT_COMPARE_JS)
        return "js_distance";
    if (i == AT_COMPARE_COSINE)
        return "cosine_received";
    if (i < AT_N_COMPARED)
        return at_metric_key(i);
    if (role >= n_roles(c))
        return more < c->n_more ? c->more[more] : NULL;
    return role >= AT_N_HEAD_SCORES ? at_head_pattern_keys[role - AT_N_HEAD_SCORES]
                                    : at_head_score_table[role].key;
}

static size_t head_cell(const struct at_compare *c, size_t l, size_t h, size_t metric)
{
    return (l * c->H + h) * c->n_numbers + metric;
}

static size_t layer_cell(const struct at_compare *c, size_t l, size_t metric)
{
    return c->L * c->H * c->n_numbers + l * AT_N_METRICS + metric;
}

static size_t global_cell(const struct at_compare *c, size_t metric)
{
    return c->L * (c->H * c->n_numbers + AT_N_METRICS) + metric;
}

/* A number of the whole text; the first that is of predictions. */
static size_t text_cell(const struct at_compare *c, size_t i)
{
    return global_cell(c, N_GLOBAL + i);
}

static size_t prediction_cell(const struct at_compare *c)
{
    return text_cell(c, c->n_of_text);
}

/* --- one pair of texts --- */

static int begin(struct at_compare *c, const struct at_compare_side *a,
                 const struct at_compare_side *b, struct at_error *err)
{
    if (c->L && (c->L_a != a->L || c->H_a != a->H || c->L_b != b->L || c->H_b != b->H))
        return at_fail(
            err, AT_EFORMAT,
            "%zu layers of %zu heads beside %zu of %zu, the first were %zu of %zu beside "
            "%zu of %zu",
            a->L, a->H, b->L, b->H, c->L_a, c->H_a, c->L_b, c->H_b);
    if (c->L)
        return 0;
    c->L_a = a->L;
    c->H_a = a->H;
    c->L_b = b->L;
    c->H_b = b->H;
    c->L = AT_MAX(a->L, b->L);
    c->H = AT_MAX(a->H, b->H);
    c->n_numbers = AT_N_COMPARED + n_roles(c) + c->n_more;
    c->n_cells = prediction_cell(c) + AT_N_PREDICTION_NUMBERS;
    c->hsic = at_calloc(c->L + 1, sizeof *c->hsic);
    if (c->has_matches)
        c->divergence = at_calloc(a->L * a->H * b->L * b->H, sizeof *c->divergence);
    return 0;
}

void at_compare_release(struct at_compare *c)
{
    free(c->a);
    free(c->b);
    free(c->d);
    free(c->hsic);
    free(c->divergence);
    *c = (struct at_compare){ 0 };
}

/* Room for one more text; answers where its cells begin. All are NaN. */
static size_t next_text(struct at_compare *c)
{
    size_t at = c->n_texts * c->n_cells;

    if (c->n_texts == c->cap) {
        c->cap = AT_MAX((size_t)1, 2 * c->cap);
        c->a = at_realloc(c->a, c->cap * c->n_cells, sizeof *c->a);
        c->b = at_realloc(c->b, c->cap * c->n_cells, sizeof *c->b);
        c->d = at_realloc(c->d, c->cap * c->n_cells, sizeof *c->d);
    }
    for (size_t i = 0; i < c->n_cells; i++)
        c->a[at + i] = c->b[at + i] = c->d[at + i] = NAN;
    c->n_texts++;
    return at;
}

/* Numbers (L,H,n) of a side's heads into the cells of a layer, from number first on. */
static void put_heads(double *cells, const struct at_compare *c, const struct at_compare_side *s,
                      size_t layer, const double *numbers, size_t first, size_t n)
{
    size_t own = at_depth(layer, s->L, c->L);

    for (size_t k = 0; k < s->H * n; k++)
        cells[head_cell(c, layer, k / n, first + k % n)] = numbers[own * s->H * n + k];
}

/* The metrics of one side into its cells: of heads, layers and all. */
static int measure(double *cells, const struct at_compare *c, const struct at_compare_side *s,
                   struct at_pool *pool, struct at_error *err)
{
    size_t T = s->doc->tokens.n;
    struct at_text_metrics_run run;
    const struct at_text_metrics *m = &run.result;
    int rc = at_text_metrics_begin(&run, s->doc, AT_RAW, NULL, pool, err);

    if (rc)
        return rc;
    for (size_t l = 0; l < s->L; l++)
        at_text_metrics_add(
            &run, &(struct at_doc_layer){ l, s->H, T, s->attention + l * s->H * T * T, NULL });
    at_text_metrics_finish(&run);
    for (size_t l = 0; l < c->L; l++) {
        size_t own = at_depth(l, s->L, c->L);
        put_heads(cells, c, s, l, s->roles, AT_N_COMPARED, n_roles(c));
        put_heads(cells, c, s, l, s->more, AT_N_COMPARED + n_roles(c), c->n_more);
        for (size_t i = 0; i < AT_N_METRICS; i++) {
            for (size_t h = 0; h < s->H; h++)
                cells[head_cell(c, l, h, i)] = at_metric_get(&m->heads[own * s->H + h].metrics, i);
            cells[layer_cell(c, l, i)] = at_metric_get(&m->layers[own].metrics, i);
        }
    }
    for (size_t i = 0; i < AT_N_METRICS; i++)
        cells[global_cell(c, i)] = at_metric_get(&m->global, i);
    cells[global_cell(c, AT_N_METRICS)] = m->flow_change;
    for (size_t i = 0; i < c->n_of_text; i++)
        cells[text_cell(c, i)] = s->of_text[i];
    at_text_metrics_release(&run);
    return 0;
}

struct job {
    struct at_compare *c;
    const struct at_compare_side *a, *b;
    const struct at_token_alignment *t;
    const struct at_unit_maps *maps_a, *maps_b;
    double *d; /* the cells of the text */
};

/* js_distance and cosine_received of one head. */
static void compare_head(void *arg, size_t k, size_t slot)
{
    const struct job *j = arg;
    const struct at_compare *c = j->c;
    size_t l = k / c->H, h = k % c->H, T_a = j->a->doc->tokens.n, T_b = j->b->doc->tokens.n;
    size_t at_a = at_depth(l, c->L_a, c->L) * c->H_a + h;
    size_t at_b = at_depth(l, c->L_b, c->L) * c->H_b + h;
    size_t U = j->maps_a->U, W = j->maps_a->W;

    (void)slot;
    if (h >= c->H_a || h >= c->H_b)
        return;
    j->d[head_cell(c, l, h, AT_COMPARE_JS)] =
        at_js_map_distance(j->maps_a->maps + at_a * U * W, j->maps_b->maps + at_b * U * W, U, W);
    j->d[head_cell(c, l, h, AT_COMPARE_COSINE)] =
        at_cosine_received(j->a->attention + at_a * T_a * T_a, j->a->doc, j->t->unit_a,
                           j->b->attention + at_b * T_b * T_b, j->b->doc, j->t->unit_b, U);
}

/* CKA of one layer's output; task L: of the embeddings. */
static void compare_states(void *arg, size_t l, size_t slot)
{
    const struct job *j = arg;
    struct at_compare *c = j->c;
    const struct at_compare_side *a = j->a, *b = j->b;
    size_t U = j->t->n_units, T_a = a->doc->tokens.n, T_b = b->doc->tokens.n;
    size_t at_a = l < c->L ? at_depth(l, c->L_a, c->L) + 1 : 0;
    size_t at_b = l < c->L ? at_depth(l, c->L_b, c->L) + 1 : 0;
    float *x = at_malloc(U * a->C, sizeof *x), *y = at_malloc(U * b->C, sizeof *y);

    (void)slot;
    at_unit_means(x, a->hidden + at_a * T_a * a->C, j->t->unit_a, T_a, a->C, U);
    at_unit_means(y, b->hidden + at_b * T_b * b->C, j->t->unit_b, T_b, b->C, U);
    at_hsic_add(&c->hsic[l], x, a->C, y, b->C, U);
    free(x);
    free(y);
}

/* Every head of a with every head of b. */
static void add_divergences(struct job *j, struct at_pool *pool)
{
    struct at_compare *c = j->c;
    size_t n = j->maps_a->n * j->maps_b->n;
    double *one = at_malloc(n, sizeof *one);

    at_js_divergences(one, j->maps_a->maps, j->maps_a->n, j->maps_b->maps, j->maps_b->n,
                      j->maps_a->U, j->maps_a->W, pool);
    for (size_t i = 0; i < n; i++)
        c->divergence[i] += one[i];
    c->n_divergences++;
    free(one);
}

int at_compare_add(struct at_compare *c, const struct at_compare_side *a,
                   const struct at_compare_side *b, const struct at_token_alignment *t,
                   struct at_pool *pool, struct at_error *err)
{
    struct at_unit_maps maps_a, maps_b;
    struct job j = { c, a, b, t, &maps_a, &maps_b, NULL };
    int rc = begin(c, a, b, err);
    size_t at;

    if (rc)
        return rc;
    at = next_text(c);
    j.d = c->d + at;
    rc = measure(c->a + at, c, a, pool, err);
    if (!rc)
        rc = measure(c->b + at, c, b, pool, err);
    if (rc) {
        c->n_texts--;
        return rc;
    }
    for (size_t i = 0; i < c->n_cells; i++)
        j.d[i] = c->a[at + i] - c->b[at + i];
    at_unit_maps(&maps_a, a, t, t->unit_a, pool);
    at_unit_maps(&maps_b, b, t, t->unit_b, pool);
    if (t->n_units) {
        at_pool_run(pool, c->L * c->H, compare_head, &j);
        if (c->divergence)
            add_divergences(&j, pool);
        if (a->hidden && b->hidden)
            at_pool_run(pool, c->L + 1, compare_states, &j);
    }
    at_unit_maps_release(&maps_a);
    at_unit_maps_release(&maps_b);
    c->n_aligned += t->n_units;
    c->n_only_a += t->n_only_a;
    c->n_only_b += t->n_only_b;
    return 0;
}

void at_compare_predicted(struct at_compare *c, double kl, double top_changed)
{
    double *own = c->d + (c->n_texts - 1) * c->n_cells + prediction_cell(c);

    own[AT_COMPARE_KL] = kl;
    own[AT_COMPARE_TOP_CHANGED] = top_changed;
}

/* Mean over heads of a layer's js_distance in one text. */
static double layer_distance(const struct at_compare *c, size_t text, size_t l)
{
    struct at_moments heads = { 0 };

    for (size_t h = 0; h < c->H; h++)
        at_moments_add(&heads, c->d[text * c->n_cells + head_cell(c, l, h, AT_COMPARE_JS)]);
    return at_moments_mean(&heads);
}

struct at_compare_text at_compare_text_row(const struct at_compare *c,
                                           const struct at_compare_side *a,
                                           const struct at_compare_side *b,
                                           const struct at_token_alignment *t)
{
    struct at_compare_text row = {
        .model = a->doc->model_name,
        .id = a->doc->in.id,
        .n_tokens = a->doc->tokens.n,
        .model_b = b->doc->model_name,
        .n_tokens_b = b->doc->tokens.n,
        .n_aligned = t->n_units,
        .n_only_a = t->n_only_a,
        .n_only_b = t->n_only_b,
        .layer = AT_NONE,
    };
    struct at_moments layers = { 0 };
    double most = 0.0;

    for (size_t l = 0; l < c->L; l++) {
        double d = layer_distance(c, c->n_texts - 1, l);
        at_moments_add(&layers, d);
        if (d > most) {
            most = d;
            row.layer = l;
        }
    }
    row.js_distance = at_moments_mean(&layers);
    return row;
}

/* --- all of them --- */

/* Mean over texts of one cell. */
static double mean_of(const double *x, const struct at_compare *c, size_t cell)
{
    struct at_moments m = { 0 };

    for (size_t t = 0; t < c->n_texts; t++)
        at_moments_add(&m, x[t * c->n_cells + cell]);
    return at_moments_mean(&m);
}

/* The difference of one cell over texts, with its interval; is_effect: and the effect. */
static void tell_difference(struct at_compare_row *row, const struct at_compare *c, size_t cell,
                            bool is_effect)
{
    const double z = at_normal_quantile(0.975);
    struct at_moments m = { 0 };
    double sd, half;

    for (size_t t = 0; t < c->n_texts; t++)
        at_moments_add(&m, c->d[t * c->n_cells + cell]);
    row->n = m.n;
    row->difference = at_moments_mean(&m);
    row->low = row->high = row->p = row->q = NAN;
    row->effect = row->effect_interval[0] = row->effect_interval[1] = NAN;
    if (m.n < 2)
        return;
    sd = sqrt(m.m2 / (double)(m.n - 1));
    half = at_student_quantile(0.975, (double)(m.n - 1)) * sd / sqrt((double)m.n);
    row->low = row->difference - half;
    row->high = row->difference + half;
    if (!is_effect || !(sd > 0.0))
        return;
    row->effect = row->difference / sd;
    half = z * sqrt(1.0 / (double)m.n + row->effect * row->effect / (2.0 * (double)m.n));
    row->effect_interval[0] = row->effect - half;
    row->effect_interval[1] = row->effect + half;
}

static struct at_compare_row make_row(const struct at_compare *c, size_t cell, size_t l, size_t h,
                                      bool has_sides)
{
    struct at_compare_row row = {
        .layer = l,
        .head = h,
        .layer_a = l == AT_NONE ? AT_NONE : at_depth(l, c->L_a, c->L),
        .layer_b = l == AT_NONE ? AT_NONE : at_depth(l, c->L_b, c->L),
        .a = has_sides ? mean_of(c->a, c, cell) : NAN,
        .b = has_sides ? mean_of(c->b, c, cell) : NAN,
    };

    tell_difference(&row, c, cell, has_sides);
    return row;
}

/* p of the rows (n) from cell first on, each stride behind the one before, and q over them. */
static void test_rows(struct at_compare_row *rows, size_t stride, size_t n,
                      const struct at_compare *c, size_t first, size_t step, uint64_t seed,
                      struct at_pool *pool)
{
    double *d = at_malloc(n * c->n_texts, sizeof *d), *p = at_malloc(n, sizeof *p);
    struct at_perm_p *tests = at_malloc(n, sizeof *tests);

    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < c->n_texts; t++)
            d[i * c->n_texts + t] = c->d[t * c->n_cells + first + i * step];
    at_sign_flips(tests, d, n, c->n_texts, seed, pool);
    for (size_t i = 0; i < n; i++)
        rows[i * stride].p = p[i] = tests[i].p;
    at_bh_q(p, p, n);
    for (size_t i = 0; i < n; i++)
        rows[i * stride].q = p[i];
    free(d);
    free(p);
    free(tests);
}

/* Has each side a value of its own? */
static bool is_of_sides(size_t number)
{
    return number != AT_COMPARE_JS && number != AT_COMPARE_COSINE;
}

static void tell_heads(struct at_compare_result *r, const struct at_compare *c, uint64_t seed,
                       struct at_pool *pool, struct at_arena *arena)
{
    size_t n = c->L * c->H;

    r->n_numbers = c->n_numbers;
    r->n_heads = n * c->n_numbers;
    r->heads = at_arena_alloc(arena, r->n_heads, sizeof *r->heads);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < c->n_numbers; i++) {
            struct at_compare_row *row = &r->heads[k * c->n_numbers + i];
            *row = make_row(c, head_cell(c, k / c->H, k % c->H, i), k / c->H, k % c->H,
                            is_of_sides(i));
            row->metric = at_compare_key(c, i);
        }
    for (size_t i = 0; i < c->n_numbers && c->n_texts > 1; i++)
        if (is_of_sides(i))
            test_rows(r->heads + i, c->n_numbers, n, c, i, c->n_numbers, seed, pool);
}

/* Where the js_distance of a head stands, for sorting; equal ones in their order. */
struct ranked {
    size_t row;
    double distance;
};

static int by_distance(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->distance > y->distance || x->distance < y->distance)
        return x->distance > y->distance ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void rank_heads(struct at_compare_result *r, struct at_arena *arena)
{
    struct ranked *ranked = at_arena_alloc(arena, r->n_heads, sizeof *ranked);

    for (size_t i = AT_COMPARE_JS; i < r->n_heads; i += r->n_numbers)
        if (r->heads[i].difference > 0.0)
            ranked[r->n_changed++] = (struct ranked){ i, r->heads[i].difference };
    if (r->n_changed)
        qsort(ranked, r->n_changed, sizeof *ranked, by_distance);
    r->changed = at_arena_alloc(arena, r->n_changed, sizeof *r->changed);
    for (size_t i = 0; i < r->n_changed; i++)
        r->changed[i] = ranked[i].row;
}

static void tell_means(struct at_compare_result *r, const struct at_compare *c, uint64_t seed,
                       struct at_pool *pool, struct at_arena *arena)
{
    r->n_layer_rows = c->L * AT_N_METRICS;
    r->layer_rows = at_arena_alloc(arena, r->n_layer_rows, sizeof *r->layer_rows);
    for (size_t l = 0; l < c->L; l++)
        for (size_t i = 0; i < AT_N_METRICS; i++) {
            struct at_compare_row *row = &r->layer_rows[l * AT_N_METRICS + i];
            *row = make_row(c, layer_cell(c, l, i), l, AT_NONE, true);
            row->metric = at_metric_key(i);
        }
    for (size_t i = 0; i < AT_N_METRICS && c->n_texts > 1; i++)
        test_rows(r->layer_rows + i, AT_N_METRICS, c->L, c, layer_cell(c, 0, i), AT_N_METRICS, seed,
                  pool);
}

/* Of the whole text; what has no difference in any of them is no row, but for metrics. */
static void tell_whole(struct at_compare_result *r, const struct at_compare *c, uint64_t seed,
                       struct at_pool *pool, struct at_arena *arena)
{
    static const char *const predicted[AT_N_PREDICTION_NUMBERS] = { "kl", "top_changed" };
    size_t n_own = N_GLOBAL + c->n_of_text;

    r->global = at_arena_alloc(arena, n_own + AT_N_PREDICTION_NUMBERS, sizeof *r->global);
    for (size_t i = 0; i < n_own + AT_N_PREDICTION_NUMBERS; i++) {
        struct at_compare_row *row = &r->global[r->n_global];
        *row = make_row(c, global_cell(c, i), AT_NONE, AT_NONE, i < n_own);
        row->metric = i < N_GLOBAL ? at_metric_key(i)
                      : i < n_own  ? c->of_text[i - N_GLOBAL]
                                   : predicted[i - n_own];
        if (c->n_texts > 1 && i < n_own)
            test_rows(row, 1, 1, c, global_cell(c, i), 1, seed, pool);
        r->n_global += i < n_own || row->n;
    }
    r->mean_kl = mean_of(c->d, c, prediction_cell(c) + AT_COMPARE_KL);
}

/* The mean over heads of a layer's js_distance in each text, then over texts. */
static void tell_layer(struct at_compare_layer *out, const struct at_compare *c, size_t l)
{
    struct at_moments over_texts = { 0 };
    double half;

    *out = (struct at_compare_layer){ .layer = l,
                                      .cka = at_cka(&c->hsic[l]),
                                      .low = NAN,
                                      .high = NAN,
                                      .layer_a = at_depth(l, c->L_a, c->L),
                                      .layer_b = at_depth(l, c->L_b, c->L) };
    for (size_t t = 0; t < c->n_texts; t++)
        at_moments_add(&over_texts, layer_distance(c, t, l));
    out->js_distance = at_moments_mean(&over_texts);
    if (over_texts.n < 2)
        return;
    half = at_student_quantile(0.975, (double)(over_texts.n - 1)) *
           sqrt(over_texts.m2 / (double)(over_texts.n - 1) / (double)over_texts.n);
    out->low = out->js_distance - half;
    out->high = out->js_distance + half;
}

static void tell_layers(struct at_compare_result *r, const struct at_compare *c,
                        struct at_arena *arena)
{
    r->n_layers = c->L;
    r->layers = at_arena_alloc(arena, c->L, sizeof *r->layers);
    r->cka = at_arena_alloc(arena, c->L, sizeof *r->cka);
    r->cka_embeddings = at_cka(&c->hsic[c->L]);
    for (size_t l = 0; l < c->L; l++) {
        double distance;
        tell_layer(&r->layers[l], c, l);
        r->cka[l] = r->layers[l].cka;
        distance = r->layers[l].js_distance;
        if (distance > 0.0 &&
            (r->most_changed_layer == AT_NONE || distance > r->most_changed_distance)) {
            r->most_changed_layer = l;
            r->most_changed_distance = distance;
        }
    }
}

static void tell_matches(struct at_compare_result *r, const struct at_compare *c,
                         struct at_arena *arena)
{
    size_t n_a = c->L_a * c->H_a, n_b = c->L_b * c->H_b;
    size_t *partner = at_malloc(n_a, sizeof *partner);
    bool *is_taken = at_calloc(n_b, sizeof *is_taken);
    struct at_moments mean = { 0 };

    r->matches = at_arena_alloc(arena, n_a + n_b, sizeof *r->matches);
    at_assign(partner, c->divergence, n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        struct at_compare_match m = { i / c->H_a, i % c->H_a, AT_NONE, AT_NONE, NAN };
        if (partner[i] < n_b) {
            double sum = c->divergence[i * n_b + partner[i]];
            is_taken[partner[i]] = true;
            m.layer_b = partner[i] / c->H_b;
            m.head_b = partner[i] % c->H_b;
            m.score = 1.0 - sqrt(sum / (double)c->n_divergences) / AT_JS_MAX;
            at_moments_add(&mean, m.score);
        }
        r->matches[r->n_matches++] = m;
    }
    for (size_t k = 0; k < n_b; k++)
        if (!is_taken[k])
            r->matches[r->n_matches++] =
                (struct at_compare_match){ AT_NONE, AT_NONE, k / c->H_b, k % c->H_b, NAN };
    r->match_score = at_moments_mean(&mean);
    free(partner);
    free(is_taken);
}

struct at_compare_result at_compare_finish(const struct at_compare *c, uint64_t seed,
                                           struct at_pool *pool, struct at_arena *arena)
{
    struct at_compare_result r = {
        .L_a = c->L_a,
        .H_a = c->H_a,
        .L_b = c->L_b,
        .H_b = c->H_b,
        .L = c->L,
        .H = c->H,
        .n_texts = c->n_texts,
        .n_aligned = c->n_aligned,
        .n_only_a = c->n_only_a,
        .n_only_b = c->n_only_b,
        .match_score = NAN,
        .adjusted_rand = NAN,
        .mean_kl = NAN,
        .correction = c->n_texts > 1 ? "benjamini_hochberg over the heads of each metric" : NULL,
    };

    r.most_changed_layer = AT_NONE;
    r.most_changed_distance = r.cka_embeddings = NAN;
    if (!c->n_texts)
        return r;
    tell_heads(&r, c, seed, pool, arena);
    rank_heads(&r, arena);
    tell_means(&r, c, seed, pool, arena);
    tell_whole(&r, c, seed, pool, arena);
    tell_layers(&r, c, arena);
    if (c->n_divergences)
        tell_matches(&r, c, arena);
    return r;
}
