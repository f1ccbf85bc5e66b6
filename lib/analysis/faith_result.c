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
    AT_FIELD(struct at_faith_target, token_label, "token_label", NULL, "token as people write it"),
    AT_FIELD(struct at_faith_target, foil, "foil", NULL, "piece that it is set against"),
    AT_FIELD(struct at_faith_target, foil_label, "foil_label", NULL, "foil as people write it"),
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
    AT_FIELD(struct at_faith_token, received, "received", NULL,
             "attention that it receives: mean over all heads and the queries that can see it"),
    AT_FIELD(struct at_faith_token, rank, "rank", NULL,
             "by the size of its score by the first method, 1 the largest"),
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
    AT_FIELD(struct at_attribution_row, label, "label", NULL, "the piece as people write it"),
    AT_FIELD_END,
};
const struct at_record at_attribution_row_record = AT_RECORD(struct at_attribution_row, row_fields);

static const struct at_field cell_fields[] = {
    AT_FIELD(struct at_map_cell, method, "method", NULL, "key of the method"),
    AT_FIELD(struct at_map_cell, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_map_cell, query, "query", NULL, "token that the layer makes, from 0"),
    AT_FIELD(struct at_map_cell, key, "key", NULL, "token that it is made from, from 0"),
    AT_FIELD(struct at_map_cell, weight, "weight", NULL,
             "of rollout and flow from behind the layer to the embedding output, of the others "
             "within the layer; of norms a length"),
    AT_FIELD_END,
};
const struct at_record at_map_cell_record = AT_RECORD(struct at_map_cell, cell_fields);

static const struct at_field completeness_fields[] = {
    AT_FIELD(struct at_completeness, residual, "residual", "fraction",
             "of the attributions' sum from F(x) - F(baseline), relative to the larger of that and "
             "the sum of their sizes"),
    AT_FIELD(struct at_completeness, steps, "steps", NULL, "nodes that went through the model"),
    AT_FIELD_END,
};
static const struct at_record completeness_record =
    AT_RECORD(struct at_completeness, completeness_fields);

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_head_agreement, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_head_agreement, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_head_agreement, method, "method", NULL, "key of the method"),
    AT_FIELD_RECORD(struct at_head_agreement, all, NULL, &at_agreement_record, NULL),
    AT_FIELD(struct at_head_agreement, text.rho, "rho_text", NULL, "rho without special tokens"),
    AT_FIELD(struct at_head_agreement, text.p, "p_text", NULL, "its p"),
    AT_FIELD(struct at_head_agreement, text.q, "q_text", NULL, "its q"),
    AT_FIELD_END,
};
const struct at_record at_head_agreement_record = AT_RECORD(struct at_head_agreement, head_fields);

static const struct at_field pair_fields[] = {
    AT_FIELD(struct at_method_agreement, method_a, "method_a", NULL, "key of a method"),
    AT_FIELD(struct at_method_agreement, method_b, "method_b", NULL, "of another one"),
    AT_FIELD_RECORD(struct at_method_agreement, agreement, NULL, &at_agreement_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_method_agreement_record =
    AT_RECORD(struct at_method_agreement, pair_fields);

static const struct at_field mean_fields[] = {
    AT_FIELD(struct at_mean_rho, method, "method", NULL, "key of the method", .heading = "method",
             .width = -20),
    AT_FIELD(struct at_mean_rho, mean, "mean", NULL, "of rho", .heading = "mean rho", .width = 9,
             .decimals = 3),
    AT_FIELD(struct at_mean_rho, low, "low", NULL, "lower end of its bootstrap interval",
             .heading = "low", .width = 7, .decimals = 3),
    AT_FIELD(struct at_mean_rho, high, "high", NULL, "upper end", .heading = "high", .width = 7,
             .decimals = 3),
    AT_FIELD(struct at_mean_rho, n, "n", NULL, "values of which it is the mean", .heading = "n",
             .width = 6),
    AT_FIELD(struct at_mean_rho, over, "over", NULL,
             "what they are of, and what is resampled: heads, or texts"),
    AT_FIELD(struct at_mean_rho, exceeds_half, "exceeds_half", NULL,
             "is it above 0.5: yes, no, or undecided when the interval has 0.5 in it",
             .heading = "above 0.5?", .width = -10),
    AT_FIELD_END,
};
const struct at_record at_mean_rho_record = AT_RECORD(struct at_mean_rho, mean_fields);

static const struct at_field summary_fields[] = {
    AT_FIELD_LIST(struct at_faith_result, mean_rho, n_methods, "mean_rho", &at_mean_rho_record,
                  "mean over heads of their rho with each method", .flags = AT_KEYED),
    AT_FIELD_END,
};
static const struct at_record summary_record = AT_RECORD(struct at_faith_result, summary_fields);

static const struct at_field curve_fields[] = {
    AT_FIELD(struct at_curve_point, method, "method", NULL,
             "key of the method; random: mean over random orders"),
    AT_FIELD(struct at_curve_point, k, "k", "percent",
             "of the tokens that are not special, those with the highest scores"),
    AT_FIELD(struct at_curve_point, comprehensiveness, "comprehensiveness", NULL,
             "F(x) - F(x without them)"),
    AT_FIELD(struct at_curve_point, sufficiency, "sufficiency", NULL, "F(x) - F(them alone)"),
    AT_FIELD_INTERVAL(struct at_curve_point, comprehensiveness_spread, "comprehensiveness_spread",
                      NULL, "middle 95 % of the random orders"),
    AT_FIELD_INTERVAL(struct at_curve_point, sufficiency_spread, "sufficiency_spread", NULL,
                      "likewise"),
    AT_FIELD_END,
};
const struct at_record at_curve_point_record = AT_RECORD(struct at_curve_point, curve_fields);

static const struct at_field area_fields[] = {
    AT_FIELD(struct at_curve_area, method, "method", NULL, "key of the method", .heading = "method",
             .width = -20),
    AT_FIELD(struct at_curve_area, comprehensiveness, "comprehensiveness", NULL,
             "mean over the shares k; high when the tokens were needed", .heading = "without",
             .width = 8, .decimals = 3),
    AT_FIELD(struct at_curve_area, sufficiency, "sufficiency", NULL,
             "likewise; low when they are enough", .heading = "alone", .width = 8, .decimals = 3),
    AT_FIELD(struct at_curve_area, net_comprehensiveness, "net_comprehensiveness", NULL,
             "less that of random orders, the mean of the paired differences", .heading = "better",
             .width = 8, .decimals = 3),
    AT_FIELD_INTERVAL(struct at_curve_area, net_comprehensiveness_spread,
                      "net_comprehensiveness_spread", NULL, "middle 95 % of the differences",
                      .heading = "", .width = -16, .decimals = 2),
    AT_FIELD(struct at_curve_area, net_sufficiency, "net_sufficiency", NULL,
             "that of random orders less the method's: positive is better than random",
             .heading = "better", .width = 7, .decimals = 3),
    AT_FIELD_INTERVAL(struct at_curve_area, net_sufficiency_spread, "net_sufficiency_spread", NULL,
                      "middle 95 % of the differences", .heading = "", .width = -16, .decimals = 2),
    AT_FIELD_END,
};
const struct at_record at_curve_area_record = AT_RECORD(struct at_curve_area, area_fields);

static const struct at_field sanity_fields[] = {
    AT_FIELD(struct at_sanity_row, method, "method", NULL, "key of the method", .heading = "method",
             .width = -20),
    AT_FIELD(struct at_sanity_row, n_layers, "n_layers", NULL,
             "layers that are random, from the last one on", .heading = "layers", .width = 6),
    AT_FIELD(struct at_sanity_row, rho, "rho", NULL,
             "Spearman correlation of the sizes of the scores with those of the model as it is",
             .heading = "rho", .width = 8, .decimals = 3),
    AT_FIELD(struct at_sanity_row, rho_signed, "rho_signed", NULL, "of the scores themselves",
             .heading = "signed", .width = 8, .decimals = 3),
    AT_FIELD_END,
};
const struct at_record at_sanity_row_record = AT_RECORD(struct at_sanity_row, sanity_fields);

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
    AT_FIELD_LIST(struct at_faith_result, heads, n_heads, "heads", &at_head_agreement_record,
                  "attention that tokens receive against the sizes of a method's scores"),
    AT_FIELD_LIST(struct at_faith_result, agreement, n_agreement, "agreement",
                  &at_method_agreement_record, "of every two methods"),
    { .key = "summary",
      .kind = AT_KIND_RECORD,
      .record = &summary_record,
      .help = "does attention agree, all in all?" },
    AT_FIELD_LINK(struct at_faith_result, heads_removed, NULL, &at_ablation_result_record, NULL,
                  .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_faith_result, curves, n_curves, "curves", &at_curve_point_record,
                  "what happens when tokens go or stay alone"),
    AT_FIELD_LIST(struct at_faith_result, areas, n_areas, "areas", &at_curve_area_record,
                  "the mean of each curve"),
    AT_FIELD_LIST(struct at_faith_result, sanity, n_sanity, "sanity", &at_sanity_row_record,
                  "with --sanity: what is left of the scores when layers are random",
                  .flags = AT_LEAVE_OUT),
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
                                             r->attributions[m].scores[t], r->tokens[t].label };
    return rows;
}
