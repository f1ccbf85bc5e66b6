/*
 * doc.c - see doc.h. The docs of captures are in doc_capture.c.
 */
#include "session/doc.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "session/doc_parts.h"
#include "session/find.h"
#include "text/pieces.h"
#include "text/segments.h"

void at_doc_release(struct at_doc *doc)
{
    at_text_release(&doc->in);
    at_tokens_release(&doc->tokens);
    at_words_release(&doc->words);
    at_arena_release(&doc->arena);
    *doc = (struct at_doc){ 0 };
}

struct at_map_kind at_doc_kind(const struct at_doc *doc)
{
    return (struct at_map_kind){ doc->shape->is_causal,
                                 doc->shape->has_summary_token && doc->words.n == 0 };
}

size_t at_doc_row_of_token(const struct at_doc *doc, size_t token)
{
    const struct at_words *w = &doc->words;

    if (w->n == 0)
        return token;
    for (size_t i = 0; i < w->n && w->first[i] <= token; i++)
        if (token - w->first[i] < w->count[i])
            return i;
    return AT_NONE;
}

/* A word is written as its pieces in a row. */
static struct at_label word_label(struct at_doc *doc, size_t i, const struct at_tokenizer *t)
{
    size_t first = doc->words.first[i], count = doc->words.count[i];
    struct at_strbuf b = { 0 };
    struct at_label label = { 0 };

    if (t)
        at_words_add_label(&doc->words, &b, t, &doc->tokens, i);
    else
        at_pieces_add_label(&b, doc->kind, doc->pieces + first, count);
    label.text = at_arena_strdup(&doc->arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

int at_doc_group(struct at_doc *doc, const struct at_tokenizer *t, bool by_words,
                 const struct at_label *piece_labels, struct at_error *err)
{
    struct at_label *labels;

    doc->n = doc->tokens.n;
    doc->labels = doc->token_labels = piece_labels;
    if (!by_words)
        return 0;
    at_words_group(&doc->words, &doc->tokens);
    if (doc->words.n == 0)
        return at_fail(err, AT_ERANGE, "the text has no word, only special tokens");
    doc->n = doc->words.n;
    doc->dropped = at_arena_calloc(&doc->arena, doc->n, sizeof *doc->dropped);
    labels = at_arena_alloc(&doc->arena, doc->n, sizeof *labels);
    for (size_t i = 0; i < doc->n; i++)
        labels[i] = word_label(doc, i, t);
    doc->labels = labels;
    return 0;
}

/* Raw pieces and their labels as people write them; what has no piece keeps its own spelling. */
static struct at_label *label_pieces(struct at_doc *doc, const struct at_tokenizer *t)
{
    size_t n = doc->tokens.n;
    struct at_label *labels = at_arena_calloc(&doc->arena, n, sizeof *labels);
    struct at_strbuf b = { 0 };
    int unknown = at_tokenizer_role(t, AT_ROLE_UNK);

    doc->pieces = at_arena_alloc(&doc->arena, n, sizeof *doc->pieces);
    for (size_t i = 0; i < n; i++) {
        const struct at_token *tok = &doc->tokens.items[i];
        doc->pieces[i] = at_arena_strdup(&doc->arena, at_tokenizer_piece(t, tok->id));
        at_strbuf_clear(&b);
        if (tok->id == unknown && !tok->is_special && tok->end > tok->start) {
            const char *text = tok->source == 1 ? doc->in.pair : doc->in.text;
            at_strbuf_add(&b, text + tok->start, tok->end - tok->start);
            doc->n_unknown++;
        } else {
            at_tokenizer_add_label(t, &b, tok->id);
        }
        labels[i].text = at_arena_strdup(&doc->arena, at_strbuf_str(&b));
        labels[i].is_special = tok->is_special;
        labels[i].is_continuation =
            i > 0 && !tok->is_special && tok->word == doc->tokens.items[i - 1].word;
    }
    at_strbuf_release(&b);
    return labels;
}

/* Two segments of one text, when it has a place to cut it. */
static void split_text(struct at_text *in)
{
    size_t at = at_split_pair(in->text);

    if (at == 0)
        return;
    in->pair = at_strdup(in->text + at + strspn(in->text + at, " \t\r\n"));
    in->text[at] = '\0';
}

int at_doc_prepare(struct at_doc *out, const struct at_session *s, struct at_text *in,
                   const struct at_doc_options *options, struct at_error *err)
{
    static const struct at_doc_options defaults = { 0 };
    const struct at_config *shape = &s->model.config;
    size_t max = shape->max_positions;
    int rc;

    if (!options)
        options = &defaults;
    *out = (struct at_doc){
        .in = *in,
        .model_name = s->name,
        .shape = shape,
        .kind = at_tokenizer_kind(s->tokenizer),
    };
    *in = (struct at_text){ 0 };
    if (options->split_pair && at_config_takes_pairs(shape) && !out->in.pair)
        split_text(&out->in);
    rc = at_tokenize(&out->tokens, s->tokenizer, out->in.text, out->in.pair, true, err);
    if (!rc && out->in.pair && !at_config_takes_pairs(shape))
        rc = at_fail(err, AT_ERANGE, "a second text needs a model that has two segments");
    if (!rc)
        rc = at_vocabulary_check(&out->tokens, s->tokenizer, shape->vocab, err);
    if (rc)
        return rc;
    out->n_tokens_given = out->tokens.n;
    if (out->tokens.n == 0)
        return at_fail(err, AT_ERANGE, "the text has no token");
    if (options->window > max)
        return at_fail(err, AT_ERANGE, "windows of %zu positions, the model takes %zu",
                       options->window, max);
    if (out->tokens.n > max && !options->window) {
        if (!options->is_truncated)
            return at_fail(err, AT_ERANGE,
                           "text has %zu tokens, the model takes %zu (--window %zu reads it in "
                           "parts, --truncate cuts it)",
                           out->tokens.n, max, max);
        at_tokens_truncate(&out->tokens, max);
    }
    return at_doc_group(out, s->tokenizer, options->by_words, label_pieces(out, s->tokenizer), err);
}
