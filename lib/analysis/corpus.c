/*
 * corpus.c - see corpus.h.
 */
#include "analysis/corpus.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

static const struct at_field place_fields[] = {
    AT_FIELD(struct at_place, layer, "layer", NULL, "layer, from 0; global: of the model"),
    AT_FIELD(struct at_place, head, "head", NULL,
             "head, from 0; layer: the mean map of the layer; all: of the model"),
    AT_FIELD_END
};
const struct at_record at_place_record = AT_RECORD(struct at_place, place_fields);

static const struct at_field moments_fields[] = {
    AT_FIELD(struct at_moments_row, metric, "metric", NULL, "which number"),
    AT_FIELD(struct at_moments_row, n, "n", NULL, "texts that have it"),
    AT_FIELD(struct at_moments_row, mean, "mean", NULL, "mean over texts"),
    AT_FIELD(struct at_moments_row, sd, "sd", NULL, "standard deviation over texts (by n)"),
    AT_FIELD(struct at_moments_row, min, "min", NULL, "least of all texts"),
    AT_FIELD(struct at_moments_row, max, "max", NULL, "greatest of all texts"),
    AT_FIELD_END
};
const struct at_record at_moments_row_record = AT_RECORD(struct at_moments_row, moments_fields);

static const struct at_field corpus_fields[] = {
    AT_FIELD_RECORD(struct at_corpus_row, place, NULL, &at_place_record, NULL),
    AT_FIELD_RECORD(struct at_corpus_row, moments, NULL, &at_moments_row_record, NULL), AT_FIELD_END
};
const struct at_record at_corpus_row_record = AT_RECORD(struct at_corpus_row, corpus_fields);

static const struct at_field role_fields[] = {
    AT_FIELD(struct at_role, role, "role", NULL, "score or pattern"),
    AT_FIELD(struct at_role, rank, "rank", NULL, "1 is the head with the greatest mean"),
    AT_FIELD(struct at_role, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_role, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_role, mean, "mean", NULL, "mean over texts"),
    AT_FIELD(struct at_role, sd, "sd", NULL, "standard deviation over texts (by n)"),
    AT_FIELD(struct at_role, n, "n", NULL, "texts that have it"),
    AT_FIELD_END
};
const struct at_record at_role_record = AT_RECORD(struct at_role, role_fields);

struct at_place at_place(size_t layer, size_t head, struct at_arena *arena)
{
    if (layer == AT_NONE)
        return (struct at_place){ "global", "all" };
    return (struct at_place){ at_arena_printf(arena, "%zu", layer),
                              head == AT_NONE ? "layer" : at_arena_printf(arena, "%zu", head) };
}

struct at_moments_row at_moments_row(const char *metric, const struct at_moments *m)
{
    return (struct at_moments_row){
        metric, m->n, at_moments_mean(m), at_moments_sd(m), m->n ? m->min : NAN, m->n ? m->max : NAN
    };
}

static size_t n_places(const struct at_corpus *c)
{
    return c->L * c->H + c->L + 1;
}

void at_corpus_init(struct at_corpus *c, size_t L, size_t H, const char *const *keys,
                    size_t n_values)
{
    *c = (struct at_corpus){ L, H, n_values, keys, NULL };
    c->cells = at_calloc(n_places(c) * n_values, sizeof *c->cells);
}

void at_corpus_release(struct at_corpus *c)
{
    free(c->cells);
    *c = (struct at_corpus){ 0 };
}

struct at_moments *at_corpus_cell(const struct at_corpus *c, size_t layer, size_t head,
                                  size_t value)
{
    size_t place = layer == AT_NONE  ? c->L * c->H + c->L
                   : head == AT_NONE ? c->L * c->H + layer
                                     : layer * c->H + head;

    return &c->cells[place * c->n_values + value];
}

void at_corpus_add_heads(struct at_corpus *c, size_t first, const double *x, size_t n)
{
    for (size_t k = 0; k < c->L * c->H; k++)
        for (size_t i = 0; i < n; i++)
            at_moments_add(&c->cells[k * c->n_values + first + i], x[k * n + i]);
}

struct at_corpus_row *at_corpus_rows(size_t *n, const struct at_corpus *c, struct at_arena *arena)
{
    struct at_corpus_row *rows = at_arena_alloc(arena, n_places(c) * c->n_values, sizeof *rows);
    size_t n_heads = c->L * c->H;

    *n = 0;
    for (size_t i = 0; i < n_places(c); i++) {
        struct at_place place = i < n_heads          ? at_place(i / c->H, i % c->H, arena)
                                : i < n_heads + c->L ? at_place(i - n_heads, AT_NONE, arena)
                                                     : at_place(AT_NONE, AT_NONE, arena);
        for (size_t v = 0; v < c->n_values; v++) {
            const struct at_moments *m = &c->cells[i * c->n_values + v];
            if (m->n)
                rows[(*n)++] = (struct at_corpus_row){ place, at_moments_row(c->keys[v], m) };
        }
    }
    return rows;
}

/* Puts a head among the best so far, best first; of more than most the last goes. */
static size_t rank_in(struct at_role *best, size_t n, size_t most, const struct at_role *x)
{
    size_t at = n;

    while (at > 0 && best[at - 1].mean < x->mean)
        at--;
    if (at == most)
        return n;
    n = AT_MIN(n + 1, most);
    for (size_t i = n - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = *x;
    return n;
}

struct at_role *at_corpus_roles(size_t *n, const struct at_corpus *c, size_t most,
                                struct at_arena *arena)
{
    struct at_role *roles;

    most = AT_MIN(most, c->L * c->H);
    roles = at_arena_alloc(arena, c->n_values * most, sizeof *roles);
    *n = 0;
    for (size_t v = 0; v < c->n_values; v++) {
        struct at_role *best = roles + *n;
        size_t count = 0;
        for (size_t k = 0; k < c->L * c->H; k++) {
            const struct at_moments *m = &c->cells[k * c->n_values + v];
            const struct at_role x = {
                c->keys[v], 0, k / c->H, k % c->H, at_moments_mean(m), at_moments_sd(m), m->n
            };
            if (m->n)
                count = rank_in(best, count, most, &x);
        }
        for (size_t i = 0; i < count; i++)
            best[i].rank = i + 1;
        *n += count;
    }
    return roles;
}
