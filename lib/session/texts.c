/*
 * texts.c - see texts.h.
 */
#include "session/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/mapfile.h"
#include "io/json.h"

/* Its tables too are small blocks, which never come back NULL. */
#define uthash_malloc(size) at_malloc(1, (size))
#include <uthash.h>

enum { MAX_TEXT = 64 << 20 };

/* Ids already given out: two texts must not share a directory. */
struct at_ids_seen {
    UT_hash_handle hh;
    char id[];
};

void at_text_release(struct at_text *t)
{
    free(t->id);
    free(t->text);
    free(t->pair);
    *t = (struct at_text){ 0 };
}

bool at_texts_is_many(const struct at_texts *t)
{
    return t->options.is_lines || t->options.is_jsonl || t->options.n_given > 1;
}

int at_texts_open(struct at_texts *t, const struct at_texts_options *o, struct at_error *err)
{
    const char *path = o->file;
    int rc;

    *t = (struct at_texts){ .options = *o };
    if (!o->file && o->n_given == 0)
        return at_fail(err, AT_ERANGE,
                       "no text; give it as an argument, with -f FILE, or - for standard input");
    if (o->file && o->n_given)
        return at_fail(err, AT_ERANGE, "texts both from '%s' and as arguments; give one of them",
                       o->file);
    if (!o->is_lines && !o->is_jsonl)
        return 0;
    if (!path) {
        if (o->n_given > 1 || strcmp(o->given[0], "-") != 0)
            return at_fail(err, AT_ERANGE,
                           "--lines and --jsonl read -f FILE or - (standard input)");
        path = "-";
    }
    rc = at_lines_open(&t->lines, path, MAX_TEXT, err);
    t->is_open = !rc;
    return rc;
}

void at_texts_close(struct at_texts *t)
{
    struct at_ids_seen *s, *tmp;

    if (t->is_open)
        at_lines_close(&t->lines);
    HASH_ITER (hh, t->seen, s, tmp) {
        HASH_DEL(t->seen, s);
        free(s);
    }
    *t = (struct at_texts){ 0 };
}

static size_t count_all(const struct at_texts *t)
{
    const char *path = t->options.file;
    struct at_mapfile m;
    size_t lines = 0;

    if (!t->is_open)
        return path ? 1 : t->options.n_given;
    if (!path || !strcmp(path, "-") || at_mapfile_open(&m, path, NULL))
        return 0;
    for (size_t i = 0; i < m.n; i++)
        lines += m.bytes[i] == '\n' && i > 0 && m.bytes[i - 1] != '\n';
    lines += m.n > 0 && m.bytes[m.n - 1] != '\n';
    at_mapfile_close(&m);
    return lines;
}

size_t at_texts_count(const struct at_texts *t)
{
    size_t n = count_all(t), parts = t->options.n_parts;

    return parts ? (n + parts - t->options.part) / parts : n;
}

const char *at_texts_source(const struct at_texts *t)
{
    const char *file = t->options.file;

    return file && strcmp(file, "-") != 0 ? file : "standard input";
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \t\r\n\v\f")] == '\0';
}

/* File systems take names of 255 bytes. */
enum { LONG_ID = 200, KEPT = 180 };

char *at_text_folder(const char *id)
{
    size_t n = strlen(id), kept = KEPT;

    if (n <= LONG_ID)
        return at_strdup(id);
    while (((unsigned char)id[kept] & 0xC0) == 0x80) /* not within a character */
        kept--;
    return at_asprintf("%.*s-%.12s", (int)kept, id, at_digest_bytes(id, n).hex);
}

/* An id may name a directory of its own and nothing else. */
static int claim_id(struct at_texts *t, const char *id, struct at_error *err)
{
    size_t n = strlen(id);
    struct at_ids_seen *s;

    if (n == 0 || id[0] == '.' || strchr(id, '/'))
        return at_fail(err, AT_EFORMAT,
                       "id '%s' cannot name a directory (not empty, no '/', no leading dot)", id);
    if (!strcmp(id, "manifest.json") || !strcmp(id, "unfinished.txt") ||
        (n > 4 && !strcmp(id + n - 4, ".csv")))
        return at_fail(err, AT_EFORMAT, "id '%s' is the name of a file of atlas", id);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)id[i] < 0x20)
            return at_fail(err, AT_EFORMAT, "id has a control character at byte %zu", i);
    HASH_FIND_STR(t->seen, id, s);
    if (s)
        return at_fail(err, AT_EFORMAT, "id '%s' was used before", id);
    s = at_malloc(1, sizeof *s + n + 1);
    memcpy(s->id, id, n + 1);
    HASH_ADD_STR(t->seen, id, s);
    return 0;
}

static int from_line(struct at_text *out, struct at_texts *t, struct at_error *err)
{
    if (is_blank(t->lines.line))
        return at_fail(err, AT_EFORMAT, "empty text");
    out->id = at_asprintf("%zu", t->lines.number);
    out->text = at_strndup(t->lines.line, t->lines.n);
    out->pair = t->options.pair ? at_strdup(t->options.pair) : NULL;
    return 0;
}

static int from_json_line(struct at_text *out, struct at_texts *t, struct at_error *err)
{
    struct at_json *doc;
    const struct at_json *id, *pair;
    const char *text;
    int rc = at_json_parse(&doc, t->lines.line, t->lines.n, err);

    if (rc)
        return rc;
    text = at_json_text(at_json_get(doc, "text"), NULL);
    pair = at_json_get(doc, "pair");
    id = at_json_get(doc, "id");
    if (!text)
        rc = at_fail(err, AT_EFORMAT, "no key 'text' with a string");
    else if (is_blank(text))
        rc = at_fail(err, AT_EFORMAT, "empty text");
    else if (!at_json_is_string(pair) && !at_json_is_null(pair))
        rc = at_fail(err, AT_EFORMAT, "'pair' is not a string");
    if (!rc && at_json_is_integer(id))
        out->id = at_asprintf("%lld", at_json_integer(id, 0));
    else if (!rc && at_json_is_string(id))
        out->id = at_strdup(at_json_text(id, ""));
    else if (!rc && at_json_is_null(id))
        out->id = at_asprintf("%zu", t->lines.number);
    else if (!rc)
        rc = at_fail(err, AT_EFORMAT, "'id' is neither a string nor a whole number");
    if (!rc)
        rc = claim_id(t, out->id, err);
    if (!rc) {
        const char *second = at_json_text(pair, t->options.pair);
        out->text = at_strdup(text);
        out->pair = second ? at_strdup(second) : NULL;
    }
    at_json_free(doc);
    return rc;
}

/* The next line that holds something. */
static int next_line(struct at_text *out, struct at_texts *t, bool *is_fatal, struct at_error *err)
{
    int rc;

    do {
        rc = at_lines_next(&t->lines, err);
        if (rc < 0) {
            *is_fatal = rc == AT_EIO;
            at_error_in(err, "%s", at_texts_source(t)); /* err has the line already */
            return rc;
        }
        if (rc == 0)
            return 0;
    } while (is_blank(t->lines.line)); /* blank lines separate, they are no texts */
    rc = t->options.is_jsonl ? from_json_line(out, t, err) : from_line(out, t, err);
    if (rc) {
        at_text_release(out);
        at_error_in(err, "%s: line %zu", at_texts_source(t), t->lines.number);
        return rc;
    }
    return 1;
}

/* A whole file or standard input as one text. */
static int whole_file(struct at_text *out, const char *path, struct at_error *err)
{
    size_t n;
    int rc = at_text_read(&out->text, &n, path, MAX_TEXT, err);

    if (rc)
        return rc;
    while (n && (out->text[n - 1] == '\n' || out->text[n - 1] == '\r'))
        out->text[--n] = '\0'; /* the file's last line end is not part of the text */
    return 0;
}

static int next_given(struct at_text *out, struct at_texts *t, struct at_error *err)
{
    const struct at_texts_options *o = &t->options;
    const char *arg;
    int rc = 0;

    if (o->file) {
        if (t->next_given++)
            return 0;
        rc = whole_file(out, o->file, err);
    } else {
        if (t->next_given == o->n_given)
            return 0;
        arg = o->given[t->next_given++];
        if (!strcmp(arg, "-"))
            rc = whole_file(out, "-", err);
        else
            out->text = at_strdup(arg);
    }
    if (!rc && is_blank(out->text))
        rc = at_fail(err, AT_EFORMAT, "empty text");
    if (rc) {
        at_text_release(out);
        if (o->n_given > 1)
            at_error_in(err, "text %zu", t->next_given);
        return rc;
    }
    out->id = o->n_given > 1 ? at_asprintf("%zu", t->next_given) : at_strdup("");
    out->pair = o->pair ? at_strdup(o->pair) : NULL;
    return 1;
}

/* A text, or one that is bad, of another part or passed over; the answers of at_texts_next(). */
static int next_any(struct at_text *out, struct at_texts *t, bool *is_ours, bool *is_fatal,
                    struct at_error *err)
{
    size_t parts = t->options.n_parts;
    int got = t->is_open ? next_line(out, t, is_fatal, err) : next_given(out, t, err);

    *is_ours = !parts || t->n_read % parts == t->options.part - 1;
    if (got == 1 && *is_ours)
        *is_ours = !(t->passes && t->passes(t->arg, out));
    t->n_read += got != 0;
    return got;
}

int at_texts_next(struct at_text *out, struct at_texts *t, bool *is_fatal, struct at_error *err)
{
    bool is_ours;
    int got;

    do {
        *out = (struct at_text){ 0 };
        *is_fatal = false;
        got = next_any(out, t, &is_ours, is_fatal, err);
        if (got == 1 && !is_ours)
            at_text_release(out);
    } while (got != 0 && !is_ours && !*is_fatal);
    return got;
}
