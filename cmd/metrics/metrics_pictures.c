/*
 * metrics_pictures.c - metrics as pictures: a layer x head map of each, gauges, the profile.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "cmd/head_map.h"
#include "cmd/metrics/metrics.h"
#include "draw/draw_gauges.h"
#include "draw/draw_radar.h"

/* What all pictures of one text are about. */
struct subject {
    const struct metrics *m;
    const struct at_doc *doc;
    const struct at_text_metrics *t;
    struct sink *sink;
};

static int picture_metric(const struct subject *s, size_t metric, struct at_error *err)
{
    const struct at_metric_text *text = &at_metric_texts[metric];
    struct at_arena arena = { 0 };
    double *values = at_arena_alloc(&arena, s->t->n_heads, sizeof *values);
    struct head_map p = {
        .file = at_arena_printf(&arena, "metrics_%s", at_metric_key(metric)),
        .title = text->title,
        .details = text->formula,
        .unit = text->unit,
        .L = s->t->L,
        .H = s->t->H,
        .values = values,
        .stride = 1,
        .covers = { at_metric_get(&s->t->reference.even, metric),
                    at_metric_get(&s->t->reference.one_hot, metric) },
    };
    int rc;

    for (size_t i = 0; i < s->t->n_heads; i++)
        values[i] = at_metric_get(&s->t->heads[i].metrics, metric);
    rc = picture_head_map(s->sink, s->doc, &p, err);
    at_arena_release(&arena);
    return rc;
}

static bool has_bands(const struct subject *s)
{
    return s->sink->call->matrix == AT_RAW;
}

static struct at_gauge gauge(const struct subject *s, size_t metric, double value)
{
    const struct at_metric_text *text = &at_metric_texts[metric];
    bool is_flow = metric == AT_FLOW_CHANGE;
    struct at_metric_limits limits = { NAN, NAN };

    if (has_bands(s) && !is_flow)
        limits = at_metric_limits(&s->t->reference, metric);
    return (struct at_gauge){
        .name = text->title,
        .value = value,
        .hi = s->m->full_scale ? 1.0
              : is_flow        ? at_flow_change_greatest()
                               : at_metric_get(&s->t->reference.greatest, metric),
        .low = limits.low,
        .high = limits.high,
        .band_names = { text->band_label[0], text->band_label[1], text->band_label[2] },
        .mean = NAN,
        .baseline = NAN,
        .decimals = value < 0.01 ? 4 : 3,
    };
}

/* Metrics in nats or tokens have no gauge: their scales are not those of the others. */
static bool has_gauge(size_t metric)
{
    const char *unit = at_metric_fields[metric].unit;

    return strcmp(unit, "nats") && strcmp(unit, "tokens");
}

/* Gauges of every metric that has a scale: of the mean map, or of a head with its rank, its layer
   and the baseline. */
static int picture_gauges(const struct subject *s, const struct at_head_metrics *head,
                          struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_gauge rows[AT_N_METRIC_TEXTS];
    const struct at_attn_metrics *metrics = head ? &head->metrics : &s->t->global;
    const char *file =
        head ? at_arena_printf(&arena, "metrics_gauges_L%zu_H%zu", head->layer, head->head)
             : "metrics_gauges";
    char *title = caption_title("Metrics", s->doc->model_name, head ? (long)head->layer : -1,
                                head ? (long)head->head : -1);
    char *subtitle = caption_text(s->sink->call, s->doc, "");
    struct at_gauges g = {
        .title = title,
        .subtitle = subtitle,
        .rows = rows,
        .mean_name = head ? "mean of the layer's heads" : NULL,
        .baseline_name = s->t->baseline ? "this model on neutral sentences" : NULL,
        .width_mm = s->sink->call->width_mm,
        .note = has_bands(s) ? "bands are thirds of the way between even attention and attention "
                               "to one key at this length"
                             : "bands and baselines hold for raw attention only",
    };
    int rc = 0;

    for (size_t i = 0; i < AT_N_METRICS; i++) {
        double v = at_metric_get(metrics, i);
        if (!has_gauge(i) || isnan(v))
            continue;
        rows[g.n] = gauge(s, i, v);
        if (head) {
            rows[g.n].mean = at_metric_get(&s->t->layers[head->layer].head_means, i);
            rows[g.n].rank = at_arena_printf(&arena, "above %.0f %% of the layer",
                                             at_metric_get(&head->rank, i));
        }
        if (head && head->baseline)
            rows[g.n].baseline = at_metric_get(head->baseline, i);
        g.n++;
    }
    if (!head && !isnan(s->t->flow_change)) {
        rows[g.n] = gauge(s, AT_FLOW_CHANGE, s->t->flow_change);
        rows[g.n++].baseline = s->t->baseline_flow_change;
    }
    if (g.n)
        rc = sink_picture(s->sink, s->doc, s->doc->model_name, file, at_draw_gauges(&g), err);
    free(title);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* The mean map's metrics on axes that share a scale: from even attention to one key per token. */
static int picture_profile(const struct subject *s, struct at_error *err)
{
    const char *names[AT_N_METRIC_TEXTS];
    double values[AT_N_METRIC_TEXTS];
    struct at_radar_series series = { "mean map", values };
    char *title = caption_title("Profile of attention", s->doc->model_name, -1, -1);
    char *subtitle = caption_text(s->sink->call, s->doc, "");
    struct at_radar r = { .title = title,
                          .subtitle = subtitle,
                          .axis_names = names,
                          .series = &series,
                          .n_series = 1,
                          .width_mm = s->sink->call->width_mm,
                          .note = "centre: even attention in a text of this length; rim: attention "
                                  "to one key" };
    int rc = 0;

    for (size_t i = 0; has_bands(s) && i < AT_N_METRICS; i++) {
        double place = at_metric_place(&s->t->reference, i, at_metric_get(&s->t->global, i));
        if (isnan(place) || !at_metric_texts[i].has_bands)
            continue;
        names[r.n_axes] = at_metric_texts[i].title;
        values[r.n_axes++] = fmin(fmax(place, 0.0), 1.0);
    }
    if (r.n_axes >= 3) /* a map without metrics has none */
        rc = sink_picture(s->sink, s->doc, s->doc->model_name, "metrics_radar", at_draw_radar(&r),
                          err);
    free(title);
    free(subtitle);
    return rc;
}

int metrics_pictures(const struct metrics *m, const struct at_doc *doc,
                     const struct at_text_metrics *t, struct at_error *err)
{
    const struct subject s = { m, doc, t, m->x->sink };
    int rc = picture_gauges(&s, NULL, err);

    if (!rc)
        rc = picture_profile(&s, err);
    for (size_t k = 0; !rc && k < t->n_heads; k++)
        if (selects_head(&m->x->call->selection, t->heads[k].layer, t->heads[k].head))
            rc = picture_gauges(&s, &t->heads[k], err);
    for (size_t i = 0; !rc && t->n_heads && i < AT_N_METRICS; i++)
        rc = picture_metric(&s, i, err);
    return rc;
}
