/*
 * run_result.c - see run_result.h.
 */
#include "analysis/run_result.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

static const struct at_field token_fields[] = {
    AT_FIELD(struct at_run_token, index, "index", NULL, "token, from 0"),
    AT_FIELD(struct at_run_token, token, "token", NULL, "the piece as it is in the vocabulary"),
    AT_FIELD(struct at_run_token, label, "label", NULL, "as people write it; not with --words",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_run_token, id, "id", NULL, "its number in the vocabulary"),
    AT_FIELD(struct at_run_token, start, "start", "bytes",
             "where it starts in the text; undefined for tokens that are not in it"),
    AT_FIELD(struct at_run_token, end, "end", "bytes", "where it ends"),
    AT_FIELD(struct at_run_token, segment, "segment", NULL, "0, or 1 in the second text of a pair"),
    AT_FIELD(struct at_run_token, text, "text", NULL,
             "the text of a pair that it is from, where the segment does not tell it",
             .flags = AT_JSON_ONLY | AT_LEAVE_OUT),
    AT_FIELD(struct at_run_token, is_special, "special", NULL, "a special token"),
    AT_FIELD(struct at_run_token, word, "word", NULL,
             "number of its word; undefined for special tokens", .flags = AT_NONNEGATIVE),
    AT_FIELD(struct at_run_token, received, "received", "fraction",
             "attention it gets in the mean map; not with --words", .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_run_token_record = AT_RECORD(struct at_run_token, token_fields);

static const struct at_field word_fields[] = {
    AT_FIELD(struct at_run_word, index, "index", NULL, "word, from 0"),
    AT_FIELD(struct at_run_word, label, "label", NULL, "as it is written"),
    AT_FIELD(struct at_run_word, first_token, "first_token", NULL, "its first token"),
    AT_FIELD(struct at_run_word, n_tokens, "n_tokens", NULL, "how many it has"),
    AT_FIELD(struct at_run_word, received, "received", "fraction",
             "attention it gets in the mean map"),
    AT_FIELD(struct at_run_word, dropped, "dropped", "fraction",
             "its attention that lay on special tokens, mean over all maps"),
    AT_FIELD_END,
};
const struct at_record at_run_word_record = AT_RECORD(struct at_run_word, word_fields);

static const struct at_field link_fields[] = {
    AT_FIELD(struct at_run_link, query, "query", NULL, "row that looks"),
    AT_FIELD(struct at_run_link, key, "key", NULL, "row that is looked at"),
    AT_FIELD(struct at_run_link, query_token, "query_token", NULL, "the one as it is written"),
    AT_FIELD(struct at_run_link, key_token, "key_token", NULL, "the other"),
    AT_FIELD(struct at_run_link, weight, "weight", "fraction", "attention between them"),
    AT_FIELD_END,
};
static const struct at_record link_record = AT_RECORD(struct at_run_link, link_fields);

static const struct at_field links_fields[] = {
    AT_FIELD(struct at_run_links, layer, "layer", NULL, "of the map, or mean", .flags = AT_AS_MEAN),
    AT_FIELD(struct at_run_links, head, "head", NULL, "of the map, or mean", .flags = AT_AS_MEAN),
    AT_FIELD_LIST(struct at_run_links, links, n, "links", &link_record, "most first"),
    AT_FIELD_END,
};
static const struct at_record links_record = AT_RECORD(struct at_run_links, links_fields);

static const struct at_field run_fields[] = {
    AT_FIELD_LIST(struct at_run_result, tokens, n_tokens, "tokens", &at_run_token_record,
                  "tokens of the text"),
    AT_FIELD_LIST(struct at_run_result, words, n_words, "words", &at_run_word_record,
                  "with --words: its words", .flags = AT_LEAVE_OUT),
    AT_FIELD_LIST(struct at_run_result, predictions, n_predictions, "predictions",
                  &at_predicted_record, "what the model expects at each position"),
    AT_FIELD_LIST(struct at_run_result, classes, n_classes, "classes", &at_class_record,
                  "what a classifier of whole texts says", .flags = AT_LEAVE_OUT),
    AT_FIELD_LINK(struct at_run_result, embedding, "embedding", &at_embedding_record,
                  "the vector that a sentence-transformer makes of the text",
                  .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_run_result, next_sentence, "next_sentence", "probability",
             "with --pair: that the second segment follows the first", .flags = AT_LEAVE_OUT),
    AT_FIELD_RECORD(struct at_run_result, strongest, "strongest", &links_record,
                    "the strongest links of the map that is shown"),
    AT_FIELD_LIST(struct at_run_result, links, n_links, "links", &at_token_link_record,
                  "with --from-token and --to-token: the heads, by what links them",
                  .flags = AT_LEAVE_OUT),
    AT_FIELD_RECORD(struct at_run_result, global, "global", &at_attn_metrics_record,
                    "metrics of the mean map"),
    AT_FIELD(struct at_run_result, flow_change, "flow_change", NULL,
             "Jensen-Shannon distance of the first and the last layer's mean maps"),
    AT_FIELD(struct at_run_result, table_min_weight, "table_min_weight", "fraction",
             "smallest weight in attention.csv, --min-weight"),
    AT_FIELD(struct at_run_result, table_left_out, "table_left_out", "fraction",
             "share of the attention that attention.csv leaves out, below that weight"),
    AT_FIELD_LINK(struct at_run_result, deep, "deep", &at_deep_record,
                  "with --deep and without -o: what is in deep.json", .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_run_record = AT_RECORD(struct at_run_result, run_fields);

static const struct at_field cell_fields[] = {
    AT_FIELD(struct at_attention_cell, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_attention_cell, head, "head", NULL, "head, from 0; of a rollout mean",
             .flags = AT_AS_MEAN),
    AT_FIELD(struct at_attention_cell, query, "query", NULL, "row that looks"),
    AT_FIELD(struct at_attention_cell, key, "key", NULL, "row that is looked at"),
    AT_FIELD(struct at_attention_cell, query_token, "query_token", NULL,
             "the one as it is written"),
    AT_FIELD(struct at_attention_cell, key_token, "key_token", NULL, "the other"),
    AT_FIELD(struct at_attention_cell, weight, "weight", "fraction", "attention between them"),
    AT_FIELD_END,
};
const struct at_record at_attention_cell_record = AT_RECORD(struct at_attention_cell, cell_fields);

static const struct at_field node_fields[] = {
    AT_FIELD(struct at_run_tree_node, node, "node", NULL, "number of the node, from 0"),
    AT_FIELD(struct at_run_tree_node, parent, "parent", NULL,
             "the node above it; undefined for the root"),
    AT_FIELD(struct at_run_tree_node, depth, "depth", NULL, "0 for the root"),
    AT_FIELD(struct at_run_tree_node, index, "index", NULL, "its token or word"),
    AT_FIELD(struct at_run_tree_node, token, "token", NULL, "as it is written"),
    AT_FIELD(struct at_run_tree_node, weight, "weight", "fraction",
             "attention of its parent on it"),
    AT_FIELD(struct at_run_tree_node, product, "product", "fraction",
             "of the weights on the way from the root"),
    AT_FIELD(struct at_run_tree_node, qk, "qk", NULL,
             "dot product of the query and the key, scaled; undefined for means"),
    AT_FIELD_END,
};
static const struct at_record node_record = AT_RECORD(struct at_run_tree_node, node_fields);

static const struct at_field tree_fields[] = {
    AT_FIELD(struct at_run_tree, layer, "layer", NULL, "of the map, or mean", .flags = AT_AS_MEAN),
    AT_FIELD(struct at_run_tree, head, "head", NULL, "of the map, or mean", .flags = AT_AS_MEAN),
    AT_FIELD(struct at_run_tree, is_cut, "cut", NULL, "--tree-nodes ended the growth"),
    AT_FIELD_LIST(struct at_run_tree, nodes, n, "nodes", &node_record, "breadth first"),
    AT_FIELD_END,
};
static const struct at_record tree_record = AT_RECORD(struct at_run_tree, tree_fields);

static const struct at_field trees_fields[] = {
    AT_FIELD_LIST(struct at_run_trees, items, n, "trees", &tree_record,
                  "one for each map that is shown"),
    AT_FIELD_END,
};
const struct at_record at_run_trees_record = AT_RECORD(struct at_run_trees, trees_fields);

/* Share of attention each row receives: mean over the queries that can see it. out (n). */
static void received_attention(double *out, const float *map, size_t n, bool is_causal)
{
    for (size_t j = 0; j < n; j++)
        out[j] = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out[j] += (double)map[i * n + j];
    for (size_t j = 0; j < n; j++)
        out[j] /= (double)(is_causal ? n - j : n);
}

static void add_tokens(struct at_run_result *r, const struct at_doc *doc, const double *received,
                       struct at_arena *arena)
{
    bool by_words = doc->words.n > 0;

    r->n_tokens = doc->tokens.n;
    r->tokens = at_arena_calloc(arena, r->n_tokens, sizeof *r->tokens);
    for (size_t i = 0; i < r->n_tokens; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        bool is_placed = t->start != AT_NO_OFFSET;
        r->tokens[i] = (struct at_run_token){
            .index = i,
            .token = doc->pieces[i],
            .label = by_words ? NULL : doc->labels[i].text,
            .id = t->id,
            .start = is_placed ? t->start : AT_NONE,
            .end = is_placed ? t->end : AT_NONE,
            .segment = t->segment,
            .text = t->source >= 0 && t->source != t->segment ? (size_t)t->source : AT_NONE,
            .is_special = t->is_special,
            .word = t->word,
            .received = by_words ? NAN : received[i],
        };
    }
    r->n_words = doc->words.n;
    r->words = at_arena_calloc(arena, r->n_words, sizeof *r->words);
    for (size_t i = 0; i < r->n_words; i++)
        r->words[i] = (struct at_run_word){
            .index = i,
            .label = doc->labels[i].text,
            .first_token = doc->words.first[i],
            .n_tokens = doc->words.count[i],
            .received = received[i],
            .dropped = doc->dropped[i] / (double)doc->n_dropped,
        };
}

static void add_links(struct at_run_links *out, const struct at_doc *doc, const float *map,
                      size_t n_links, struct at_arena *arena)
{
    struct at_links links = { 0 };

    at_strongest_links(&links, map, doc->n, doc->shape->is_causal, n_links);
    out->n = links.n;
    out->links = at_arena_calloc(arena, links.n, sizeof *out->links);
    for (size_t i = 0; i < links.n; i++) {
        const struct at_link *l = &links.items[i];
        out->links[i] = (struct at_run_link){ l->query, l->key, doc->labels[l->query].text,
                                              doc->labels[l->key].text, (double)l->weight };
    }
    at_array_release(&links);
}

struct at_run_result at_run_finish(const struct at_doc *doc, struct at_map_series *series,
                                   const struct at_predictions *predictions,
                                   const struct at_deep *deep, const float *shown, size_t layer,
                                   size_t head, size_t n_links, struct at_arena *arena)
{
    size_t n = doc->n;
    const float *global = at_map_series_global(series);
    float *scratch = at_malloc(n * n, sizeof *scratch);
    double *received = at_malloc(n, sizeof *received);
    struct at_run_result r = {
        .predictions = predictions->items,
        .n_predictions = predictions->n,
        .next_sentence = predictions->next_sentence,
        .strongest = { .layer = layer, .head = head },
        .table_min_weight = NAN,
        .table_left_out = NAN,
        .deep = deep,
    };

    at_attn_metrics(&r.global, global, n, at_doc_kind(doc), scratch);
    received_attention(received, global, n, doc->shape->is_causal);
    add_tokens(&r, doc, received, arena);
    add_links(&r.strongest, doc, shown, n_links, arena);
    r.flow_change = at_map_series_flow_change(series);
    free(received);
    free(scratch);
    return r;
}

const struct at_run_tree *at_run_trees_add(struct at_run_trees *t, const struct at_doc *doc,
                                           const struct at_tree_nodes *nodes, bool is_cut,
                                           size_t layer, size_t head, struct at_arena *arena)
{
    struct at_run_tree *tree = at_array_push(t);

    *tree = (struct at_run_tree){ layer, head, is_cut, NULL, nodes->n };
    tree->nodes = at_arena_calloc(arena, nodes->n, sizeof *tree->nodes);
    for (size_t i = 0; i < nodes->n; i++) {
        const struct at_tree_node *n = &nodes->items[i];
        tree->nodes[i] = (struct at_run_tree_node){
            i,
            i ? n->parent : AT_NONE,
            n->depth,
            n->token,
            doc->labels[n->token].text,
            n->weight,
            n->product,
            n->qk,
        };
    }
    return tree;
}
