/*
 * heads_pictures.c - what heads look at, as pictures: radars and a layer x head map per score.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmd/caption.h"
#include "cmd/head_map.h"
#include "cmd/heads/heads.h"
#include "draw/draw_radar.h"

static const char WITHIN_LAYER[] =
    "0 is the layer's least head for that score, 1 its greatest: comparable within a layer only";

/* What all pictures of one text are about. */
struct subject {
    struct sink *sink;
    const struct at_doc *doc;
    const struct at_heads *r;
    struct at_arena arena;
};

static int write_radar(struct subject *s, const char *file, struct at_radar *r,
                       struct at_error *err)
{
    const char *names[AT_N_HEAD_SCORES];
    char *subtitle = caption_text(s->sink->call, s->doc, "");
    int rc;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        names[i] = head_score_title(s->doc, i);
    r->subtitle = subtitle;
    r->n_axes = AT_N_HEAD_SCORES;
    r->axis_names = names;
    r->width_mm = s->sink->call->width_mm;
    rc = sink_picture(s->sink, s->doc, s->doc->model_name, file, at_draw_radar(r), err);
    free(subtitle);
    return rc;
}

/* The raw score beside an axis; scaled scores of heads that are all alike stand in the middle. */
static const char *raw_detail(struct subject *s, const struct at_head_row *head, size_t score)
{
    double value = head->raw.v[score];

    if (isnan(value))
        return "not defined";
    return at_arena_printf(&s->arena, "raw %.3f%s", value,
                           s->r->is_same[head->layer][score] ? ", all heads the same" : "");
}

/* One head: scaled scores, the raw ones beside the axes' names. */
static int radar_of_head(struct subject *s, const struct at_head_row *head, struct at_error *err)
{
    const char *details[AT_N_HEAD_SCORES];
    struct at_radar_series series = { at_arena_printf(&s->arena, "head %zu", head->head),
                                      head->scaled.v };
    char *title = caption_title("What the head looks at", s->doc->model_name, (long)head->layer,
                                (long)head->head);
    struct at_radar r = { .title = title,
                          .note = WITHIN_LAYER,
                          .axis_details = details,
                          .series = &series,
                          .n_series = 1 };
    int rc;

    for (size_t i = 0; i < AT_N_HEAD_SCORES; i++)
        details[i] = raw_detail(s, head, i);
    rc = write_radar(s, at_arena_printf(&s->arena, "radar_L%zu_H%zu", head->layer, head->head), &r,
                     err);
    free(title);
    return rc;
}

/* All heads of a layer, a polygon each. */
static int radar_of_layer(struct subject *s, size_t layer, struct at_error *err)
{
    size_t H = s->r->H;
    struct at_radar_series *series = at_arena_calloc(&s->arena, H, sizeof *series);
    struct at_radar r = { .note = WITHIN_LAYER, .series = series, .n_series = H };

    for (size_t h = 0; h < H; h++) {
        series[h].name = at_arena_printf(&s->arena, "head %zu", h);
        series[h].values = s->r->heads[layer * H + h].scaled.v;
    }
    r.title =
        at_arena_printf(&s->arena, "What heads look at, %s, layer %zu", s->doc->model_name, layer);
    return write_radar(s, at_arena_printf(&s->arena, "radar_L%zu", layer), &r, err);
}

/* The whole model: its layers, or thirds of them. */
static int radar_of_model(struct subject *s, struct at_error *err)
{
    static const char *const thirds[] = { "early", "middle", "late" };
    size_t n = s->r->n_profiles;
    struct at_radar_series *series = at_arena_calloc(&s->arena, n, sizeof *series);
    struct at_radar r = { .series = series, .n_series = n };

    for (size_t p = 0; p < n; p++) {
        const struct at_head_profile *x = &s->r->profiles[p];
        series[p].values = x->relative;
        series[p].name = n == s->r->L ? at_arena_printf(&s->arena, "layer %zu", p)
                                      : at_arena_printf(&s->arena, "%s layers, %zu to %zu",
                                                        thirds[p], x->first, x->last);
    }
    r.title = at_arena_printf(&s->arena, "What layers look at, %s", s->doc->model_name);
    r.note = "mean raw scores of the heads, each axis divided by its greatest value";
    return write_radar(s, "radar_all", &r, err);
}

const char *const head_pattern_titles[AT_N_HEAD_PATTERNS] = {
    "Attention to the previous token",
    "Attention to the next token",
    "Attention to earlier copies of the token",
    "Attention to what followed earlier copies",
};

/* One number of every head: member v of a struct within struct at_head_row. The range covers twice
   what even attention has, so that heads without a preference look alike. */
static int map_of(struct subject *s, const char *key, const char *title, double even,
                  const char *unit, const double *first, struct at_error *err)
{
    const char *details =
        isnan(even) ? "" : at_arena_printf(&s->arena, "even attention would have %.3g", even);
    const struct head_map p = {
        .file = at_arena_printf(&s->arena, "heads_%s", key),
        .title = title,
        .details = details,
        .unit = unit,
        .L = s->r->L,
        .H = s->r->H,
        .values = first,
        .stride = sizeof *s->r->heads / sizeof *first,
        .covers = { 0.0, 2.0 * even },
    };

    _Static_assert(sizeof *s->r->heads % sizeof *first == 0, "rows are whole doubles");
    return picture_head_map(s->sink, s->doc, &p, err);
}

int heads_pictures(struct sink *sink, const struct at_doc *doc, const struct at_heads *r,
                   struct at_error *err)
{
    const struct selection *chosen = &sink->call->selection;
    const struct at_head_row *head = r->heads;
    struct subject s = { .sink = sink, .doc = doc, .r = r };
    int rc = 0;

    for (size_t i = 0; !rc && i < AT_N_HEAD_SCORES; i++)
        rc =
            map_of(&s, at_head_score_table[i].key, head_score_title(doc, i), r->even[i],
                   i == AT_LONG_RANGE ? "mean weight" : "share of attention", head->raw.v + i, err);
    for (size_t i = 0; !rc && i < AT_N_HEAD_PATTERNS; i++)
        rc = map_of(&s, at_head_pattern_keys[i], head_pattern_titles[i],
                    r->even[AT_N_HEAD_SCORES + i], "mean weight on that token",
                    head->patterns.v + i, err);
    if (!rc && selects_global(chosen))
        rc = radar_of_model(&s, err);
    for (size_t l = 0; !rc && l < r->L; l++) {
        if (selects_layer_mean(chosen, l))
            rc = radar_of_layer(&s, l, err);
        for (size_t k = l * r->H; !rc && k < (l + 1) * r->H; k++)
            if (selects_head(chosen, l, r->heads[k].head))
                rc = radar_of_head(&s, &r->heads[k], err);
    }
    at_arena_release(&s.arena);
    return rc;
}
