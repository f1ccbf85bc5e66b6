/*
 * npy.c - see npy.h.
 *
 * Magic number, version, length of the header (2 bytes in version 1.0, 4 in 2.0), the header, the
 * values. The header is a dictionary as Python writes it, with three keys in any order:
 * {'descr': '<f4', 'fortran_order': False, 'shape': (7,), } and blanks up to its end.
 */
#include "io/npy.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mapfile.h"

static const char magic[] = "\x93NUMPY";

enum { KEY_DESCR, KEY_ORDER, KEY_SHAPE, N_KEYS };
static const char *const keys[N_KEYS] = { "descr", "fortran_order", "shape" };

/* What a header says. */
struct header {
    char type[16];
    bool is_fortran;
    size_t rank, length; /* length: of the last dimension */
};

/* The header's text from where it is read on. */
struct cursor {
    const char *start, *at, *end;
};

static int not_wanted(const struct cursor *c, const char *want, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "header: want %s at byte %zu", want,
                   (size_t)(c->at - c->start));
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

/* The next character that is no blank, when it is this one. */
static bool take(struct cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);

    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

static bool is_plain(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < ' ' || s[i] > '~' || s[i] == '\\')
            return false;
    return true;
}

/* A string in quotes of either kind, of ASCII without escapes, shorter than size. */
static int read_string(char *out, size_t size, struct cursor *c, const char *what,
                       struct at_error *err)
{
    const char *close = NULL;
    size_t n;

    skip_blanks(c);
    if (c->at < c->end && (*c->at == '\'' || *c->at == '"'))
        close = memchr(c->at + 1, *c->at, (size_t)(c->end - c->at) - 1);
    n = close ? (size_t)(close - c->at) - 1 : size;
    if (n >= size || !is_plain(c->at + 1, n))
        return not_wanted(c, what, err);
    memcpy(out, c->at + 1, n);
    out[n] = '\0';
    c->at = close + 1;
    return 0;
}

static int read_size(size_t *out, struct cursor *c, struct at_error *err)
{
    const char *first;

    skip_blanks(c);
    first = c->at;
    *out = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (*out > (SIZE_MAX - 9) / 10)
            return at_fail(err, AT_EFORMAT, "header: a dimension is too large");
        *out = *out * 10 + (size_t)(*c->at - '0');
    }
    return c->at > first ? 0 : not_wanted(c, "a size", err);
}

/* (7,) has one dimension, () none; (7) would be a number. */
static int read_shape(struct header *h, struct cursor *c, struct at_error *err)
{
    bool has_comma = false;

    if (!take(c, '('))
        return not_wanted(c, "a tuple of sizes", err);
    while (!take(c, ')')) {
        int rc =
            h->rank > 0 && !has_comma ? not_wanted(c, "','", err) : read_size(&h->length, c, err);
        if (rc)
            return rc;
        h->rank++;
        has_comma = take(c, ',');
    }
    return h->rank == 1 && !has_comma ? not_wanted(c, "a tuple, not a number,", err) : 0;
}

static int read_value(struct header *h, int key, struct cursor *c, struct at_error *err)
{
    if (key == KEY_DESCR)
        return read_string(h->type, sizeof h->type, c, "the name of a type", err);
    if (key == KEY_SHAPE)
        return read_shape(h, c, err);
    h->is_fortran = take_word(c, "True");
    return h->is_fortran || take_word(c, "False") ? 0 : not_wanted(c, "True or False", err);
}

static int read_header(struct header *h, struct cursor *c, struct at_error *err)
{
    bool seen[N_KEYS] = { false }, goes_on = true;
    char name[16];
    int rc;

    if (!take(c, '{'))
        return not_wanted(c, "'{'", err);
    while (!take(c, '}')) {
        int key = 0;
        rc = goes_on ? read_string(name, sizeof name, c, "a key", err)
                     : not_wanted(c, "',' or '}'", err);
        if (rc)
            return rc;
        while (key < N_KEYS && strcmp(name, keys[key]) != 0)
            key++;
        if (key == N_KEYS || seen[key])
            return at_fail(err, AT_EFORMAT, "header: %s key '%s'",
                           key == N_KEYS ? "unknown" : "a second", name);
        seen[key] = true;
        if (!take(c, ':'))
            return not_wanted(c, "':'", err);
        if ((rc = read_value(h, key, c, err)))
            return rc;
        goes_on = take(c, ',');
    }
    for (int key = 0; key < N_KEYS; key++)
        if (!seen[key])
            return at_fail(err, AT_EFORMAT, "header: no key '%s'", keys[key]);
    skip_blanks(c);
    return c->at == c->end ? 0 : not_wanted(c, "nothing more", err);
}

/* From the first byte to the header; *data: where the values begin. */
static int find_header(struct cursor *c, size_t *data, const struct at_mapfile *m,
                       struct at_error *err)
{
    const unsigned char *b = m->bytes;
    size_t begin, n;

    if (m->n < 8 || memcmp(b, magic, 6) != 0)
        return at_fail(err, AT_EFORMAT, "not a .npy file");
    if ((b[6] != 1 && b[6] != 2) || b[7] != 0)
        return at_fail(err, AT_EFORMAT, "version %d.%d of the .npy format, want 1.0 or 2.0", b[6],
                       b[7]);
    begin = b[6] == 1 ? 10 : 12;
    if (m->n < begin)
        return at_fail(err, AT_EFORMAT, "the file ends inside the header's length");
    n = b[8] | (size_t)b[9] << 8;
    if (b[6] == 2)
        n |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (n > m->n - begin)
        return at_fail(err, AT_EFORMAT, "a header of %zu bytes in a file of %zu", n, m->n);
    *c = (struct cursor){ (const char *)b + begin, (const char *)b + begin,
                          (const char *)b + begin + n };
    *data = begin + n;
    return 0;
}

/* Is it n floats in a row, and how many bytes is each? */
static int check_header(size_t *width, const struct header *h, size_t n, struct at_error *err)
{
    *width = strcmp(h->type, "<f4") == 0 ? sizeof(float) : sizeof(double);
    if (*width == sizeof(double) && strcmp(h->type, "<f8") != 0)
        return at_fail(err, AT_EFORMAT, "values of type '%s', want '<f4' or '<f8'", h->type);
    if (h->is_fortran)
        return at_fail(err, AT_EFORMAT, "values in Fortran's order, want C's");
    if (h->rank != 1)
        return at_fail(err, AT_EFORMAT, "%zu dimensions, want 1", h->rank);
    if (h->length != n)
        return at_fail(err, AT_EFORMAT, "%zu values, want %zu", h->length, n);
    return 0;
}

static int read_array(double *out, size_t n, const struct at_mapfile *m, struct at_error *err)
{
    struct header h = { 0 };
    struct cursor c;
    size_t data = 0, width = 0;
    int rc = find_header(&c, &data, m, err);

    if (!rc)
        rc = read_header(&h, &c, err);
    if (!rc)
        rc = check_header(&width, &h, n, err);
    if (rc)
        return rc;
    if ((m->n - data) / width != n || (m->n - data) % width)
        return at_fail(err, AT_EFORMAT, "%zu bytes of values, want %zu", m->n - data, n * width);
    for (size_t i = 0; i < n; i++) {
        float single;
        if (width == sizeof single) {
            memcpy(&single, m->bytes + data + i * width, width);
            out[i] = (double)single;
        } else {
            memcpy(&out[i], m->bytes + data + i * width, width);
        }
    }
    return 0;
}

int at_npy_read(double *out, size_t n, const char *path, struct at_error *err)
{
    struct at_mapfile m;
    int rc = at_mapfile_open(&m, path, err);

    if (rc)
        return rc;
    rc = read_array(out, n, &m, err);
    at_mapfile_close(&m);
    return rc ? at_error_in(err, "%s", path) : 0;
}
