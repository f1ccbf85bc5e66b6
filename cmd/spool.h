/*
 * spool.h - inputs that come through a pipe or as "-" are kept in memory as a file, so that they
 * can be read twice, mapped and hashed like any other.
 *
 * Texts (--file, the operand "-") are not: they are read as they come.
 */
#ifndef CMD_SPOOL_H
#define CMD_SPOOL_H

#include "cmd/call.h"

/*
 * spool_inputs - every option that names a FILE, and with NEED_DATA the operands, where they are a
 * pipe or "-". Answers an exit status.
 */
int spool_inputs(struct call *c);

/* spool_name - what an input was called: "-" or the pipe's path; other paths as they are. */
const char *spool_name(const char *path);

/* spool_named - text with the paths of inputs replaced by their names; free(). */
char *spool_named(const char *text);

#endif
