/*
 * stereoset_pictures.c - stereotype scores by category and by target term, and bias scores of
 * single items.
 */
#include <string.h>

#include "cmd/bias/bias_stereoset.h"
#include "draw/draw_bars.h"

static struct at_bar bar_of(struct at_arena *arena, const char *label,
                            const struct at_stereo_scores *s, struct at_interval ci)
{
    return (struct at_bar){
        .label = label,
        .value = s->ss,
        .lo = ci.low,
        .hi = ci.high,
        .detail = at_arena_printf(arena, "n = %zu", s->n),
    };
}

/* What both pictures have in common. */
static int picture(struct sink *sink, const struct at_stereo_result *r, const char *model_name,
                   const char *file, const char *title, struct at_bars *b, struct at_error *err)
{
    struct at_arena arena = { 0 };
    int rc = 0;

    b->title = at_arena_printf(&arena, "%s, %s", title, model_name);
    b->subtitle = r->origin.is_macro ? "StereoSet, each target term counts the same"
                                     : "StereoSet, each item counts the same";
    b->value_name = "stereotype score, % of items that prefer the stereotype";
    b->axis_lo = 0.0;
    b->axis_hi = 100.0;
    b->reference = 50.0;
    b->reference_name = "no preference";
    b->width_mm = sink->call->width_mm;
    if (b->n)
        rc = sink_picture(sink, NULL, model_name, file, at_draw_bars(b), err);
    at_arena_release(&arena);
    return rc;
}

static int picture_categories(struct sink *sink, const struct at_stereo_result *r,
                              const char *model_name, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_alloc(&arena, r->n_categories + 1, sizeof *bars);
    struct at_bars b = {
        .bars = bars,
        .n = r->n_categories + 1,
        .interval_name = at_arena_printf(&arena, "%g %% interval over target terms",
                                         100.0 * r->origin.interval.level),
    };
    int rc;

    bars[0] = bar_of(&arena, "overall", &r->overall, r->overall.ci.ss);
    for (size_t c = 0; c < r->n_categories; c++) {
        const struct at_stereo_scores *s = &r->categories[c].scores;
        bars[c + 1] = bar_of(&arena, r->categories[c].name, s, s->ci.ss);
    }
    rc = picture(sink, r, model_name, "categories", "Stereotype score by category", &b, err);
    at_arena_release(&arena);
    return rc;
}

/* Colours of the categories that have bars, in their order; names of them. Returns how many. */
static size_t colour_bars(const char **names, struct at_bar *bars, const struct at_stereo_result *r)
{
    size_t n_names = 0;

    for (size_t c = 0; c < r->n_categories; c++) {
        bool has_bar = false;
        for (size_t i = 0; i < r->n_ranked; i++)
            if (!strcmp(r->ranked[i]->category, r->categories[c].name)) {
                bars[i].category = n_names;
                has_bar = true;
            }
        if (has_bar)
            names[n_names++] = r->categories[c].name;
    }
    return n_names;
}

static int picture_targets(struct sink *sink, const struct at_stereo_result *r,
                           const char *model_name, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_alloc(&arena, r->n_ranked, sizeof *bars);
    const char **names = at_arena_alloc(&arena, r->n_categories, sizeof *names);
    struct at_bars b = {
        .bars = bars,
        .n = r->n_ranked,
        .interval_name =
            at_arena_printf(&arena, "%g %% Wilson interval; terms with %d items or more",
                            100.0 * r->origin.interval.level, AT_STEREO_RANKED),
        .category_names = names,
    };
    int rc;

    for (size_t t = 0; t < r->n_ranked; t++) {
        const struct at_stereo_target *target = r->ranked[t];
        bars[t] = bar_of(&arena, target->name, &target->scores, target->scores.ci.ss_wilson);
    }
    b.n_categories = colour_bars(names, bars, r);
    rc = picture(sink, r, model_name, "targets", "Stereotype score by target term", &b, err);
    at_arena_release(&arena);
    return rc;
}

int stereoset_pictures(struct sink *sink, const struct at_stereo_result *r, const char *model_name,
                       struct at_error *err)
{
    int rc = picture_categories(sink, r, model_name, err);

    return rc ? rc : picture_targets(sink, r, model_name, err);
}

struct at_box box_of(const char *label, const struct at_tukey_box *box, size_t category,
                     const char *detail)
{
    return (struct at_box){
        .label = label,
        .whisker_lo = box->whisker_lo,
        .q1 = box->q1,
        .median = box->median,
        .q3 = box->q3,
        .whisker_hi = box->whisker_hi,
        .outliers = box->outliers,
        .n_outliers = box->n_outliers,
        .category = category,
        .detail = detail,
    };
}

int stereoset_spread_picture(struct sink *sink, const struct at_stereo_result *r,
                             const char *model_name, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_box *boxes = at_arena_alloc(&arena, r->n_spread, sizeof *boxes);
    struct at_boxes b = {
        .title = at_arena_printf(&arena, "Bias score by category, %s", model_name),
        .subtitle = "StereoSet, one value an item",
        .note = "whiskers reach to the last value within 1.5 interquartile ranges",
        .value_name = "score of the stereotype minus that of the anti-stereotype",
        .boxes = boxes,
        .n = r->n_spread,
        .reference = 0.0,
        .reference_name = "no preference",
        .width_mm = sink->call->width_mm,
    };
    int rc = 0;

    for (size_t c = 0; c < r->n_spread; c++)
        boxes[c] = box_of(r->spread[c].category, &r->spread[c].box, 0,
                          at_arena_printf(&arena, "n = %zu", r->spread[c].box.n));
    if (b.n)
        rc = sink_picture(sink, NULL, model_name, "bias_by_category", at_draw_boxes(&b), err);
    at_arena_release(&arena);
    return rc;
}
