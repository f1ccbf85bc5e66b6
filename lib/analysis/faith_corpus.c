/*
 * faith_corpus.c - see faith_corpus.h.
 */
#include "analysis/faith_corpus.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/corpus.h"
#include "analysis/faith_agreement.h"
#include "base/array.h"
#include "stats/intervals.h"

/* Numbers of a text and a method beside rho of heads: the mean rho, and those of an area. */
static const char *const numbers[] = { "mean_rho", "comprehensiveness", "sufficiency",
                                       "net_comprehensiveness", "net_sufficiency" };
/* Of a text and a head that is removed, and of a text: what foretells that. */
static const char *const effects[] = { "change", "impact", "kl" };
static const char *const checks[] = { "patching_pearson", "patching_rho", "direct_pearson",
                                      "direct_rho" };
enum { N_EFFECTS = AT_COUNTOF(effects), N_CHECKS = AT_COUNTOF(checks) };
enum { N_NUMBERS = AT_COUNTOF(numbers), RESAMPLES = 1000 };

/* --- records --- */

static const struct at_field text_fields[] = {
    AT_FIELD(struct at_faith_text_row, model, "model", NULL, "its name"),
    AT_FIELD(struct at_faith_text_row, text_id, "text_id", NULL, "of the text"),
    AT_FIELD(struct at_faith_text_row, n_tokens, "n_tokens", NULL, "its tokens"),
    AT_FIELD_RECORD(struct at_faith_text_row, target, NULL, &at_faith_target_record, NULL),
    AT_FIELD(struct at_faith_text_row, completeness.residual, "residual", "fraction",
             "what integrated gradients lack to their sum"),
    AT_FIELD(struct at_faith_text_row, completeness.steps, "steps", NULL, "their nodes"),
    AT_FIELD(struct at_faith_text_row, conservation, "conservation", "fraction",
             "relevance of AttnLRP that went to biases and positions"),
    AT_FIELD(struct at_faith_text_row, run_id, "run_id", NULL, "the run, as in manifest.json"),
    AT_FIELD_END,
};
const struct at_record at_faith_text_row_record = AT_RECORD(struct at_faith_text_row, text_fields);

static const struct at_field method_fields[] = {
    AT_FIELD(struct at_faith_method_row, model, "model", NULL, "its name"),
    AT_FIELD(struct at_faith_method_row, text_id, "text_id", NULL, "of the text"),
    AT_FIELD(struct at_faith_method_row, method, "method", NULL, "key of the method"),
    AT_FIELD(struct at_faith_method_row, mean_rho, "mean_rho", NULL,
             "mean over heads of the correlation of attention with its scores"),
    AT_FIELD(struct at_faith_method_row, area.comprehensiveness, "comprehensiveness", NULL,
             "mean over the shares"),
    AT_FIELD(struct at_faith_method_row, area.sufficiency, "sufficiency", NULL, "likewise"),
    AT_FIELD(struct at_faith_method_row, area.net_comprehensiveness, "net_comprehensiveness", NULL,
             "less that of random orders"),
    AT_FIELD(struct at_faith_method_row, area.net_sufficiency, "net_sufficiency", NULL,
             "that of random orders less the method's"),
    AT_FIELD(struct at_faith_method_row, run_id, "run_id", NULL, "the run, as in manifest.json"),
    AT_FIELD_END,
};
const struct at_record at_faith_method_row_record =
    AT_RECORD(struct at_faith_method_row, method_fields);

static const struct at_field corpus_fields[] = {
    AT_FIELD(struct at_faith_corpus_row, model, "model", NULL, "its name"),
    AT_FIELD(struct at_faith_corpus_row, layer, "layer", NULL,
             "layer, from 0; empty: of the model"),
    AT_FIELD(struct at_faith_corpus_row, head, "head", NULL, "head, from 0; empty: of the model"),
    AT_FIELD(struct at_faith_corpus_row, metric, "metric", NULL,
             "rho of a head, or change, impact and kl without it; of the model mean_rho, "
             "agreement of two methods, a mean of a curve, or how well patching and direct "
             "effects foretell changes"),
    AT_FIELD(struct at_faith_corpus_row, mean, "mean", NULL, "mean over texts"),
    AT_FIELD(struct at_faith_corpus_row, low, "low", NULL,
             "lower end of its bootstrap interval over texts"),
    AT_FIELD(struct at_faith_corpus_row, high, "high", NULL, "upper end"),
    AT_FIELD(struct at_faith_corpus_row, n, "n", NULL, "texts that have it"),
    AT_FIELD(struct at_faith_corpus_row, method, "method", NULL,
             "key of the method; mode of ablation"),
    AT_FIELD(struct at_faith_corpus_row, other, "other", NULL, "of agreement, the other method"),
    AT_FIELD_END,
};
const struct at_record at_faith_corpus_row_record =
    AT_RECORD(struct at_faith_corpus_row, corpus_fields);

static const struct at_field mean_fields[] = {
    AT_FIELD_LIST(struct at_faith_summary, mean_rho, n_methods, "mean_rho", &at_mean_rho_record,
                  "mean over texts of what heads have on average", .flags = AT_KEYED),
    AT_FIELD_END,
};
static const struct at_record mean_record = AT_RECORD(struct at_faith_summary, mean_fields);

static const struct at_field summary_fields[] = {
    AT_FIELD(struct at_faith_summary, n_texts, "n_texts", NULL, "texts that were explained"),
    { .key = "summary",
      .kind = AT_KIND_RECORD,
      .record = &mean_record,
      .help = "does attention agree, all in all?" },
    AT_FIELD_END,
};
const struct at_record at_faith_summary_record = AT_RECORD(struct at_faith_summary, summary_fields);

/* --- adding --- */

static void begin(struct at_faith_corpus *c, const struct at_faith_result *r, const char *model,
                  size_t n_heads, size_t H)
{
    size_t M = r->n_methods;

    *c = (struct at_faith_corpus){
        .model = model, .n_methods = M, .n_heads = n_heads, .H = H, .n_pairs = r->n_agreement
    };
    if (r->heads_removed) {
        c->n_removed = r->heads_removed->ablation.n_rows;
        c->mode = r->heads_removed->ablation.rows->mode;
    }
    c->n_columns = M * N_NUMBERS + r->n_agreement + M * n_heads + c->n_removed * N_EFFECTS +
                   (c->n_removed ? N_CHECKS : 0);
    c->methods = at_malloc(M + 1, sizeof *c->methods);
    for (size_t m = 0; m < M; m++)
        c->methods[m] = r->attributions[m].method;
}

/* Numbers of ablation, behind all others. */
static void add_removed(double *at, const struct at_faith_corpus *c,
                        const struct at_ablation_result *r)
{
    AT_BUG_IF(!r != !c->n_removed || (r && r->ablation.n_rows != c->n_removed));
    for (size_t i = 0; i < c->n_removed; i++) {
        const struct at_ablation_row *row = &r->ablation.rows[i];
        *at++ = row->change;
        *at++ = row->impact;
        *at++ = row->kl;
    }
    if (!r)
        return;
    at[0] = r->checks.patching_pearson;
    at[1] = r->checks.patching_rho;
    at[2] = r->checks.direct_pearson;
    at[3] = r->checks.direct_rho;
}

void at_faith_corpus_add(struct at_faith_corpus *c, const struct at_faith_result *r,
                         const char *model, size_t n_heads, size_t H)
{
    double *at;

    if (!c->methods)
        begin(c, r, model, n_heads, H);
    AT_BUG_IF(r->n_methods != c->n_methods || r->n_heads != c->n_methods * c->n_heads);
    c->values = at_array_grow(c->values, (c->n + 1) * c->n_columns, &c->cap, sizeof *c->values);
    at = c->values + c->n++ * c->n_columns;
    for (size_t m = 0; m < r->n_methods; m++) {
        const struct at_curve_area none = { NULL, NAN, NAN, NAN, { 0 }, NAN, { 0 } };
        const struct at_curve_area *a = r->n_areas ? &r->areas[m] : &none;
        const double all[N_NUMBERS] = { r->mean_rho[m].mean, a->comprehensiveness, a->sufficiency,
                                        a->net_comprehensiveness, a->net_sufficiency };
        for (size_t i = 0; i < N_NUMBERS; i++)
            *at++ = all[i];
    }
    for (size_t i = 0; i < c->n_pairs; i++)
        *at++ = r->agreement[i].agreement.rho;
    for (size_t i = 0; i < r->n_heads; i++)
        *at++ = r->heads[i].all.rho;
    add_removed(at, c, r->heads_removed);
}

void at_faith_corpus_release(struct at_faith_corpus *c)
{
    free(c->values);
    free(c->methods);
    *c = (struct at_faith_corpus){ 0 };
}

/* --- the summary --- */

/* What column i of those of ablation is of. */
static void name_removed(struct at_faith_corpus_row *row, const struct at_faith_corpus *c, size_t i)
{
    size_t n = c->n_removed * N_EFFECTS, head = i / N_EFFECTS;

    row->method = i < n ? c->mode : NULL;
    row->metric = i < n ? effects[i % N_EFFECTS] : checks[i - n];
    if (i < n && c->n_removed == c->n_heads) {
        row->layer = head / c->H;
        row->head = head % c->H;
    }
}

/* What column i is of. */
static struct at_faith_corpus_row name_column(const struct at_faith_corpus *c, size_t i)
{
    struct at_faith_corpus_row row = { .model = c->model, .layer = AT_NONE, .head = AT_NONE };
    size_t M = c->n_methods;

    if (i < M * N_NUMBERS) {
        row.metric = numbers[i % N_NUMBERS];
        row.method = c->methods[i / N_NUMBERS];
        return row;
    }
    i -= M * N_NUMBERS;
    if (i < c->n_pairs) {
        size_t a = 0;
        for (; i >= M - 1 - a; a++)
            i -= M - 1 - a;
        row.metric = "agreement";
        row.method = c->methods[a];
        row.other = c->methods[a + 1 + i];
        return row;
    }
    i -= c->n_pairs;
    if (i >= M * c->n_heads) {
        name_removed(&row, c, i - M * c->n_heads);
        return row;
    }
    row.layer = i % c->n_heads / c->H;
    row.head = i % c->n_heads % c->H;
    row.metric = "rho";
    row.method = c->methods[i / c->n_heads];
    return row;
}

static void fill_rows(struct at_faith_summary *s, const struct at_faith_corpus *c, uint64_t seed,
                      struct at_arena *arena)
{
    struct at_bootstrap_options options = AT_BOOTSTRAP_OPTIONS_INIT;
    const struct at_value_table table = { c->values, c->n_columns };
    struct at_interval *interval = at_malloc(c->n_columns + 1, sizeof *interval);
    double *means = at_malloc(c->n_columns + 1, sizeof *means);
    size_t *all = at_malloc(c->n + 1, sizeof *all);

    options.seed = seed;
    options.n_resamples = RESAMPLES;
    for (size_t i = 0; i < c->n; i++)
        all[i] = i;
    at_mean_rows(means, &table, all, c->n);
    at_bootstrap_clusters(interval, c->n_columns, at_mean_rows, &table, c->n, &options);
    s->n_rows = c->n_columns;
    s->rows = at_arena_alloc(arena, s->n_rows, sizeof *s->rows);
    for (size_t k = 0; k < s->n_rows; k++) {
        struct at_faith_corpus_row *row = &s->rows[k];
        *row = name_column(c, k);
        row->mean = means[k];
        row->low = interval[k].low;
        row->high = interval[k].high;
        for (size_t i = 0; i < c->n; i++)
            row->n += !isnan(c->values[i * c->n_columns + k]);
    }
    free(interval);
    free(means);
    free(all);
}

void at_faith_summarize(struct at_faith_summary *out, const struct at_faith_corpus *c,
                        uint64_t seed, struct at_arena *arena)
{
    struct at_faith_summary s = { .n_texts = c->n, .n_methods = c->n_methods };

    fill_rows(&s, c, seed, arena);
    s.mean_rho = at_arena_calloc(arena, s.n_methods, sizeof *s.mean_rho);
    for (size_t m = 0; m < s.n_methods; m++) {
        const struct at_faith_corpus_row *row = &s.rows[m * N_NUMBERS];
        const struct at_interval interval = { row->low, row->high };
        s.mean_rho[m] = (struct at_mean_rho){ c->methods[m],
                                              row->mean,
                                              row->low,
                                              row->high,
                                              row->n,
                                              "texts",
                                              at_exceeds_half(interval) };
    }
    *out = s;
}
