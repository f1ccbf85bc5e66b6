/*
 * sentences.c - see sentences.h.
 *
 * Each break of UAX #29 is looked at with what stands before and behind it; goes_on() is the list
 * of rules that take one away. No rule adds one.
 */
#include "text/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mapfile.h"
#include "io/textfile.h"
#include "text/unicode.h"
#include "text/vocab.h"

enum kind { TITLE = 1, NUMBER = 2, MONTH = 4, OTHER = 8, STARTER = 16 };

struct at_abbreviations {
    struct at_vocab words;
    unsigned char *kinds; /* by id, bits of enum kind */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The kind that a line begins with, and how many bytes of it are read; 0 for none. */
static enum kind read_kind(const char *line, size_t n, size_t *used)
{
    static const struct {
        const char *name;
        enum kind kind;
    } kinds[] = { { "title:", TITLE },
                  { "number:", NUMBER },
                  { "month:", MONTH },
                  { "other:", OTHER },
                  { "starter:", STARTER } };

    for (size_t i = 0; i < AT_COUNTOF(kinds); i++) {
        *used = strlen(kinds[i].name);
        if (*used <= n && !memcmp(line, kinds[i].name, *used))
            return kinds[i].kind;
    }
    return 0;
}

static int add_word(struct at_abbreviations *a, const char *word, size_t n, enum kind kind,
                    struct at_error *err)
{
    int id = at_vocab_find(&a->words, word, n), rc = 0;

    if (id < 0) {
        id = (int)a->words.pieces.n;
        rc = at_vocab_add(&a->words, id, word, n, err);
        if (rc)
            return rc;
        a->kinds = at_realloc(a->kinds, (size_t)id + 1, 1);
        a->kinds[id] = 0;
    }
    a->kinds[id] |= (unsigned char)kind;
    return 0;
}

static int read_line(struct at_abbreviations *a, const char *line, size_t n, struct at_error *err)
{
    enum kind kind;
    size_t at;

    if (n == 0 || line[0] == '#')
        return 0;
    kind = read_kind(line, n, &at);
    if (!kind)
        return at_fail(err, AT_EFORMAT, "expected title:, number:, month:, other: or starter:");
    while (at < n) {
        size_t start;
        int rc;

        while (at < n && is_space(line[at]))
            at++;
        start = at;
        while (at < n && !is_space(line[at]))
            at++;
        rc = start < at ? add_word(a, line + start, at - start, kind, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

int at_abbreviations_open(struct at_abbreviations **out, const char *path, struct at_error *err)
{
    struct at_abbreviations *a = at_calloc(1, sizeof *a);
    struct at_lines lines;
    int rc = at_lines_open(&lines, path, AT_MAX_PIECE, err), more = 0;

    if (rc) {
        at_abbreviations_close(a);
        return rc;
    }
    while (!rc && (more = at_lines_next(&lines, err)) > 0) {
        rc = read_line(a, lines.line, lines.n, err);
        if (rc)
            at_error_in(err, "%s: line %zu", path, lines.number);
    }
    at_lines_close(&lines);
    rc = rc ? rc : more;
    if (rc)
        at_abbreviations_close(a);
    else
        *out = a;
    return rc;
}

void at_abbreviations_close(struct at_abbreviations *a)
{
    if (!a)
        return;
    at_vocab_release(&a->words);
    free(a->kinds);
    free(a);
}

/* Kinds of a word, also when it is written with a capital and the list has it in small letters. */
static unsigned kinds_of(const struct at_abbreviations *a, const char *word, size_t n)
{
    int id = at_vocab_find(&a->words, word, n);
    char small[64];

    if (id < 0 && n && n < sizeof small && word[0] >= 'A' && word[0] <= 'Z') {
        memcpy(small, word, n);
        small[0] = (char)(small[0] + 32);
        id = at_vocab_find(&a->words, small, n);
    }
    return id < 0 ? 0 : a->kinds[id];
}

/* A break that was found: the sentence before it is text[start, end), behind it next .. n. */
struct candidate {
    const char *text;
    size_t n, start, end, next;
};

static unsigned first_character(const struct candidate *b)
{
    size_t i = b->next;

    return i < b->n ? at_utf8_next(b->text, &i) : 0;
}

static size_t n_newlines(const struct candidate *b)
{
    size_t count = 0;

    for (size_t i = b->end; i < b->next; i++)
        count += b->text[i] == '\n';
    return count;
}

static bool is_opening(char c)
{
    return c && strchr("\"'([{", c);
}

/* The word right before the period that ends the sentence, without that period; n = 0: none. */
static const char *last_word(const struct candidate *b, size_t *n)
{
    size_t start = b->end, end = b->end;

    *n = 0;
    if (end == b->start || b->text[end - 1] != '.')
        return NULL;
    end--;
    start = end;
    while (start > b->start && !is_space(b->text[start - 1]))
        start--;
    while (start < end && is_opening(b->text[start]))
        start++;
    *n = end - start;
    return b->text + start;
}

/* The first word behind the break. */
static const char *first_word(const struct candidate *b, size_t *n)
{
    size_t start = b->next, end;

    while (start < b->n && is_opening(b->text[start]))
        start++;
    for (end = start; end < b->n;) {
        size_t next = end;
        unsigned c = at_utf8_next(b->text, &next);

        if (!at_unicode_is_letter(c) && c != '\'')
            break;
        end = next;
    }
    *n = end - start;
    return b->text + start;
}

static bool is_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

/* "J", "J.M", "J.-P": capitals that stand alone. */
static bool is_initials(const char *s, size_t n)
{
    size_t i = 0;

    do {
        if (i < n && s[i] == '-')
            i++;
        if (i >= n || !at_unicode_is_upper(at_utf8_next(s, &i)))
            return false;
    } while (i < n && s[i] == '.' && ++i <= n);
    return i == n;
}

/* "12", "iv", "b": what stands before an item of a list. */
static bool is_enumerator(const char *s, size_t n)
{
    if (n == 0 || n > 4)
        return false;
    if (is_digits(s, n) || (n == 1 && at_unicode_is_letter((unsigned char)s[0])))
        return true;
    for (size_t i = 0; i < n; i++)
        if (!strchr("ivx", s[i]))
            return false;
    return true;
}

/* Rules for a sentence that ends in a word and a period. */
static bool abbreviation_goes_on(const struct at_abbreviations *a, const struct candidate *b)
{
    size_t n, n_first;
    const char *word = last_word(b, &n), *first = first_word(b, &n_first);
    unsigned kinds, first_kinds = kinds_of(a, first, n_first);
    bool is_first = word == b->text + b->start, digit_follows;

    if (n == 0)
        return false;
    kinds = kinds_of(a, word, n);
    digit_follows = first_character(b) - '0' < 10 || first_character(b) == '#';
    if (kinds & TITLE || (is_first && is_enumerator(word, n)))
        return true;
    if (kinds & (NUMBER | MONTH) && digit_follows)
        return true;
    if (is_digits(word, n) && n <= 2 && first_kinds & MONTH)
        return true;
    if (!is_first && n == 1 && *word == 'I') /* the pronoun */
        return false;
    return (kinds & OTHER || is_initials(word, n)) && !(first_kinds & STARTER);
}

/* True for the last character of a sentence that has a period, question or exclamation mark of its
   own, maybe inside quotes or brackets. */
static bool ends_itself(const struct candidate *b)
{
    size_t end = b->end;

    while (end > b->start && strchr("\"')]}", b->text[end - 1]))
        end--;
    return end > b->start && strchr(".?!:;", b->text[end - 1]);
}

static bool goes_on(const struct at_abbreviations *a, const struct candidate *b)
{
    unsigned c = first_character(b);
    size_t n = n_newlines(b);
    char last = b->text[b->end - 1];

    if (n > 1) /* a blank line */
        return false;
    if (n == 1 && !ends_itself(b)) /* a line that was wrapped */
        return at_unicode_is_lower(c);
    if (b->end == b->next && (last == '?' || last == '!')) /* "search?q=x" */
        return true;
    if (strchr("\"')", last) && at_unicode_is_lower(c)) /* "What?" he said */
        return true;
    if (c == ')' || c == ']' || c == '}')
        return true;
    return abbreviation_goes_on(a, b);
}

/* Bytes [start, end) without the white space around them. */
static struct at_span trim(const char *text, size_t start, size_t end)
{
    size_t next;

    for (; start < end; start = next) {
        next = start;
        if (!at_unicode_is_space(at_utf8_next(text, &next)))
            break;
    }
    while (end > start) {
        size_t last = end - 1;

        while (((unsigned char)text[last] & 0xC0) == 0x80)
            last--;
        next = last;
        if (!at_unicode_is_space(at_utf8_next(text, &next)))
            break;
        end = last;
    }
    return (struct at_span){ start, end };
}

/*
 * Append a sentence of UAX #29, or make the one before it longer. is_glued: the next one follows
 * without white space, as after the dots of "...and so".
 */
static void add_part(struct at_sentences *out, size_t first, const struct candidate *b,
                     struct at_span part, bool is_glued, const struct at_abbreviations *list)
{
    struct at_span *before = out->n > first ? &out->items[out->n - 1] : NULL;
    bool has_no_words = list && !at_unicode_has_word(b->text, part.start, part.end);

    if (before && list &&
        (has_no_words
             ? !is_glued
             : !at_unicode_has_word(b->text, before->start, before->end) || goes_on(list, b)))
        before->end = part.end;
    else
        *at_array_push(out) = part;
}

int at_sentences_split(struct at_sentences *out, const char *text,
                       const struct at_abbreviations *list, struct at_error *err)
{
    size_t n = strlen(text), valid = at_utf8_check(text, n), n_ends, start = 0, first = out->n;
    size_t *ends;
    int rc;

    if (valid < n)
        return at_fail(err, AT_EFORMAT, "invalid UTF-8 at byte %zu", valid);
    rc = at_unicode_sentences(&ends, &n_ends, text, n, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n_ends; i++) {
        struct at_span part = trim(text, start, ends[i]);
        struct candidate b = { .text = text, .n = n, .next = part.start };

        start = ends[i];
        if (part.start == part.end)
            continue;
        if (out->n > first) {
            b.start = out->items[out->n - 1].start;
            b.end = out->items[out->n - 1].end;
        }
        add_part(out, first, &b, part, part.end == ends[i] && part.end < n, list);
    }
    free(ends);
    return 0;
}

void at_sentences_release(struct at_sentences *v)
{
    at_array_release(v);
}

/* Number of the last sentence that starts at or before a byte; the first for those before it. */
static int sentence_at(const struct at_sentences *v, size_t byte)
{
    size_t low = 0, high = v->n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (v->items[middle].start <= byte)
            low = middle;
        else
            high = middle;
    }
    return (int)low;
}

void at_sentences_of_tokens(int *sent_of, const struct at_tokens *tokens,
                            const struct at_sentences *text, const struct at_sentences *pair)
{
    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        const struct at_sentences *v = t->segment ? pair : text;

        if (t->is_special || t->start == AT_NO_OFFSET || !v || !v->n)
            sent_of[i] = -1;
        else
            sent_of[i] = sentence_at(v, t->start + (t->end - t->start) / 2) +
                         (t->segment ? (int)text->n : 0);
    }
}
