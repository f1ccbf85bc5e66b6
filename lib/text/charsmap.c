/*
 * charsmap.c - see charsmap.h.
 */
#include "text/charsmap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/unicode.h"

enum { MAX_GRAPHEME = 6 };

static uint32_t read_u32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int at_charsmap_read(struct at_charsmap *out, const void *bytes, size_t n, struct at_error *err)
{
    const unsigned char *p = bytes;
    size_t size = n >= 4 ? read_u32(p) : 0, n_units = size / 4;
    const char *strings;

    if (n < 4 || n_units == 0 || n_units * 4 > n - 4)
        return at_fail(err, AT_EFORMAT, "precompiled_charsmap of %zu bytes has a table of %zu", n,
                       size);
    strings = (const char *)p + 4 + n_units * 4;
    n -= 4 + n_units * 4;
    if (at_utf8_check(strings, n) < n)
        return at_fail(err, AT_EFORMAT, "precompiled_charsmap has invalid UTF-8");
    out->units = at_malloc(n_units, sizeof *out->units);
    for (size_t i = 0; i < n_units; i++)
        out->units[i] = read_u32(p + 4 + 4 * i);
    out->n_units = n_units;
    out->strings = at_malloc(n + 1, 1);
    memcpy(out->strings, strings, n);
    out->strings[n] = '\0';
    out->n_strings = n;
    return 0;
}

/* Bytes that n characters of base64 stand for, into out; n on success, else the wrong one. */
static size_t decode_base64(unsigned char *out, const char *text, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char value[256];
    uint32_t bits = 0;

    memset(value, 0xFF, sizeof value);
    for (unsigned char i = 0; i < 64; i++)
        value[(unsigned char)digits[i]] = i;
    for (size_t i = 0; i < n; i++) {
        if (value[(unsigned char)text[i]] == 0xFF)
            return i;
        bits = bits << 6 | value[(unsigned char)text[i]];
        if (i % 4 > 0)
            *out++ = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    return n;
}

int at_charsmap_read_base64(struct at_charsmap *out, const char *text, struct at_error *err)
{
    size_t n = strlen(text), n_padding = 0, n_bytes;
    unsigned char *bytes;
    int rc = 0;

    while (n_padding < 2 && n_padding < n && text[n - 1 - n_padding] == '=')
        n_padding++;
    if (n % 4 != 0)
        return at_fail(err, AT_EFORMAT, "precompiled_charsmap is no base64: %zu characters", n);
    n -= n_padding;
    n_bytes = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
    bytes = at_malloc(n_bytes + 1, 1);
    if (decode_base64(bytes, text, n) < n)
        rc = at_fail(err, AT_EFORMAT, "precompiled_charsmap is no base64");
    if (!rc)
        rc = at_charsmap_read(out, bytes, n_bytes, err);
    free(bytes);
    return rc;
}

void at_charsmap_release(struct at_charsmap *m)
{
    free(m->units);
    free(m->strings);
    *m = (struct at_charsmap){ 0 };
}

static size_t offset_of(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* What the shortest beginning of n bytes in the table becomes; NULL: none is there. */
static const char *replacement(const struct at_charsmap *m, const char *s, size_t n)
{
    size_t node = offset_of(m->units[0]);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        uint32_t unit;

        node ^= c;
        if (c == 0 || node >= m->n_units)
            return NULL;
        unit = m->units[node];
        if ((unit & (1u << 31 | 0xFF)) != c)
            return NULL;
        node ^= offset_of(unit);
        if (unit >> 8 & 1) { /* an entry ends here */
            size_t at = node < m->n_units ? m->units[node] & ~(1u << 31) : m->n_strings + 1;

            return at <= m->n_strings && ((unsigned char)m->strings[at] & 0xC0) != 0x80
                       ? m->strings + at
                       : NULL;
        }
    }
    return NULL;
}

/* Characters that were counted, one behind: what is dropped is counted with the one before it. */
struct counted {
    struct at_rewrite *w;
    bool has_one;
    unsigned c;
    long change;
};

static void push(struct counted *p, unsigned c, long change)
{
    if (p->has_one)
        at_rewrite_change(p->w, p->c, p->change);
    p->has_one = true;
    p->c = c;
    p->change = change;
}

static long count_characters(const char *s, size_t n)
{
    long count = 0;

    for (size_t i = 0; i < n; count++)
        at_utf8_next(s, &i);
    return count;
}

/* The first characters of the new text take the places of the old ones, the rest is added. */
static void replace(struct counted *p, const char *old, size_t n, const char *new)
{
    long n_old = count_characters(old, n), n_new = 0;
    size_t n_bytes = strlen(new);

    for (size_t i = 0; i < n_bytes; n_new++)
        push(p, at_utf8_next(new, &i), n_new < n_old ? 0 : 1);
    if (n_new < n_old)
        p->change -= n_old - n_new;
}

int at_charsmap_apply(struct at_rewrite *w, const struct at_charsmap *m, struct at_error *err)
{
    struct at_graphemes g = { .text = w->in.s, .n = w->in.n };
    struct counted p = { .w = w };
    int rc = 0;

    for (size_t at = 0; at < g.n;) {
        size_t from = at;
        const char *new;

        rc = at_graphemes_next(&g, &at, err);
        if (rc)
            break;
        new = at - from < MAX_GRAPHEME ? replacement(m, g.text + from, at - from) : NULL;
        if (new) {
            replace(&p, g.text + from, at - from, new);
            continue;
        }
        while (from < at) {
            size_t next = from;
            unsigned c = at_utf8_next(g.text, &next);

            new = replacement(m, g.text + from, next - from);
            if (new)
                replace(&p, g.text + from, next - from, new);
            else
                push(&p, c, 0);
            from = next;
        }
    }
    if (p.has_one)
        at_rewrite_change(w, p.c, p.change);
    at_graphemes_close(&g);
    return rc;
}
