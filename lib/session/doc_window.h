/*
 * doc_window.h - windows of a doc that is longer than its model (text/windows.h), each a doc of its
 * own: a text cut from the whole one, with its tokens as the whole text has them.
 *
 * What is measured on a window belongs to the whole text where the window owns it: every token,
 * and every word, is owned by one window.
 */
#ifndef SESSION_DOC_WINDOW_H
#define SESSION_DOC_WINDOW_H

#include "session/doc.h"
#include "text/windows.h"

/* at_doc_windows - the plan for a doc of options->window positions. AT_ERANGE: a pair; those of
   at_windows_plan(). */
AT_MUST_USE int at_doc_windows(struct at_windows *out, const struct at_doc *whole,
                               const struct at_doc_options *options, struct at_error *err);

/*
 * at_doc_window - window k of a whole doc, which it points to, and to the plan. Its id is that of
 * the whole and "window_K", its text what its tokens span, their offsets are within it.
 *
 * Errors    AT_ERANGE: no word.
 * Memory    at_doc_release(), also after a failure.
 */
AT_MUST_USE int at_doc_window(struct at_doc *out, const struct at_doc *whole,
                              const struct at_windows *plan, size_t k, const struct at_session *s,
                              struct at_error *err);

/* Of a doc that is a window: is it the first, the last; where one of its tokens or rows is in the
   whole. */
bool at_doc_is_first_window(const struct at_doc *doc);
bool at_doc_is_last_window(const struct at_doc *doc);
size_t at_doc_whole_token(const struct at_doc *doc, size_t token);
/* at_doc_whole_row - AT_NONE for a word that the window has only a part of. */
size_t at_doc_whole_row(const struct at_doc *doc, size_t row);
bool at_doc_owns_token(const struct at_doc *doc, size_t token);
/* at_doc_owns_row - a word belongs to the owner of its first token, or, where that one has only a
   part of it, to the first window that has it whole. */
bool at_doc_owns_row(const struct at_doc *doc, size_t row);
/* at_doc_n_owned - rows that it owns: its weight in a mean over windows. */
size_t at_doc_n_owned(const struct at_doc *doc);

#endif
