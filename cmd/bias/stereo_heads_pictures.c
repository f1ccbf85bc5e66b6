/*
 * stereo_heads_pictures.c - effect per head, box plots, decile plots, links to bias and to the
 * language model.
 */
#include <math.h>

#include "cmd/bias/bias_stereoset.h"
#include "cmd/head_map.h"
#include "draw/draw_lines.h"
#include "draw/draw_scatter.h"

/* What all pictures are about. */
struct subject {
    struct sink *sink;
    const struct at_sensitivity_result *r;
    const char *model_name;
};

/* "0.012", or "< 0.001": numbers of a test are not told more exactly than they are. */
static const char *probability(struct at_arena *arena, const char *name, double p)
{
    if (isnan(p))
        return at_arena_printf(arena, "%s n/a", name);
    return p < 0.001 ? at_arena_printf(arena, "%s < 0.001", name)
                     : at_arena_printf(arena, "%s = %.3f", name, p);
}

static const char *head_name(struct at_arena *arena, const struct at_head_sensitivity *h)
{
    return at_arena_printf(arena, "L%zuH%zu", h->place.layer, h->place.head);
}

static int picture_map(const struct subject *s, struct at_error *err)
{
    const struct at_sensitivity_result *r = s->r;
    struct at_arena arena = { 0 };
    double *values = at_arena_alloc(&arena, r->n_heads, sizeof *values);
    struct at_scale scale = { .kind = AT_DIVERGING, .hi = 1e-3 };
    const struct head_map p = {
        .file = "sensitivity",
        .title = "Sensitivity to stereotypes",
        .details = at_arena_printf(&arena,
                                   "mean \xcf\x89\xc2\xb2 \xc3\x97 1000 over a head's features: "
                                   "share of the paired differences' variation that lies between "
                                   "categories; 0 by chance; %zu item%s",
                                   r->n_items, at_plural(r->n_items)),
        .unit = "\xcf\x89\xc2\xb2 \xc3\x97 1000",
        .model_name = s->model_name,
        .L = r->origin.L,
        .H = r->origin.H,
        .values = values,
        .stride = 1,
        .scale = &scale,
    };
    int rc;

    for (size_t i = 0; i < r->n_heads; i++) {
        values[i] = 1000.0 * r->matrix[i];
        scale.hi = fmax(scale.hi, fabs(values[i]));
    }
    scale.lo = -scale.hi;
    rc = picture_head_map(s->sink, NULL, &p, err);
    at_arena_release(&arena);
    return rc;
}

static int picture_boxes(const struct subject *s, struct at_error *err)
{
    static const char *const sides[] = { "stereotype", "anti-stereotype" };
    const struct at_sensitivity_result *r = s->r;
    struct at_arena arena = { 0 };
    struct at_box *boxes = at_arena_alloc(&arena, 2 * r->n_tops, sizeof *boxes);
    const struct at_boxes b = {
        .title =
            at_arena_printf(&arena, "Best feature of the most sensitive heads, %s", s->model_name),
        .subtitle =
            at_arena_printf(&arena, "%s scores; q of Wilcoxon's signed-rank test over %zu features",
                            r->origin.scores, r->n_tested),
        .note = "whiskers reach to the last value within 1.5 interquartile ranges; the features "
                "were chosen on the same items",
        .value_name = "standard deviations from the feature's mean",
        .boxes = boxes,
        .n = 2 * r->n_tops,
        .reference = NAN,
        .category_names = sides,
        .n_categories = 2,
        .width_mm = s->sink->call->width_mm,
    };
    int rc = 0;

    for (size_t i = 0; i < r->n_tops; i++) {
        const struct at_top_head *top = &r->tops[i];
        const struct at_trait *best = top->head->best;
        boxes[2 * i] =
            box_of(at_arena_printf(&arena, "%s %s", head_name(&arena, top->head), best->feature),
                   &top->stereo, 0, probability(&arena, "paired q", best->effect.paired_q));
        boxes[2 * i + 1] =
            box_of("", &top->anti, 1, at_arena_printf(&arena, "n = %zu", top->anti.n));
    }
    if (b.n)
        rc = sink_picture(s->sink, NULL, s->model_name, "feature_boxes", at_draw_boxes(&b), err);
    at_arena_release(&arena);
    return rc;
}

static int picture_deciles(const struct subject *s, const struct at_top_head *top,
                           struct at_error *err)
{
    const struct at_head_place *place = &top->head->place;
    const struct at_trait *best = top->head->best;
    const struct at_line_series series[] = {
        { "mean \xc2\xb1 deviation of a tenth", AT_LINE_POINTS, top->x, top->bias, top->lo, top->hi,
          top->n_tenths },
        { "least squares over items", AT_LINE_PLAIN, top->line_x, top->line_bias, NULL, NULL, 2 },
    };
    struct at_arena arena = { 0 };
    const struct at_line_plot plot = {
        .title = at_arena_printf(&arena, "Bias score and %s of %s, %s", best->feature,
                                 head_name(&arena, top->head), s->model_name),
        .subtitle =
            at_arena_printf(&arena,
                            "%zu item%s in tenths of the difference; Spearman %.3f, "
                            "%s over %zu feature%s",
                            best->effect.n, at_plural(best->effect.n), best->effect.rho_bias,
                            probability(&arena, "q", best->effect.rho_bias_q), s->r->n_tested,
                            at_plural(s->r->n_tested)),
        .note = at_arena_printf(&arena, "%s scores", s->r->origin.scores),
        .x_name = at_arena_printf(&arena, "%s, stereotype minus anti-stereotype", best->feature),
        .y_name = "bias score",
        .series = series,
        .n_series = AT_COUNTOF(series),
        .y_reference = 0.0,
        .reference_name = "no preference",
        .x_marked = NAN,
        .width_mm = s->sink->call->width_mm,
    };
    int rc = 0;

    if (top->n_tenths > 1)
        rc = sink_picture(s->sink, NULL, s->model_name,
                          at_arena_printf(&arena, "deciles_L%zu_H%zu", place->layer, place->head),
                          at_draw_lines(&plot), err);
    at_arena_release(&arena);
    return rc;
}

static int picture_links(const struct subject *s, struct at_error *err)
{
    static const char *const names[] = { "head" };
    const struct at_sensitivity_result *r = s->r;
    struct at_arena arena = { 0 };
    struct at_scatter_point *points = at_arena_alloc(&arena, r->n_heads, sizeof *points);
    const struct at_scatter plot = {
        .title =
            at_arena_printf(&arena, "Heads between bias and language model, %s", s->model_name),
        .subtitle = at_arena_printf(&arena, "%zu %s items, %s scores; dashed: chance alone",
                                    r->n_items, r->origin.part, r->origin.scores),
        .note = "link to bias: mean over the head's features of |Spearman| between the "
                "feature's difference (stereotype minus anti-stereotype) and that of the scores; "
                "link to the language model: likewise between the feature's mean over both texts "
                "and the margin by which the two score above the unrelated sentence. A link is a "
                "correlation, not a cause",
        .x_name = "link to bias",
        .y_name = "link to the language model's margin",
        .points = points,
        .n = r->n_heads,
        .category_names = names,
        .n_categories = 1,
        .mark_name = "Pareto-optimal: less bias only with less margin",
        .joins_marked = true,
        .has_ticks = true,
        .x_reference = r->chance_link,
        .y_reference = r->chance_link,
        .width_mm = s->sink->call->width_mm,
    };
    int rc;

    for (size_t i = 0; i < r->n_heads; i++) {
        const struct at_sensitivity_effect *e = &r->heads[i].effect;
        points[i] = (struct at_scatter_point){
            .x = e->bias_link,
            .y = e->margin_link,
            .weight = e->is_pareto ? 1.0 : 0.5,
            .name = head_name(&arena, &r->heads[i]),
            .is_marked = e->is_pareto,
        };
    }
    rc = sink_picture(s->sink, NULL, s->model_name, "links", at_draw_scatter(&plot), err);
    at_arena_release(&arena);
    return rc;
}

int stereo_heads_pictures(struct sink *sink, const struct at_sensitivity_result *r,
                          const char *model_name, struct at_error *err)
{
    const struct subject s = { sink, r, model_name };
    int rc = picture_map(&s, err);

    if (!rc)
        rc = picture_boxes(&s, err);
    for (size_t i = 0; !rc && i < r->n_tops; i++)
        rc = picture_deciles(&s, &r->tops[i], err);
    return rc ? rc : picture_links(&s, err);
}
