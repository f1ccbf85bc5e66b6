/*
 * bar_null.c - see bar_null.h.
 */
#include "analysis/bar_null.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "io/json.h"

#define QUANTILES(type)                                                                            \
    AT_FIELD(type, q90, "q90", "ratio", "90 % of the ratios by chance are at most this",           \
             .heading = "90 %", .width = 9, .decimals = 3),                                        \
        AT_FIELD(type, q95, "q95", "ratio", "95 % are", .heading = "95 %", .width = 9,             \
                 .decimals = 3),                                                                   \
        AT_FIELD(type, q99, "q99", "ratio", "99 % are", .heading = "99 %", .width = 9,             \
                 .decimals = 3)

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_bar_null_row, category, "category", NULL, "GEN, UNFAIR or STEREO",
             .flags = AT_TERM_ONLY, .heading = "category", .width = -10),
    AT_FIELD(struct at_bar_null_row, n_texts, "n_texts", NULL, "texts with flagged tokens",
             .heading = "texts", .width = 7),
    QUANTILES(struct at_bar_null_row),
    AT_FIELD(struct at_bar_null_row, n_ratios, "n_ratios", NULL, "ratios, of all heads"),
    AT_FIELD_END
};
const struct at_record at_bar_null_row_record = AT_RECORD(struct at_bar_null_row, row_fields);

static const struct at_field result_fields[] = {
    AT_FIELD(struct at_bar_null_result, model_sha256, "model_sha256", NULL,
             "digest of the model's weights"),
    AT_FIELD_RECORD(struct at_bar_null_result, rule, "rule", &at_detector_rule_record,
                    "what flagged the tokens"),
    AT_FIELD(struct at_bar_null_result, n_texts, "n_texts", NULL, "all texts"),
    AT_FIELD(struct at_bar_null_result, n_draws, "draws_per_text", NULL, "sets of tokens"),
    AT_FIELD(struct at_bar_null_result, seed, "seed", NULL, "of the draws"),
    AT_FIELD_RECORD(struct at_bar_null_result, any, "bar", &at_bar_null_row_record,
                    "ratios by chance, of what is flagged with any category"),
    AT_FIELD_LIST(struct at_bar_null_result, by_category, n_categories, "by_category",
                  &at_bar_null_row_record, "of one category alone", .flags = AT_KEYED),
    AT_FIELD_END
};
const struct at_record at_bar_null_result_record =
    AT_RECORD(struct at_bar_null_result, result_fields);

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_bar_null_head, category, "category", NULL, "any, GEN, UNFAIR or STEREO"),
    AT_FIELD(struct at_bar_null_head, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_bar_null_head, head, "head", NULL, "head, from 0"),
    QUANTILES(struct at_bar_null_head), AT_FIELD_END
};
const struct at_record at_bar_null_head_record = AT_RECORD(struct at_bar_null_head, head_fields);

int at_bar_null_init(struct at_bar_null *out, size_t L, size_t H, struct at_error *err)
{
    int rc = 0;

    *out = (struct at_bar_null){ .L = L, .H = H };
    for (size_t k = 0; k < AT_BAR_SETS && !rc; k++)
        rc = at_bar_calibration_init(&out->of[k], L * H, err);
    return rc;
}

void at_bar_null_add(struct at_bar_null *n, const struct at_bar_text *t, size_t n_draws, long seed)
{
    n->n_texts++;
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_calibrate(&n->of[k], &t->ratios[k], t->is_special, n_draws,
                         at_rng_at((uint64_t)seed, t->doc->number * AT_BAR_SETS + k));
}

void at_bar_null_release(struct at_bar_null *n)
{
    for (size_t k = 0; k < AT_BAR_SETS; k++)
        at_bar_calibration_release(&n->of[k]);
    *n = (struct at_bar_null){ 0 };
}

static const char *set_name(size_t set)
{
    return set == 0 ? "any" : at_bias_keys[set - 1];
}

static struct at_bar_null_row row_of(const struct at_bar_null *n, size_t set)
{
    const struct at_bar_calibration *c = &n->of[set];

    return (struct at_bar_null_row){
        set_name(set),
        c->n_texts,
        (size_t)c->n_ratios,
        at_bar_quantile(c, -1, 0.90),
        at_bar_quantile(c, -1, 0.95),
        at_bar_quantile(c, -1, 0.99),
    };
}

struct at_bar_null_result at_bar_null_finish(const struct at_bar_null *n, struct at_arena *arena)
{
    struct at_bar_null_result r = {
        .n_texts = n->n_texts,
        .any = row_of(n, 0),
        .by_category = at_arena_alloc(arena, AT_N_BIAS, sizeof *r.by_category),
        .n_categories = AT_N_BIAS,
    };

    for (size_t c = 0; c < AT_N_BIAS; c++)
        r.by_category[c] = row_of(n, 1 + c);
    return r;
}

struct at_bar_null_head *at_bar_null_heads(size_t *count, const struct at_bar_null *n,
                                           struct at_arena *arena)
{
    size_t n_heads = n->L * n->H;
    struct at_bar_null_head *rows = at_arena_alloc(arena, AT_BAR_SETS * n_heads, sizeof *rows);

    *count = AT_BAR_SETS * n_heads;
    for (size_t i = 0; i < *count; i++) {
        const struct at_bar_calibration *c = &n->of[i / n_heads];
        size_t h = i % n_heads;
        rows[i] = (struct at_bar_null_head){
            set_name(i / n_heads),
            h / n->H,
            h % n->H,
            at_bar_quantile(c, (long)h, 0.90),
            at_bar_quantile(c, (long)h, 0.95),
            at_bar_quantile(c, (long)h, 0.99),
        };
    }
    return rows;
}

int at_bar_null_threshold(double *out, const char *path, const char *model_sha256,
                          struct at_error *err)
{
    const struct at_json *threshold;
    struct at_json *doc = NULL;
    const char *of;
    int rc = at_json_read(&doc, path, err);

    if (rc)
        return rc;
    of = at_json_text(at_json_get(doc, "model_sha256"), "");
    threshold = at_json_get(at_json_get(doc, "bar"), "q95");
    if (strcmp(of, model_sha256) != 0)
        rc =
            at_fail(err, AT_EFORMAT, "%s: calibrated for a model with SHA-256 %.12s, this is %.12s",
                    path, *of ? of : "none", model_sha256);
    else if (!at_json_is_number(threshold))
        rc = at_fail(err, AT_EFORMAT, "%s: no number bar.q95", path);
    else
        *out = at_json_number(threshold, NAN);
    at_json_free(doc);
    return rc;
}
