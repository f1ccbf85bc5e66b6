/*
 * doc_parts.h - what a doc of a tokenizer and one of a capture have in common.
 */
#ifndef SESSION_DOC_PARTS_H
#define SESSION_DOC_PARTS_H

#include "session/doc.h"

/*
 * at_doc_group - rows and their labels, once tokens, pieces, kind and labels of pieces are there:
 * of the tokens as they are, or of the words they make. t is NULL for a capture.
 *
 * Errors    AT_ERANGE: no word.
 */
AT_MUST_USE int at_doc_group(struct at_doc *doc, const struct at_tokenizer *t, bool by_words,
                             const struct at_label *piece_labels, struct at_error *err);

#endif
