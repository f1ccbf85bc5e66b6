/*
 * pattern.c - see pattern.h.
 */
#include "text/pattern.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uregex.h>
#include <unicode/utf16.h>

#include "base/array.h"
#include "base/utf8.h"

enum {
    MAX_UNITS = 1 << 30,
    STACK_BYTES = 64 << 20, /* for one match, before it is given up */
    TIME_LIMIT = 20000,     /* milliseconds or so */
};

struct units AT_ARRAY(uint16_t);

/* n bytes of valid UTF-8 as UTF-16. */
static void add_units(struct units *out, const char *text, size_t n)
{
    at_array_reserve(out, n); /* never more units than bytes */
    for (size_t i = 0; i < n;) {
        unsigned c = at_utf8_next(text, &i);

        if (c >= 0x10000)
            out->items[out->n++] = U16_LEAD(c);
        out->items[out->n++] = (uint16_t)(c < 0x10000 ? c : U16_TRAIL(c));
    }
}

static int open_regex(struct at_pattern *out, const char *source, struct at_error *err)
{
    const uint32_t flags = UREGEX_MULTILINE | UREGEX_UNIX_LINES; /* as in Ruby */
    struct at_strbuf translated = { 0 };
    struct units units = { 0 };
    UErrorCode status = U_ZERO_ERROR;
    UParseError where = { 0 };
    int rc = at_pattern_translate(&translated, source, err);

    if (!rc) {
        add_units(&units, at_strbuf_str(&translated), translated.n);
        out->regex = uregex_open(units.items, (int32_t)units.n, flags, &where, &status);
        if (U_SUCCESS(status))
            uregex_setStackLimit(out->regex, STACK_BYTES, &status);
        if (U_SUCCESS(status))
            uregex_setTimeLimit(out->regex, TIME_LIMIT, &status);
        if (U_FAILURE(status))
            rc = at_fail(err, AT_EFORMAT, "regular expression '%.*s': %s", at_shown(source, 200),
                         source, u_errorName(status));
    }
    at_strbuf_release(&translated);
    at_array_release(&units);
    return rc;
}

int at_pattern_read(struct at_pattern *out, const char *source, bool is_regex, struct at_error *err)
{
    struct at_pattern p = { 0 };
    int rc = 0;

    if (!is_regex || !*source) {
        p.n = strlen(source);
        p.text = at_strndup(source, p.n);
    } else {
        rc = open_regex(&p, source, err);
    }
    if (rc)
        at_pattern_release(&p);
    else
        *out = p;
    return rc;
}

void at_pattern_release(struct at_pattern *p)
{
    if (p->regex)
        uregex_close(p->regex);
    free(p->text);
    *p = (struct at_pattern){ 0 };
}

static int refused(UErrorCode status, struct at_error *err)
{
    enum at_code code = status == U_MEMORY_ALLOCATION_ERROR ? AT_ENOMEM : AT_ERANGE;

    return at_fail(err, code,
                   "a regular expression of the tokenizer cannot be run on this text: %s",
                   u_errorName(status));
}

static int load_text(struct at_matcher *m, struct at_error *err)
{
    UErrorCode status = U_ZERO_ERROR;
    struct units units = { m->units, 0, m->cap };

    if (m->n > MAX_UNITS)
        return at_fail(err, AT_ERANGE, "text of %zu bytes is too long, at most %d", m->n,
                       MAX_UNITS);
    if (!m->regex)
        m->regex = uregex_clone(m->pattern->regex, &status);
    if (U_FAILURE(status))
        return refused(status, err);
    at_array_reserve(&units, 1); /* ICU wants no NULL */
    add_units(&units, m->text, m->n);
    m->units = units.items;
    m->n_units = units.n;
    m->cap = units.cap;
    uregex_setText(m->regex, m->units, (int32_t)m->n_units, &status);
    return U_FAILURE(status) ? refused(status, err) : 0;
}

int at_matcher_begin(struct at_matcher *m, const struct at_pattern *p, const char *text, size_t n,
                     struct at_error *err)
{
    AT_BUG_IF(m->pattern && m->pattern != p);
    m->pattern = p;
    m->text = text;
    m->n = n;
    m->at = m->unit = 0;
    m->has_match = false;
    return p->regex ? load_text(m, err) : 0;
}

static size_t character_end(const struct at_matcher *m, size_t at)
{
    if (at < m->n)
        at_utf8_next(m->text, &at);
    return at;
}

/* Where the string stands first from m->at on: 1, or 0. */
static int find_string(const struct at_matcher *m, size_t *start, size_t *end)
{
    const char *wanted = m->pattern->text;
    size_t n = m->pattern->n;

    *start = *end = m->at;
    if (!n)
        return 1;
    while (n <= m->n - *start) {
        const char *first = memchr(m->text + *start, wanted[0], m->n - *start - (n - 1));

        if (!first)
            return 0;
        *start = (size_t)(first - m->text);
        *end = *start + n;
        if (!memcmp(first, wanted, n))
            return 1;
        ++*start;
    }
    return 0;
}

/* Move m->at and m->unit on to a place in UTF-16. */
static void follow(struct at_matcher *m, size_t unit)
{
    while (m->unit < unit)
        m->unit += at_utf8_next(m->text, &m->at) < 0x10000 ? 1 : 2;
}

static int find_regex(struct at_matcher *m, size_t *start, size_t *end, struct at_error *err)
{
    UErrorCode status = U_ZERO_ERROR;
    size_t from, to;

    if (!uregex_find(m->regex, (int32_t)m->unit, &status) || U_FAILURE(status))
        return U_FAILURE(status) ? refused(status, err) : 0;
    from = (size_t)uregex_start(m->regex, 0, &status);
    to = (size_t)uregex_end(m->regex, 0, &status);
    if (U_FAILURE(status))
        return refused(status, err);
    follow(m, from);
    *start = m->at;
    follow(m, to);
    *end = m->at;
    return 1;
}

int at_matcher_next(struct at_matcher *m, size_t *start, size_t *end, struct at_error *err)
{
    while (m->at <= m->n) {
        size_t next;
        int rc = m->pattern->regex ? find_regex(m, start, end, err) : find_string(m, start, end);

        if (rc <= 0)
            return rc;
        m->at = *end;
        if (*start < *end || !m->has_match || *end != m->last_end) {
            m->has_match = true;
            m->last_end = *end;
            return 1;
        }
        /* nothing, where the last match ended: look behind the next character */
        next = character_end(m, m->at);
        if (next == m->at)
            return 0;
        m->unit += next - m->at < 4 ? 1 : 2;
        m->at = next;
    }
    return 0;
}

void at_matcher_release(struct at_matcher *m)
{
    if (m->regex)
        uregex_close(m->regex);
    free(m->units);
    *m = (struct at_matcher){ 0 };
}
