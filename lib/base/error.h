/*
 * error.h - how lib reports failures.
 *
 * A function that can fail returns 0 or a negative enum at_code and takes a struct at_error as
 * its last argument. Whoever detects the fault words it with at_fail(); everyone above passes the
 * code on untouched, except at a file boundary, where at_error_in() puts the path in front once.
 * Text is for people: lower case, no full stop, names in single quotes, found and wanted value.
 * Control characters in it are made visible, so that it stays one line whatever a file is called.
 * Nothing here allocates. An err of NULL is allowed: the text is dropped, the code is kept.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

#include "base/attr.h"

enum at_code {
    AT_OK = 0,
    AT_EIO = -1,       /* the system refused: open, read, write, map */
    AT_EFORMAT = -2,   /* the content is not what it claims to be */
    AT_ERANGE = -3,    /* a value, length or index is outside what is allowed */
    AT_ENOTFOUND = -4, /* a name leads to nothing */
    AT_ENOMEM = -5,    /* a large block was refused; small ones never return */
};

struct at_error {
    enum at_code code;
    char text[1024];
};

/* at_fail - store code and a formatted message; returns code, so detection is one line. */
int at_fail(struct at_error *err, enum at_code code, const char *fmt, ...) AT_PRINTF(3, 4);

/*
 * at_shown - how many of the first max bytes of s are whole characters: what "%.*s" is to show.
 *
 * Edge      s ends at its NUL or after max bytes; bytes that are not UTF-8 count one by one.
 */
int at_shown(const char *s, size_t max);

/*
 * at_error_in - put "<formatted>: " in front of the message already stored; returns its code.
 *
 * Edge      An err of NULL has no code to return: AT_EFORMAT. Keep the code where that matters.
 */
int at_error_in(struct at_error *err, const char *fmt, ...) AT_PRINTF(2, 3);

#endif
