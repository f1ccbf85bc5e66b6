/*
 * run_note.h - what the results of a run depend on: command, weights, texts and the options that
 * change what is computed. Equal notes mean equal tables.
 */
#ifndef CMD_RUN_NOTE_H
#define CMD_RUN_NOTE_H

#include <stdbool.h>

#include "cmd/call.h"
#include "session/session.h"

/* option_is_free - says how a run goes and what is shown, not what is computed. */
bool option_is_free(const char *name);

/*
 * run_note - an object of texts, without the shard; the caller's. session may be NULL.
 *
 * Errors    AT_EIO, AT_ENOTFOUND: the weights or the file of texts cannot be read.
 */
AT_MUST_USE int run_note(struct at_json **out, const struct call *c,
                         const struct at_session *session, struct at_error *err);

#endif
