/*
 * vocab_files.c - reads vocab.txt and vocab.json into a struct at_vocab (vocab.h).
 */
#include "text/vocab.h"

#include <string.h>

#include "base/mapfile.h"
#include "io/json_scan.h"

/* About what a piece takes in the file, for the first size of the table. */
enum { BYTES_A_LINE = 9, BYTES_A_MEMBER = 22 };

/* Where the line at at ends, *next where the one behind it starts: "\n", "\r\n" and "\r" end it. */
static const char *line_end(const char *at, const char *end, const char **next)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *stop = newline ? newline : end, *cr = memchr(at, '\r', (size_t)(stop - at));

    if (cr)
        stop = cr;
    *next = stop == end ? end : stop + 1 + (cr && stop + 1 < end && stop[1] == '\n');
    return stop;
}

int at_vocab_read_lines(struct at_vocab *v, const char *path, struct at_error *err)
{
    struct at_mapfile file = { 0 };
    const char *at, *end;
    long long id = 0;
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    at = file.n ? (const char *)file.bytes : "";
    end = at + file.n;
    at_vocab_reserve(v, file.n / BYTES_A_LINE);
    while (!rc && at < end) {
        const char *next, *stop = line_end(at, end, &next);

        rc = at_vocab_add(v, id++, at, (size_t)(stop - at), err);
        at = next;
    }
    if (rc)
        at_error_in(err, "%s: line %lld", path, id);
    else if ((rc = at_vocab_check(v, err)))
        at_error_in(err, "%s", path);
    at_mapfile_close(&file);
    return rc;
}

static int scan_member(struct at_vocab *v, struct at_json_scan *s, struct at_error *err)
{
    long long id;
    int rc = at_json_scan_member(s, AT_MAX_PIECE, err);

    if (!rc)
        rc = at_json_scan_whole(s, &id, err);
    return rc ? rc : at_vocab_add(v, id, at_strbuf_str(&s->text), s->text.n, err);
}

static int scan_vocab(struct at_vocab *v, struct at_json_scan *s, struct at_error *err)
{
    int rc;

    if (!at_json_scan_take(s, '{'))
        return at_json_scan_fail(s, "'{', an object of pieces and ids", err);
    do {
        rc = scan_member(v, s, err);
        if (rc)
            return rc;
    } while (at_json_scan_take(s, ','));
    if (!at_json_scan_take(s, '}'))
        return at_json_scan_fail(s, "',' or '}'", err);
    at_json_scan_peek(s);
    return s->at == s->end ? 0 : at_json_scan_fail(s, "the end of the file", err);
}

int at_vocab_read_json(struct at_vocab *v, const char *path, struct at_error *err)
{
    struct at_mapfile file = { 0 };
    struct at_json_scan s;
    int rc = at_mapfile_open(&file, path, err);

    if (rc)
        return rc;
    at_json_scan_begin(&s, file.n ? (const char *)file.bytes : "", file.n);
    at_vocab_reserve(v, file.n / BYTES_A_MEMBER);
    rc = scan_vocab(v, &s, err);
    if (!rc)
        rc = at_vocab_check(v, err);
    if (rc)
        at_error_in(err, "%s", path);
    at_json_scan_release(&s);
    at_mapfile_close(&file);
    return rc;
}
