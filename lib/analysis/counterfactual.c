/*
 * counterfactual.c - see counterfactual.h.
 */
#include "analysis/counterfactual.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "session/batch.h"

enum { TOP_HEADS = 5 };

/* --- fields --- */

static const struct at_field swap_fields[] = {
    AT_FIELD(struct at_swap_row, start, "start", "bytes", "where the term starts in the text"),
    AT_FIELD(struct at_swap_row, end, "end", "bytes", "where it ends"),
    AT_FIELD(struct at_swap_row, original, "original", NULL, "the term"),
    AT_FIELD(struct at_swap_row, replacement, "replacement", NULL,
             "its counterpart; undefined when it was left alone"),
    AT_FIELD(struct at_swap_row, category, "category", NULL, "of the list of terms"),
    AT_FIELD_END
};
const struct at_record at_swap_row_record = AT_RECORD(struct at_swap_row, swap_fields);

static const struct at_field head_fields[] = {
    AT_FIELD(struct at_consistency_row, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_consistency_row, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_consistency_row, of.cosine, "cosine", NULL,
             "of what the aligned tokens receive in both texts"),
    AT_FIELD(struct at_consistency_row, of.concentration, "concentration", "fraction",
             "share of the change that falls on swapped tokens"),
    AT_FIELD(struct at_consistency_row, of.delta_aligned, "delta_aligned", "attention",
             "change of the aligned tokens, summed"),
    AT_FIELD(struct at_consistency_row, of.delta_swap, "delta_swap", "attention",
             "change of the swapped tokens together"),
    AT_FIELD(struct at_consistency_row, of.total_delta, "total_delta", "attention", "both"),
    AT_FIELD_END
};
const struct at_record at_consistency_row_record =
    AT_RECORD(struct at_consistency_row, head_fields);

static const struct at_field comparison_fields[] = {
    AT_FIELD(struct at_comparison, n_aligned, "n_aligned", NULL, "tokens that both texts have"),
    AT_FIELD(struct at_comparison, n_pieces_a, "n_pieces_a", NULL, "other tokens of the text"),
    AT_FIELD(struct at_comparison, n_pieces_b, "n_pieces_b", NULL,
             "other tokens of the swapped text"),
    AT_FIELD(struct at_comparison, mean_cosine, "mean_cosine", NULL, "mean over heads"),
    AT_FIELD(struct at_comparison, mean_concentration, "mean_concentration", "fraction",
             "mean over heads"),
    AT_FIELD_TEXTS(struct at_comparison, swapped_a, n_pieces_a, "swapped_tokens_a",
                   "those of the text", .flags = AT_JSON_ONLY),
    AT_FIELD_TEXTS(struct at_comparison, swapped_b, n_pieces_b, "swapped_tokens_b",
                   "those of the swapped text", .flags = AT_JSON_ONLY),
    AT_FIELD_LIST(struct at_comparison, heads, n_heads, "heads", &at_consistency_row_record,
                  "every head"),
    AT_FIELD_LIST(struct at_comparison, top, n_top, "top_heads", &at_consistency_row_record,
                  "those with the greatest total_delta"),
    AT_FIELD_END
};
static const struct at_record comparison_record =
    AT_RECORD(struct at_comparison, comparison_fields);

#define N_REPLACED                                                                                 \
    AT_FIELD(struct at_counterfactual_result, n_replaced, "n_replaced", NULL,                      \
             "terms that were replaced")
#define TEXTS                                                                                      \
    AT_FIELD(struct at_counterfactual_result, text, "text", NULL, "the text"),                     \
        AT_FIELD(struct at_counterfactual_result, swapped, "swapped", NULL, "its counterfactual")

static const struct at_field result_fields[] = {
    TEXTS,
    N_REPLACED,
    AT_FIELD(struct at_counterfactual_result, n_articles, "n_articles", NULL,
             "a or an that had to change"),
    AT_FIELD_LIST(struct at_counterfactual_result, swaps, n_swaps, "swaps", &at_swap_row_record,
                  "terms in the text, those left alone too"),
    AT_FIELD_LINK(struct at_counterfactual_result, consistency, "consistency", &comparison_record,
                  "attention to both texts; null when there are not two"),
    AT_FIELD_END
};
const struct at_record at_counterfactual_record =
    AT_RECORD(struct at_counterfactual_result, result_fields);

static const struct at_field of_text_fields[] = {
    TEXTS, N_REPLACED,
    AT_FIELD(struct at_counterfactual_result, n_left, "n_left", NULL, "terms left alone"),
    AT_FIELD_LINK(struct at_counterfactual_result, consistency, NULL, &comparison_record, NULL),
    AT_FIELD_END
};
static const struct at_record of_text_record =
    AT_RECORD(struct at_counterfactual_result, of_text_fields);

static const struct at_field row_fields[] = {
    AT_FIELD_RECORD(struct at_counterfactual_row, head, NULL, &at_text_head_record, "the text"),
    AT_FIELD_RECORD(struct at_counterfactual_row, of, NULL, &of_text_record, NULL), AT_FIELD_END
};
const struct at_record at_counterfactual_row_record =
    AT_RECORD(struct at_counterfactual_row, row_fields);

/* --- the two texts --- */

static size_t n_heads(const struct at_counterfactual *c)
{
    return c->doc->shape->n_layers * c->doc->shape->n_heads;
}

/* The swapped text as a doc of its own. */
static int prepare_other(struct at_counterfactual *c, const struct at_doc_options *options,
                         struct at_error *err)
{
    struct at_text in = { at_strdup(c->doc->in.id), at_strdup(c->swaps.text), NULL };
    int rc = at_doc_prepare(&c->other, c->session, &in, options, &c->why_not);

    if (!rc) {
        c->is_compared = true;
        c->heads = at_calloc(n_heads(c), sizeof *c->heads);
        c->received = at_calloc(n_heads(c) * c->doc->tokens.n, sizeof *c->received);
        c->other_received = at_calloc(n_heads(c) * c->other.tokens.n, sizeof *c->received);
        return 0;
    }
    if (rc != AT_ERANGE && err)
        *err = c->why_not;
    return rc == AT_ERANGE ? 0 : rc;
}

static void swap(struct at_counterfactual *out, const struct at_counterfactual_options *o,
                 const struct at_tag_spans *tags)
{
    const char *text = out->doc->in.text;
    bool is_first = o->category == AT_SWAP_FIRST;
    size_t k = 0;

    at_swap_text(&out->swaps, o->terms, text, tags, is_first ? -1 : o->category);
    while (k < out->swaps.n && !out->swaps.items[k].replacement)
        k++;
    if (is_first && k < out->swaps.n) {
        long category = (long)out->swaps.items[k].term->category;
        at_swaps_release(&out->swaps);
        at_swap_text(&out->swaps, o->terms, text, tags, category);
    }
}

int at_counterfactual_begin(struct at_counterfactual *out, const struct at_session *session,
                            const struct at_doc *doc,
                            const struct at_counterfactual_options *options, struct at_error *err)
{
    struct at_tag_spans tags = { 0 };
    int rc;

    *out = (struct at_counterfactual){ .session = session, .doc = doc, .terms = options->terms };
    rc = at_tag_spans(&tags, &out->tagged.n_tokens[0], &out->tagged.n_read[0], options->tagger,
                      doc->in.text, err);
    if (!rc) {
        swap(out, options, &tags);
        if (out->swaps.n_replaced)
            rc = prepare_other(out, &options->doc, err);
    }
    at_array_release(&tags);
    if (rc)
        at_counterfactual_release(out);
    return rc;
}

void at_counterfactual_release(struct at_counterfactual *c)
{
    at_swaps_release(&c->swaps);
    at_consistency_release(&c->consistency);
    at_doc_release(&c->other);
    free(c->received);
    free(c->other_received);
    free(c->heads);
    at_arena_release(&c->arena);
    *c = (struct at_counterfactual){ 0 };
}

/* Received attention of the heads of one layer into received (L,H,T). */
static void receive(double *received, const struct at_counterfactual *c, size_t layer,
                    const float *maps, size_t T)
{
    size_t H = c->doc->shape->n_heads;

    for (size_t h = 0; h < H; h++)
        at_received(received + (layer * H + h) * T, maps + h * T * T, T, c->doc->shape->is_causal);
}

void at_counterfactual_add(struct at_counterfactual *c, const struct at_doc_layer *layer)
{
    if (c->is_compared)
        receive(c->received, c, layer->layer, layer->maps, layer->n);
}

static int on_other_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    const struct at_counterfactual *c = arg;

    (void)err;
    receive(c->other_received, c, view->layer, view->attention, view->T);
    return 0;
}

/* The swapped text through the model, then the two compared. */
static int compare(struct at_counterfactual *c, struct at_error *err)
{
    const struct at_forward_options options = {
        .want_attention = true,
        .on_layer = on_other_layer,
        .arg = c,
    };
    struct at_batcher batch = { 0 };
    int *ids, rc;

    at_batcher_add(&batch, &c->other.tokens);
    rc = at_batcher_run(&batch, &c->session->model, &options, false, c->session->pool, err);
    if (!rc) {
        ids = at_tokens_ids(&c->doc->tokens);
        at_consistency(&c->consistency, c->heads, n_heads(c), c->received, ids, c->doc->tokens.n,
                       c->other_received, batch.ids, c->other.tokens.n);
        free(ids);
    }
    at_batcher_release(&batch);
    return rc;
}

/* --- the result --- */

static struct at_swap_row *swap_rows(struct at_counterfactual *c)
{
    struct at_swap_row *rows = at_arena_alloc(&c->arena, c->swaps.n, sizeof *rows);

    for (size_t i = 0; i < c->swaps.n; i++) {
        const struct at_swap *s = &c->swaps.items[i];
        rows[i] = (struct at_swap_row){ s->start, s->end,
                                        at_arena_strndup(&c->arena, c->doc->in.text + s->start,
                                                         s->end - s->start),
                                        s->replacement, c->terms->categories[s->term->category] };
    }
    return rows;
}

/* Labels of the n tokens outside the aligned stretches of one side. */
static const char **swapped_tokens(struct at_counterfactual *c, const struct at_doc *doc, size_t n)
{
    const struct at_blocks *b = &c->consistency.blocks;
    const char **labels = at_arena_alloc(&c->arena, n, sizeof *labels);
    size_t block = 0, n_found = 0;

    for (size_t i = 0; i < doc->tokens.n; i++) {
        size_t first = 0;
        for (; block < b->n; block++) {
            first = doc == c->doc ? b->items[block].a : b->items[block].b;
            if (i < first + b->items[block].n)
                break;
        }
        if (block == b->n || i < first)
            labels[n_found++] = doc->labels[i].text;
    }
    AT_BUG_IF(n_found != n);
    return labels;
}

static int by_change(const void *a, const void *b)
{
    const struct at_consistency_row *x = a, *y = b;

    if (x->of.total_delta != y->of.total_delta)
        return x->of.total_delta < y->of.total_delta ? 1 : -1;
    if (x->layer != y->layer)
        return x->layer > y->layer ? 1 : -1;
    return (x->head > y->head) - (x->head < y->head);
}

static struct at_comparison *comparison(struct at_counterfactual *c)
{
    const struct at_consistency *k = &c->consistency;
    struct at_comparison *out = at_arena_alloc(&c->arena, 1, sizeof *out);
    size_t n = n_heads(c), H = c->doc->shape->n_heads;

    *out = (struct at_comparison){
        .n_aligned = k->n_aligned,
        .n_pieces_a = k->n_swap_a,
        .n_pieces_b = k->n_swap_b,
        .mean_cosine = k->mean_cosine,
        .mean_concentration = k->mean_concentration,
        .swapped_a = swapped_tokens(c, c->doc, k->n_swap_a),
        .swapped_b = swapped_tokens(c, &c->other, k->n_swap_b),
        .heads = at_arena_alloc(&c->arena, n, sizeof *out->heads),
        .top = at_arena_alloc(&c->arena, n, sizeof *out->top),
        .L = c->doc->shape->n_layers,
        .H = H,
        .n_heads = n,
        .n_top = AT_MIN(n, (size_t)TOP_HEADS),
    };
    for (size_t i = 0; i < n; i++)
        out->heads[i] = out->top[i] = (struct at_consistency_row){ i / H, i % H, c->heads[i] };
    qsort(out->top, n, sizeof *out->top, by_change);
    return out;
}

int at_counterfactual_finish(struct at_counterfactual_result *out, struct at_counterfactual *c,
                             struct at_error *err)
{
    int rc = c->is_compared ? compare(c, err) : 0;

    if (rc)
        return rc;
    *out = (struct at_counterfactual_result){
        .text = c->doc->in.text,
        .swapped = c->swaps.text,
        .n_replaced = c->swaps.n_replaced,
        .n_left = c->swaps.n - c->swaps.n_replaced,
        .n_articles = c->swaps.n_articles,
        .swaps = swap_rows(c),
        .n_swaps = c->swaps.n,
        .consistency = c->is_compared ? comparison(c) : NULL,
    };
    return 0;
}
