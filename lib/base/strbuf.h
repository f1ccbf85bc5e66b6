/*
 * strbuf.h - growable bytes, always NUL-terminated.
 *
 * Invariant: s[n] == 0 once anything was added; s is NULL while the buffer is untouched (use
 * at_strbuf_str() for a string that is never NULL). A zeroed struct is an empty buffer with the
 * default maximum; growing beyond max is a bug, so readers of files set max and check first.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

/* at_plural - what a count adds to its noun: "%zu token%s", n, at_plural(n). */
static inline const char *at_plural(size_t n)
{
    return n == 1 ? "" : "s";
}

struct at_strbuf {
    char *s;
    size_t n;   /* bytes used, without the NUL */
    size_t cap; /* bytes allocated */
    size_t max; /* 0 means 4 GiB */
};

void at_strbuf_add(struct at_strbuf *b, const void *bytes, size_t n);
void at_strbuf_adds(struct at_strbuf *b, const char *s);
void at_strbuf_addc(struct at_strbuf *b, char c);
void at_strbuf_addf(struct at_strbuf *b, const char *fmt, ...) AT_PRINTF(2, 3);
void at_strbuf_addv(struct at_strbuf *b, const char *fmt, va_list ap) AT_PRINTF(2, 0);
/* at_strbuf_add_utf8 - append one code point, 0..0x10FFFF. */
void at_strbuf_add_utf8(struct at_strbuf *b, unsigned code_point);
void at_strbuf_clear(struct at_strbuf *b);
const char *at_strbuf_str(const struct at_strbuf *b);
/* at_strbuf_take - the string moves to the caller, the buffer is empty again. */
AT_MUST_USE char *at_strbuf_take(struct at_strbuf *b);
void at_strbuf_release(struct at_strbuf *b);

#endif
