/*
 * head_map.c - see head_map.h.
 */
#include "cmd/head_map.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "draw/draw_heatmap.h"

/* "0", "1", ... for an axis of layers or heads; texts lie in the arena. */
static struct at_label *number_labels(struct at_arena *arena, size_t n)
{
    struct at_label *labels = at_arena_calloc(arena, n, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i].text = at_arena_printf(arena, "%zu", i);
    return labels;
}

/* Ends, and the spacing that lets most values be told apart. */
static struct at_scale range_of(const struct head_map *p, float *values)
{
    double lo = INFINITY, hi = -INFINITY;
    struct at_scale scale = { .kind = AT_SEQUENTIAL };

    for (size_t i = 0; i < p->L * p->H; i++) {
        lo = fmin(lo, values[i]);
        hi = fmax(hi, values[i]);
    }
    for (size_t k = 0; k < AT_COUNTOF(p->covers); k++) {
        lo = fmin(lo, p->covers[k]);
        hi = fmax(hi, p->covers[k]);
    }
    scale.lo = lo;
    scale.hi = hi > lo ? hi : lo + 1.0;
    at_scale_round(&scale);
    at_scale_unflatten(&scale, values, p->L * p->H);
    return scale;
}

int picture_head_map(struct sink *sink, const struct at_doc *doc, const struct head_map *p,
                     struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = p->L * p->H;
    float *values = at_arena_alloc(&arena, 2 * n, sizeof *values), *half = values + n;
    const char *model = p->model_name ? p->model_name : doc->model_name;
    bool is_defined = false;
    char *subtitle = doc ? caption_text(sink->call, doc, p->details) : at_strdup(p->details);
    struct at_heatmap h;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        values[i] = (float)p->values[i * p->stride];
        is_defined |= isfinite(values[i]);
        half[i] = p->half ? (float)p->half[i * p->stride] : 0.0f;
    }
    h = (struct at_heatmap){
        .title = at_arena_printf(&arena, "%s, every head, %s", p->title, model),
        .subtitle = subtitle,
        .x_name = "head",
        .y_name = "layer",
        .unit = p->unit,
        .rows = p->L,
        .cols = p->H,
        .values = values,
        .row_labels = number_labels(&arena, p->L),
        .col_labels = number_labels(&arena, p->H),
        .scale = p->scale ? *p->scale : range_of(p, values),
        .show_values = true,
        .half_widths = p->half ? half : NULL,
        .outlined = p->outlined,
        .n_outlined = p->n_outlined,
        .outline_name = p->outline_name,
        .note = p->note,
        .width_mm = sink->call->width_mm,
    };
    if (is_defined)
        rc = sink_picture(sink, doc, model, p->file, at_draw_heatmap(&h), err);
    free(subtitle);
    at_arena_release(&arena);
    return rc;
}
