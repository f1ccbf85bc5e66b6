/*
 * tagger.c - see tagger.h.
 */
#include "cmd/tagger.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/classify.h"
#include "session/find.h"

static const char built_in[] = "atlas-tagger";

void tagger_init(struct tagger *t)
{
    *t = (struct tagger){ .model_name = built_in };
    const struct opt options[] = {
        OPT_TEXT(0, "tagger", &t->model_name, "NAME|DIR",
                 "token classifier for parts of speech and entities"),
        OPT_TEXT(0, "tags", &t->file, "FILE",
                 "tags from a file instead: token TAB tag TAB entity, or CoNLL-U"),
        OPT_END,
    };

    memcpy(t->options, options, sizeof options);
}

int tagger_check(const struct tagger *t, const struct job *job, int n_texts)
{
    if (t->file && t->model_name != built_in)
        return report_usage("--tags and --tagger exclude each other");
    if (t->file && (job->is_lines || job->is_jsonl || n_texts > 1))
        return report_usage("--tags goes with one text");
    if (t->file && job->pair)
        return report_usage("--tags goes with one text, not with a pair");
    return EXIT_DONE;
}

int tagger_open(struct tagger *t, struct at_error *err)
{
    struct at_lines lines;
    int rc;

    if (t->file) { /* read beside the text; that it is there is no matter of the text */
        rc = at_lines_open(&lines, t->file, 1, err);
        if (!rc)
            at_lines_close(&lines);
        return rc;
    }
    rc = at_model_load(&t->model, &t->tokenizer, t->model_name, err);
    t->model_name = at_model_trim(&t->model.arena, t->model_name);
    if (!rc && t->model.config.n_labels == 0)
        rc = at_fail(err, AT_EFORMAT, "'%s' is no tagger: it has no token-classification head",
                     t->model_name);
    return rc;
}

void tagger_close(struct tagger *t)
{
    at_tokenizer_close(t->tokenizer);
    at_model_close(&t->model);
    t->tokenizer = NULL;
}

const char *tagger_name(const struct tagger *t)
{
    return at_path_base(t->file ? t->file : t->model_name);
}

int tagger_note(const struct tagger *t, struct manifest *m, struct at_error *err)
{
    int rc = 0;

    if (t->file)
        return manifest_input_file(m, "tags", t->file, err);
    for (size_t i = 0; !rc && at_tensors_path(t->model.files, i); i++)
        rc = manifest_input_file(m, "tagger", at_tensors_path(t->model.files, i), err);
    return rc;
}

/* Probabilities of the labels for the tagger's own tokens of a text; p (T, n_labels). */
static int classify_tokens(float *p, const struct tagger *t, const struct at_tokens *tokens,
                           struct at_pool *pool, struct at_error *err)
{
    size_t T = tokens->n, start[2] = { 0, T };
    int *ids = at_tokens_ids(tokens), rc;
    float *hidden = at_malloc(T * t->model.config.width, sizeof *hidden);
    struct at_batch batch = { 1, start, ids, NULL };

    rc = at_forward(hidden, &t->model, &batch, NULL, pool, err);
    if (!rc)
        rc = at_classify(p, &t->model, hidden, T, t->model.config.is_multi_label, pool, err);
    free(hidden);
    free(ids);
    return rc;
}

/* A text longer than the tagger's positions is cut; what lies behind has no tags. */
static int tag_by_model(struct at_tag_spans *spans, const struct tagger *t, const char *text,
                        struct at_pool *pool, struct at_error *err)
{
    const struct at_config *c = &t->model.config;
    struct at_tokens tokens = { 0 };
    int rc = at_tokenize(&tokens, t->tokenizer, text, NULL, true, err);

    if (!rc && tokens.n > c->max_positions) {
        report_warning("the tagger reads %zu of the text's %zu tokens; the rest has no tags",
                       c->max_positions, tokens.n);
        at_tokens_truncate(&tokens, c->max_positions);
    }
    if (!rc && tokens.n) {
        float *p = at_malloc(tokens.n * c->n_labels, sizeof *p);
        rc = classify_tokens(p, t, &tokens, pool, err);
        if (!rc)
            at_tags_from_probabilities(spans, p, (const char *const *)c->labels, c->n_labels,
                                       &tokens, 0);
        free(p);
    }
    at_tokens_release(&tokens);
    return rc;
}

int tagger_spans(struct at_tag_spans *spans, const struct tagger *t, const char *text,
                 struct at_pool *pool, struct at_error *err)
{
    return t->file ? at_tags_read(spans, t->file, text, err)
                   : tag_by_model(spans, t, text, pool, err);
}

/* Tags of one segment's tokens; its spans are of its own text. */
static int tag_segment(struct at_token_tag *tags, const struct tagger *t, const struct doc *doc,
                       int segment, struct at_pool *pool, struct at_error *err)
{
    const char *text = segment ? doc->in.pair : doc->in.text;
    struct at_tag_spans spans = { 0 };
    int rc = tagger_spans(&spans, t, text, pool, err);

    if (!rc)
        at_tags_align(tags, &spans, &doc->tokens, segment);
    at_array_release(&spans);
    return rc;
}

/* Tags are of a text's bytes; of tokens that stand nowhere in it nothing is known. */
static void warn_of_no_text(const struct doc *doc)
{
    size_t i = 0;

    while (i < doc->tokens.n && doc->tokens.items[i].start == AT_NO_OFFSET)
        i++;
    if (doc->capture && (!*doc->in.text || i == doc->tokens.n))
        report_warning("%s%sthe capture has no text with its tokens, so they have no tags",
                       doc->in.id, *doc->in.id ? ": " : "");
}

int tagger_tag(struct at_token_tag *out, const struct tagger *t, const struct doc *doc,
               struct at_pool *pool, struct at_error *err)
{
    struct at_token_tag *tags = at_calloc(doc->tokens.n, sizeof *tags);
    int rc;

    warn_of_no_text(doc);
    if (t->file && doc->in.pair)
        rc = at_fail(err, AT_ERANGE, "--tags goes with one text, not with a pair");
    else
        rc = tag_segment(tags, t, doc, 0, pool, err);
    if (!rc && doc->in.pair)
        rc = tag_segment(tags, t, doc, 1, pool, err);
    for (size_t i = 0; !rc && i < doc->n; i++)
        out[i] = tags[doc->words.n ? doc->words.first[i] : i];
    free(tags);
    return rc;
}
