/*
 * doc_rows.h - rows of a text as people name them: by number, or by what is written there.
 */
#ifndef SESSION_DOC_ROWS_H
#define SESSION_DOC_ROWS_H

#include "session/doc.h"

struct at_rows {
    size_t *items; /* (n) */
    size_t n;
};

/* at_rows_is_list - "3,5-7", "it", "cat,mat": is it a list at all? Of numbers at most a million. */
bool at_rows_is_list(const char *list);

/*
 * at_doc_rows - the rows of a list. What begins with a digit and has nothing but digits and a dash
 * is a number or a range, all else the label of a row, or a word of several pieces: then all of
 * them. Case is the text's where that is found, else it does not matter (A to Z).
 *
 * option: "--focus", for messages.
 *
 * Edge      With --words a row is a word; numbers are rows either way.
 * Errors    AT_ERANGE: a number outside the text; a text that is not there, or there more than
 *           once, with the numbers of all that it may mean.
 * Memory    the arena's.
 */
AT_MUST_USE int at_doc_rows(struct at_rows *out, const struct at_doc *doc, const char *option,
                            const char *list, struct at_arena *arena, struct at_error *err);

/* at_doc_row - the same of one row. AT_ERANGE also when it is several. */
AT_MUST_USE int at_doc_row(size_t *out, const struct at_doc *doc, const char *option,
                           const char *list, struct at_arena *arena, struct at_error *err);

/* at_doc_tokens - as at_doc_rows(), but of tokens, whatever the rows are. */
AT_MUST_USE int at_doc_tokens(struct at_rows *out, const struct at_doc *doc, const char *option,
                              const char *list, struct at_arena *arena, struct at_error *err);

#endif
