/*
 * faith_result.c - the records of faith_result.h.
 */
#include "analysis/faith_result.h"

static const struct at_field target_fields[] = {
    AT_FIELD(struct at_faith_target, kind, "kind", NULL,
             "token, contrast, likelihood, label, class or pooled_norm"),
    AT_FIELD(struct at_faith_target, index, "index", NULL,
             "token at which the model's head looks; undefined when there are several"),
    AT_FIELD(struct at_faith_target, token, "token", NULL,
             "piece, label or class that is explained"),
    AT_FIELD(struct at_faith_target, foil, "foil", NULL, "piece that it is set against"),
    AT_FIELD(struct at_faith_target, value, "value", NULL,
             "natural log-probability or difference of two; of labels their probabilities, summed; "
             "or the norm"),
    AT_FIELD_END,
};
const struct at_record at_faith_target_record = AT_RECORD(struct at_faith_target, target_fields);

static const struct at_field token_fields[] = {
    AT_FIELD(struct at_faith_token, index, "index", NULL, "of the token, from 0"),
    AT_FIELD(struct at_faith_token, token, "token", NULL, "piece, as in the vocabulary"),
    AT_FIELD(struct at_faith_token, label, "label", NULL, "as people write it"),
    AT_FIELD_END,
};
static const struct at_record token_record = AT_RECORD(struct at_faith_token, token_fields);

static const struct at_field attribution_fields[] = {
    AT_FIELD(struct at_attribution, method, "method", NULL, "key of the method"),
    AT_FIELD_REALS(struct at_attribution, scores, T, NULL, NULL, "a score for each token"),
    AT_FIELD_END,
};
static const struct at_record attribution_record =
    AT_RECORD(struct at_attribution, attribution_fields);

static const struct at_field info_fields[] = {
    AT_FIELD(struct at_attribution_info, method, "method", NULL, "key of the method"),
    AT_FIELD(struct at_attribution_info, name, "name", NULL, "of the method"),
    AT_FIELD(struct at_attribution_info, stands_on, "stands_on", NULL,
             "what the scores are scores of"),
    AT_FIELD(struct at_attribution_info, sums_to, "sums_to", NULL,
             "what they add up to, F being the target"),
    AT_FIELD(struct at_attribution_info, sum, "sum", NULL, "of the scores"),
    AT_FIELD_END,
};
static const struct at_record info_record = AT_RECORD(struct at_attribution_info, info_fields);

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_attribution_row, index, "index", NULL, "of the token, from 0"),
    AT_FIELD(struct at_attribution_row, token, "token", NULL, "piece, as in the vocabulary"),
    AT_FIELD(struct at_attribution_row, method, "method", NULL, "key of the method"),
    AT_FIELD(struct at_attribution_row, score, "score", NULL,
             "in units of the target where the method has any"),
    AT_FIELD_END,
};
const struct at_record at_attribution_row_record = AT_RECORD(struct at_attribution_row, row_fields);

static const struct at_field completeness_fields[] = {
    AT_FIELD(struct at_completeness, residual, "residual", "fraction",
             "of the attributions' sum from F(x) - F(baseline), relative to the larger of that and "
             "the sum of their sizes"),
    AT_FIELD(struct at_completeness, steps, "steps", NULL, "nodes that went through the model"),
    AT_FIELD_END,
};
static const struct at_record completeness_record =
    AT_RECORD(struct at_completeness, completeness_fields);

static const struct at_field result_fields[] = {
    AT_FIELD_RECORD(struct at_faith_result, target, "target", &at_faith_target_record,
                    "what is explained"),
    AT_FIELD_LIST(struct at_faith_result, tokens, T, "tokens", &token_record, "of the text"),
    AT_FIELD_LIST(struct at_faith_result, attributions, n_methods, "attributions",
                  &attribution_record, "a list of scores for each method", .flags = AT_KEYED),
    AT_FIELD_LIST(struct at_faith_result, methods, n_methods, "methods", &info_record,
                  "what each method's scores are", .flags = AT_KEYED),
    AT_FIELD_RECORD(struct at_faith_result, completeness, "completeness", &completeness_record,
                    "of integrated gradients"),
    AT_FIELD(struct at_faith_result, conservation, "conservation", "fraction",
             "relevance of AttnLRP that went to biases and positions between the final hidden "
             "states and the word embeddings"),
    AT_FIELD_END,
};
const struct at_record at_faith_result_record = AT_RECORD(struct at_faith_result, result_fields);

struct at_attribution_row *at_attribution_rows(const struct at_faith_result *r,
                                               struct at_arena *arena)
{
    struct at_attribution_row *rows = at_arena_alloc(arena, r->n_methods * r->T, sizeof *rows);

    for (size_t m = 0; m < r->n_methods; m++)
        for (size_t t = 0; t < r->T; t++)
            rows[m * r->T + t] =
                (struct at_attribution_row){ t, r->tokens[t].token, r->attributions[m].method,
                                             r->attributions[m].scores[t] };
    return rows;
}
