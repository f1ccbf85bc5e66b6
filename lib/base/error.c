/*
 * error.c - see error.h.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void at_bug(const char *file, int line, const char *cond)
{
    fprintf(stderr, "%s:%d: bug: %s\n", file, line, cond);
    abort();
}

/* Bytes of a UTF-8 sequence, from its first one. */
static size_t sequence_length(unsigned char first)
{
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

int at_shown(const char *s, size_t max)
{
    size_t n = strnlen(s, max), start = n;

    if (n < max)
        return (int)n;
    while (start > 0 && ((unsigned char)s[--start] & 0xC0) == 0x80)
        continue;
    return (int)(start < n && n - start < sequence_length((unsigned char)s[start]) ? start : n);
}

/*
 * Keep the message one line: names in it come from files, and may hold line ends or worse. One that
 * was cut loses the part of a character at its end, and so does one that grows too long by this.
 */
static void tidy(char *text, size_t size)
{
    char raw[sizeof(struct at_error)];
    size_t n = (size_t)at_shown(text, size - 1);

    memcpy(raw, text, n);
    at_visible(text, size, raw, n, "");
}

int at_fail(struct at_error *err, enum at_code code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return code;
    err->code = code;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    tidy(err->text, sizeof err->text);
    return code;
}

int at_error_in(struct at_error *err, const char *fmt, ...)
{
    char tail[sizeof err->text];
    va_list ap;
    size_t used;

    if (!err)
        return AT_EFORMAT;
    memcpy(tail, err->text, sizeof tail);
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", tail);
    tidy(err->text, sizeof err->text);
    return err->code;
}
