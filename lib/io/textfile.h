/*
 * textfile.h - text from files and pipes, checked to be UTF-8.
 *
 * A byte order mark at the start of a file is dropped. Byte offsets in messages count from 0.
 */
#ifndef IO_TEXTFILE_H
#define IO_TEXTFILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"

/* at_bom_length - bytes of the byte order mark that s begins with: 3, or 0 without one. */
size_t at_bom_length(const char *s, size_t n);

/*
 * at_text_read - a whole file ("-": standard input) as a NUL-terminated string.
 *
 * Errors    AT_EIO, AT_ENOTFOUND; AT_EFORMAT "invalid UTF-8 at byte 17", or a NUL byte;
 *           AT_ERANGE above max bytes.      Memory  *out is the caller's.
 */
AT_MUST_USE int at_text_read(char **out, size_t *n_out, const char *path, size_t max,
                             struct at_error *err);

/*
 * Lines one at a time, from a file or "-"; memory is one line, at most max bytes of it.
 * Messages start with "line 3: "; the path is the caller's to put in front.
 */
struct at_lines {
    FILE *f;
    char *line;            /* without its "\n" or "\r\n" */
    size_t n, cap, number; /* number counts from 1 */
    size_t max;
};

AT_MUST_USE int at_lines_open(struct at_lines *out, const char *path, size_t max,
                              struct at_error *err);
/* at_lines_next - 1: a line is there, 0: end, negative: AT_EIO, AT_EFORMAT (UTF-8), AT_ERANGE.
   After AT_EFORMAT and AT_ERANGE reading may go on with the next line. */
AT_MUST_USE int at_lines_next(struct at_lines *l, struct at_error *err);
void at_lines_close(struct at_lines *l);

#endif
