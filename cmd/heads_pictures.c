/*
 * heads_pictures.c - what heads look at, as pictures: radars and a layer x head map per score.
 */
#include "cmd/heads_call.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/layer_heads.h"
#include "draw/draw_radar.h"

static const char WITHIN_LAYER[] =
    "0 is the layer's least head for that score, 1 its greatest: comparable within a layer only";

/* Axis names of this model. */
static void axis_names(const char *names[AT_N_HEAD_SCORES], const struct job *job)
{
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        names[i] = head_score_title(job, i);
}

static int write_radar(struct heads_state *s, const char *file, struct at_radar *r,
                       struct at_error *err)
{
    const char *names[AT_N_HEAD_SCORES];
    char *subtitle = job_subtitle(s->job, s->doc, "");
    int rc;

    axis_names(names, s->job);
    r->subtitle = subtitle;
    r->n_axes = AT_N_HEAD_SCORES;
    r->axis_names = names;
    r->width_mm = s->job->width_mm;
    rc = job_picture(s->job, s->doc, file, at_draw_radar(r), err);
    free(subtitle);
    return rc;
}

/* The raw score beside an axis; scaled scores of heads that are all alike stand in the middle. */
static const char *raw_detail(struct at_arena *arena, const struct heads_state *s, size_t layer,
                              size_t k, size_t score)
{
    const double *raw = s->features.score + score;
    double value = raw[k * AT_N_HEAD_SCORES];
    bool is_same = true;

    if (isnan(value))
        return "not defined";
    for (size_t i = layer * s->features.H; i < (layer + 1) * s->features.H; i++)
        is_same &= raw[i * AT_N_HEAD_SCORES] == value;
    return at_arena_printf(arena, "raw %.3f%s", value, is_same ? ", all heads the same" : "");
}

/* One head: scaled scores, the raw ones beside the axes' names. */
static int radar_of_head(struct heads_state *s, size_t layer, size_t head, struct at_error *err)
{
    size_t k = layer * s->features.H + head;
    struct at_arena arena = { 0 };
    const char *details[AT_N_HEAD_SCORES];
    struct at_radar_series series = { at_arena_printf(&arena, "head %zu", head),
                                      s->scaled + k * AT_N_HEAD_SCORES };
    char *title = job_title(s->job, "What the head looks at", (long)layer, (long)head);
    struct at_radar r = { .title = title,
                          .note = WITHIN_LAYER,
                          .axis_details = details,
                          .series = &series,
                          .n_series = 1 };
    int rc;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        details[i] = raw_detail(&arena, s, layer, k, i);
    rc = write_radar(s, at_arena_printf(&arena, "radar_L%zu_H%zu", layer, head), &r, err);
    free(title);
    at_arena_release(&arena);
    return rc;
}

/* All heads of a layer, a polygon each. */
static int radar_of_layer(struct heads_state *s, size_t layer, struct at_error *err)
{
    size_t H = s->features.H;
    struct at_arena arena = { 0 };
    struct at_radar_series *series = at_arena_calloc(&arena, H, sizeof *series);
    struct at_radar r = { .note = WITHIN_LAYER, .series = series, .n_series = H };
    int rc;

    for (size_t h = 0; h < H; h++) {
        series[h].name = at_arena_printf(&arena, "head %zu", h);
        series[h].values = s->scaled + (layer * H + h) * AT_N_HEAD_SCORES;
    }
    r.title =
        at_arena_printf(&arena, "What heads look at, %s, layer %zu", s->job->shown_model, layer);
    rc = write_radar(s, at_arena_printf(&arena, "radar_L%zu", layer), &r, err);
    at_arena_release(&arena);
    return rc;
}

/* Mean raw scores of the layers from first to last - 1. */
static void mean_of_layers(double out[AT_N_HEAD_SCORES], const struct head_features *f,
                           size_t first, size_t last)
{
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
        struct at_moments m = { 0 };
        for (size_t k = first * f->H; k < last * f->H; k++)
            at_moments_add(&m, f->score[k * AT_N_HEAD_SCORES + i]);
        out[i] = at_moments_mean(&m);
    }
}

/* The whole model: its layers, or thirds of them where a radar could not keep them apart. */
static int radar_of_model(struct heads_state *s, struct at_error *err)
{
    enum { MOST_POLYGONS = 8 };
    static const char *const thirds[] = { "early", "middle", "late" };
    const struct head_features *f = &s->features;
    size_t n = f->L <= MOST_POLYGONS ? f->L : 3;
    struct at_arena arena = { 0 };
    double *values = at_arena_alloc(&arena, n * AT_N_HEAD_SCORES, sizeof *values);
    struct at_radar_series *series = at_arena_calloc(&arena, n, sizeof *series);
    struct at_radar r = { .series = series, .n_series = n };
    int rc;

    for (size_t p = 0; p < n; p++) {
        size_t first = p * f->L / n, last = (p + 1) * f->L / n;
        mean_of_layers(values + p * AT_N_HEAD_SCORES, f, first, last);
        series[p].values = values + p * AT_N_HEAD_SCORES;
        series[p].name = n == f->L ? at_arena_printf(&arena, "layer %zu", p)
                                   : at_arena_printf(&arena, "%s layers, %zu to %zu", thirds[p],
                                                     first, last - 1);
    }
    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++) {
        double max = 0.0;
        for (size_t p = 0; p < n; p++)
            max = fmax(max, values[p * AT_N_HEAD_SCORES + i]);
        for (size_t p = 0; p < n && max > 0.0; p++)
            values[p * AT_N_HEAD_SCORES + i] /= max;
    }
    r.title = at_arena_printf(&arena, "What layers look at, %s", s->job->shown_model);
    r.note = "mean raw scores of the heads, each axis divided by its greatest value";
    rc = write_radar(s, "radar_all", &r, err);
    at_arena_release(&arena);
    return rc;
}

static int map_of_score(struct heads_state *s, size_t score, struct at_error *err)
{
    const struct head_features *f = &s->features;
    char *file = at_asprintf("heads_%s", at_head_score_table[score].key);
    struct layer_heads p = { file,
                             head_score_title(s->job, score),
                             "raw score",
                             score == AT_LONG_RANGE ? "mean weight" : "share of attention",
                             f->L,
                             f->H,
                             f->score + score,
                             AT_N_HEAD_SCORES,
                             NULL };
    int rc = picture_layer_heads(s->job, s->doc, &p, err);

    free(file);
    return rc;
}

static int map_of_pattern(struct heads_state *s, size_t pattern, struct at_error *err)
{
    const struct head_features *f = &s->features;
    const char *key = at_head_pattern_keys[pattern];
    char *file = at_asprintf("heads_%s", key);
    struct layer_heads p = { file, key,  "mean weight on that token", "mean weight",
                             f->L, f->H, f->pattern + pattern,        AT_N_HEAD_PATTERNS,
                             NULL };
    int rc = picture_layer_heads(s->job, s->doc, &p, err);

    free(file);
    return rc;
}

int heads_pictures(struct heads_state *s, struct at_error *err)
{
    const struct head_features *f = &s->features;
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_N_HEAD_SCORES; i++)
        rc = map_of_score(s, i, err);
    for (size_t i = 0; !rc && i < AT_N_HEAD_PATTERNS; i++)
        rc = map_of_pattern(s, i, err);
    if (!rc && job_selects_global(&s->job->selection))
        rc = radar_of_model(s, err);
    for (size_t l = 0; !rc && l < f->L; l++) {
        if (job_selects_layer_mean(&s->job->selection, l))
            rc = radar_of_layer(s, l, err);
        for (size_t h = 0; !rc && h < f->H; h++)
            if (job_selects_head(&s->job->selection, l, h))
                rc = radar_of_head(s, l, h, err);
    }
    return rc;
}
