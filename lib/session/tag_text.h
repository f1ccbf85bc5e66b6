/*
 * tag_text.h - part-of-speech and entity tags of texts: from a tagging model that runs on each
 * text, or from a file that holds those of one.
 */
#ifndef SESSION_TAG_TEXT_H
#define SESSION_TAG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "session/doc.h"
#include "session/session.h"
#include "text/tags.h"

/* One of the two, lent. */
struct at_tagger {
    const struct at_session *session;
    const char *file;
    bool in_windows; /* a text longer than the model is read in windows, not cut */
};

/* at_tagger_check - AT_EFORMAT: the session's model has no token-classification head; what
   at_lines_open() says of the file. */
AT_MUST_USE int at_tagger_check(const struct at_tagger *t, struct at_error *err);
/* at_tagger_name - what documents call it: the last part of the model's or the file's name. */
const char *at_tagger_name(const struct at_tagger *t);

/* What went untagged, by segment. */
struct at_tagged {
    bool has_no_text;   /* a capture whose tokens stand nowhere in a text */
    size_t n_tokens[2]; /* of each segment as the tagging model cuts it */
    size_t n_read[2];   /* as many of them as it takes */
};

/*
 * at_tag_spans - tags of a plain text as spans of its bytes; appends to out.
 *
 * A text longer than the model's positions is cut, unless in_windows; what lies behind has no tags.
 * n_tokens, n_read: tokens of the text as the model cuts it, and how many it read; 0 of a file.
 * Errors    those of at_tags_read(); what the model says.
 */
AT_MUST_USE int at_tag_spans(struct at_tag_spans *out, size_t *n_tokens, size_t *n_read,
                             const struct at_tagger *t, const char *text, struct at_error *err);

/*
 * at_tag_doc - tags of the rows of a doc: its tokens, or its words (a word has its first piece's).
 *
 * Shapes    out (doc->n).
 * Errors    as above; AT_ERANGE: a pair, and tags from a file, which are of one text.
 */
AT_MUST_USE int at_tag_doc(struct at_token_tag *out, struct at_tagged *tagged,
                           const struct at_tagger *t, const struct at_doc *doc,
                           struct at_error *err);

#endif
