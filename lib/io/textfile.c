/*
 * textfile.c - see textfile.h.
 */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "io/textfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/strbuf.h"

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

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int open_text(FILE **out, const char *path, struct at_error *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

    if (!f)
        return at_fail(err, errno == ENOENT ? AT_ENOTFOUND : AT_EIO, "cannot open '%s': %s", path,
                       strerror(errno));
    *out = f;
    return 0;
}

static void close_text(FILE *f)
{
    if (f && f != stdin)
        fclose(f);
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

size_t at_bom_length(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* What is wrong with s as text; offsets count from 0. */
static int check_text(const char *s, size_t n, struct at_error *err)
{
    size_t good = at_utf8_check(s, n);
    const char *nul = memchr(s, '\0', good);

    if (nul)
        return at_fail(err, AT_EFORMAT, "NUL at byte %zu", (size_t)(nul - s));
    if (good < n)
        return at_fail(err, AT_EFORMAT, "invalid UTF-8 at byte %zu", good);
    return 0;
}

/* Append all of f to b, at most max + 1 bytes, so that the caller can tell when it is too long. */
static int read_all(struct at_strbuf *b, FILE *f, size_t max)
{
    char chunk[65536];
    size_t n;

    errno = 0;
    while (b->n <= max && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
        at_strbuf_add(b, chunk, AT_MIN(n, max + 1 - b->n));
    return ferror(f) ? (errno ? errno : EIO) : 0;
}

int at_text_read(char **out, size_t *n_out, const char *path, size_t max, struct at_error *err)
{
    struct at_strbuf b = { 0 };
    FILE *f = NULL;
    int rc = open_text(&f, path, err);
    size_t bom;
    int why;

    if (rc)
        return rc;
    max = AT_MIN(max, (size_t)UINT32_MAX - 1); /* what a buffer can hold, less one */
    why = read_all(&b, f, max);
    close_text(f);
    if (why)
        rc = at_fail(err, AT_EIO, "cannot read '%s': %s", shown(path), strerror(why));
    else if (b.n > max)
        rc = at_fail(err, AT_ERANGE, "%s: longer than %zu bytes", shown(path), max);
    else if (check_text(at_strbuf_str(&b), b.n, err) != 0)
        rc = at_error_in(err, "%s", shown(path));
    if (rc) {
        at_strbuf_release(&b);
        return rc;
    }
    if ((bom = at_bom_length(at_strbuf_str(&b), b.n)) > 0) {
        b.n -= bom;
        memmove(b.s, b.s + bom, b.n + 1);
    }
    if (n_out)
        *n_out = b.n;
    *out = at_strbuf_take(&b);
    return 0;
}

int at_lines_open(struct at_lines *out, const char *path, size_t max, struct at_error *err)
{
    FILE *f = NULL;
    int rc = open_text(&f, path, err);

    if (!rc)
        *out = (struct at_lines){ .f = f, .max = max };
    return rc;
}

static void reserve(struct at_lines *l, size_t want)
{
    if (want <= l->cap)
        return;
    l->cap = AT_MAX((size_t)256, l->cap * 2);
    l->line = at_realloc(l->line, l->cap, 1);
}

/* One line into l->line; *excess counts the bytes that found no room. False at the end. */
static bool take_line(struct at_lines *l, size_t *excess)
{
    int c;

    l->n = 0;
    *excess = 0;
    while ((c = getc_unlocked(l->f)) != EOF && c != '\n') {
        if (l->n > l->max) { /* one more than max is kept: it may be the "\r" of the ending */
            ++*excess;
            continue;
        }
        reserve(l, l->n + 2);
        l->line[l->n++] = (char)c;
    }
    reserve(l, l->n + 1);
    return c != EOF || l->n > 0;
}

int at_lines_next(struct at_lines *l, struct at_error *err)
{
    size_t excess, bom;
    bool got = take_line(l, &excess);

    if (ferror(l->f))
        return at_fail(err, AT_EIO, "cannot read line %zu: %s", l->number + 1, strerror(errno));
    if (!got)
        return 0;
    l->number++;
    if (l->n && l->line[l->n - 1] == '\r' && !excess)
        l->n--;
    l->line[l->n] = '\0';
    if (l->number == 1 && (bom = at_bom_length(l->line, l->n)) > 0) {
        l->n -= bom;
        memmove(l->line, l->line + bom, l->n + 1);
    }
    if (l->n + excess > l->max)
        return at_fail(err, AT_ERANGE, "line %zu: %zu bytes, at most %zu are read", l->number,
                       l->n + excess, l->max);
    if (check_text(l->line, l->n, err) != 0)
        return at_error_in(err, "line %zu", l->number);
    return 1;
}

void at_lines_close(struct at_lines *l)
{
    close_text(l->f);
    free(l->line);
    *l = (struct at_lines){ 0 };
}
