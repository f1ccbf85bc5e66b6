/*
 * signals.h - what ends a run from outside leaves no unfinished file, and says what happened.
 */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

/*
 * signals_handle - from now on, for the whole process, to be called in the main thread:
 *
 * - Ctrl-C, kill, a lost terminal and a reader that went away remove unfinished files first.
 * - A file that is cut short by somebody while it is mapped ends the run with one line that names
 *   it, and EXIT_FAILED.
 * - A limit of file sizes (ulimit -f) is an error of the write that meets it.
 */
void signals_handle(void);

/*
 * signals_hint - what Ctrl-C, kill and a lost terminal say before the run ends; NULL: nothing.
 * The text is borrowed.
 */
void signals_hint(const char *text);

#endif
