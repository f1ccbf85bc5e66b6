/*
 * text_metrics.c - see text_metrics.h.
 */
#include "analysis/text_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/doc_window.h"

#define BAND(name, unit, help)                                                                     \
    AT_FIELD(struct at_metric_bands, name, #name, NULL, "band of " #name),
static const struct at_field band_fields[] = { AT_METRICS(BAND) AT_FIELD_END };
#undef BAND
static const struct at_record bands_record = AT_RECORD(struct at_metric_bands, band_fields);

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_head_metrics, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_head_metrics, head, "head", NULL, "head, from 0"),
    AT_FIELD_RECORD(struct at_head_metrics, metrics, NULL, &at_attn_metrics_record, "its metrics"),
    AT_FIELD_RECORD(struct at_head_metrics, rank, "rank", &at_attn_metrics_record,
                    "percent of the layer's heads whose value is smaller", .flags = AT_JSON_ONLY),
    AT_FIELD_RECORD(struct at_head_metrics, band, "band", &bands_record,
                    "low, middle or high beside even attention of this length, of raw maps",
                    .flags = AT_JSON_ONLY),
    AT_FIELD_LINK(struct at_head_metrics, baseline, "baseline", &at_attn_metrics_record,
                  "the head's metrics on neutral sentences", .flags = AT_JSON_ONLY | AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_head_metrics_record = AT_RECORD(struct at_head_metrics, head_fields);

static const struct at_field layer_fields[] = {
    AT_FIELD(struct at_layer_metrics, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD_RECORD(struct at_layer_metrics, metrics, NULL, &at_attn_metrics_record,
                    "metrics of the mean map of its heads"),
    AT_FIELD_END,
};
const struct at_record at_layer_metrics_record = AT_RECORD(struct at_layer_metrics, layer_fields);

static const struct at_field global_fields[] = {
    AT_FIELD_RECORD(struct at_text_metrics, global, NULL, &at_attn_metrics_record,
                    "metrics of the mean map of all layers and heads"),
    AT_FIELD(struct at_text_metrics, flow_change, "flow_change", NULL,
             "Jensen-Shannon distance of the first and the last layer's mean maps"),
    AT_FIELD_END,
};
const struct at_record at_global_metrics_record = AT_RECORD(struct at_text_metrics, global_fields);

static const struct at_field text_fields[] = {
    AT_FIELD_LIST(struct at_text_metrics, heads, n_heads, "heads", &at_head_metrics_record,
                  "every head; none of a rollout"),
    AT_FIELD_LIST(struct at_text_metrics, layers, n_layers, "layers", &at_layer_metrics_record,
                  "the mean map of every layer"),
    AT_FIELD_RECORD(struct at_text_metrics, global, "global", &at_attn_metrics_record,
                    "the mean map of all layers and heads"),
    AT_FIELD_RECORD(struct at_text_metrics, global_band, "global_band", &bands_record,
                    "its bands, of raw maps"),
    AT_FIELD(struct at_text_metrics, flow_change, "flow_change", NULL,
             "Jensen-Shannon distance of the first and the last layer's mean maps"),
    AT_FIELD(struct at_text_metrics, baseline_flow_change, "baseline_flow_change", NULL,
             "the same on neutral sentences", .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_text_metrics_record = AT_RECORD(struct at_text_metrics, text_fields);

static void set_bands(struct at_metric_bands *out, const struct at_metric_reference *r,
                      const struct at_attn_metrics *m)
{
    static const char *const words[] = { "low", "middle", "high", NULL };
    const char *word[AT_N_METRICS];

    for (size_t i = 0; i < AT_N_METRICS; i++)
        word[i] = words[at_metric_band(r, i, at_metric_get(m, i))];
    _Static_assert(sizeof word == sizeof *out, "a band is a word of each metric");
    memcpy(out, word, sizeof word);
}

int at_text_metrics_begin(struct at_text_metrics_run *r, const struct at_doc *doc,
                          enum at_matrix_mode mode, const struct at_baseline *baseline,
                          struct at_pool *pool, struct at_error *err)
{
    size_t L = doc->shape->n_layers, H = doc->shape->n_heads, n = doc->n;
    int rc;

    *r = (struct at_text_metrics_run){ .kind = at_doc_kind(doc), .pool = pool };
    rc = at_map_series_init(&r->series, n, mode, err);
    if (rc)
        return rc;
    r->result = (struct at_text_metrics){
        .L = L,
        .H = H,
        .n = n,
        .n_heads = mode == AT_ROLLOUT ? 0 : L * H,
        .heads = at_calloc(L * H, sizeof *r->result.heads),
        .n_layers = L,
        .layers = at_calloc(L, sizeof *r->result.layers),
        .baseline = baseline,
        .baseline_flow_change = baseline ? baseline->flow_change : NAN,
    };
    at_metric_reference(&r->result.reference, n, r->kind);
    r->scratch = at_malloc(at_pool_size(pool) * 2 * n * n, sizeof *r->scratch);
    return 0;
}

void at_text_metrics_release(struct at_text_metrics_run *r)
{
    at_map_series_release(&r->series);
    free(r->result.heads);
    free(r->result.layers);
    free(r->scratch);
    *r = (struct at_text_metrics_run){ 0 };
}

/* The heads of one layer, a task each. */
struct layer_task {
    struct at_text_metrics_run *r;
    const struct at_doc_layer *l;
};

static void head_task(void *arg, size_t head, size_t slot)
{
    struct layer_task *t = arg;
    size_t cells = t->l->n * t->l->n;
    const float *map = t->l->maps + head * cells;
    float *normalized = t->r->scratch + slot * 2 * cells;

    if (t->r->series.mode == AT_COL) {
        at_column_normalize(normalized, map, t->l->n);
        map = normalized;
    }
    at_attn_metrics(&t->r->result.heads[t->l->layer * t->r->result.H + head].metrics, map, t->l->n,
                    t->r->kind, normalized + cells);
}

void at_text_metrics_add(struct at_text_metrics_run *r, const struct at_doc_layer *l)
{
    struct layer_task task = { r, l };

    at_map_series_add(&r->series, l->maps, l->H);
    if (r->result.n_heads)
        at_pool_run(r->pool, l->H, head_task, &task);
    r->result.layers[l->layer].layer = l->layer;
    at_attn_metrics(&r->result.layers[l->layer].metrics, at_map_series_layer(&r->series), l->n,
                    r->kind, r->scratch);
}

/* Ranks and mean of one metric over the heads of a layer. */
static void compare_in_layer(struct at_text_metrics *t, size_t layer, size_t metric, double *values)
{
    struct at_head_metrics *heads = t->heads + layer * t->H;
    struct at_moments mean = { 0 };

    for (size_t h = 0; h < t->H; h++) {
        values[h] = at_metric_get(&heads[h].metrics, metric);
        at_moments_add(&mean, values[h]);
    }
    for (size_t h = 0; h < t->H; h++)
        at_metric_set(&heads[h].rank, metric, at_rank_percent(values[h], values, t->H));
    at_metric_set(&t->layers[layer].head_means, metric, at_moments_mean(&mean));
}

/* The heads with the smallest and the largest value; undefined ones do not count. */
static void find_extremes(struct at_text_metrics *t, size_t metric)
{
    double lo = INFINITY, hi = -INFINITY;

    t->least[metric] = t->greatest[metric] = AT_NONE;
    for (size_t i = 0; i < t->n_heads; i++) {
        double v = at_metric_get(&t->heads[i].metrics, metric);
        if (v < lo) {
            lo = v;
            t->least[metric] = i;
        }
        if (v > hi) {
            hi = v;
            t->greatest[metric] = i;
        }
    }
}

/* Once all metrics are there: places among the others, bands. */
static void compare(struct at_text_metrics *t, enum at_matrix_mode mode)
{
    double *values = at_malloc(t->H, sizeof *values);

    for (size_t i = 0; i < AT_N_METRICS; i++) {
        for (size_t l = 0; l < t->L && t->n_heads; l++)
            compare_in_layer(t, l, i, values);
        find_extremes(t, i);
    }
    for (size_t k = 0; k < t->n_heads; k++) {
        struct at_head_metrics *h = &t->heads[k];
        h->layer = k / t->H;
        h->head = k % t->H;
        h->baseline = t->baseline ? &t->baseline->head[k] : NULL;
        if (mode == AT_RAW)
            set_bands(&h->band, &t->reference, &h->metrics);
    }
    if (mode == AT_RAW)
        set_bands(&t->global_band, &t->reference, &t->global);
    free(values);
}

void at_text_metrics_finish(struct at_text_metrics_run *r)
{
    struct at_text_metrics *t = &r->result;

    at_attn_metrics(&t->global, at_map_series_global(&r->series), t->n, r->kind, r->scratch);
    t->flow_change = at_map_series_flow_change(&r->series);
    compare(t, r->series.mode);
}

/* --- a text in windows --- */

static void windows_begin(struct at_text_metrics_windows *w,
                          const struct at_text_metrics_run *window, const struct at_doc *doc)
{
    struct at_text_metrics *t = &w->result;

    at_text_metrics_windows_release(w);
    w->mode = window->series.mode;
    *t = window->result;
    t->n = doc->window.whole->n;
    t->heads = at_calloc(t->L * t->H, sizeof *t->heads);
    t->layers = at_calloc(t->L, sizeof *t->layers);
    w->sums = at_calloc(t->n_heads + t->L + 1, sizeof *w->sums);
}

/* The metrics at place i of the sums. */
static struct at_attn_metrics *metrics_at(struct at_text_metrics *t, size_t i)
{
    if (i < t->n_heads)
        return &t->heads[i].metrics;
    return i < t->n_heads + t->L ? &t->layers[i - t->n_heads].metrics : &t->global;
}

void at_text_metrics_windows_add(struct at_text_metrics_windows *w,
                                 const struct at_text_metrics_run *window, const struct at_doc *doc)
{
    struct at_text_metrics t = window->result; /* lent */
    double weight = (double)at_doc_n_owned(doc);
    size_t n = t.n_heads + t.L + 1;

    if (at_doc_is_first_window(doc))
        windows_begin(w, window, doc);
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < AT_N_METRICS; m++)
            at_weighted_add(&w->sums[i][m], at_metric_get(metrics_at(&t, i), m), weight);
    at_weighted_add(&w->sums[n - 1][AT_FLOW_CHANGE], t.flow_change, weight);
}

void at_text_metrics_windows_finish(struct at_text_metrics_windows *w)
{
    struct at_text_metrics *t = &w->result;
    size_t n = t->n_heads + t->L + 1;

    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < AT_N_METRICS; m++)
            at_metric_set(metrics_at(t, i), m, at_weighted_mean(&w->sums[i][m]));
    t->flow_change = at_weighted_mean(&w->sums[n - 1][AT_FLOW_CHANGE]);
    for (size_t l = 0; l < t->L; l++)
        t->layers[l].layer = l;
    compare(t, w->mode);
}

void at_text_metrics_windows_release(struct at_text_metrics_windows *w)
{
    free(w->result.heads);
    free(w->result.layers);
    free(w->sums);
    *w = (struct at_text_metrics_windows){ 0 };
}

/* --- many texts --- */

static const struct at_field text_row_fields[] = {
    AT_FIELD_RECORD(struct at_metrics_text_row, of, NULL, &at_text_head_record, "the text"),
    AT_FIELD(struct at_metrics_text_row, n_rows, "n_rows", NULL,
             "size of its maps: tokens or words"),
    AT_FIELD(struct at_metrics_text_row, text, "text", NULL, "the text"),
    AT_FIELD_RECORD(struct at_metrics_text_row, global, NULL, &at_attn_metrics_record,
                    "metrics of its mean map"),
    AT_FIELD(struct at_metrics_text_row, flow_change, "flow_change", NULL,
             "Jensen-Shannon distance of the first and the last layer's mean maps"),
    AT_FIELD_END,
};
const struct at_record at_metrics_text_row_record =
    AT_RECORD(struct at_metrics_text_row, text_row_fields);

void at_text_metrics_corpus_add(struct at_corpus *c, const struct at_text_metrics *t)
{
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        for (size_t k = 0; k < t->n_heads; k++)
            at_sums_add(at_corpus_cell(c, t->heads[k].layer, t->heads[k].head, i),
                        at_metric_get(&t->heads[k].metrics, i));
        for (size_t l = 0; l < t->L; l++)
            at_sums_add(at_corpus_cell(c, l, AT_NONE, i), at_metric_get(&t->layers[l].metrics, i));
        at_sums_add(at_corpus_cell(c, AT_NONE, AT_NONE, i), at_metric_get(&t->global, i));
    }
    at_sums_add(at_corpus_cell(c, AT_NONE, AT_NONE, AT_FLOW_CHANGE), t->flow_change);
}
