/*
 * sensitivity_result.c - see sensitivity_result.h.
 */
#include "analysis/sensitivity_result.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/spearman.h"
#include "stats/summary.h"

enum { TOP_TRAITS = 20 };
static const double SIGNIFICANT = 0.05;

/* --- records --- */

static const struct at_field effect_fields[] = {
    AT_FIELD(struct at_trait_effect, n, "n", NULL, "items where it is defined"),
    AT_FIELD(struct at_trait_effect, mean_stereo, "mean_stereo", NULL,
             "mean over the stereotypes' texts"),
    AT_FIELD(struct at_trait_effect, mean_anti, "mean_anti", NULL,
             "mean over the anti-stereotypes' texts"),
    AT_FIELD(struct at_trait_effect, mean_delta, "mean_delta", NULL,
             "mean difference, stereotype minus anti-stereotype"),
    AT_FIELD(struct at_trait_effect, sd_delta, "sd_delta", NULL,
             "standard deviation of the differences (by n)"),
    AT_FIELD(struct at_trait_effect, paired_p, "paired_p", NULL,
             "Wilcoxon's signed ranks of the differences, target terms changing sign as a whole"),
    AT_FIELD(struct at_trait_effect, paired_q, "paired_q", NULL,
             "over all features of all heads, Benjamini and Hochberg"),
    AT_FIELD(struct at_trait_effect, omega2, "omega2", NULL,
             "omega squared: share of the differences' variation between categories, 0 by chance"),
    AT_FIELD(struct at_trait_effect, p, "p", NULL, "of relabelling target terms"),
    AT_FIELD(struct at_trait_effect, q, "q", NULL, "likewise over all features of all heads"),
    AT_FIELD(struct at_trait_effect, rho_bias, "rho_bias", NULL,
             "Spearman correlation of the difference with the bias score"),
    AT_FIELD(struct at_trait_effect, rho_bias_p, "rho_bias_p", NULL, "its p, by target terms",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_trait_effect, rho_bias_q, "rho_bias_q", NULL, "its q"),
    AT_FIELD(struct at_trait_effect, rho_margin, "rho_margin", NULL,
             "of the mean over both texts with the margin above the unrelated sentence"),
    AT_FIELD(struct at_trait_effect, rho_margin_p, "rho_margin_p", NULL, "its p",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_trait_effect, rho_margin_q, "rho_margin_q", NULL, "its q"),
    AT_FIELD_END,
};
static const struct at_record effect_record = AT_RECORD(struct at_trait_effect, effect_fields);

static const struct at_field mean_fields[] = {
    AT_FIELD(struct at_category_mean, category, "category", NULL, "kind of bias"),
    AT_FIELD(struct at_category_mean, mean, NULL, NULL, "mean difference in the category"),
    AT_FIELD_END,
};
static const struct at_record mean_record = AT_RECORD(struct at_category_mean, mean_fields);

static const struct at_field trait_fields[] = {
    AT_FIELD(struct at_trait, feature, "feature", NULL, "what is measured of the head"),
    AT_FIELD_RECORD(struct at_trait, effect, NULL, &effect_record, NULL),
    AT_FIELD_LIST(struct at_trait, means, n_means, "category_means", &mean_record, NULL,
                  .flags = AT_KEYED),
    AT_FIELD_END,
};
static const struct at_record trait_record = AT_RECORD(struct at_trait, trait_fields);

static const struct at_field place_fields[] = {
    AT_FIELD(struct at_head_place, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_head_place, head, "head", NULL, "head, from 0"),
    AT_FIELD_END,
};
static const struct at_record place_record = AT_RECORD(struct at_head_place, place_fields);

static const struct at_field head_trait_fields[] = {
    AT_FIELD_RECORD(struct at_head_trait, place, NULL, &place_record, NULL),
    AT_FIELD_RECORD(struct at_head_trait, trait, NULL, &trait_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_head_trait_record = AT_RECORD(struct at_head_trait, head_trait_fields);

/* A head's best trait in the head's row. */
static const struct at_field best_fields[] = {
    AT_FIELD(struct at_trait, feature, "best_feature", NULL, "its feature with the largest omega2"),
    AT_FIELD(struct at_trait, effect.omega2, "best_omega2", NULL, "omega2 of that feature"),
    AT_FIELD(struct at_trait, effect.p, "best_p", NULL, "likewise"),
    AT_FIELD(struct at_trait, effect.q, "best_q", NULL, "likewise"),
    AT_FIELD(struct at_trait, effect.paired_p, "best_paired_p", NULL, "likewise"),
    AT_FIELD(struct at_trait, effect.paired_q, "best_paired_q", NULL, "likewise"),
    AT_FIELD(struct at_trait, effect.rho_bias, "best_rho_bias", NULL, "likewise"),
    AT_FIELD(struct at_trait, effect.rho_bias_q, "best_rho_bias_q", NULL, "likewise"),
    AT_FIELD_END,
};
static const struct at_record best_record = AT_RECORD(struct at_trait, best_fields);

static const struct at_field head_fields[] = {
    AT_FIELD_RECORD(struct at_head_sensitivity, place, NULL, &place_record, NULL),
    AT_FIELD(struct at_head_sensitivity, effect.rank, "rank", NULL, "0 is the most sensitive head"),
    AT_FIELD(struct at_head_sensitivity, effect.omega2, "omega2", NULL,
             "mean omega squared over its features"),
    AT_FIELD(struct at_head_sensitivity, effect.n_traits, "n_features", NULL,
             "features that vary at all"),
    AT_FIELD(struct at_head_sensitivity, effect.n_significant, "n_significant", NULL,
             "features with q below 0.05"),
    AT_FIELD_LINK(struct at_head_sensitivity, best, "best", &trait_record,
                  "its feature with the largest omega2", .flags = AT_JSON_ONLY),
    AT_FIELD_LINK(struct at_head_sensitivity, best, NULL, &best_record, NULL, .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_head_sensitivity, effect.bias_link, "bias_link", NULL,
             "mean absolute rho_bias over its features"),
    AT_FIELD(struct at_head_sensitivity, effect.margin_link, "margin_link", NULL,
             "mean absolute rho_margin over its features"),
    AT_FIELD(struct at_head_sensitivity, effect.is_pareto, "is_pareto", NULL,
             "no head has less of bias_link without less of margin_link"),
    AT_FIELD_END,
};
const struct at_record at_head_sensitivity_record =
    AT_RECORD(struct at_head_sensitivity, head_fields);

static const struct at_field significant_fields[] = {
    AT_FIELD(struct at_n_significant, categories, "categories", NULL, "between categories"),
    AT_FIELD(struct at_n_significant, paired, "paired", NULL, "of the paired test"),
    AT_FIELD(struct at_n_significant, bias, "bias", NULL, "with the bias score"),
    AT_FIELD(struct at_n_significant, margin, "margin", NULL, "with the margin"),
    AT_FIELD_END,
};
static const struct at_record significant_record =
    AT_RECORD(struct at_n_significant, significant_fields);

static const struct at_field length_fields[] = {
    AT_FIELD(struct at_length_effect, mean_delta, "mean_delta", "tokens", "mean difference"),
    AT_FIELD(struct at_length_effect, n_equal, "n_equal", NULL, "items without a difference"),
    AT_FIELD(struct at_length_effect, rho_bias, "rho_bias", NULL,
             "Spearman correlation of the difference with the bias score"),
    AT_FIELD(struct at_length_effect, rho_bias_p, "rho_bias_p", NULL, "its p"),
    AT_FIELD_END,
};
static const struct at_record length_record = AT_RECORD(struct at_length_effect, length_fields);

static const struct at_field result_fields[] = {
    AT_FIELD(struct at_sensitivity_result, feature_version, "feature_version", NULL,
             "name of the list of features and of how they are measured"),
    AT_FIELD(struct at_sensitivity_result, origin.scores, "scores", NULL,
             "the protocol or the file that the scores are from"),
    AT_FIELD(struct at_sensitivity_result, origin.part, "part", NULL, "kind of the items"),
    AT_FIELD(struct at_sensitivity_result, n_items, "n_items", NULL, "items that were compared"),
    AT_FIELD(struct at_sensitivity_result, n_left_out, "n_left_out", NULL,
             "items with a text that is too long for the model"),
    AT_FIELD(struct at_sensitivity_result, origin.n_draws, "draws", NULL,
             "relabellings of the permutation test"),
    AT_FIELD(struct at_sensitivity_result, origin.seed, "seed", NULL, "of the permutation test"),
    AT_FIELD(struct at_sensitivity_result, n_tested, "n_tested", NULL, "features with a test"),
    AT_FIELD_RECORD(struct at_sensitivity_result, n_significant, "n_significant",
                    &significant_record, "how many of them have a q below 0.05"),
    AT_FIELD_RECORD(struct at_sensitivity_result, length, "length", &length_record,
                    "tokens of the stereotype's text minus those of the other"),
    AT_FIELD(struct at_sensitivity_result, chance_link, "chance_link", NULL,
             "what a mean absolute correlation comes to by chance"),
    AT_FIELD_MATRIX(struct at_sensitivity_result, matrix, origin.L, origin.H, "matrix", NULL,
                    "mean omega squared of the heads, by layer"),
    AT_FIELD_LIST(struct at_sensitivity_result, heads, n_heads, "heads",
                  &at_head_sensitivity_record, "every head"),
    AT_FIELD_LIST(struct at_sensitivity_result, top_heads, n_top_heads, "top_heads", &place_record,
                  "the first by rank"),
    AT_FIELD_LIST(struct at_sensitivity_result, top_traits, n_top_traits, "top_features",
                  &at_head_trait_record, "those with the smallest p"),
    AT_FIELD_END,
};
const struct at_record at_sensitivity_result_record =
    AT_RECORD(struct at_sensitivity_result, result_fields);

/* --- traits and heads --- */

static struct at_head_place place_of(const struct at_sensitivity_result *r, size_t head)
{
    return (struct at_head_place){ head / r->origin.H, head % r->origin.H };
}

static void name_traits(struct at_sensitivity_result *r, const struct at_trait_effect *effects,
                        const double *means, size_t n_categories)
{
    struct at_category_mean *named =
        at_arena_alloc(&r->arena, r->n_traits * n_categories, sizeof *named);

    r->traits = at_arena_alloc(&r->arena, r->n_traits, sizeof *r->traits);
    for (size_t i = 0; i < r->n_traits; i++, named += n_categories) {
        r->traits[i] = (struct at_head_trait){
            place_of(r, i / AT_N_TRAITS),
            { at_trait_key(i % AT_N_TRAITS), effects[i], named, n_categories },
        };
        for (size_t c = 0; c < n_categories; c++)
            named[c] =
                (struct at_category_mean){ r->origin.categories[c], means[i * n_categories + c] };
    }
}

static void name_heads(struct at_sensitivity_result *r, const struct at_sensitivity_effect *effects)
{
    r->heads = at_arena_alloc(&r->arena, r->n_heads, sizeof *r->heads);
    r->ranked = at_arena_alloc(&r->arena, r->n_heads, sizeof *r->ranked);
    r->matrix = at_arena_alloc(&r->arena, r->n_heads, sizeof *r->matrix);
    for (size_t i = 0; i < r->n_heads; i++) {
        const struct at_sensitivity_effect *e = &effects[i];
        r->heads[i] = (struct at_head_sensitivity){
            place_of(r, i), *e,
            e->best < AT_N_TRAITS ? &r->traits[i * AT_N_TRAITS + e->best].trait : NULL
        };
        r->ranked[e->rank] = &r->heads[i];
        r->matrix[i] = e->omega2;
    }
}

static void count_tests(struct at_sensitivity_result *r)
{
    for (size_t i = 0; i < r->n_traits; i++) {
        const struct at_trait_effect *e = &r->traits[i].trait.effect;
        r->n_tested += !isnan(e->p);
        r->n_significant.categories += e->q < SIGNIFICANT;
        r->n_significant.paired += e->paired_q < SIGNIFICANT;
        r->n_significant.bias += e->rho_bias_q < SIGNIFICANT;
        r->n_significant.margin += e->rho_margin_q < SIGNIFICANT;
    }
}

/* Smallest p first, then the larger effect; what has none comes last. */
static int by_effect(const void *a, const void *b)
{
    const struct at_head_trait *s = *(const struct at_head_trait *const *)a;
    const struct at_head_trait *t = *(const struct at_head_trait *const *)b;
    const struct at_trait_effect *x = &s->trait.effect, *y = &t->trait.effect;
    double p = isnan(x->p) ? 2.0 : x->p, q = isnan(y->p) ? 2.0 : y->p;

    if (p != q)
        return p < q ? -1 : 1;
    if (p < 2.0 && x->omega2 != y->omega2)
        return x->omega2 > y->omega2 ? -1 : 1;
    return s < t ? -1 : s > t;
}

static void pick_traits(struct at_sensitivity_result *r)
{
    const struct at_head_trait **order = at_malloc(r->n_traits, sizeof *order);

    for (size_t i = 0; i < r->n_traits; i++)
        order[i] = &r->traits[i];
    qsort(order, r->n_traits, sizeof *order, by_effect);
    r->n_top_traits = AT_MIN(r->n_tested, (size_t)TOP_TRAITS);
    r->top_traits = at_arena_alloc(&r->arena, r->n_top_traits, sizeof *r->top_traits);
    for (size_t i = 0; i < r->n_top_traits; i++)
        r->top_traits[i] = *order[i];
    free(order);
}

/* --- the most sensitive heads --- */

/* Both sides of a trait, in deviations from the mean of all its values. */
static void box_sides(struct at_top_head *top, const struct at_trait_pair *pairs, size_t n,
                      struct at_arena *arena)
{
    double *x = at_arena_alloc(arena, 2 * n, sizeof *x), mean, sd;

    for (size_t i = 0; i < n; i++) {
        x[i] = pairs[i].stereo;
        x[n + i] = pairs[i].anti;
    }
    mean = at_mean(x, 2 * n);
    sd = at_sd(x, 2 * n);
    for (size_t i = 0; i < 2 * n; i++)
        x[i] = (x[i] - mean) / sd;
    at_tukey_box(&top->stereo, x, n);
    at_tukey_box(&top->anti, x + n, n);
}

static void cut_in_tenths(struct at_top_head *top, const struct at_trait_pair *pairs, size_t n,
                          const double *bias)
{
    double *x = at_malloc(2 * n, sizeof *x), *y = x + n;
    struct at_decile tenths[AT_MAX_DECILES];
    struct at_line_fit fit;

    for (size_t i = 0; i < n; i++) {
        x[i] = pairs[i].delta;
        y[i] = bias[pairs[i].item];
    }
    top->n_tenths = at_deciles(tenths, x, y, n);
    for (size_t k = 0; k < top->n_tenths; k++) {
        top->x[k] = tenths[k].x;
        top->bias[k] = tenths[k].y_mean;
        top->lo[k] = tenths[k].y_mean - tenths[k].y_sd;
        top->hi[k] = tenths[k].y_mean + tenths[k].y_sd;
    }
    fit = at_fit_line(x, y, n);
    for (size_t k = 0; top->n_tenths && k < 2; k++) {
        top->line_x[k] = top->x[k ? top->n_tenths - 1 : 0];
        top->line_bias[k] = fit.slope * top->line_x[k] + fit.intercept;
    }
    free(x);
}

static void pick_heads(struct at_sensitivity_result *r, const struct at_sensitivity *s)
{
    struct at_trait_pair *pairs = at_malloc(s->n_items, sizeof *pairs);

    r->n_top_heads = AT_MIN(r->n_heads, (size_t)r->origin.n_top);
    r->top_heads = at_arena_alloc(&r->arena, r->n_top_heads, sizeof *r->top_heads);
    r->tops = at_arena_calloc(&r->arena, r->n_top_heads, sizeof *r->tops);
    for (size_t i = 0; i < r->n_top_heads; i++) {
        const struct at_head_sensitivity *h = r->ranked[i];
        struct at_top_head *top = &r->tops[r->n_tops];
        size_t n;
        r->top_heads[i] = h->place;
        if (!h->best) /* nor have those behind it */
            continue;
        n = at_trait_pairs(pairs, s, (size_t)(h - r->heads), h->effect.best);
        top->head = h;
        box_sides(top, pairs, n, &r->arena);
        cut_in_tenths(top, pairs, n, s->bias);
        r->n_tops++;
    }
    free(pairs);
}

/* --- all of it --- */

static void measure_lengths(struct at_sensitivity_result *r, const struct at_sensitivity *s)
{
    double *longer = at_malloc(2 * s->n_items, sizeof *longer), *bias = longer + s->n_items;
    struct at_correlation c;
    size_t n = 0;

    for (size_t i = 0; i < s->n_items; i++) {
        if (isnan(s->longer[i]))
            continue;
        longer[n] = s->longer[i];
        bias[n++] = s->bias[i];
        r->length.n_equal += s->longer[i] == 0.0;
    }
    c = at_spearman(longer, bias, n);
    r->length.mean_delta = at_mean(longer, n);
    r->length.rho_bias = c.rho;
    r->length.rho_bias_p = c.p;
    r->n_items = n;
    r->n_left_out = s->n_items - n;
    free(longer);
}

void at_sensitivity_summarize(struct at_sensitivity_result *out,
                              const struct at_sensitivity_origin *origin,
                              const struct at_sensitivity *s, struct at_pool *pool)
{
    struct at_sensitivity_result r = {
        .origin = *origin,
        .feature_version = AT_TRAITS_VERSION,
        .n_heads = s->n_heads,
        .n_traits = s->n_heads * AT_N_TRAITS,
    };
    struct at_trait_effect *traits = at_malloc(r.n_traits, sizeof *traits);
    struct at_sensitivity_effect *heads = at_malloc(r.n_heads, sizeof *heads);
    double *means = at_malloc(r.n_traits * s->n_categories, sizeof *means);

    at_sensitivity_run(traits, heads, means, s, (size_t)origin->n_draws, (uint64_t)origin->seed,
                       pool);
    measure_lengths(&r, s);
    r.chance_link = at_chance_link(r.n_items);
    name_traits(&r, traits, means, s->n_categories);
    name_heads(&r, heads);
    count_tests(&r);
    pick_traits(&r);
    pick_heads(&r, s);
    free(traits);
    free(heads);
    free(means);
    *out = r;
}

void at_sensitivity_result_release(struct at_sensitivity_result *r)
{
    at_arena_release(&r->arena);
    *r = (struct at_sensitivity_result){ 0 };
}
