/*
 * vocab_files.c - reads vocab.txt and vocab.json into a struct at_vocab (vocab.h).
 */
#include "text/vocab.h"

#include <string.h>

#include "base/mapfile.h"
#include "io/textfile.h"

/* About what a piece takes in the file, for the first size of the table. */
enum { BYTES_A_LINE = 9, BYTES_A_MEMBER = 22 };

int at_vocab_read_lines(struct at_vocab *v, const char *path, struct at_error *err)
{
    struct at_mapfile file = { 0 };
    const char *at, *end;
    long long id = 0, n_blank = 0;
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    at = file.n ? (const char *)file.bytes : "";
    end = at + file.n;
    at_vocab_reserve(v, file.n / BYTES_A_LINE);
    while (!rc && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);

        if (n && at[n - 1] == '\r')
            n--;
        if (n) { /* blank lines count only when another piece follows */
            while (!rc && n_blank > 0) {
                rc = at_vocab_add(v, id++, "", 0, err);
                n_blank--;
            }
            if (!rc)
                rc = at_vocab_add(v, id++, at, n, err);
        } else {
            n_blank++;
        }
        at = newline ? newline + 1 : end;
    }
    if (rc)
        at_error_in(err, "%s: line %lld", path, id);
    else if ((rc = at_vocab_check(v, err)))
        at_error_in(err, "%s", path);
    at_mapfile_close(&file);
    return rc;
}

/* What is left of the JSON text of a vocabulary. */
struct scan {
    const char *start, *at, *end;
    struct at_strbuf piece; /* the string read last */
};

static int fail_here(const struct scan *s, const char *wanted, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "expected %s at byte %zu", wanted, (size_t)(s->at - s->start));
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && memchr(" \t\r\n", *s->at, 4))
        s->at++;
}

/* True when the next character behind white space is c, which is then stepped over too. */
static bool take(struct scan *s, char c)
{
    skip_space(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* Four hexadecimal digits, or -1. */
static long scan_hex4(struct scan *s)
{
    long value = 0;

    if (s->end - s->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *d = memchr(digits, s->at[i], sizeof digits - 1);

        if (!d)
            return -1;
        value = value * 16 + (d - digits < 16 ? d - digits : d - digits - 6);
    }
    s->at += 4;
    return value;
}

/* What stands behind a backslash, added to the piece; false when it is no JSON escape. */
static bool scan_escape(struct scan *s)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *name;
    long high, low;

    if (s->at == s->end)
        return false;
    name = memchr(names, *s->at, sizeof names - 1);
    if (name) {
        at_strbuf_addc(&s->piece, meant[name - names]);
        s->at++;
        return true;
    }
    if (*s->at++ != 'u' || (high = scan_hex4(s)) < 0 || (high >= 0xDC00 && high < 0xE000))
        return false;
    if (high >= 0xD800 && high < 0xDC00) { /* the first half of a pair */
        if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
            return false;
        s->at += 2;
        low = scan_hex4(s);
        if (low < 0xDC00 || low >= 0xE000)
            return false;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
    at_strbuf_add_utf8(&s->piece, (unsigned)high);
    return true;
}

/* The rest of a string whose opening quote was taken, into s->piece. */
static int scan_string(struct scan *s, struct at_error *err)
{
    at_strbuf_clear(&s->piece);
    for (;;) {
        const char *from = s->at;

        while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (unsigned char)*s->at >= 0x20)
            s->at++;
        if ((size_t)(s->at - from) + s->piece.n > AT_MAX_PIECE)
            return fail_here(s, "the end of a piece, which may have 4096 bytes,", err);
        at_strbuf_add(&s->piece, from, (size_t)(s->at - from));
        if (s->at == s->end || (unsigned char)*s->at < 0x20)
            return fail_here(s, "'\"' at the end of a string", err);
        if (*s->at++ == '"')
            return 0;
        if (!scan_escape(s))
            return fail_here(s, "an escape sequence", err);
    }
}

static int scan_id(struct scan *s, long long *id, struct at_error *err)
{
    const char *from;

    skip_space(s);
    from = s->at;
    for (*id = 0; s->at < s->end && *s->at >= '0' && *s->at <= '9' && *id < AT_MAX_VOCAB; s->at++)
        *id = *id * 10 + (*s->at - '0');
    if (s->at == from)
        return fail_here(s, "an id, a whole number from 0", err);
    return 0;
}

static int scan_member(struct at_vocab *v, struct scan *s, struct at_error *err)
{
    long long id;
    int rc;

    if (!take(s, '"'))
        return fail_here(s, "'\"', a piece", err);
    rc = scan_string(s, err);
    if (!rc && !take(s, ':'))
        rc = fail_here(s, "':'", err);
    if (!rc)
        rc = scan_id(s, &id, err);
    return rc ? rc : at_vocab_add(v, id, at_strbuf_str(&s->piece), s->piece.n, err);
}

static int scan_vocab(struct at_vocab *v, struct scan *s, struct at_error *err)
{
    int rc;

    if (!take(s, '{'))
        return fail_here(s, "'{', an object of pieces and ids", err);
    do {
        rc = scan_member(v, s, err);
        if (rc)
            return rc;
    } while (take(s, ','));
    if (!take(s, '}'))
        return fail_here(s, "',' or '}'", err);
    skip_space(s);
    return s->at == s->end ? 0 : fail_here(s, "the end of the file", err);
}

int at_vocab_read_json(struct at_vocab *v, const char *path, struct at_error *err)
{
    struct at_mapfile file = { 0 };
    struct scan s = { 0 };
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    s.start = s.at = file.n ? (const char *)file.bytes : "";
    s.end = s.at + file.n;
    at_vocab_reserve(v, file.n / BYTES_A_MEMBER);
    rc = scan_vocab(v, &s, err);
    if (!rc)
        rc = at_vocab_check(v, err);
    if (rc)
        at_error_in(err, "%s", path);
    at_strbuf_release(&s.piece);
    at_mapfile_close(&file);
    return rc;
}
