/*
 * error.c - see error.h.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void at_bug(const char *file, int line, const char *cond)
{
    fprintf(stderr, "%s:%d: bug: %s\n", file, line, cond);
    abort();
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
    return err->code;
}
