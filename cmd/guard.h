/*
 * guard.h - standard output as a person may see it: whatever a text, a model or a file name holds,
 * no part of it talks to the terminal.
 *
 * Everything printed goes through one filter, so no call of printf() has to think of it. Control
 * characters come out visible (base/utf8.h), line ends and tabs as they are. Sequences of our own,
 * for colours, begin with OWN_ESC instead of the escape character: a byte that no text holds,
 * since all text is UTF-8.
 */
#ifndef CMD_GUARD_H
#define CMD_GUARD_H

#include <stdio.h>

#define OWN_ESC "\xff"

/* guard_stdout - put the filter in place; at the start of the program. */
void guard_stdout(void);

/*
 * guard_flush - all that was printed has been written: 0, or the errno of the first write since
 * the start that failed, however long ago.
 */
int guard_flush(void);

/* guard_fault - the same of what has been written so far. */
int guard_fault(void);

/* guard_descriptor - of a stream, which stdout behind its filter does not know. */
int guard_descriptor(FILE *f);

#endif
