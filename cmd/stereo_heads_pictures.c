/*
 * stereo_heads_pictures.c - effect per head, box plots, decile plots, links to bias and to the
 * language model, and the bias scores of items by category.
 */
#include "cmd/stereo_heads.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/layer_heads.h"
#include "draw/draw_boxes.h"
#include "draw/draw_lines.h"
#include "draw/draw_scatter.h"
#include "stats/deciles.h"
#include "stats/quantiles.h"
#include "stats/summary.h"

/* --- boxes --- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Quartiles, whiskers to the last value within 1.5 interquartile ranges (Tukey 1977). Sorts x,
   which must live as long as the box. */
static struct at_box box_of(const char *label, double *x, size_t n, size_t category)
{
    struct at_box b = { .label = label, .category = category };
    double reach;
    size_t lo = 0, hi = n;

    qsort(x, n, sizeof *x, ascending);
    b.q1 = at_quantile_sorted(x, n, 0.25);
    b.median = at_quantile_sorted(x, n, 0.5);
    b.q3 = at_quantile_sorted(x, n, 0.75);
    reach = 1.5 * (b.q3 - b.q1);
    while (lo < n && x[lo] < b.q1 - reach)
        lo++;
    while (hi > lo && x[hi - 1] > b.q3 + reach)
        hi--;
    /* quartiles between two values may lie beyond the last value in reach: no whisker there */
    b.whisker_lo = lo < hi ? fmin(x[lo], b.q1) : NAN;
    b.whisker_hi = lo < hi ? fmax(x[hi - 1], b.q3) : NAN;
    for (size_t i = hi; i < n; i++) /* those above go behind those below */
        x[lo + i - hi] = x[i];
    b.outliers = x;
    b.n_outliers = lo + n - hi;
    return b;
}

/* "0.012", or "< 0.001": numbers of a test are not told more exactly than they are. */
static const char *probability(struct at_arena *arena, const char *name, double p)
{
    if (isnan(p))
        return at_arena_printf(arena, "%s n/a", name);
    return p < 0.001 ? at_arena_printf(arena, "%s < 0.001", name)
                     : at_arena_printf(arena, "%s = %.3f", name, p);
}

static const char *head_name(struct at_arena *arena, const struct stereo_heads *h, size_t head)
{
    return at_arena_printf(arena, "L%zu H%zu", head / h->H, head % h->H);
}

/* The heads with box and decile plots: the first by rank that have an effect at all. */
static size_t n_top(const struct stereo_heads *h)
{
    size_t n = 0;

    while (n < (size_t)h->n_top && n < h->L * h->H && h->heads[h->order[n]].best < AT_N_TRAITS)
        n++;
    return n;
}

/* Two boxes of a head's best trait, both in deviations from the mean of all its values. */
static void boxes_of_head(struct at_box *out, struct at_arena *arena, const struct stereo_heads *h,
                          size_t head)
{
    size_t trait = h->heads[head].best;
    struct at_trait_pair *pairs = at_arena_alloc(arena, h->n_items, sizeof *pairs);
    size_t n = at_trait_pairs(pairs, &h->s, head, trait);
    double *x = at_arena_alloc(arena, 2 * n, sizeof *x), mean, sd;

    for (size_t i = 0; i < n; i++) {
        x[i] = pairs[i].stereo;
        x[n + i] = pairs[i].anti;
    }
    mean = at_mean(x, 2 * n);
    sd = at_sd(x, 2 * n);
    for (size_t i = 0; i < 2 * n; i++)
        x[i] = (x[i] - mean) / sd;
    out[0] = box_of(at_arena_printf(arena, "%s %s", head_name(arena, h, head), at_trait_key(trait)),
                    x, n, 0);
    out[1] = box_of("", x + n, n, 1);
    out[0].detail = probability(arena, "paired q", h->traits[head * AT_N_TRAITS + trait].paired_q);
    out[1].detail = at_arena_printf(arena, "n = %zu", n);
}

static int picture_boxes(const struct stereo_heads *h, struct at_error *err)
{
    static const char *const sides[] = { "stereotype", "anti-stereotype" };
    struct at_arena arena = { 0 };
    size_t n = n_top(h);
    struct at_box *boxes = at_arena_alloc(&arena, 2 * n, sizeof *boxes);
    struct at_boxes b;
    int rc;

    for (size_t i = 0; i < n; i++)
        boxes_of_head(boxes + 2 * i, &arena, h, h->order[i]);
    b = (struct at_boxes){
        .title = at_arena_printf(&arena, "Best feature of the most sensitive heads, %s",
                                 h->job->shown_model),
        .subtitle = at_arena_printf(&arena,
                                    "%s scores; q of Wilcoxon's signed-rank test over %zu "
                                    "features",
                                    h->scores_name, h->n_tested),
        .note = "whiskers reach to the last value within 1.5 interquartile ranges; the features "
                "were chosen on the same items",
        .value_name = "standard deviations from the feature's mean",
        .boxes = boxes,
        .n = 2 * n,
        .reference = NAN,
        .category_names = sides,
        .n_categories = 2,
        .width_mm = h->job->width_mm,
    };
    rc = n ? job_picture(h->job, NULL, "feature_boxes", at_draw_boxes(&b), err) : 0;
    at_arena_release(&arena);
    return rc;
}

int stereo_heads_bias_picture(struct job *job, const struct at_stereoset *set, const double *scores,
                              struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n_boxes = 0;
    struct at_box *boxes = at_arena_alloc(&arena, set->n_categories, sizeof *boxes);
    struct at_boxes b;
    int rc;

    for (size_t c = 0; c < set->n_categories; c++) {
        double *x = at_arena_alloc(&arena, set->n, sizeof *x);
        size_t n = 0;
        for (size_t i = 0; i < set->n; i++) {
            const double *s = scores + AT_N_GOLD * i;
            if (set->items[i].category == c && isfinite(s[AT_STEREO] - s[AT_ANTI]))
                x[n++] = s[AT_STEREO] - s[AT_ANTI];
        }
        if (n == 0)
            continue;
        boxes[n_boxes] = box_of(set->categories[c], x, n, 0);
        boxes[n_boxes++].detail = at_arena_printf(&arena, "n = %zu", n);
    }
    b = (struct at_boxes){
        .title = at_arena_printf(&arena, "Bias score by category, %s", job->shown_model),
        .subtitle = "StereoSet, one value an item",
        .note = "whiskers reach to the last value within 1.5 interquartile ranges",
        .value_name = "score of the stereotype minus that of the anti-stereotype",
        .boxes = boxes,
        .n = n_boxes,
        .reference = 0.0,
        .reference_name = "no preference",
        .width_mm = job->width_mm,
    };
    rc = n_boxes ? job_picture(job, NULL, "bias_by_category", at_draw_boxes(&b), err) : 0;
    at_arena_release(&arena);
    return rc;
}

/* --- map of effects --- */

static int picture_map(const struct stereo_heads *h, struct at_error *err)
{
    size_t n = h->L * h->H;
    double *values = at_malloc(n, sizeof *values);
    char *details = at_asprintf("mean \xcf\x89\xc2\xb2 \xc3\x97 1000 over a head's features: share "
                                "of the paired differences' variation that lies between "
                                "categories; 0 by chance; %zu item%s",
                                h->n_items - h->n_left_out, at_plural(h->n_items - h->n_left_out));
    struct layer_heads p = {
        .file = "sensitivity",
        .title = "Sensitivity to stereotypes",
        .details = details,
        .unit = "\xcf\x89\xc2\xb2 \xc3\x97 1000",
        .L = h->L,
        .H = h->H,
        .values = values,
        .stride = 1,
    };
    struct at_scale scale = { .kind = AT_DIVERGING, .hi = 1e-3 };
    int rc;

    for (size_t i = 0; i < n; i++) {
        values[i] = 1000.0 * h->heads[i].omega2;
        scale.hi = fmax(scale.hi, fabs(values[i]));
    }
    scale.lo = -scale.hi;
    p.scale = &scale;
    rc = picture_layer_heads(h->job, NULL, &p, err);
    free(details);
    free(values);
    return rc;
}

/* --- deciles --- */

/* Bias by tenths of the difference, and the line through all items. */
struct decile_plot {
    double x[AT_MAX_DECILES], y[AT_MAX_DECILES], lo[AT_MAX_DECILES], hi[AT_MAX_DECILES];
    double line_x[2], line_y[2];
    size_t n_bins, n;
};

static void fill_deciles(struct decile_plot *d, const struct stereo_heads *h, size_t head)
{
    struct at_trait_pair *pairs = at_malloc(h->n_items, sizeof *pairs);
    size_t n = at_trait_pairs(pairs, &h->s, head, h->heads[head].best);
    double *x = at_malloc(2 * n, sizeof *x), *y = x + n;
    struct at_decile bins[AT_MAX_DECILES];
    struct at_line_fit fit;

    for (size_t i = 0; i < n; i++) {
        x[i] = pairs[i].delta;
        y[i] = h->s.bias[pairs[i].item];
    }
    d->n = n;
    d->n_bins = at_deciles(bins, x, y, n);
    for (size_t k = 0; k < d->n_bins; k++) {
        d->x[k] = bins[k].x;
        d->y[k] = bins[k].y_mean;
        d->lo[k] = bins[k].y_mean - bins[k].y_sd;
        d->hi[k] = bins[k].y_mean + bins[k].y_sd;
    }
    fit = at_fit_line(x, y, n);
    for (size_t k = 0; d->n_bins && k < 2; k++) {
        d->line_x[k] = d->x[k ? d->n_bins - 1 : 0];
        d->line_y[k] = fit.slope * d->line_x[k] + fit.intercept;
    }
    free(x);
    free(pairs);
}

static int picture_deciles(const struct stereo_heads *h, size_t head, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t trait = h->heads[head].best;
    const struct at_trait_effect *e = &h->traits[head * AT_N_TRAITS + trait];
    struct decile_plot d = { 0 };
    const struct at_line_series series[] = {
        { "mean \xc2\xb1 deviation of a tenth", AT_LINE_POINTS, d.x, d.y, d.lo, d.hi, 0 },
        { "least squares over items", AT_LINE_PLAIN, d.line_x, d.line_y, NULL, NULL, 2 },
    };
    struct at_line_series drawn[AT_COUNTOF(series)];
    struct at_line_plot plot;
    int rc = 0;

    fill_deciles(&d, h, head);
    drawn[0] = series[0];
    drawn[1] = series[1];
    drawn[0].n = d.n_bins;
    plot = (struct at_line_plot){
        .title = at_arena_printf(&arena, "Bias score and %s of %s, %s", at_trait_key(trait),
                                 head_name(&arena, h, head), h->job->shown_model),
        .subtitle = at_arena_printf(&arena,
                                    "%zu item%s in tenths of the difference; Spearman %.3f, "
                                    "%s over %zu feature%s",
                                    d.n, at_plural(d.n), e->rho_bias,
                                    probability(&arena, "q", e->rho_bias_q), h->n_tested,
                                    at_plural(h->n_tested)),
        .note = at_arena_printf(&arena, "%s scores", h->scores_name),
        .x_name =
            at_arena_printf(&arena, "%s, stereotype minus anti-stereotype", at_trait_key(trait)),
        .y_name = "bias score",
        .series = drawn,
        .n_series = AT_COUNTOF(drawn),
        .y_reference = 0.0,
        .reference_name = "no preference",
        .x_marked = NAN,
        .width_mm = h->job->width_mm,
    };
    if (d.n_bins > 1)
        rc = job_picture(h->job, NULL,
                         at_arena_printf(&arena, "deciles_L%zu_H%zu", head / h->H, head % h->H),
                         at_draw_lines(&plot), err);
    at_arena_release(&arena);
    return rc;
}

/* --- links to bias and to the language model --- */

static int picture_links(const struct stereo_heads *h, struct at_error *err)
{
    static const char *const names[] = { "head" };
    struct at_arena arena = { 0 };
    size_t n = h->L * h->H;
    double chance = at_chance_link(h->n_items - h->n_left_out);
    struct at_scatter_point *points = at_arena_alloc(&arena, n, sizeof *points);
    struct at_scatter s;
    int rc;

    for (size_t i = 0; i < n; i++)
        points[i] = (struct at_scatter_point){
            .x = h->heads[i].bias_link,
            .y = h->heads[i].margin_link,
            .weight = h->heads[i].is_pareto ? 1.0 : 0.5,
            .name = head_name(&arena, h, i),
            .is_marked = h->heads[i].is_pareto,
        };
    s = (struct at_scatter){
        .title = at_arena_printf(&arena, "Heads between bias and language model, %s",
                                 h->job->shown_model),
        .subtitle = at_arena_printf(&arena, "%zu %s items, %s scores; dashed: chance alone",
                                    h->n_items - h->n_left_out, at_stereo_part_name(h->part),
                                    h->scores_name),
        .note = "link to bias: mean over the head's features of |Spearman| between the "
                "feature's difference (stereotype minus anti-stereotype) and that of the scores; "
                "link to the language model: likewise between the feature's mean over both texts "
                "and the margin by which the two score above the unrelated sentence. A link is a "
                "correlation, not a cause",
        .x_name = "link to bias",
        .y_name = "link to the language model's margin",
        .points = points,
        .n = n,
        .category_names = names,
        .n_categories = 1,
        .mark_name = "Pareto-optimal: less bias only with less margin",
        .joins_marked = true,
        .has_ticks = true,
        .x_reference = chance,
        .y_reference = chance,
        .width_mm = h->job->width_mm,
    };
    rc = job_picture(h->job, NULL, "links", at_draw_scatter(&s), err);
    at_arena_release(&arena);
    return rc;
}

int stereo_heads_pictures(const struct stereo_heads *h, struct at_error *err)
{
    int rc = picture_map(h, err);

    if (!rc)
        rc = picture_boxes(h, err);
    for (size_t i = 0; !rc && i < n_top(h); i++)
        rc = picture_deciles(h, h->order[i], err);
    return rc ? rc : picture_links(h, err);
}
