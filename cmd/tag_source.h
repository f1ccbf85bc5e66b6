/*
 * tag_source.h - where part-of-speech and entity tags come from: --tagger, a model that runs on
 * each text, or --tags, a file.
 */
#ifndef CMD_TAG_SOURCE_H
#define CMD_TAG_SOURCE_H

#include "cmd/cmd.h"
#include "session/tag_text.h"

struct tag_source {
    const char *model, *file;
    struct opt options[4]; /* to include in a table, after tag_source_init() */
    struct at_session session;
    struct at_tagger tagger; /* after tag_source_open() */
};

void tag_source_init(struct tag_source *t);
/* tag_source_check - tags from a file are those of one text; answers an exit status. */
int tag_source_check(const struct tag_source *t, const struct call *c);
/* tag_source_open - the model, or a look whether the file is there; noted in the manifest. */
AT_MUST_USE int tag_source_open(struct tag_source *t, const struct context *x,
                                struct at_error *err);
void tag_source_close(struct tag_source *t);

/* tag_source_check_doc - AT_ERANGE: tags from a file, and a pair. */
AT_MUST_USE int tag_source_check_doc(const struct tag_source *t, const struct at_doc *doc,
                                     struct at_error *err);

/* tag_source_meta - name it in the "meta" of a document. */
void tag_source_meta(const struct tag_source *t, struct at_json *meta);
/* tag_source_warn - of what went untagged in a text. */
void tag_source_warn(const struct at_doc *doc, const struct at_tagged *tagged);

#endif
