/*
 * job_doc.h - one text made ready: tokens, words, labels.
 */
#ifndef CMD_JOB_DOC_H
#define CMD_JOB_DOC_H

#include "cmd/job.h"

/*
 * doc_prepare - tokenize; the strings of in move to the doc, also on failure.
 *
 * Errors    AT_ERANGE: longer than the model's positions (both lengths are named), no token, no
 *           word with --words; what the tokenizer says.      Memory  doc_release().
 */
AT_MUST_USE int doc_prepare(struct doc *doc, const struct job *job, struct text *in,
                            struct at_error *err);
/* doc_group - words and labels, once tokens, pieces and labels of pieces are there. */
AT_MUST_USE int doc_group(struct doc *doc, const struct job *job, struct at_label *piece_labels,
                          struct at_error *err);
void doc_release(struct doc *doc); /* accepts a zeroed struct */

#endif
