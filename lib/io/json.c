/*
 * json.c - see json.h. The only file that sees Jansson.
 *
 * A struct at_json is a json_t under another name. Jansson reports a refused allocation by NULL,
 * and in many places like a fault of the document; document nodes are small, so that goes to the
 * allocation failure handler like any small block.
 */
#include "io/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mapfile.h"
#include "io/textfile.h"

/* Integers beyond this have no exact double, so a real beyond it is not taken for an integer. */
#define EXACT_LIMIT 9007199254740992.0

static void *checked_malloc(size_t n)
{
    return at_malloc(n, 1);
}

void at_json_check_memory(void)
{
    json_set_alloc_funcs(checked_malloc, free);
}

static struct at_json *from_node(json_t *j)
{
    if (!j)
        at_alloc_refused(sizeof *j);
    return (struct at_json *)j;
}

static json_t *node(struct at_json *v)
{
    return (json_t *)v;
}

static const json_t *node_view(const struct at_json *v)
{
    return (const json_t *)v;
}

/* Jansson's iterators want a mutable object though they only look. */
static json_t *node_unconst(const struct at_json *v)
{
    union {
        const struct at_json *in;
        json_t *out;
    } u = { .in = v };

    return u.out;
}

struct at_json *at_json_object(void)
{
    return from_node(json_object());
}

struct at_json *at_json_array(void)
{
    return from_node(json_array());
}

struct at_json *at_json_string(const char *s)
{
    size_t n;

    if (!s)
        return at_json_null();
    n = strlen(s);
    AT_BUG_IF(at_utf8_check(s, n) != n);
    return from_node(json_stringn_nocheck(s, n));
}

struct at_json *at_json_int(long long v)
{
    return from_node(json_integer(v));
}

struct at_json *at_json_real(double v)
{
    return isfinite(v) ? from_node(json_real(v)) : at_json_null();
}

struct at_json *at_json_bool(bool v)
{
    return from_node(json_boolean(v));
}

struct at_json *at_json_null(void)
{
    return from_node(json_null());
}

void at_json_set(struct at_json *object, const char *key, struct at_json *value)
{
    AT_BUG_IF(json_object_set_new(node(object), key, node(value)) != 0);
}

void at_json_append(struct at_json *array, struct at_json *value)
{
    AT_BUG_IF(json_array_append_new(node(array), node(value)) != 0);
}

void at_json_set_string(struct at_json *object, const char *key, const char *s)
{
    at_json_set(object, key, at_json_string(s));
}

void at_json_set_int(struct at_json *object, const char *key, long long v)
{
    at_json_set(object, key, at_json_int(v));
}

void at_json_set_real(struct at_json *object, const char *key, double v)
{
    at_json_set(object, key, at_json_real(v));
}

void at_json_set_bool(struct at_json *object, const char *key, bool v)
{
    at_json_set(object, key, at_json_bool(v));
}

struct at_json *at_json_reals(const double *v, size_t n)
{
    struct at_json *a = at_json_array();

    for (size_t i = 0; i < n; i++)
        at_json_append(a, at_json_real(v[i]));
    return a;
}

struct at_json *at_json_share(struct at_json *v)
{
    return from_node(json_incref(node(v)));
}

void at_json_free(struct at_json *v)
{
    json_decref(node(v));
}

/*
 * Jansson escapes what JSON demands: of all that could talk to a terminal only C0. The rest, which
 * can stand in a string alone, is escaped here; a reader finds the same text.
 */
static int add_chunk(const char *bytes, size_t n, void *buf)
{
    for (size_t i = 0; i < n;) {
        size_t plain = at_plain_length(bytes + i, n - i, "\n");
        at_strbuf_add(buf, bytes + i, plain);
        i += plain;
        if (i < n)
            at_strbuf_addf(buf, "\\u%04X", at_utf8_next(bytes, &i));
    }
    return 0;
}

void at_json_dump(struct at_strbuf *out, const struct at_json *v, int indent, int digits)
{
    size_t flags = JSON_SORT_KEYS | JSON_ENCODE_ANY;

    flags |= indent ? JSON_INDENT((size_t)indent) : JSON_COMPACT;
    flags |= JSON_REAL_PRECISION((size_t)(digits ? digits : 9));
    AT_BUG_IF(json_dump_callback(node_view(v), add_chunk, out, flags) != 0);
}

/* Words for numbers that JSON has not and Python writes and reads all the same. */
static size_t python_word(const char *s, size_t n)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity" };

    for (size_t i = 0; i < AT_COUNTOF(words); i++) {
        size_t length = strlen(words[i]);
        if (length <= n && memcmp(s, words[i], length) == 0)
            return length;
    }
    return 0;
}

/* Put them in quotes: as strings they harm nobody who does not want a number there. False when
   there are none. */
static bool quote_python_words(struct at_strbuf *out, const char *text, size_t n)
{
    bool is_string = false, found = false;

    for (size_t i = 0; i < n; i++) {
        size_t length = is_string ? 0 : python_word(text + i, n - i);
        if (length) {
            at_strbuf_addc(out, '"');
            at_strbuf_add(out, text + i, length);
            at_strbuf_addc(out, '"');
            i += length - 1;
            found = true;
            continue;
        }
        at_strbuf_addc(out, text[i]);
        if (is_string && text[i] == '\\' && i + 1 < n)
            at_strbuf_addc(out, text[++i]);
        else if (text[i] == '"')
            is_string = !is_string;
    }
    return found;
}

static int parse(struct at_json **out, const char *text, size_t n, size_t flags,
                 struct at_error *err)
{
    json_error_t e;
    json_t *j = json_loadb(text, n, flags | JSON_DECODE_ANY, &e);

    /* Python writes int(1e30) for "no limit"; such a document is read again with doubles. */
    if (!j && json_error_code(&e) == json_error_numeric_overflow)
        j = json_loadb(text, n, flags | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
    if (!j)
        return at_fail(err, AT_EFORMAT, "not JSON: line %d, column %d: %s", e.line, e.column,
                       json_error_code(&e) == json_error_null_character ? "NUL in a string"
                                                                        : e.text);
    *out = (struct at_json *)j;
    return 0;
}

int at_json_parse(struct at_json **out, const char *text, size_t n, struct at_error *err)
{
    return parse(out, text, n, 0, err);
}

int at_json_parse_unique(struct at_json **out, const char *text, size_t n, struct at_error *err)
{
    return parse(out, text, n, JSON_REJECT_DUPLICATES, err);
}

int at_json_read(struct at_json **out, const char *path, struct at_error *err)
{
    struct at_mapfile m;
    const char *text;
    int rc = at_mapfile_open(&m, path, err);
    size_t skip;

    if (rc)
        return rc;
    text = m.bytes ? (const char *)m.bytes : "";
    skip = at_bom_length(text, m.n);
    rc = at_json_parse(out, text + skip, m.n - skip, err);
    if (rc) {
        struct at_strbuf quoted = { 0 };
        if (quote_python_words(&quoted, text + skip, m.n - skip))
            rc = at_json_parse(out, quoted.s, quoted.n, err);
        at_strbuf_release(&quoted);
    }
    if (rc)
        at_error_in(err, "%s", path);
    at_mapfile_close(&m);
    return rc;
}

bool at_json_is_object(const struct at_json *v)
{
    return json_is_object(node_view(v));
}

bool at_json_is_array(const struct at_json *v)
{
    return json_is_array(node_view(v));
}

bool at_json_is_string(const struct at_json *v)
{
    return json_is_string(node_view(v));
}

bool at_json_is_number(const struct at_json *v)
{
    return json_is_number(node_view(v));
}

bool at_json_is_integer(const struct at_json *v)
{
    double x = json_is_real(node_view(v)) ? json_real_value(node_view(v)) : NAN;

    return json_is_integer(node_view(v)) || (fabs(x) <= EXACT_LIMIT && x == floor(x));
}

bool at_json_is_bool(const struct at_json *v)
{
    return json_is_boolean(node_view(v));
}

bool at_json_is_null(const struct at_json *v)
{
    return !v || json_is_null(node_view(v));
}

const struct at_json *at_json_get(const struct at_json *object, const char *key)
{
    return (const struct at_json *)json_object_get(node_view(object), key);
}

const struct at_json *at_json_at(const struct at_json *array, size_t i)
{
    return (const struct at_json *)json_array_get(node_view(array), i);
}

size_t at_json_count(const struct at_json *array_or_object)
{
    const json_t *j = node_view(array_or_object);

    return json_is_array(j) ? json_array_size(j) : json_object_size(j);
}

const char *at_json_text(const struct at_json *v, const char *fallback)
{
    return at_json_is_string(v) ? json_string_value(node_view(v)) : fallback;
}

long long at_json_integer(const struct at_json *v, long long fallback)
{
    if (!at_json_is_integer(v))
        return fallback;
    return json_is_integer(node_view(v)) ? json_integer_value(node_view(v))
                                         : (long long)json_real_value(node_view(v));
}

double at_json_number(const struct at_json *v, double fallback)
{
    return at_json_is_number(v) ? json_number_value(node_view(v)) : fallback;
}

bool at_json_truth(const struct at_json *v, bool fallback)
{
    return json_is_boolean(node_view(v)) ? json_is_true(node_view(v)) : fallback;
}

const char *at_json_next(const struct at_json *object, const char *key,
                         const struct at_json **value_out)
{
    json_t *j = node_unconst(object);
    void *at;

    if (!json_is_object(j))
        return NULL;
    at = key ? json_object_iter_next(j, json_object_key_to_iter(key)) : json_object_iter(j);
    if (!at)
        return NULL;
    if (value_out)
        *value_out = (const struct at_json *)json_object_iter_value(at);
    return json_object_iter_key(at);
}

const char *at_json_library(void)
{
    return jansson_version_str();
}
