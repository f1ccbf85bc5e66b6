/*
 * textfile.c - see textfile.h.
 */
#include "io/textfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

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
