/*
 * faith_agreement.c - see faith_agreement.h.
 */
#include "analysis/faith_agreement.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

/* --- attention of heads --- */

/* Columns of the tokens that are not special. Answers how many there are. */
static size_t keep_text(double *out, const double *rows, size_t n_rows, const struct at_doc *doc)
{
    size_t n = 0, T = doc->tokens.n;

    for (size_t t = 0; t < T; t++)
        n += !doc->tokens.items[t].is_special;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t t = 0; t < T; t++)
            if (!doc->tokens.items[t].is_special)
                *out++ = rows[r * T + t];
    return n;
}

static void compare_heads(struct at_faith_result *r, const struct at_explained *e,
                          struct at_arena *arena)
{
    size_t n = e->L * e->H, n_text;
    struct at_agreement *all = at_malloc(2 * n, sizeof *all), *text = all + n;
    double *received = at_malloc(n * e->T, sizeof *received);
    double *scores = at_malloc(e->T, sizeof *scores);

    n_text = keep_text(received, e->received, n, e->doc);
    r->n_heads = r->n_methods * n;
    r->heads = at_arena_alloc(arena, r->n_heads, sizeof *r->heads);
    for (size_t m = 0; m < r->n_methods; m++) {
        struct at_head_agreement *rows = r->heads + m * n;
        at_agree(all, e->received, n, r->attributions[m].scores, e->T);
        keep_text(scores, r->attributions[m].scores, 1, e->doc);
        at_agree(text, received, n, scores, n_text);
        for (size_t h = 0; h < n; h++)
            rows[h] = (struct at_head_agreement){ h / e->H, h % e->H, r->attributions[m].method,
                                                  all[h], text[h] };
        at_agreement_q(&rows->all, n, sizeof *rows);
        at_agreement_q(&rows->text, n, sizeof *rows);
    }
    free(all);
    free(received);
    free(scores);
}

/* --- methods among themselves --- */

static void compare_methods(struct at_faith_result *r, struct at_arena *arena)
{
    size_t n = r->n_methods, T = r->T, k = 0;
    double *later = at_malloc(n * T + 1, sizeof *later);
    struct at_agreement *found = at_malloc(n + 1, sizeof *found);

    r->agreement = at_arena_alloc(arena, n * n, sizeof *r->agreement);
    for (size_t a = 0; a < n; a++) {
        for (size_t b = a + 1; b < n; b++)
            for (size_t t = 0; t < T; t++)
                later[(b - a - 1) * T + t] = r->attributions[b].scores[t];
        at_agree(found, later, n - a - 1, r->attributions[a].scores, T);
        for (size_t b = a + 1; b < n; b++)
            r->agreement[k++] =
                (struct at_method_agreement){ r->attributions[a].method, r->attributions[b].method,
                                              found[b - a - 1] };
    }
    r->n_agreement = k;
    if (k)
        at_agreement_q(&r->agreement->agreement, k, sizeof *r->agreement);
    free(later);
    free(found);
}

/* --- the mean over heads --- */

void at_mean_rows(double *means, const void *table, const size_t *rows, size_t n)
{
    const struct at_value_table *t = table;

    for (size_t c = 0; c < t->n_columns; c++) {
        double sum = 0.0;
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            double v = t->values[rows[i] * t->n_columns + c];
            if (isnan(v))
                continue;
            sum += v;
            count++;
        }
        means[c] = count ? sum / (double)count : NAN;
    }
}

const char *at_exceeds_half(struct at_interval i)
{
    if (isnan(i.low) || isnan(i.high))
        return NULL;
    return i.low > 0.5 ? "yes" : i.high < 0.5 ? "no" : "undecided";
}

static void summarize(struct at_faith_result *r, size_t n_heads, uint64_t seed,
                      struct at_arena *arena)
{
    struct at_bootstrap_options options = AT_BOOTSTRAP_OPTIONS_INIT;
    size_t M = r->n_methods, *rows = at_malloc(n_heads + 1, sizeof *rows);
    double *values = at_malloc(n_heads * M + 1, sizeof *values);
    const struct at_value_table table = { values, M };
    struct at_interval *interval = at_malloc(M + 1, sizeof *interval);
    double *means = at_malloc(M + 1, sizeof *means);

    options.seed = seed;
    for (size_t h = 0; h < n_heads; h++) {
        rows[h] = h;
        for (size_t m = 0; m < M; m++)
            values[h * M + m] = r->heads[m * n_heads + h].all.rho;
    }
    at_mean_rows(means, &table, rows, n_heads);
    at_bootstrap_clusters(interval, M, at_mean_rows, &table, n_heads, &options);
    r->mean_rho = at_arena_calloc(arena, M, sizeof *r->mean_rho);
    for (size_t m = 0; m < M; m++) {
        struct at_mean_rho *out = &r->mean_rho[m];
        *out = (struct at_mean_rho){ .method = r->attributions[m].method,
                                     .mean = means[m],
                                     .low = interval[m].low,
                                     .high = interval[m].high,
                                     .over = "heads",
                                     .exceeds_half = at_exceeds_half(interval[m]) };
        for (size_t h = 0; h < n_heads; h++)
            out->n += !isnan(values[h * M + m]);
    }
    free(rows);
    free(values);
    free(interval);
    free(means);
}

void at_faith_agree(struct at_faith_result *r, const struct at_explained *e, uint64_t seed,
                    struct at_arena *arena)
{
    compare_heads(r, e, arena);
    compare_methods(r, arena);
    summarize(r, e->L * e->H, seed, arena);
}
