/*
 * isa_sentences.h - the sentences of a doc and the rows in each: given one by one, or by rule.
 */
#ifndef ANALYSIS_ISA_SENTENCES_H
#define ANALYSIS_ISA_SENTENCES_H

#include <stddef.h>

#include "base/arena.h"
#include "io/record.h"
#include "session/doc.h"
#include "text/sentences.h"

/* Sentences of a file, one a line, without blank lines and white space around them. */
struct at_given_sentences {
    const char *path; /* lent */
    char *bytes;      /* what items point into */
    char **items;     /* (n) */
    size_t n, cap;
};

/* at_given_sentences_read - AT_ERANGE when there is none; those of at_text_read().
   Memory at_given_sentences_release(). */
AT_MUST_USE int at_given_sentences_read(struct at_given_sentences *out, const char *path,
                                        struct at_error *err);
void at_given_sentences_release(struct at_given_sentences *g); /* accepts a zeroed struct */

struct at_isa_sentence {
    size_t index;
    const char *text;
    int segment;
    size_t start, end;            /* bytes in the text of its segment */
    size_t first_token, n_tokens; /* of rows: tokens, or words */
};
extern const struct at_record at_isa_sentence_record;

struct at_isa_sentences {
    struct at_isa_sentence *items; /* (n) */
    size_t n, n_left_out;          /* n_left_out: found, but without a token */
    int *sent_of;                  /* (doc->n) -1 for none */
};

/*
 * at_isa_sentences_find - those that are given (not NULL), else those of the rules (NULL: of UAX
 * #29 alone).
 *
 * Sentences without a token are left out, and so are tokens that are in no given sentence.
 * Errors    AT_ENOTFOUND: a given sentence is not in the text, or not in this order; AT_EFORMAT
 *           when a capture has no text; those of at_sentences_split().
 * Memory    the arena's.
 */
AT_MUST_USE int at_isa_sentences_find(struct at_isa_sentences *out, struct at_arena *arena,
                                      const struct at_doc *doc,
                                      const struct at_given_sentences *given,
                                      const struct at_sentence_rules *rules, struct at_error *err);

#endif
