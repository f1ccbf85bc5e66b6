/*
 * pattern.h - what a tokenizer's steps look for in a text: a string, or a regular expression.
 *
 * Regular expressions are written for Oniguruma in the syntax of Ruby, which Hugging Face's
 * tokenizers use, and run by ICU: pattern_syntax.c turns the one into the other and refuses by name
 * what ICU does not have.
 */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

struct at_pattern {
    char *text; /* a string to look for; NULL: a regular expression */
    size_t n;
    void *regex;
};

/*
 * at_pattern_read - from a string, or from a regular expression.
 *
 * Errors    AT_EFORMAT: it is wrong, or has something that is not supported; AT_ERANGE for one that
 *           is too long or nested too deeply.      Memory  at_pattern_release().
 */
AT_MUST_USE int at_pattern_read(struct at_pattern *out, const char *source, bool is_regex,
                                struct at_error *err);
void at_pattern_release(struct at_pattern *p);

/*
 * Looking for a pattern in a text, match after match. A pattern may be in use by many matchers at
 * the same time; a matcher is used again for other texts with the same pattern.
 */
struct at_matcher {
    const struct at_pattern *pattern;
    void *regex;     /* a copy, with its own state */
    uint16_t *units; /* the text in UTF-16, as ICU reads it */
    size_t n_units, cap;
    const char *text;
    size_t n, at; /* bytes; the search goes on at at */
    size_t unit;  /* the same place in UTF-16 */
    size_t last_end;
    bool has_match; /* and ended at last_end */
};

/* at_matcher_begin - AT_ENOMEM when ICU refuses. text must stay as it is. */
AT_MUST_USE int at_matcher_begin(struct at_matcher *m, const struct at_pattern *p, const char *text,
                                 size_t n, struct at_error *err);
/*
 * at_matcher_next - the next match [*start, *end), which may be empty: 1, or 0 when there is none.
 *
 * Errors    AT_ERANGE when the expression takes too much time or memory on this text.
 */
AT_MUST_USE int at_matcher_next(struct at_matcher *m, size_t *start, size_t *end,
                                struct at_error *err);
void at_matcher_release(struct at_matcher *m);

/* at_pattern_translate - append ICU's form of an expression in Ruby's syntax. AT_EFORMAT,
   AT_ERANGE. */
AT_MUST_USE int at_pattern_translate(struct at_strbuf *out, const char *source,
                                     struct at_error *err);

#endif
