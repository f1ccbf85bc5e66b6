/*
 * report.h - talk on standard error: errors, warnings, notes, a progress line. Never results.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"

/* Exit statuses of every command. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_SKIPPED = 3, /* finished, but some inputs were left out and listed */
};

/* report_command - the name in front of every line: "atlas run: ...". */
void report_command(const char *name);
/* report_verbosity - -1: no warnings; 0: the usual; 1: notes too. */
void report_verbosity(int level);

/* report_error, report_fault - one line; answer EXIT_FAILED. report_usage - EXIT_USAGE. */
int report_error(const char *fmt, ...) AT_PRINTF(1, 2);
int report_fault(const struct at_error *err);
int report_usage(const char *fmt, ...) AT_PRINTF(1, 2);
void report_warning(const char *fmt, ...) AT_PRINTF(1, 2);
/* report_left_out - a warning that makes the run end with EXIT_SKIPPED. Without warnings the first
   is said all the same, at the end: a status needs its reason. */
void report_left_out(const char *fmt, ...) AT_PRINTF(1, 2);
void report_note(const char *fmt, ...) AT_PRINTF(1, 2);

/* report_dying - one line of several parts, up to a NULL; for signal handlers: it only write()s. */
void report_dying(const char *const parts[]);

/*
 * report_flush - status, or EXIT_FAILED after one line when standard output could not be written.
 * A run that has failed says nothing more; one that left something out, without a word, says what.
 */
int report_flush(int status);

/* report_seconds - a clock for measuring: seconds from an arbitrary start. */
double report_seconds(void);

/*
 * A progress line with rate and time left on standard error, drawn at most ten times a second and
 * not at all for work that is done within half a second.
 */
enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };
struct progress {
    const char *what, *unit; /* "texts", "tokens" */
    size_t total;            /* 0: unknown */
    double started, drawn;   /* seconds */
    bool is_on, is_visible;
};
/* progress_start - auto: only when standard error is a terminal. */
void progress_start(struct progress *p, enum progress_mode mode, const char *what, const char *unit,
                    size_t total);
void progress_show(struct progress *p, size_t done);
void progress_end(struct progress *p); /* wipes the line; accepts a zeroed struct */

#endif
