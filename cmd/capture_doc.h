/*
 * capture_doc.h - a text's tokens inside its capture file, and back.
 */
#ifndef CMD_CAPTURE_DOC_H
#define CMD_CAPTURE_DOC_H

#include "cmd/job.h"
#include "model/capture.h"

/* capture_meta_new - what at_capture_create() wants to know; free it with capture_meta_free(). */
struct at_capture_meta capture_meta_new(const struct job *job, const struct doc *doc);
void capture_meta_free(struct at_capture_meta *meta);

/*
 * capture_doc - the text of a capture made ready, and job->shape filled from it.
 *
 * A file of another program has pieces only: special tokens and words follow from how they are
 * written, offsets from following the pieces through the text.
 *
 * Errors    AT_EFORMAT when the tokens do not fit the maps, when there are no maps, or when a
 *           second capture has another shape than the first.
 */
AT_MUST_USE int capture_doc(struct doc *doc, struct job *job, const struct at_capture_file *capture,
                            const char *id, struct at_error *err);

#endif
