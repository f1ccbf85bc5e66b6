/*
 * metrics_pictures.c - metrics as pictures: a layer x head map of each, gauges, the profile.
 */
#include "cmd/metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "draw/draw_heatmap.h"

/* "0", "1", ... for an axis of layers or heads; texts lie in the arena. */
static struct at_label *number_labels(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

static int picture_metric(struct metrics_state *s, size_t metric, struct at_error *err)
{
    const struct at_metric_text *text = &at_metric_texts[metric];
    struct at_arena arena = { 0 };
    size_t n = s->L * s->H;
    float *values = at_arena_alloc(&arena, n, sizeof *values);
    double lo = INFINITY, hi = -INFINITY;
    char *subtitle = job_subtitle(s->job, s->doc, text->formula);
    struct at_heatmap h;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        double v = at_metric_get(&s->head[i], metric);
        values[i] = (float)v;
        lo = fmin(lo, v);
        hi = fmax(hi, v);
    }
    h = (struct at_heatmap){
        .title = at_arena_printf(&arena, "%s of every head, %s", text->title, s->job->shown_model),
        .subtitle = subtitle,
        .x_name = "head",
        .y_name = "layer",
        .unit = text->unit,
        .rows = s->L,
        .cols = s->H,
        .values = values,
        .row_labels = number_labels(&arena, s->L),
        .col_labels = number_labels(&arena, s->H),
        .scale = { AT_SEQUENTIAL, lo, hi > lo ? hi : lo + 1.0, 0.0 },
        .show_values = true,
        .width_mm = s->job->width_mm,
    };
    if (isfinite(lo)) /* a metric that this model has not, has no picture */
        rc = job_picture(s->job, s->doc, at_arena_printf(&arena, "metrics_%s", text->key),
                         at_draw_heatmap(&h), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}

int metrics_pictures(struct metrics_state *s, struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && s->job->matrix != AT_ROLLOUT && i < AT_N_METRICS; i++)
        rc = picture_metric(s, i, err);
    return rc;
}
