/*
 * json_scan.c - see json_scan.h.
 */
#include "io/json_scan.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

void at_json_scan_begin(struct at_json_scan *s, const char *text, size_t n)
{
    *s = (struct at_json_scan){ .start = text, .at = text, .end = text + n };
}

void at_json_scan_release(struct at_json_scan *s)
{
    at_strbuf_release(&s->text);
}

int at_json_scan_fail(const struct at_json_scan *s, const char *wanted, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "expected %s at byte %zu", wanted, (size_t)(s->at - s->start));
}

char at_json_scan_peek(struct at_json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
    return s->at < s->end ? *s->at : '\0';
}

bool at_json_scan_take(struct at_json_scan *s, char c)
{
    if (at_json_scan_peek(s) != c || s->at == s->end)
        return false;
    s->at++;
    return true;
}

/* Four hexadecimal digits, or -1. */
static long take_hex4(struct at_json_scan *s)
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

/* What stands behind a backslash, as a code point; -1 when it is no JSON escape. */
static long take_escape(struct at_json_scan *s)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *name;
    long high, low;

    if (s->at == s->end)
        return -1;
    name = memchr(names, *s->at, sizeof names - 1);
    if (name) {
        s->at++;
        return meant[name - names];
    }
    if (*s->at++ != 'u' || (high = take_hex4(s)) < 0 || (high >= 0xDC00 && high < 0xE000))
        return -1;
    if (high < 0xD800 || high >= 0xDC00)
        return high;
    if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
        return -1;
    s->at += 2;
    low = take_hex4(s);
    return low < 0xDC00 || low >= 0xE000 ? -1 : 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* The rest of a string whose opening quote was taken, appended to out unless that is NULL. */
static int take_string(struct at_json_scan *s, struct at_strbuf *out, size_t max,
                       struct at_error *err)
{
    for (;;) {
        const char *from = s->at;
        long c;

        while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (unsigned char)*s->at >= 0x20)
            s->at++;
        if (out && (size_t)(s->at - from) + out->n > max) {
            s->at = from;
            return at_fail(err, AT_EFORMAT, "a string at byte %zu is longer than %zu bytes",
                           (size_t)(s->at - s->start), max);
        }
        if (out)
            at_strbuf_add(out, from, (size_t)(s->at - from));
        if (s->at == s->end || (unsigned char)*s->at < 0x20)
            return at_json_scan_fail(s, "'\"' at the end of a string", err);
        if (*s->at++ == '"')
            return 0;
        c = take_escape(s);
        if (c < 0)
            return at_json_scan_fail(s, "an escape sequence", err);
        if (out)
            at_strbuf_add_utf8(out, (unsigned)c);
    }
}

int at_json_scan_string(struct at_json_scan *s, size_t max, struct at_error *err)
{
    at_strbuf_clear(&s->text);
    if (!at_json_scan_take(s, '"'))
        return at_json_scan_fail(s, "'\"', a string", err);
    return take_string(s, &s->text, max, err);
}

int at_json_scan_member(struct at_json_scan *s, size_t max, struct at_error *err)
{
    int rc = at_json_scan_string(s, max, err);

    if (!rc && !at_json_scan_take(s, ':'))
        rc = at_json_scan_fail(s, "':'", err);
    return rc;
}

static bool at_digit(const struct at_json_scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

int at_json_scan_whole(struct at_json_scan *s, long long *out, struct at_error *err)
{
    const long long limit = 1LL << 53;
    const char *from;

    at_json_scan_peek(s);
    from = s->at;
    for (*out = 0; at_digit(s) && *out < limit; s->at++)
        *out = *out * 10 + (*s->at - '0');
    if (s->at == from || (*from == '0' && s->at - from > 1) || *out >= limit)
        return at_json_scan_fail(s, "a whole number from 0", err);
    return 0;
}

/* Digits of a number: as many as fit go into *value, *n_dropped more were there. */
static size_t take_digits(struct at_json_scan *s, uint64_t *value, long *n_dropped)
{
    const char *from = s->at;

    for (; at_digit(s); s->at++) {
        unsigned digit = (unsigned)(*s->at - '0');

        if (*n_dropped || *value > (UINT64_MAX - digit) / 10)
            ++*n_dropped;
        else
            *value = *value * 10 + digit;
    }
    return (size_t)(s->at - from);
}

/* What stands behind 'e'; a number that is out of every range is as good as any such. */
static int take_exponent(struct at_json_scan *s, long *out, struct at_error *err)
{
    bool is_negative = s->at < s->end && *s->at == '-';

    if (s->at < s->end && (*s->at == '-' || *s->at == '+'))
        s->at++;
    if (!at_digit(s))
        return at_json_scan_fail(s, "the digits of an exponent", err);
    for (*out = 0; at_digit(s); s->at++)
        if (*out < 100000)
            *out = *out * 10 + (*s->at - '0');
    *out = is_negative ? -*out : *out;
    return 0;
}

/* 10 to the power of n, 0 to 308, as near as a double can be. */
static double power_of_ten(long n)
{
    char text[32];
    double f = 1.0;

    if (n > 22) { /* up to there the product is exact */
        snprintf(text, sizeof text, "1e%ld", n);
        return strtod(text, NULL);
    }
    while (n-- > 0)
        f *= 10.0;
    return f;
}

static double scale(uint64_t digits, long exponent)
{
    double f = (double)digits;

    for (; exponent < -308 && f != 0.0; exponent += 308)
        f /= 1e308;
    if (f == 0.0)
        return f;
    if (exponent < 0)
        return f / power_of_ten(-exponent);
    return exponent > 308 ? HUGE_VAL : f * power_of_ten(exponent);
}

int at_json_scan_number(struct at_json_scan *s, double *out, struct at_error *err)
{
    uint64_t digits = 0;
    long n_dropped = 0, exponent = 0;
    size_t n_whole, n_part = 0;
    const char *from;
    bool is_negative = at_json_scan_take(s, '-');
    int rc = 0;

    from = s->at;
    n_whole = take_digits(s, &digits, &n_dropped);
    if (n_whole == 0 || (*from == '0' && n_whole > 1))
        return at_json_scan_fail(s, "a number", err);
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        n_part = take_digits(s, &digits, &n_dropped);
        if (n_part == 0)
            return at_json_scan_fail(s, "the digits of a fraction", err);
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        rc = take_exponent(s, &exponent, err);
    }
    if (rc)
        return rc;
    *out = scale(digits, exponent + n_dropped - (long)n_part);
    if (!isfinite(*out))
        return at_fail(err, AT_ERANGE, "the number before byte %zu is infinite",
                       (size_t)(s->at - s->start));
    *out = is_negative ? -*out : *out;
    return 0;
}

static int skip_word(struct at_json_scan *s, const char *word, struct at_error *err)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return at_json_scan_fail(s, "a value", err);
    s->at += n;
    return 0;
}

/* One value; of an object or a list only the bracket. *n_open counts those that are open. */
static int skip_part(struct at_json_scan *s, char *open, size_t *n_open, struct at_error *err)
{
    double number;
    char c = at_json_scan_peek(s);

    switch (c) {
    case '{':
    case '[':
        if (*n_open == MAX_DEPTH)
            return at_json_scan_fail(s, "values that are nested less deeply", err);
        s->at++;
        open[(*n_open)++] = c;
        return 0;
    case '"':
        s->at++;
        return take_string(s, NULL, 0, err);
    case 't':
        return skip_word(s, "true", err);
    case 'f':
        return skip_word(s, "false", err);
    case 'n':
        return skip_word(s, "null", err);
    default:
        return at_json_scan_number(s, &number, err);
    }
}

/* What closes the object or list that was opened last. */
static bool take_end(struct at_json_scan *s, const char *open, size_t n_open)
{
    return at_json_scan_take(s, open[n_open - 1] == '{' ? '}' : ']');
}

/* The key of the member that follows, where an object is open. */
static int skip_key(struct at_json_scan *s, const char *open, size_t n_open, struct at_error *err)
{
    int rc;

    if (open[n_open - 1] != '{')
        return 0;
    if (!at_json_scan_take(s, '"'))
        return at_json_scan_fail(s, "'\"', a key", err);
    rc = take_string(s, NULL, 0, err);
    if (!rc && !at_json_scan_take(s, ':'))
        rc = at_json_scan_fail(s, "':'", err);
    return rc;
}

int at_json_scan_skip(struct at_json_scan *s, struct at_error *err)
{
    char open[MAX_DEPTH];
    size_t n_open = 0;
    int rc;

    do {
        size_t before = n_open;

        rc = skip_part(s, open, &n_open, err);
        if (!rc && n_open > before && !take_end(s, open, n_open)) {
            rc = skip_key(s, open, n_open, err);
            continue;
        }
        if (n_open > before)
            n_open--;
        while (!rc && n_open > 0 && take_end(s, open, n_open))
            n_open--;
        if (!rc && n_open > 0 && !at_json_scan_take(s, ','))
            rc = at_json_scan_fail(s, "',' or the end of an object or list", err);
        if (!rc && n_open > 0)
            rc = skip_key(s, open, n_open, err);
    } while (!rc && n_open > 0);
    return rc;
}
