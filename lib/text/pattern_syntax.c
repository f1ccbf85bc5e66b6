/*
 * pattern_syntax.c - regular expressions in Ruby's syntax as ICU writes them, see pattern.h.
 *
 * Most of both is the same. Different are: (?m), which lets '.' match a line break; \h, \w, \v, \b
 * and \N; what is in \p{L} and its like for an ICU of before Unicode 16; X{2,3}+, which repeats
 * once more where ICU's is possessive; '{' that is no repetition; signs within [].
 */
#include "text/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/utf8.h"
#include "text/unicode.h"

enum { MAX_SOURCE = 1 << 16, MAX_DEPTH = 100, MAX_NAME = 64, MAX_REPEAT = 100000 };

/* What one character of \w is, as Oniguruma sees it, but for those of the youngest versions. */
#define WORD "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u00B2\\u00B3\\u00B9\\u00BC\\u00BD\\u00BE"

struct translation {
    const char *at;
    size_t depth;
    struct at_error *err;
};

static int translate_branches(struct translation *t, struct at_strbuf *out);
static int translate_set(struct translation *t, struct at_strbuf *out);

static int unsupported(struct translation *t, const char *from, size_t n)
{
    return at_fail(t->err, AT_EFORMAT, "regular expression with '%.*s', which is not supported",
                   at_shown(from, n), from);
}

/* A set of characters: what ICU calls it, and the young ones that belong to it. */
static void add_class(struct at_strbuf *out, bool is_negative, const char *body, unsigned kinds)
{
    struct at_young young;

    at_strbuf_addf(out, "[%s%s", is_negative ? "^" : "", body);
    for (size_t i = 0; at_unicode_young(&young, i); i++)
        if (young.kind & kinds)
            at_strbuf_addf(out, "\\U%08X-\\U%08X", young.first, young.last);
    at_strbuf_addc(out, ']');
}

static void add_word(struct at_strbuf *out, bool is_negative)
{
    add_class(out, is_negative, WORD, AT_YOUNG_LETTER | AT_YOUNG_DIGIT | AT_YOUNG_MARK);
}

/* \b: between what belongs to a word and what does not. */
static void add_boundary(struct at_strbuf *out, bool is_negative)
{
    const char *const before[] = { "(?<=", "(?<!" }, *const behind[] = { "(?=", "(?!" };

    at_strbuf_adds(out, "(?:");
    for (int i = 0; i < 2; i++) {
        at_strbuf_adds(out, i ? "|" : "");
        at_strbuf_adds(out, before[i]);
        add_word(out, false);
        at_strbuf_addc(out, ')');
        at_strbuf_adds(out, behind[i != is_negative ? 0 : 1]);
        add_word(out, false);
        at_strbuf_addc(out, ')');
    }
    at_strbuf_addc(out, ')');
}

/* One character that stands for itself; within a set more of them have a meaning. */
static void add_literal(struct at_strbuf *out, unsigned c, bool in_set)
{
    const char *marks = in_set ? "[]{}()^-&|\\$:,. #'\"" : "*?+[](){}^$|\\./";

    if (c < 0x20 || c == 0x7F)
        at_strbuf_addf(out, "\\x{%X}", c);
    else if (c < 0x80 && strchr(marks, (int)c))
        at_strbuf_addf(out, "\\%c", (char)c);
    else
        at_strbuf_add_utf8(out, c);
}

/* \p{name}, \P{name}, \p{^name}; t->at is behind the p. */
static int translate_property(struct translation *t, struct at_strbuf *out, bool is_negative)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } grown[] = { { "L", AT_YOUNG_LETTER }, { "Letter", AT_YOUNG_LETTER },
                  { "N", AT_YOUNG_DIGIT },  { "Number", AT_YOUNG_DIGIT },
                  { "Nd", AT_YOUNG_DIGIT }, { "Decimal_Number", AT_YOUNG_DIGIT } };
    const char *from = t->at - 2, *end = *t->at == '{' ? strchr(t->at, '}') : NULL;
    char name[MAX_NAME + 1], body[MAX_NAME + 8];
    unsigned kinds = 0;
    size_t n;

    if (!end)
        return unsupported(t, from, 3);
    t->at++;
    if (*t->at == '^') {
        is_negative = !is_negative;
        t->at++;
    }
    n = (size_t)(end - t->at);
    if (!n || n > MAX_NAME ||
        strspn(t->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789_ -") < n)
        return unsupported(t, from, (size_t)(end - from) + 1);
    memcpy(name, t->at, n);
    name[n] = '\0';
    t->at = end + 1;
    for (size_t i = 0; i < AT_COUNTOF(grown); i++)
        if (!strcmp(name, grown[i].name))
            kinds = grown[i].kinds;
    snprintf(body, sizeof body, "\\p{%s}", name);
    add_class(out, is_negative, body, kinds);
    return 0;
}

/* Hexadecimal digits as a code point: 2 behind \x, 4 behind \u, any number in \x{}. -1: none. */
static long take_code_point(struct translation *t, char letter)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    bool is_braced = letter == 'x' && *t->at == '{';
    size_t n = is_braced ? strspn(t->at + 1, digits) : strspn(t->at, digits);
    char text[9] = "";
    unsigned long c;

    if (!is_braced)
        n = AT_MIN(n, letter == 'x' ? (size_t)2 : (size_t)4);
    if (n == 0 || n > 8 || (letter == 'u' && n != 4) || (is_braced && t->at[1 + n] != '}'))
        return -1;
    memcpy(text, t->at + is_braced, n);
    t->at += n + (is_braced ? 2 : 0);
    c = strtoul(text, NULL, 16);
    return c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || (!is_braced && letter == 'x' && c >= 0x80)
               ? -1
               : (long)c;
}

/* An escape that is one character: its code point, or -1; t->at is behind the letter. */
static long escaped_character(struct translation *t, unsigned c)
{
    static const char letters[] = "tnrfvae", meant[] = "\t\n\r\f\v\a\x1b";
    const char *at = c < 0x80 && c ? strchr(letters, (int)c) : NULL;

    if (at)
        return meant[at - letters];
    if (c == 'x' || c == 'u')
        return take_code_point(t, (char)c);
    return c < 0x80 && (at_unicode_is_letter(c) || at_unicode_is_number(c) || !c) ? -1 : (long)c;
}

/* An escape that is a class of characters, within a set or not: 1; 0 when it is none. */
static int translate_class(struct translation *t, struct at_strbuf *out, char letter)
{
    bool is_negative = letter >= 'A' && letter <= 'Z';

    switch (letter | 0x20) {
    case 'd':
        add_class(out, is_negative, "\\p{Nd}", AT_YOUNG_DIGIT);
        return 1;
    case 's':
        add_class(out, is_negative, "\\p{White_Space}", 0);
        return 1;
    case 'w':
        add_word(out, is_negative);
        return 1;
    case 'h':
        add_class(out, is_negative, "0-9a-fA-F", 0);
        return 1;
    case 'p': {
        int rc = translate_property(t, out, is_negative);
        return rc ? rc : 1;
    }
    }
    return 0;
}

/* What stands behind a backslash outside a set. */
static int translate_escape(struct translation *t, struct at_strbuf *out)
{
    const char *from = t->at - 1;
    size_t i = 0;
    unsigned c = *t->at ? at_utf8_next(t->at, &i) : 0;
    long literal;
    int rc;

    t->at += i;
    rc = c < 0x80 ? translate_class(t, out, (char)c) : 0;
    if (rc)
        return rc < 0 ? rc : 0;
    switch (c) {
    case 'b':
    case 'B':
        add_boundary(out, c == 'B');
        return 0;
    case 'A':
    case 'Z':
    case 'z':
    case 'R':
    case 'X':
        at_strbuf_addf(out, "\\%c", (char)c);
        return 0;
    case 'N':
        at_strbuf_adds(out, "[^\\n]");
        return 0;
    case 'O':
        at_strbuf_adds(out, "[\\s\\S]");
        return 0;
    }
    if (c >= '1' && c <= '9' && !(*t->at >= '0' && *t->at <= '9')) {
        at_strbuf_addf(out, "\\%c", (char)c);
        return 0;
    }
    literal = escaped_character(t, c);
    if (literal < 0)
        return unsupported(t, from, (size_t)(t->at - from));
    add_literal(out, (unsigned)literal, false);
    return 0;
}

/* [:alpha:], whose opening bracket is at t->at. */
static int translate_posix(struct translation *t, struct at_strbuf *out)
{
    static const struct {
        const char *name, *body;
        unsigned kinds;
    } classes[] = {
        { "alpha", "\\p{Alphabetic}", AT_YOUNG_LETTER },
        { "digit", "\\p{Nd}", AT_YOUNG_DIGIT },
        { "space", "\\p{White_Space}", 0 },
        { "upper", "\\p{Uppercase}", 0 },
        { "lower", "\\p{Lowercase}", 0 },
        { "xdigit", "0-9a-fA-F", 0 },
        { "cntrl", "\\p{Cc}", 0 },
    };
    const char *from = t->at, *name = from + 2, *end = strstr(from, ":]");
    bool is_negative = *name == '^';

    name += is_negative;
    for (size_t i = 0; end && i < AT_COUNTOF(classes); i++)
        if ((size_t)(end - name) == strlen(classes[i].name) &&
            !strncmp(name, classes[i].name, (size_t)(end - name))) {
            add_class(out, is_negative, classes[i].body, classes[i].kinds);
            t->at = end + 2;
            return 0;
        }
    return unsupported(t, from, end ? (size_t)(end - from) + 2 : 2);
}

/* One character of a set, which may begin a range: its code point, or -1 with the message. */
static long set_character(struct translation *t)
{
    const char *from = t->at;
    size_t i = 0;
    unsigned c = at_utf8_next(t->at, &i);
    long literal = (long)c;

    t->at += i;
    if (c == '\\') {
        i = 0;
        c = *t->at ? at_utf8_next(t->at, &i) : 0;
        t->at += i;
        literal = c == 'b' ? '\b' : escaped_character(t, c);
    }
    if (literal < 0)
        unsupported(t, from, (size_t)(t->at - from));
    return literal;
}

/* One member of a set: a character, a range, a class or another set. */
static int translate_member(struct translation *t, struct at_strbuf *out)
{
    const char *from = t->at;
    long first, last;
    int rc;

    if (*t->at == '[')
        return t->at[1] == ':' ? translate_posix(t, out) : (t->at++, translate_set(t, out));
    if (*t->at == '\\' && t->at[1]) {
        t->at += 2;
        rc = translate_class(t, out, t->at[-1]);
        if (rc)
            return rc < 0 ? rc : 0;
        t->at -= 2;
    }
    first = set_character(t);
    if (first < 0)
        return AT_EFORMAT;
    add_literal(out, (unsigned)first, true);
    if (*t->at != '-' || t->at[1] == ']' || !t->at[1])
        return 0;
    t->at++;
    if (*t->at == '[' || (*t->at == '\\' && t->at[1] && strchr("dDsSwWhHpP", t->at[1])))
        return unsupported(t, from, (size_t)(t->at - from) + 2);
    last = set_character(t);
    if (last < 0)
        return AT_EFORMAT;
    at_strbuf_addc(out, '-');
    add_literal(out, (unsigned)last, true);
    return 0;
}

/* A set whose opening bracket was taken. Both sides of && are sets of their own. */
static int translate_set(struct translation *t, struct at_strbuf *out)
{
    const char *from = t->at - 1;
    struct at_strbuf body = { 0 };
    size_t n_members = 0;
    int rc = 0;

    if (++t->depth > MAX_DEPTH)
        return at_fail(t->err, AT_ERANGE, "regular expression nested deeper than %d", MAX_DEPTH);
    at_strbuf_addc(out, '[');
    if (*t->at == '^') {
        at_strbuf_addc(out, '^');
        t->at++;
    }
    at_strbuf_addc(&body, '[');
    while (!rc && *t->at && *t->at != ']') {
        if (t->at[0] == '&' && t->at[1] == '&' && n_members) {
            at_strbuf_adds(&body, "]&&[");
            t->at += 2;
            n_members = 0;
            continue;
        }
        rc = translate_member(t, &body);
        n_members++;
    }
    if (!rc && (!*t->at || !n_members))
        rc = unsupported(t, from, 20);
    t->at++;
    t->depth--;
    at_strbuf_addf(out, "%s]]", at_strbuf_str(&body));
    at_strbuf_release(&body);
    return rc;
}

/* (?imx-imx: and (?imx-imx), t->at behind the question mark. */
static int translate_options(struct translation *t, struct at_strbuf *out, bool is_first)
{
    const char *from = t->at - 2;
    size_t n = strspn(t->at, "im-");

    if (n == 0 || (t->at[n] != ':' && (t->at[n] != ')' || !is_first)))
        return unsupported(t, from, n + 3);
    at_strbuf_adds(out, "(?");
    for (; n > 0; n--, t->at++)
        at_strbuf_addc(out, *t->at == 'm' ? 's' : *t->at);
    at_strbuf_addc(out, *t->at);
    return *t->at++ == ')' ? 1 : 0;
}

/*
 * What begins with a parenthesis, which was taken; is_first: nothing stands before it in its group.
 * *is_atom: it may be repeated.
 */
static int translate_group(struct translation *t, struct at_strbuf *out, bool is_first,
                           bool *is_atom)
{
    static const char *const plain[] = { "?:", "?=", "?!", "?>", "?<=", "?<!" };
    const char *from = t->at - 1, *name_end;
    size_t i = 0;
    int rc = 0;

    *is_atom = true;
    while (i < AT_COUNTOF(plain) && strncmp(t->at, plain[i], strlen(plain[i])) != 0)
        i++;
    if (i < AT_COUNTOF(plain)) {
        at_strbuf_addf(out, "(%s", plain[i]);
        t->at += strlen(plain[i]);
    } else if (!strncmp(t->at, "?<", 2) && (name_end = strchr(t->at, '>'))) {
        at_strbuf_addc(out, '(');
        t->at = name_end + 1;
    } else if (*t->at == '?') {
        t->at++;
        rc = translate_options(t, out, is_first);
        if (rc) {
            *is_atom = false;
            return rc < 0 ? rc : 0;
        }
    } else if (*t->at == '*') {
        return unsupported(t, from, 2);
    } else {
        at_strbuf_addc(out, '(');
    }
    if (++t->depth > MAX_DEPTH)
        return at_fail(t->err, AT_ERANGE, "regular expression nested deeper than %d", MAX_DEPTH);
    rc = translate_branches(t, out);
    if (!rc && *t->at != ')')
        rc = at_fail(t->err, AT_EFORMAT, "regular expression with '(' that is not closed");
    t->depth--;
    t->at++;
    at_strbuf_addc(out, ')');
    return rc;
}

/* {2}, {2,}, {,3} and {2,3} at t->at: their bytes, and what they say; 0 when it is none. */
static size_t repetition(const char *at, unsigned long *least, unsigned long *most, bool *is_range)
{
    const char *from = at;
    char *end;
    bool has_least, has_most;

    at++;
    *least = strtoul(at, &end, 10);
    has_least = end > at && *at >= '0' && *at <= '9';
    at = has_least ? end : at;
    *most = *least;
    *is_range = *at == ',';
    if (*is_range) {
        at++;
        *most = strtoul(at, &end, 10);
        has_most = end > at && *at >= '0' && *at <= '9';
        at = has_most ? end : at;
        if (!has_most)
            *most = MAX_REPEAT + 1;
        has_least |= has_most;
    }
    return has_least && *at == '}' ? (size_t)(at + 1 - from) : 0;
}

/* Put what was written since from in parentheses. */
static void enclose(struct at_strbuf *out, size_t from)
{
    char *atom = at_strndup(out->s + from, out->n - from);

    out->n = from;
    at_strbuf_addf(out, "(?:%s)", atom);
    free(atom);
}

/* One sign of repetition at t->at behind the atom that out has from there on: 1; 0 for none. */
static int translate_repeat(struct translation *t, struct at_strbuf *out, size_t atom)
{
    const char *from = t->at;
    unsigned long least, most;
    bool is_range;
    size_t n;

    if (*t->at && strchr("*+?", *t->at)) {
        at_strbuf_addc(out, *t->at++);
        if (*t->at == '?' || *t->at == '+')
            at_strbuf_addc(out, *t->at++);
    } else if (*t->at == '{' && (n = repetition(t->at, &least, &most, &is_range)) > 0) {
        if (least > MAX_REPEAT || (most > MAX_REPEAT && t->at[n - 2] != ',') || least > most)
            return unsupported(t, from, n);
        if (most > MAX_REPEAT)
            at_strbuf_addf(out, "{%lu,}", least);
        else
            at_strbuf_addf(out, "{%lu,%lu}", least, most);
        t->at += n;
        if (*t->at == '?' && is_range)
            at_strbuf_addc(out, *t->at++);
    } else {
        return 0;
    }
    if (*t->at && strchr("*+?{", *t->at))
        enclose(out, atom); /* what follows repeats all of that */
    return 1;
}

/* What is between two '|' or parentheses. */
static int translate_branch(struct translation *t, struct at_strbuf *out, bool is_first)
{
    int rc = 0;

    for (; !rc && *t->at && *t->at != '|' && *t->at != ')'; is_first = false) {
        size_t atom = out->n, i = 0;
        unsigned c = at_utf8_next(t->at, &i);
        bool is_atom = true;

        t->at += i;
        if (c == '\\')
            rc = translate_escape(t, out);
        else if (c == '[')
            rc = translate_set(t, out);
        else if (c == '(' && !strncmp(t->at, "?#", 2))
            rc = unsupported(t, t->at - 1, 3);
        else if (c == '(')
            rc = translate_group(t, out, is_first, &is_atom);
        else if (c < 0x80 && strchr("*+?", (int)c))
            rc = unsupported(t, t->at - 1, 1); /* it repeats nothing */
        else if (c == '.' || c == '^' || c == '$')
            at_strbuf_addc(out, (char)c);
        else
            add_literal(out, c, false);
        while (!rc && is_atom && (rc = translate_repeat(t, out, atom)) > 0)
            rc = 0;
    }
    return rc;
}

static int translate_branches(struct translation *t, struct at_strbuf *out)
{
    int rc = translate_branch(t, out, true);

    while (!rc && *t->at == '|') {
        at_strbuf_addc(out, '|');
        t->at++;
        rc = translate_branch(t, out, false);
    }
    return rc;
}

int at_pattern_translate(struct at_strbuf *out, const char *source, struct at_error *err)
{
    struct translation t = { source, 0, err };
    int rc;

    if (strlen(source) > MAX_SOURCE)
        return at_fail(err, AT_ERANGE, "regular expression of %zu bytes, at most %d",
                       strlen(source), MAX_SOURCE);
    rc = translate_branches(&t, out);
    if (!rc && *t.at == ')')
        rc = at_fail(err, AT_EFORMAT, "regular expression with ')' that closes nothing");
    return rc;
}
