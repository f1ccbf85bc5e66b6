/*
 * job_doc.c - see job_doc.h.
 */
#include "cmd/job_doc.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/find.h"
#include "text/pieces.h"
#include "text/segments.h"

void doc_release(struct doc *doc)
{
    text_release(&doc->in);
    at_tokens_release(&doc->tokens);
    at_words_release(&doc->words);
    at_arena_release(&doc->arena);
    *doc = (struct doc){ 0 };
}

/* A word is written as its pieces in a row. */
static struct at_label word_label(struct doc *doc, size_t i, const struct at_tokenizer *t)
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

int doc_group(struct doc *doc, const struct job *job, struct at_label *piece_labels,
              struct at_error *err)
{
    struct at_label *labels;

    doc->n = doc->tokens.n;
    doc->labels = piece_labels;
    if (!job->by_words)
        return 0;
    at_words_group(&doc->words, &doc->tokens);
    if (doc->words.n == 0)
        return at_fail(err, AT_ERANGE, "the text has no word, only special tokens");
    doc->n = doc->words.n;
    doc->dropped = at_arena_calloc(&doc->arena, doc->n, sizeof *doc->dropped);
    labels = at_arena_alloc(&doc->arena, doc->n, sizeof *labels);
    for (size_t i = 0; i < doc->n; i++)
        labels[i] = word_label(doc, i, job->tokenizer);
    doc->labels = labels;
    return 0;
}

/* Raw pieces and their labels as people write them. */
static struct at_label *label_pieces(struct doc *doc, const struct at_tokenizer *t)
{
    size_t n = doc->tokens.n;
    struct at_label *labels = at_arena_calloc(&doc->arena, n, sizeof *labels);
    struct at_strbuf b = { 0 };

    doc->pieces = at_arena_alloc(&doc->arena, n, sizeof *doc->pieces);
    for (size_t i = 0; i < n; i++) {
        const struct at_token *tok = &doc->tokens.items[i];
        doc->pieces[i] = at_arena_strdup(&doc->arena, at_tokenizer_piece(t, tok->id));
        at_strbuf_clear(&b);
        at_tokenizer_add_label(t, &b, tok->id);
        labels[i].text = at_arena_strdup(&doc->arena, at_strbuf_str(&b));
        labels[i].is_special = tok->is_special;
        labels[i].is_continuation =
            i > 0 && !tok->is_special && tok->word == doc->tokens.items[i - 1].word;
    }
    at_strbuf_release(&b);
    return labels;
}

int doc_prepare(struct doc *doc, const struct job *job, struct text *in, struct at_error *err)
{
    size_t max = job->shape.max_positions;
    const char *first;
    int rc;

    *doc = (struct doc){ .number = job->n_done + job->n_skipped, .in = *in };
    *in = (struct text){ 0 };
    first = doc->in.text;
    if (job->split_pair && job->shape.n_segments > 1 && !doc->in.pair) {
        size_t at = at_split_pair(doc->in.text);
        if (at) {
            doc->in.pair = at_strdup(doc->in.text + at + strspn(doc->in.text + at, " \t\r\n"));
            doc->in.text[at] = '\0';
        }
    }
    rc = at_tokenize(&doc->tokens, job->tokenizer, first, doc->in.pair, true, err);
    if (!rc && doc->in.pair && job->shape.n_segments < 2)
        rc = at_fail(err, AT_ERANGE, "a second text needs a model that has two segments");
    if (!rc)
        rc = at_vocabulary_check(&doc->tokens, job->tokenizer, job->shape.vocab, err);
    if (rc)
        return rc;
    doc->n_tokens_given = doc->tokens.n;
    if (doc->tokens.n == 0)
        return at_fail(err, AT_ERANGE, "the text has no token");
    if (doc->tokens.n > max) {
        if (!job->is_truncated)
            return at_fail(err, AT_ERANGE,
                           "text has %zu tokens, the model takes %zu (--truncate cuts it)",
                           doc->tokens.n, max);
        report_warning("%s%stext has %zu tokens, cut to the model's %zu", doc->in.id,
                       *doc->in.id ? ": " : "", doc->tokens.n, max);
        at_tokens_truncate(&doc->tokens, max);
    }
    return doc_group(doc, job, label_pieces(doc, job->tokenizer), err);
}
