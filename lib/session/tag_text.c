/*
 * tag_text.c - see tag_text.h.
 */
#include "session/tag_text.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/path.h"
#include "io/textfile.h"
#include "session/classify_text.h"

int at_tagger_check(const struct at_tagger *t, struct at_error *err)
{
    struct at_lines lines;
    int rc = 0;

    if (!t->file)
        return t->session->model.config.n_labels
                   ? 0
                   : at_fail(err, AT_EFORMAT,
                             "'%s' is no tagger: it has no token-classification head",
                             t->session->spec);
    rc = at_lines_open(&lines, t->file, 1, err);
    if (!rc)
        at_lines_close(&lines);
    return rc;
}

const char *at_tagger_name(const struct at_tagger *t)
{
    return t->file ? at_path_base(t->file) : t->session->name;
}

int at_tag_spans(struct at_tag_spans *out, size_t *n_tokens, size_t *n_read,
                 const struct at_tagger *t, const char *text, struct at_error *err)
{
    struct at_tokens tokens = { 0 };
    float *p = NULL;
    int rc;

    *n_tokens = *n_read = 0;
    if (t->file)
        return at_tags_read(out, t->file, text, err);
    const struct at_config *c = &t->session->model.config;
    rc = at_tokenize(&tokens, t->session->tokenizer, text, NULL, true, err);
    *n_tokens = tokens.n;
    if (!t->in_windows)
        at_tokens_truncate(&tokens, c->max_positions);
    *n_read = tokens.n;
    if (!rc && tokens.n)
        rc = at_classify_tokens(&p, t->session, &tokens, NULL, c->is_multi_label, err);
    if (!rc && tokens.n)
        at_tags_from_probabilities(out, p, (const char *const *)c->labels, c->n_labels, &tokens, 0);
    free(p);
    at_tokens_release(&tokens);
    return rc;
}

/* Tags of one segment's tokens; its spans are of its own text. */
static int tag_segment(struct at_token_tag *tags, struct at_tagged *tagged,
                       const struct at_tagger *t, const struct at_doc *doc, int segment,
                       struct at_error *err)
{
    const char *text = segment ? doc->in.pair : doc->in.text;
    struct at_tag_spans spans = { 0 };
    int rc =
        at_tag_spans(&spans, &tagged->n_tokens[segment], &tagged->n_read[segment], t, text, err);

    if (!rc)
        at_tags_align(tags, &spans, &doc->tokens, segment);
    at_array_release(&spans);
    return rc;
}

/* Tags are of a text's bytes; of tokens that stand nowhere in it nothing is known. */
static bool has_no_text(const struct at_doc *doc)
{
    size_t i = 0;

    while (i < doc->tokens.n && doc->tokens.items[i].start == AT_NO_OFFSET)
        i++;
    return doc->capture && (!*doc->in.text || i == doc->tokens.n);
}

int at_tag_doc(struct at_token_tag *out, struct at_tagged *tagged, const struct at_tagger *t,
               const struct at_doc *doc, struct at_error *err)
{
    struct at_token_tag *tags = at_calloc(doc->tokens.n, sizeof *tags);
    int rc;

    *tagged = (struct at_tagged){ .has_no_text = has_no_text(doc) };
    if (t->file && doc->in.pair)
        rc = at_fail(err, AT_ERANGE, "tags from a file are of one text, not of a pair");
    else
        rc = tag_segment(tags, tagged, t, doc, 0, err);
    if (!rc && doc->in.pair)
        rc = tag_segment(tags, tagged, t, doc, 1, err);
    for (size_t i = 0; !rc && i < doc->n; i++)
        out[i] = tags[doc->words.n ? doc->words.first[i] : i];
    free(tags);
    return rc;
}
