/*
 * corpus.c - see corpus.h.
 */
#include "analysis/corpus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const double LEVEL = 0.95;

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_text_head, model, "model", NULL, "name of the model"),
    AT_FIELD(struct at_text_head, text_id, "text_id", NULL, "name of the text"),
    AT_FIELD(struct at_text_head, n_tokens, "n_tokens", NULL, "tokens it has"),
    AT_FIELD(struct at_text_head, id, "id", NULL,
             "name of its folder with --each: the same, a long one cut, with a digest"),
    AT_FIELD(struct at_text_head, number, "number", NULL, "place in the input, from 1"),
    AT_FIELD(struct at_text_head, run_id, "run_id", NULL,
             "the run, as in manifest.json: equal for equal input and options"),
    AT_FIELD_END,
};
const struct at_record at_text_head_record = AT_RECORD(struct at_text_head, head_fields);

/* --- tables --- */

#define ROW_MODEL  AT_FIELD(struct at_corpus_row, of.model, "model", NULL, "name of the model")
#define ROW_LAYER  AT_FIELD(struct at_corpus_row, layer, "layer", NULL, "layer, from 0")
#define ROW_HEAD   AT_FIELD(struct at_corpus_row, head, "head", NULL, "head, from 0")
#define ROW_METRIC AT_FIELD(struct at_corpus_row, metric, "metric", NULL, "which number")
#define ROW_MEAN                                                                                   \
    AT_FIELD(struct at_corpus_row, mean, "mean", NULL, "mean over texts"),                         \
        AT_FIELD(struct at_corpus_row, low, "low", NULL,                                           \
                 "95 % interval of it, Student's t, from 0 on"),                                   \
        AT_FIELD(struct at_corpus_row, high, "high", NULL, "upper end"),                           \
        AT_FIELD(struct at_corpus_row, n, "n", NULL, "texts that have it")
#define ROW_CHANCE                                                                                 \
    AT_FIELD_RECORD(struct at_corpus_row, chance, NULL, &at_chance_record,                         \
                    "beside even attention over the same tokens")
#define ROW_REST                                                                                   \
    AT_FIELD(struct at_corpus_row, sd, "sd", NULL, "standard deviation over texts (by n)"),        \
        AT_FIELD(struct at_corpus_row, min, "min", NULL, "least of all texts"),                    \
        AT_FIELD(struct at_corpus_row, max, "max", NULL, "greatest of all texts"),                 \
        AT_FIELD(struct at_corpus_row, of.run_id, "run_id", NULL, "the run, as in manifest.json"), \
        AT_FIELD_END

static const struct at_field corpus_head_fields[] = { ROW_MODEL,  ROW_LAYER, ROW_HEAD,
                                                      ROW_METRIC, ROW_MEAN,  ROW_REST };
const struct at_record at_corpus_head_record = AT_RECORD(struct at_corpus_row, corpus_head_fields);

static const struct at_field corpus_role_fields[] = { ROW_MODEL, ROW_LAYER,  ROW_HEAD, ROW_METRIC,
                                                      ROW_MEAN,  ROW_CHANCE, ROW_REST };
const struct at_record at_corpus_role_record = AT_RECORD(struct at_corpus_row, corpus_role_fields);

static const struct at_field corpus_layer_fields[] = { ROW_MODEL, ROW_LAYER, ROW_METRIC, ROW_MEAN,
                                                       ROW_REST };
const struct at_record at_corpus_layer_record =
    AT_RECORD(struct at_corpus_row, corpus_layer_fields);

static const struct at_field corpus_model_fields[] = { ROW_MODEL, ROW_METRIC, ROW_MEAN, ROW_REST };
const struct at_record at_corpus_model_record =
    AT_RECORD(struct at_corpus_row, corpus_model_fields);

static const struct at_field role_fields[] = {
    AT_FIELD(struct at_role, of.of.model, "model", NULL, "name of the model"),
    AT_FIELD(struct at_role, role, "role", NULL, "score or pattern"),
    AT_FIELD(struct at_role, rank, "rank", NULL, "1 is the head with the greatest mean"),
    AT_FIELD(struct at_role, of.layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_role, of.head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_role, of.mean, "mean", NULL, "mean over texts"),
    AT_FIELD(struct at_role, of.low, "low", NULL, "95 % interval of it, Student's t, from 0 on"),
    AT_FIELD(struct at_role, of.high, "high", NULL, "upper end"),
    AT_FIELD(struct at_role, of.n, "n", NULL, "texts that have it"),
    AT_FIELD_RECORD(struct at_role, of.chance, NULL, &at_chance_record,
                    "beside even attention over the same tokens"),
    AT_FIELD(struct at_role, of.of.run_id, "run_id", NULL, "the run, as in manifest.json"),
    AT_FIELD_END,
};
const struct at_record at_role_record = AT_RECORD(struct at_role, role_fields);

/* --- adding --- */

static size_t n_places(const struct at_corpus *c)
{
    return c->L * c->H + c->L + 1;
}

void at_corpus_init(struct at_corpus *c, size_t L, size_t H, const char *const *keys,
                    size_t n_values, bool has_ratios)
{
    *c = (struct at_corpus){ .L = L, .H = H, .n_values = n_values, .keys = keys };
    c->cells = at_calloc(n_places(c) * n_values, sizeof *c->cells);
    if (has_ratios)
        c->ratios = at_calloc(L * H * n_values, sizeof *c->ratios);
}

void at_corpus_release(struct at_corpus *c)
{
    free(c->cells);
    free(c->ratios);
    *c = (struct at_corpus){ 0 };
}

struct at_sums *at_corpus_cell(const struct at_corpus *c, size_t layer, size_t head, size_t value)
{
    size_t place = layer == AT_NONE  ? c->L * c->H + c->L
                   : head == AT_NONE ? c->L * c->H + layer
                                     : layer * c->H + head;

    return &c->cells[place * c->n_values + value];
}

struct at_sums *at_corpus_ratio(const struct at_corpus *c, size_t layer, size_t head, size_t value)
{
    return &c->ratios[(layer * c->H + head) * c->n_values + value];
}

/* One value of one text: every head, and when they are wanted the means. */
static void add_value(struct at_corpus *c, size_t value, const double *x, size_t stride, bool means)
{
    struct at_moments all = { 0 };

    for (size_t l = 0; l < c->L; l++) {
        struct at_moments layer = { 0 };
        for (size_t h = 0; h < c->H; h++) {
            double v = x[(l * c->H + h) * stride];
            at_sums_add(at_corpus_cell(c, l, h, value), v);
            at_moments_add(&layer, v);
            at_moments_add(&all, v);
        }
        if (means)
            at_sums_add(at_corpus_cell(c, l, AT_NONE, value), at_moments_mean(&layer));
    }
    if (means)
        at_sums_add(at_corpus_cell(c, AT_NONE, AT_NONE, value), at_moments_mean(&all));
}

void at_corpus_add_heads(struct at_corpus *c, size_t first, const double *x, size_t n, bool means)
{
    for (size_t i = 0; i < n; i++)
        add_value(c, first + i, x + i, n, means);
}

void at_corpus_add_ratios(struct at_corpus *c, const double *ratio)
{
    for (size_t i = 0; i < c->L * c->H * c->n_values; i++)
        at_sums_add(&c->ratios[i], ratio[i]);
}

/* --- what comes out --- */

static struct at_corpus_row row_of(const struct at_sums *s, const char *metric,
                                   struct at_corpus_source of, size_t layer, size_t head)
{
    struct at_moments m = at_sums_moments(s);
    double ci[2];
    struct at_corpus_row row = {
        .of = of,
        .layer = layer,
        .head = head,
        .metric = metric,
        .mean = at_sums_interval(ci, s, LEVEL),
        .n = s->n,
        .chance = { 0, NAN, { NAN, NAN }, NAN, NAN, false },
        .sd = at_moments_sd(&m),
        .min = s->n ? at_exact(s->min) : NAN,
        .max = s->n ? at_exact(s->max) : NAN,
    };

    /* Shares, entropies, distances and ratios are not negative, nor is what their mean may be. */
    row.low = s->n && s->min >= 0.0 && ci[0] < 0.0 ? 0.0 : ci[0];
    row.high = ci[1];
    return row;
}

/* (L,H,n_values), or NULL without ratios. */
static struct at_chance *judge_ratios(const struct at_corpus *c, struct at_arena *arena)
{
    size_t n = c->L * c->H * c->n_values;
    struct at_chance_table t = { c->L * c->H, c->n_values, NULL };
    struct at_chance *out;

    if (!c->ratios)
        return NULL;
    t.ratio = at_arena_alloc(arena, n + 1, sizeof *t.ratio);
    out = at_arena_alloc(arena, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        t.ratio[i] = at_sums_moments(&c->ratios[i]);
    at_chance_finish(out, &t, LEVEL);
    return out;
}

struct at_corpus_row *at_corpus_rows(size_t *n, const struct at_corpus *c, enum at_corpus_part part,
                                     struct at_corpus_source of, struct at_arena *arena)
{
    size_t first = part == AT_CORPUS_HEADS    ? 0
                   : part == AT_CORPUS_LAYERS ? c->L * c->H
                                              : c->L * c->H + c->L;
    size_t places = part == AT_CORPUS_HEADS ? c->L * c->H : part == AT_CORPUS_LAYERS ? c->L : 1;
    struct at_corpus_row *rows = at_arena_alloc(arena, places * c->n_values + 2, sizeof *rows);
    struct at_chance *chance = part == AT_CORPUS_HEADS ? judge_ratios(c, arena) : NULL;

    *n = 0;
    if (part == AT_CORPUS_MODEL && c->lengths.n)
        rows[(*n)++] = row_of(&c->lengths, "n_tokens", of, AT_NONE, AT_NONE);
    for (size_t i = 0; i < places; i++)
        for (size_t v = 0; v < c->n_values; v++) {
            const struct at_sums *s = &c->cells[(first + i) * c->n_values + v];
            size_t layer = part == AT_CORPUS_HEADS    ? i / c->H
                           : part == AT_CORPUS_LAYERS ? i
                                                      : AT_NONE;
            if (!s->n)
                continue;
            rows[*n] =
                row_of(s, c->keys[v], of, layer, part == AT_CORPUS_HEADS ? i % c->H : AT_NONE);
            if (chance)
                rows[*n].chance = chance[i * c->n_values + v];
            (*n)++;
        }
    return rows;
}

/* Puts a head among the best so far, best first; of more than most the last goes. */
static size_t rank_in(struct at_role *best, size_t n, size_t most, const struct at_role *x)
{
    size_t at = n;

    while (at > 0 && best[at - 1].of.mean < x->of.mean)
        at--;
    if (at == most)
        return n;
    n = AT_MIN(n + 1, most);
    for (size_t i = n - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = *x;
    return n;
}

struct at_role *at_corpus_roles(size_t *n_out, const struct at_corpus_row *heads, size_t n_heads,
                                const char *const *keys, size_t n_values, size_t most,
                                struct at_arena *arena)
{
    struct at_role *roles = at_arena_alloc(arena, n_values * most + 1, sizeof *roles);

    *n_out = 0;
    for (size_t v = 0; v < n_values; v++) {
        struct at_role *best = roles + *n_out;
        size_t count = 0;
        for (size_t k = 0; k < n_heads; k++)
            if (!strcmp(heads[k].metric, keys[v]))
                count = rank_in(best, count, most, &(struct at_role){ keys[v], 0, heads[k] });
        for (size_t i = 0; i < count; i++)
            best[i].rank = i + 1;
        *n_out += count;
    }
    return roles;
}
