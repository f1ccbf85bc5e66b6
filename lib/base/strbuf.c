/*
 * strbuf.c - see strbuf.h.
 */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void reserve(struct at_strbuf *b, size_t extra)
{
    size_t max = b->max ? b->max : (size_t)UINT32_MAX;
    size_t want;

    AT_BUG_IF(!at_add_size(b->n, extra, &want) || want > max);
    if (want + 1 <= b->cap)
        return;
    b->cap = AT_MAX(want + 1, AT_MAX(b->cap * 2, (size_t)64));
    b->s = at_realloc(b->s, b->cap, 1);
}

void at_strbuf_add(struct at_strbuf *b, const void *bytes, size_t n)
{
    reserve(b, n);
    if (n)
        memcpy(b->s + b->n, bytes, n);
    b->n += n;
    b->s[b->n] = '\0';
}

void at_strbuf_adds(struct at_strbuf *b, const char *s)
{
    at_strbuf_add(b, s, strlen(s));
}

void at_strbuf_addc(struct at_strbuf *b, char c)
{
    at_strbuf_add(b, &c, 1);
}

void at_strbuf_addv(struct at_strbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    AT_BUG_IF(n < 0);
    reserve(b, (size_t)n);
    vsnprintf(b->s + b->n, (size_t)n + 1, fmt, ap);
    b->n += (size_t)n;
}

void at_strbuf_addf(struct at_strbuf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    at_strbuf_addv(b, fmt, ap);
    va_end(ap);
}

void at_strbuf_add_utf8(struct at_strbuf *b, unsigned code_point)
{
    char out[4];
    size_t n;

    AT_BUG_IF(code_point > 0x10FFFF);
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        n = 1;
    } else if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        n = 2;
    } else if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        n = 3;
    } else {
        out[0] = (char)(0xF0 | code_point >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        out[i] = (char)(0x80 | (code_point >> 6 * (n - 1 - i) & 0x3F));
    at_strbuf_add(b, out, n);
}

void at_strbuf_clear(struct at_strbuf *b)
{
    b->n = 0;
    if (b->s)
        b->s[0] = '\0';
}

const char *at_strbuf_str(const struct at_strbuf *b)
{
    return b->s ? b->s : "";
}

char *at_strbuf_take(struct at_strbuf *b)
{
    char *s = b->s ? b->s : at_strdup("");

    b->s = NULL;
    b->n = b->cap = 0;
    return s;
}

void at_strbuf_release(struct at_strbuf *b)
{
    free(b->s);
    b->s = NULL;
    b->n = b->cap = 0;
}
