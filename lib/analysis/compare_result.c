/*
 * compare_result.c - see compare_result.h.
 */
#include "analysis/compare_result.h"

#include <math.h>
#include <string.h>

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_compare_row, layer, "layer", NULL,
             "layer, from 0; of models of different depth that of the deeper one",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_row, head, "head", NULL, "head, from 0", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_row, metric, "metric", NULL, "what is compared"),
    AT_FIELD(struct at_compare_row, a, "a", NULL, "its value in the first, mean over texts"),
    AT_FIELD(struct at_compare_row, b, "b", NULL, "its value in the second, mean over texts"),
    AT_FIELD(struct at_compare_row, difference, "difference", NULL,
             "a - b, mean over texts; of js_distance and cosine_received the value itself"),
    AT_FIELD(struct at_compare_row, low, "low", NULL, "low end of its 95 % interval over texts"),
    AT_FIELD(struct at_compare_row, high, "high", NULL, "high end of its 95 % interval over texts"),
    AT_FIELD(struct at_compare_row, p, "p", "probability", "of the sign-flip test over texts"),
    AT_FIELD(struct at_compare_row, q, "q", "probability",
             "p corrected over the heads of the metric (Benjamini-Hochberg)"),
    AT_FIELD(struct at_compare_row, n, "n", NULL, "texts that have the difference"),
    AT_FIELD(struct at_compare_row, effect, "effect", "sd",
             "mean difference over its standard deviation"),
    AT_FIELD_INTERVAL(struct at_compare_row, effect_interval, "effect", "sd",
                      "95 % interval of the effect", .json = "effect_interval"),
    AT_FIELD(struct at_compare_row, layer_a, "layer_a", NULL,
             "layer of the first that it is, from 0"),
    AT_FIELD(struct at_compare_row, layer_b, "layer_b", NULL,
             "layer of the second that it is, from 0"),
    AT_FIELD_END,
};
const struct at_record at_compare_row_record = AT_RECORD(struct at_compare_row, row_fields);

static const struct at_field layer_fields[] = {
    AT_FIELD(struct at_compare_layer, layer, "layer", NULL,
             "layer, from 0; of models of different depth that of the deeper one"),
    AT_FIELD(struct at_compare_layer, cka, "cka", NULL,
             "linear debiased CKA of what the two layers put out"),
    AT_FIELD(struct at_compare_layer, js_distance, "js_distance", "root of nats",
             "mean distance of its heads' maps, then over texts"),
    AT_FIELD(struct at_compare_layer, low, "low", NULL, "low end of its 95 % interval over texts"),
    AT_FIELD(struct at_compare_layer, high, "high", NULL,
             "high end of its 95 % interval over texts"),
    AT_FIELD(struct at_compare_layer, layer_a, "layer_a", NULL,
             "layer of the first that it is, from 0"),
    AT_FIELD(struct at_compare_layer, layer_b, "layer_b", NULL,
             "layer of the second that it is, from 0"),
    AT_FIELD_END,
};
const struct at_record at_compare_layer_record = AT_RECORD(struct at_compare_layer, layer_fields);

static const struct at_field match_fields[] = {
    AT_FIELD(struct at_compare_match, layer_a, "layer_a", NULL,
             "layer of the head of the first, from 0", .heading = "layer a", .width = 7),
    AT_FIELD(struct at_compare_match, head_a, "head_a", NULL, "the head, from 0",
             .heading = "head a", .width = 6),
    AT_FIELD(struct at_compare_match, layer_b, "layer_b", NULL,
             "layer of its partner in the second, from 0", .heading = "layer b", .width = 7),
    AT_FIELD(struct at_compare_match, head_b, "head_b", NULL, "the partner, from 0",
             .heading = "head b", .width = 6),
    AT_FIELD(struct at_compare_match, score, "score", "fraction",
             "1 - js_distance / sqrt(ln 2): 1 for equal maps", .heading = "score", .width = 6,
             .decimals = 3),
    AT_FIELD_END,
};
const struct at_record at_compare_match_record = AT_RECORD(struct at_compare_match, match_fields);

static const struct at_field text_fields[] = {
    AT_FIELD(struct at_compare_text, model, "model", NULL, "the first model"),
    AT_FIELD(struct at_compare_text, id, "text_id", NULL, "the pair of texts"),
    AT_FIELD(struct at_compare_text, n_tokens, "n_tokens", NULL, "tokens of the first text"),
    AT_FIELD(struct at_compare_text, model_b, "model_b", NULL, "the second model"),
    AT_FIELD(struct at_compare_text, n_tokens_b, "n_tokens_b", NULL, "tokens of the second text"),
    AT_FIELD(struct at_compare_text, n_aligned, "n_aligned", NULL,
             "units of tokens that both have"),
    AT_FIELD(struct at_compare_text, n_only_a, "n_only_a", NULL,
             "tokens of the first without a partner"),
    AT_FIELD(struct at_compare_text, n_only_b, "n_only_b", NULL,
             "tokens of the second without a partner"),
    AT_FIELD(struct at_compare_text, js_distance, "js_distance", "root of nats",
             "mean over layers of the mean over heads"),
    AT_FIELD(struct at_compare_text, layer, "layer", NULL, "the layer with the greatest, from 0"),
    AT_FIELD(struct at_compare_text, run_id, "run_id", NULL, "the run, as in manifest.json"),
    AT_FIELD_END,
};
const struct at_record at_compare_text_record = AT_RECORD(struct at_compare_text, text_fields);

static const struct at_field difference_fields[] = {
    AT_FIELD(struct at_table_difference, table, "table", NULL, "the file"),
    AT_FIELD(struct at_table_difference, row, "row", NULL, "what names the row"),
    AT_FIELD(struct at_table_difference, column, "column", NULL, "the number's column"),
    AT_FIELD(struct at_table_difference, a, "a", NULL, "in the first"),
    AT_FIELD(struct at_table_difference, b, "b", NULL, "in the second"),
    AT_FIELD(struct at_table_difference, difference, "difference", NULL, "a - b"),
    AT_FIELD_END,
};
const struct at_record at_table_difference_record =
    AT_RECORD(struct at_table_difference, difference_fields);

static const struct at_field column_fields[] = {
    AT_FIELD(struct at_table_column, table, "table", NULL, "the file", .heading = "table",
             .width = -20),
    AT_FIELD(struct at_table_column, column, "column", NULL, "a column of numbers",
             .heading = "column", .width = -22),
    AT_FIELD(struct at_table_column, n, "n", NULL, "numbers on both sides", .heading = "n",
             .width = 6),
    AT_FIELD(struct at_table_column, n_different, "n_different", NULL, "those that differ",
             .heading = "differ", .width = 6),
    AT_FIELD(struct at_table_column, n_alone, "n_alone", NULL, "numbers on one side only",
             .heading = "alone", .width = 6),
    AT_FIELD(struct at_table_column, mean, "mean", NULL, "mean difference", .heading = "mean a-b",
             .width = 10, .decimals = AT_DIGITS(3)),
    AT_FIELD(struct at_table_column, greatest, "greatest", NULL, "greatest size of a difference",
             .heading = "greatest", .width = 10, .decimals = AT_DIGITS(3)),
    AT_FIELD(struct at_table_column, row, "row", NULL, "the row that has it", .heading = "in",
             .width = -20),
    AT_FIELD_END,
};
const struct at_record at_table_column_record = AT_RECORD(struct at_table_column, column_fields);

static const struct at_field cluster_fields[] = {
    AT_FIELD(struct at_compare_cluster, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_compare_cluster, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_compare_cluster, cluster_a, "cluster_a", NULL, "its group in the first"),
    AT_FIELD(struct at_compare_cluster, name_a, "name_a", NULL, "that group's name"),
    AT_FIELD(struct at_compare_cluster, cluster_b, "cluster_b", NULL, "its group in the second"),
    AT_FIELD(struct at_compare_cluster, name_b, "name_b", NULL, "that group's name"),
    AT_FIELD(struct at_compare_cluster, is_matched, "matched", NULL,
             "do the two groups belong together, by the heads they share?"),
    AT_FIELD_END,
};
const struct at_record at_compare_cluster_record =
    AT_RECORD(struct at_compare_cluster, cluster_fields);

static const struct at_field result_fields[] = {
    AT_FIELD(struct at_compare_result, model_a, "model_a", NULL, "the first model"),
    AT_FIELD(struct at_compare_result, model_b, "model_b", NULL, "the second model"),
    AT_FIELD(struct at_compare_result, text_a, "text_a", NULL, "the first text",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_result, text_b, "text_b", NULL, "the second text",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_result, n_texts, "n_texts", NULL, "pairs of texts"),
    AT_FIELD(struct at_compare_result, n_aligned, "n_aligned", NULL,
             "units of tokens that both sides have"),
    AT_FIELD(struct at_compare_result, n_only_a, "n_only_a", NULL,
             "tokens of the first without a partner"),
    AT_FIELD(struct at_compare_result, n_only_b, "n_only_b", NULL,
             "tokens of the second without a partner"),
    AT_FIELD_LIST(struct at_compare_result, tokens, n_tokens, "tokens", &at_aligned_record,
                  "the alignment of one pair of texts", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_compare_result, heads, n_heads, "heads", &at_compare_row_record,
                  "every number of every head"),
    AT_FIELD_LIST(struct at_compare_result, layer_rows, n_layer_rows, "layer_means",
                  &at_compare_row_record, "the mean map of every layer"),
    AT_FIELD_LIST(struct at_compare_result, global, n_global, "global", &at_compare_row_record,
                  "the mean map of all heads"),
    AT_FIELD_LIST(struct at_compare_result, layers, n_layers, "layers", &at_compare_layer_record,
                  "every layer"),
    AT_FIELD_REALS(struct at_compare_result, cka, n_layers, "cka", NULL,
                   "CKA of every layer's output"),
    AT_FIELD(struct at_compare_result, cka_embeddings, "cka_embeddings", NULL,
             "CKA of the embeddings"),
    AT_FIELD(struct at_compare_result, most_changed_layer, "most_changed_layer", NULL,
             "the layer with the greatest js_distance"),
    AT_FIELD(struct at_compare_result, most_changed_distance, "most_changed_distance",
             "root of nats", "its js_distance"),
    AT_FIELD_LIST(struct at_compare_result, matches, n_matches, "matches", &at_compare_match_record,
                  "heads and what they are most like, each head once"),
    AT_FIELD(struct at_compare_result, match_score, "match_score", "fraction",
             "mean score of the matches"),
    AT_FIELD_LIST(struct at_compare_result, clusters, n_clusters, "clusters",
                  &at_compare_cluster_record, "groups of heads on both sides",
                  .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_result, adjusted_rand, "adjusted_rand", NULL,
             "adjusted Rand index of the heads' clusters", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_compare_result, classes, n_classes, "classes", &at_compare_class_record,
                  "what classifiers of whole texts say of each class", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_compare_result, predictions, n_predictions, "predictions",
                  &at_compare_prediction_record, "what both expect at each position"),
    AT_FIELD(struct at_compare_result, mean_kl, "mean_kl", "nats", "mean kl of the predictions",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_result, command, "command", NULL,
             "that wrote the directories that are compared", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_compare_result, columns, n_columns, "columns", &at_table_column_record,
                  "every column of numbers of their tables", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_compare_result, tables, n_tables, "tables", &at_table_difference_record,
                  "every number in them", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_result, correction, "correction", NULL, "how q corrects p",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_TEXTS(struct at_compare_result, notes, n_notes, "notes", "what to keep in mind"),
    AT_FIELD_END,
};
const struct at_record at_compare_record = AT_RECORD(struct at_compare_result, result_fields);

static bool has_metric(const struct at_compare_result *r, const char *metric)
{
    for (size_t i = 0; i < r->n_heads; i++)
        if (!strcmp(r->heads[i].metric, metric))
            return true;
    return false;
}

struct at_compare_worst at_compare_worst(const struct at_compare_result *r, const char *metric,
                                         size_t layer, size_t head)
{
    struct at_compare_worst worst = { NULL, NULL, NAN };
    bool is_any = !metric && !has_metric(r, "js_distance");

    for (size_t i = 0; i < r->n_heads; i++) {
        const struct at_compare_row *row = &r->heads[i];
        double v = fabs(row->difference);
        if ((!is_any && strcmp(row->metric, metric ? metric : "js_distance") != 0) ||
            (layer != AT_NONE && row->layer != layer) || (head != AT_NONE && row->head != head))
            continue;
        if (!isnan(v) && !(worst.value >= v))
            worst = (struct at_compare_worst){ row, NULL, v };
    }
    for (size_t i = 0; i < r->n_columns && is_any && layer == AT_NONE; i++)
        if (!isnan(r->columns[i].greatest) && !(worst.value >= r->columns[i].greatest))
            worst = (struct at_compare_worst){ NULL, &r->columns[i], r->columns[i].greatest };
    return worst;
}
