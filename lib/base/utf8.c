/*
 * utf8.c - see utf8.h.
 */
#define _XOPEN_SOURCE 700 /* wcwidth() */
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

/* Bytes of the character that starts at s, with n left; 0 when it is not UTF-8. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    unsigned char c = s[0], low = 0x80, high = 0xBF;
    size_t want;

    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        want = 2;
    else if (c >= 0xE0 && c <= 0xEF)
        want = 3;
    else if (c >= 0xF0 && c <= 0xF4)
        want = 4;
    else
        return 0;
    if (want > n)
        return 0;
    /* Four first bytes narrow the second: no overlong forms, no surrogates, none above 10FFFF. */
    if (c == 0xE0)
        low = 0xA0;
    else if (c == 0xED)
        high = 0x9F;
    else if (c == 0xF0)
        low = 0x90;
    else if (c == 0xF4)
        high = 0x8F;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < want; i++)
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    return want;
}

size_t at_utf8_check(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t i = 0;

    while (i < n) {
        uint64_t eight;
        size_t k;

        if (n - i >= sizeof eight) {
            memcpy(&eight, u + i, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        k = utf8_length(u + i, n - i);
        if (k == 0)
            return i;
        i += k;
    }
    return n;
}

unsigned at_utf8_next(const char *s, size_t *i)
{
    const unsigned char *u = (const unsigned char *)s + *i;
    size_t n = u[0] < 0x80 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    unsigned c = n == 1 ? u[0] : u[0] & (0xFFu >> (n + 1));

    for (size_t k = 1; k < n; k++)
        c = c << 6 | (u[k] & 0x3Fu);
    *i += n;
    return c;
}

/* Whether a code point says something to the terminal instead of standing for itself. */
static bool is_control(unsigned c, const char *as_is)
{
    if (c < 0x20)
        return !c || !strchr(as_is, (int)c);
    return (c >= 0x7F && c <= 0x9F) || c == 0x61C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

size_t at_plain_length(const char *s, size_t n, const char *as_is)
{
    size_t i = 0;

    while (i < n) {
        size_t length = utf8_length((const unsigned char *)s + i, n - i), at = i;
        if (length == 0 || is_control(at_utf8_next(s, &at), as_is))
            break;
        i += length;
    }
    return i;
}

/*
 * The form of the character, or the byte that is none, at s; answers how many bytes it replaces.
 * By hand, because a signal handler may ask for it.
 */
static size_t number_form(char form[16], const char *s, size_t n)
{
    size_t length = utf8_length((const unsigned char *)s, n), at = 0;
    unsigned c = length ? at_utf8_next(s, &at) : (unsigned char)*s;
    char *end = form;

    memcpy(end, "<U+", 3);
    end += length ? 3 : 1;
    for (int shift = length ? 12 : 4; shift >= 0; shift -= 4)
        *end++ = "0123456789ABCDEF"[c >> shift & 15];
    memcpy(end, ">", 2);
    return length ? length : 1;
}

void at_strbuf_add_visible(struct at_strbuf *b, const char *s, size_t n, const char *as_is)
{
    while (n > 0) {
        size_t plain = at_plain_length(s, n, as_is);
        at_strbuf_add(b, s, plain);
        s += plain;
        n -= plain;
        if (n > 0) {
            char form[16];
            size_t length = number_form(form, s, n);
            at_strbuf_adds(b, form);
            s += length;
            n -= length;
        }
    }
}

size_t at_visible(char *out, size_t size, const char *s, size_t n, const char *as_is)
{
    size_t used = 0, all = 0;

    while (n > 0) {
        char form[16];
        bool is_plain = at_plain_length(s, AT_MIN(n, (size_t)4), as_is) > 0;
        size_t length =
            is_plain ? utf8_length((const unsigned char *)s, n) : number_form(form, s, n);
        size_t width = is_plain ? length : strlen(form);
        if (used == all && all + width < size) {
            memcpy(out + used, is_plain ? s : form, width);
            used += width;
        }
        all += width;
        s += length;
        n -= length;
    }
    if (size > 0)
        out[used] = '\0';
    return all;
}

size_t at_utf8_columns(const char *s, size_t n)
{
    size_t columns = 0;

    for (size_t i = 0; i < n;) {
        int width = wcwidth((wchar_t)at_utf8_next(s, &i));
        if (width > 0)
            columns += (size_t)width;
    }
    return columns;
}
