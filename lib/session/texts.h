/*
 * texts.h - the texts of a call, one after the other: arguments, a file, lines, JSON lines, a pipe.
 *
 * One text is in memory at a time. A line that is no text (bad UTF-8, bad JSON, no key "text") is
 * reported to the caller and reading goes on after it.
 */
#ifndef SESSION_TEXTS_H
#define SESSION_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/textfile.h"

struct at_texts_options {
    const char *file; /* or NULL; "-" is standard input */
    const char *pair; /* second segment of every text, or NULL */
    bool is_lines, is_jsonl;
    size_t n_given;
    char **given; /* (n_given) texts of the call itself */
    /* Of the texts only those whose number leaves part - 1 when divided by n_parts; 0: all. */
    size_t part, n_parts;
};

struct at_text {
    char *id;   /* safe as a file name but for its length; "" of the only text of the call */
    char *text; /* valid UTF-8, at least one character that is not white space */
    char *pair; /* or NULL */
};

struct at_texts {
    struct at_texts_options options;
    size_t next_given;
    struct at_lines lines;
    bool is_open, is_done;
    struct at_ids_seen *seen;
    size_t n_read; /* texts of the input so far, bad ones and those of other parts included */
    /* passes - is this text to be passed over? Set after at_texts_open(); NULL: none is. */
    bool (*passes)(void *arg, const struct at_text *text);
    void *arg;
};

/* at_texts_open - AT_ERANGE without any text, AT_EIO, AT_ENOTFOUND. */
AT_MUST_USE int at_texts_open(struct at_texts *t, const struct at_texts_options *o,
                              struct at_error *err);
/*
 * at_texts_next - 1: *out is a text, 0: no more, negative: this item is bad (err says where and
 * why). *is_fatal: reading cannot go on after the error.       Memory  at_text_release(out).
 */
AT_MUST_USE int at_texts_next(struct at_text *out, struct at_texts *t, bool *is_fatal,
                              struct at_error *err);
/* at_texts_count - number of texts of the part when it is known beforehand, else 0 (a pipe). */
size_t at_texts_count(const struct at_texts *t);
/* at_texts_is_many - true when ids and per-text directories are used. */
bool at_texts_is_many(const struct at_texts *t);
/* at_text_folder - the name of its directory: the id, of more than 200 bytes the first 180 and a
   digest of all. free() it. */
AT_MUST_USE char *at_text_folder(const char *id);
/* at_texts_source - the file the texts come from, as messages name it. */
const char *at_texts_source(const struct at_texts *t);
void at_texts_close(struct at_texts *t);
void at_text_release(struct at_text *t);

#endif
