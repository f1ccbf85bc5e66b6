/*
 * job_texts.h - the texts of a call, one after the other: operands, a file, lines, JSON
 * lines, a pipe.
 *
 * One text is in memory at a time. A line that is no text (bad UTF-8, bad JSON, no key "text") is
 * reported to the caller and reading goes on after it.
 */
#ifndef CMD_JOB_TEXTS_H
#define CMD_JOB_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/textfile.h"

struct text_options {
    const char *file; /* -f, or NULL */
    const char *pair; /* --pair, or NULL */
    bool is_lines, is_jsonl;
    size_t n_operands;
    char **operands;
};

struct text {
    char *id;   /* safe as a file name; "" when there is only one text in the call */
    char *text; /* valid UTF-8, at least one character that is not white space */
    char *pair; /* or NULL */
};

struct texts {
    struct text_options options;
    size_t next_operand;
    struct at_lines lines;
    bool is_open, is_done;
    struct id_seen *seen;
};

/* texts_open - AT_ERANGE without any text, AT_EIO, AT_ENOTFOUND. */
AT_MUST_USE int texts_open(struct texts *t, const struct text_options *o, struct at_error *err);
/*
 * texts_next - 1: *out is a text, 0: no more, negative: this item is bad (err says where and why).
 * *is_fatal: reading cannot go on after the error.       Memory  text_release(out) after use.
 */
AT_MUST_USE int texts_next(struct text *out, struct texts *t, bool *is_fatal, struct at_error *err);
/* texts_count - number of texts when it is known beforehand, else 0 (a pipe). */
size_t texts_count(const struct texts *t);
/* texts_is_many - true when ids and per-text directories are used. */
bool texts_is_many(const struct texts *t);
/* texts_source - the file the texts come from, as messages name it. */
const char *texts_source(const struct texts *t);
void texts_close(struct texts *t);
void text_release(struct text *t);

#endif
