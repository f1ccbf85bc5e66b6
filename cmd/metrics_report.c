/*
 * metrics_report.c - what `atlas metrics` tells: documents, tables, pictures, the summary.
 */
#include "cmd/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

static const char *const band_names[] = { "low", "middle", "high", NULL };

/* --- documents --- */

static void set_metrics(struct at_json *o, const struct at_attn_metrics *m)
{
    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_json_set_real(o, at_metric_fields[i].key, at_metric_get(m, i));
}

/* Bands are calibrated for raw maps of tokens; elsewhere there are none. */
static bool has_bands(const struct metrics_state *s)
{
    return s->job->matrix == AT_RAW;
}

static struct at_json *bands_json(const struct metrics_state *s, const struct at_attn_metrics *m)
{
    struct at_json *o = at_json_object();

    for (size_t i = 0; has_bands(s) && i < AT_N_METRICS; i++)
        at_json_set_string(o, at_metric_fields[i].key,
                           band_names[at_metric_band(&at_metric_texts[i], at_metric_get(m, i))]);
    return o;
}

double metrics_rank(const struct metrics_state *s, size_t layer, size_t head, size_t metric)
{
    double *values = at_malloc(s->H, sizeof *values), rank;

    for (size_t h = 0; h < s->H; h++)
        values[h] = at_metric_get(&s->head[layer * s->H + h], metric);
    rank = at_rank_percent(values[head], values, s->H);
    free(values);
    return rank;
}

double metrics_mean_of_layer(const struct metrics_state *s, size_t layer, size_t metric)
{
    struct at_moments m = { 0 };

    for (size_t h = 0; h < s->H; h++)
        at_moments_add(&m, at_metric_get(&s->head[layer * s->H + h], metric));
    return at_moments_mean(&m);
}

static struct at_json *ranks_json(const struct metrics_state *s, size_t layer, size_t head)
{
    struct at_json *o = at_json_object();

    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_json_set_real(o, at_metric_fields[i].key, metrics_rank(s, layer, head, i));
    return o;
}

static struct at_json *heads_json(const struct metrics_state *s)
{
    const struct at_baseline *b = &s->call->baseline;
    struct at_json *list = at_json_array();

    for (size_t i = 0; s->job->matrix != AT_ROLLOUT && i < s->L * s->H; i++) {
        struct at_json *o = at_json_object();
        at_json_set_int(o, "layer", (long long)(i / s->H));
        at_json_set_int(o, "head", (long long)(i % s->H));
        set_metrics(o, &s->head[i]);
        at_json_set(o, "rank", ranks_json(s, i / s->H, i % s->H));
        at_json_set(o, "band", bands_json(s, &s->head[i]));
        if (s->call->has_baseline) {
            struct at_json *base = at_json_object();
            set_metrics(base, &b->head[i]);
            at_json_set(o, "baseline", base);
        }
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *layers_json(const struct metrics_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t l = 0; l < s->L; l++) {
        struct at_json *o = at_json_object();
        at_json_set_int(o, "layer", (long long)l);
        set_metrics(o, &s->layer[l]);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *metrics_document(const struct metrics_state *s)
{
    struct at_json *doc = at_json_object(), *global = at_json_object();

    set_metrics(global, &s->global);
    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set(doc, "heads", heads_json(s));
    at_json_set(doc, "layers", layers_json(s));
    at_json_set(doc, "global", global);
    at_json_set(doc, "global_band", bands_json(s, &s->global));
    at_json_set_real(doc, "flow_change", s->flow_change);
    if (s->call->has_baseline)
        at_json_set_real(doc, "baseline_flow_change", s->call->baseline.flow_change);
    return doc;
}

/* --- tables --- */

static char *metrics_columns(void)
{
    struct at_strbuf b = { 0 };

    at_strbuf_adds(&b, "layer,head");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_strbuf_addf(&b, ",%s", at_metric_fields[i].key);
    return at_strbuf_take(&b);
}

/* A row of a head, of the mean map of a layer, or of that of the model. */
static void add_row(struct at_csv *csv, long layer, long head, const struct at_attn_metrics *m)
{
    job_csv_place(csv, layer, head);
    for (size_t i = 0; i < AT_N_METRICS; i++)
        at_csv_real(csv, at_metric_get(m, i));
    at_csv_end(csv);
}

static int write_table(struct metrics_state *s, struct at_error *err)
{
    char *columns = metrics_columns();
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "metrics.csv", columns, err);

    if (!rc) {
        for (size_t i = 0; s->job->matrix != AT_ROLLOUT && i < s->L * s->H; i++)
            add_row(&csv, (long)(i / s->H), (long)(i % s->H), &s->head[i]);
        for (size_t l = 0; l < s->L; l++)
            add_row(&csv, (long)l, -1, &s->layer[l]);
        add_row(&csv, -1, -1, &s->global);
        rc = job_csv_commit(&csv, s->job, s->doc, "metrics.csv", columns, err);
    }
    free(columns);
    return rc;
}

/* --- the summary --- */

/* The heads with the smallest and the largest value; undefined ones do not count. False when no
   head has any. */
static bool find_extremes(const struct metrics_state *s, size_t metric, size_t *least, size_t *most)
{
    double lo = INFINITY, hi = -INFINITY;

    *least = *most = 0;
    for (size_t i = 0; i < s->L * s->H; i++) {
        double v = at_metric_get(&s->head[i], metric);
        if (v < lo) {
            lo = v;
            *least = i;
        }
        if (v > hi) {
            hi = v;
            *most = i;
        }
    }
    return lo <= hi;
}

static void print_number(double v, int width)
{
    if (isnan(v))
        printf("%*s", width, "n/a");
    else
        printf("%*.4f", width, v);
}

static void print_metric(const struct metrics_state *s, size_t i)
{
    const struct at_metric_text *text = &at_metric_texts[i];
    double v = at_metric_get(&s->global, i);
    enum at_band band = has_bands(s) ? at_metric_band(text, v) : AT_BAND_NONE;
    size_t least, most;

    printf("  %-22s", at_metric_fields[i].key);
    print_number(v, 9);
    printf("  %-9s", band == AT_BAND_NONE ? "" : text->band_label[band]);
    if (s->job->matrix != AT_ROLLOUT && find_extremes(s, i, &least, &most)) {
        print_number(at_metric_get(&s->head[least], i), 9);
        printf(" (%zu-%zu)", least / s->H, least % s->H);
        print_number(at_metric_get(&s->head[most], i), 9);
        printf(" (%zu-%zu)", most / s->H, most % s->H);
    }
    printf("\n");
}

/* One head beside its layer and what is ordinary for it. */
static void print_head(const struct metrics_state *s, size_t layer, size_t head)
{
    const struct at_attn_metrics *m = &s->head[layer * s->H + head];

    printf("\nlayer %zu, head %zu\n", layer, head);
    printf("  %-22s%9s  %-9s%12s%12s%s\n", "metric", "value", "", "layer mean", "rank in it",
           s->call->has_baseline ? "    baseline" : "");
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        double v = at_metric_get(m, i);
        enum at_band band = has_bands(s) ? at_metric_band(&at_metric_texts[i], v) : AT_BAND_NONE;
        printf("  %-22s", at_metric_fields[i].key);
        print_number(v, 9);
        printf("  %-9s", band == AT_BAND_NONE ? "" : at_metric_texts[i].band_label[band]);
        print_number(metrics_mean_of_layer(s, layer, i), 12);
        if (isnan(v))
            printf("%12s", "n/a");
        else
            printf("%10.0f %%", metrics_rank(s, layer, head, i));
        if (s->call->has_baseline)
            print_number(at_metric_get(&s->call->baseline.head[layer * s->H + head], i), 12);
        printf("\n");
    }
}

static void print_layer(const struct metrics_state *s, size_t layer)
{
    printf("\nlayer %zu, mean map of its heads\n", layer);
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        printf("  %-22s", at_metric_fields[i].key);
        print_number(at_metric_get(&s->layer[layer], i), 9);
        printf("\n");
    }
}

/* What --layer and --head chose, below the summary of all. */
static void print_chosen(const struct metrics_state *s)
{
    for (size_t l = 0; l < s->L; l++) {
        if (job_selects_layer_mean(&s->job->selection, l))
            print_layer(s, l);
        for (size_t h = 0; s->job->matrix != AT_ROLLOUT && h < s->H; h++)
            if (job_selects_head(&s->job->selection, l, h))
                print_head(s, l, h);
    }
}

static void print_summary(const struct metrics_state *s)
{
    const struct at_metric_text *flow = &at_metric_texts[AT_N_METRICS];

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    printf("%s, %zu layer%s x %zu head%s, %zu %s%s\n", s->job->shown_model, s->L, at_plural(s->L),
           s->H, at_plural(s->H), s->doc->n, s->job->by_words ? "word" : "token",
           at_plural(s->doc->n));
    printf("  %-22s%9s  %-9s%9s%14s\n", "metric", "mean map", "",
           s->job->matrix == AT_ROLLOUT ? "" : "least head",
           s->job->matrix == AT_ROLLOUT ? "" : "greatest head");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        print_metric(s, i);
    printf("  %-22s", "flow_change");
    print_number(s->flow_change, 9);
    if (has_bands(s) && !isnan(s->flow_change))
        printf("  %s", flow->band_label[at_metric_band(flow, s->flow_change)]);
    printf("\n");
}

void metrics_explain(FILE *f, const struct at_metric_text *m)
{
    fprintf(f, "%s - %s (%s)\n", at_metric_key((size_t)(m - at_metric_texts)), m->title, m->unit);
    fprintf(f, "  formula  %s\n", m->formula);
    if (m->formula_causal)
        fprintf(f, "  causal   %s\n", m->formula_causal);
    fprintf(f, "  range    %s\n  high     %s\n  low      %s\n", m->range, m->high, m->low);
    if (!isnan(m->low_limit))
        fprintf(f, "  bands    %s to %g, %s from %g on, %s between\n", m->band_label[AT_BAND_LOW],
                m->low_limit, m->band_label[AT_BAND_HIGH], m->high_limit,
                m->band_label[AT_BAND_MIDDLE]);
    fprintf(f, "  source   %s\n", m->source);
}

int metrics_corpus(struct metrics_call *call, struct job *job, int status)
{
    struct at_error err;

    if (!job->manifest || !(job->formats & FORMAT_CSV))
        return status;
    if (corpus_write(&call->corpus, job->manifest, "corpus.csv", &err))
        return report_fault(&err);
    return status;
}

int metrics_report(struct metrics_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_table(s, err);
    if (!rc && job_draws(job))
        rc = metrics_pictures(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "metrics.json", metrics_document(s), err);
    if (!rc && !job->is_json && !job->manifest) {
        print_summary(s);
        print_chosen(s);
    }
    return rc;
}
