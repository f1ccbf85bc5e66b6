/*
 * tagger.h - part-of-speech and entity tags for the texts of a command: from a tagging model that
 * runs on each text, or from a file (one text).
 */
#ifndef CMD_TAGGER_H
#define CMD_TAGGER_H

#include "text/tags.h"
#include "cmd/job.h"

/* Its options; include tagger_options in a table after tagger_init(). */
struct tagger {
    const char *model_name, *file;
    struct opt options[4];
    struct at_model model;          /* not opened with a file */
    struct at_tokenizer *tokenizer; /* NULL with a file */
};

void tagger_init(struct tagger *t);
/* tagger_check - tags from a file are those of one text; answers an exit status. */
int tagger_check(const struct tagger *t, const struct job *job, int n_texts);
/* tagger_open - the model, or a look whether the file is there. AT_ENOTFOUND, AT_EIO; AT_EFORMAT:
   the model has no token-classification head. */
AT_MUST_USE int tagger_open(struct tagger *t, struct at_error *err);
void tagger_close(struct tagger *t);

/*
 * tagger_tag - tags of the rows of a doc: its tokens, or its words (a word has its first piece's).
 *
 * Shapes    out (doc->n).
 * Errors    those of at_tags_read(); what the model says.
 */
AT_MUST_USE int tagger_tag(struct at_token_tag *out, const struct tagger *t, const struct doc *doc,
                           struct at_pool *pool, struct at_error *err);

/* tagger_spans - tags of a plain text as spans of its bytes. Errors likewise. Appends to out. */
AT_MUST_USE int tagger_spans(struct at_tag_spans *out, const struct tagger *t, const char *text,
                             struct at_pool *pool, struct at_error *err);

/* tagger_note - the tagger as a manifest's input, and in the "meta" of documents. */
AT_MUST_USE int tagger_note(const struct tagger *t, struct manifest *m, struct at_error *err);
const char *tagger_name(const struct tagger *t);

#endif
