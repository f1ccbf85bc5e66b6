/*
 * metrics_pictures.c - metrics as pictures: a layer x head map of each, gauges, the profile.
 */
#include "cmd/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/layer_heads.h"
#include "draw/draw_gauges.h"
#include "draw/draw_radar.h"

static int picture_metric(struct metrics_state *s, size_t metric, struct at_error *err)
{
    const struct at_metric_text *text = &at_metric_texts[metric];
    size_t n = s->L * s->H;
    double *values = at_malloc(n, sizeof *values);
    char *file = at_asprintf("metrics_%s", at_metric_key(metric));
    struct layer_heads p = { file,   text->title, text->formula, text->unit, s->L, s->H,
                             values, 1,           NULL };
    int rc;

    for (size_t i = 0; i < n; i++)
        values[i] = at_metric_get(&s->head[i], metric);
    rc = picture_layer_heads(s->job, s->doc, &p, err);
    free(file);
    free(values);
    return rc;
}

/* The metrics a picture is about: of one head, or of the mean map. */
struct subject {
    const struct at_attn_metrics *metrics;
    const struct at_attn_metrics *baseline; /* NULL when there is none */
    long layer, head;                       /* -1 for the mean map */
};

static struct at_gauge gauge(const struct metrics_state *s, const struct at_metric_text *text,
                             double value)
{
    bool has_bands = s->job->matrix == AT_RAW;

    return (struct at_gauge){
        .name = text->title,
        .value = value,
        .hi = s->call->full_scale ? 1.0 : text->gauge_max,
        .low = has_bands ? text->low_limit : NAN,
        .high = has_bands ? text->high_limit : NAN,
        .band_names = { text->band_label[0], text->band_label[1], text->band_label[2] },
        .mean = NAN,
        .baseline = NAN,
        .decimals = value < 0.01 ? 4 : 3,
    };
}

/* Gauges of every metric that has a scale; a head's have its rank, its layer and the baseline. */
static int picture_gauges(struct metrics_state *s, const struct subject *x, const char *file,
                          struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_gauge rows[AT_N_METRIC_TEXTS];
    char *title = job_title(s->job, "Metrics", x->layer, x->head);
    char *subtitle = job_subtitle(s->job, s->doc, "");
    struct at_gauges g = { .title = title,
                           .subtitle = subtitle,
                           .rows = rows,
                           .mean_name = x->layer >= 0 ? "mean of the layer's heads" : NULL,
                           .baseline_name =
                               s->call->has_baseline ? "this model on neutral sentences" : NULL,
                           .width_mm = s->job->width_mm };
    int rc = 0;

    for (size_t i = 0; i < AT_N_METRICS; i++) {
        const struct at_metric_text *text = &at_metric_texts[i];
        double v = at_metric_get(x->metrics, i);
        if (isnan(text->gauge_max) || isnan(v))
            continue;
        rows[g.n] = gauge(s, text, v);
        if (x->layer >= 0) {
            rows[g.n].mean = metrics_mean_of_layer(s, (size_t)x->layer, i);
            rows[g.n].rank = at_arena_printf(&arena, "above %.0f %% of the layer",
                                             metrics_rank(s, (size_t)x->layer, (size_t)x->head, i));
        }
        if (x->baseline)
            rows[g.n].baseline = at_metric_get(x->baseline, i);
        g.n++;
    }
    if (x->layer < 0 && !isnan(s->flow_change)) {
        rows[g.n] = gauge(s, &at_metric_texts[AT_N_METRICS], s->flow_change);
        if (s->call->has_baseline)
            rows[g.n].baseline = s->call->baseline.flow_change;
        g.n++;
    }
    g.note = s->job->matrix == AT_RAW ? "bands are for orientation; they were not derived from data"
                                      : "bands and baselines hold for raw attention only";
    if (g.n)
        rc = job_picture(s->job, s->doc, file, at_draw_gauges(&g), err);
    free(title);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

/* The mean map's metrics on axes from 0 to 1, each the place on its gauge. */
static int picture_profile(struct metrics_state *s, struct at_error *err)
{
    const char *names[AT_N_METRIC_TEXTS];
    double values[AT_N_METRIC_TEXTS];
    struct at_radar_series series = { "mean map", values };
    char *title = job_title(s->job, "Profile of attention", -1, -1);
    char *subtitle = job_subtitle(s->job, s->doc, "");
    struct at_radar r = { .title = title,
                          .subtitle = subtitle,
                          .axis_names = names,
                          .series = &series,
                          .n_series = 1,
                          .width_mm = s->job->width_mm,
                          .note = "each axis runs over the scale of its gauge" };
    int rc = 0;

    for (size_t i = 0; i < AT_N_METRIC_TEXTS; i++) {
        const struct at_metric_text *text = &at_metric_texts[i];
        double v = i < AT_N_METRICS ? at_metric_get(&s->global, i) : s->flow_change;
        double place = at_metric_gauge(text, v, s->call->full_scale);
        if (isnan(place) || isnan(text->low_limit))
            continue;
        names[r.n_axes] = text->title;
        values[r.n_axes++] = place;
    }
    if (r.n_axes >= 3) /* a map without metrics has none */
        rc = job_picture(s->job, s->doc, "metrics_radar", at_draw_radar(&r), err);
    free(title);
    free(subtitle);
    return rc;
}

/* Gauges of the heads that --layer and --head chose. */
static int chosen_gauges(struct metrics_state *s, struct at_error *err)
{
    int rc = 0;

    for (size_t k = 0; !rc && s->job->matrix != AT_ROLLOUT && k < s->L * s->H; k++) {
        struct subject x = { .metrics = &s->head[k],
                             .baseline = s->call->has_baseline ? &s->call->baseline.head[k] : NULL,
                             .layer = (long)(k / s->H),
                             .head = (long)(k % s->H) };
        char *file;
        if (!job_selects_head(&s->job->selection, k / s->H, k % s->H))
            continue;
        file = at_asprintf("metrics_gauges_L%ld_H%ld", x.layer, x.head);
        rc = picture_gauges(s, &x, file, err);
        free(file);
    }
    return rc;
}

int metrics_pictures(struct metrics_state *s, struct at_error *err)
{
    struct subject mean = { .metrics = &s->global, .layer = -1, .head = -1 };
    int rc = picture_gauges(s, &mean, "metrics_gauges", err);

    if (!rc)
        rc = picture_profile(s, err);
    if (!rc)
        rc = chosen_gauges(s, err);
    for (size_t i = 0; !rc && s->job->matrix != AT_ROLLOUT && i < AT_N_METRICS; i++)
        rc = picture_metric(s, i, err);
    return rc;
}
