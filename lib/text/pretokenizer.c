/*
 * pretokenizer.c - see pretokenizer.h. What the steps of tokenizer.json say is read in
 * pretokenizer_read.c.
 */
#include "text/pretokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "text/byte_text.h"
#include "text/unicode.h"

void at_pretokenizer_push(struct at_pretokenizer *p, struct at_pretokenizer_step step)
{
    *at_array_push(p) = step;
}

void at_pretokenizer_release(struct at_pretokenizer *p)
{
    for (size_t i = 0; i < p->n; i++)
        at_pattern_release(&p->items[i].pattern);
    at_array_release(p);
}

void at_pretokenizer_work_release(struct at_pretokenizer_work *work)
{
    at_normal_release(&work->text);
    at_matcher_release(&work->matcher);
}

/* The ranges of a part, matches and what lies between, on their way to each(): one waits until it
   is known whether the next one joins it. */
struct cutter {
    struct at_part part;
    enum at_cut cut;
    at_part_fn *each;
    void *arg;
    struct at_error *err;
    size_t from, to; /* the range that waits */
    bool has_one, is_match;
};

static int hand_on(const struct cutter *c, size_t from, size_t to)
{
    struct at_part part;

    if (from == to)
        return 0;
    part = at_part_slice(&c->part, from, to);
    return c->each(c->arg, &part, c->err);
}

static int flush(struct cutter *c)
{
    bool has_one = c->has_one;

    c->has_one = false;
    return has_one ? hand_on(c, c->from, c->to) : 0;
}

/* The next range, which begins where the last one ended. */
static int push(struct cutter *c, size_t from, size_t to, bool is_match)
{
    bool joins = c->has_one && ((c->cut == AT_CUT_JOIN && is_match == c->is_match) ||
                                (c->cut == AT_CUT_TO_PREVIOUS && is_match && !c->is_match) ||
                                (c->cut == AT_CUT_TO_NEXT && !is_match && c->is_match));
    int rc;

    if (c->cut == AT_CUT_REMOVE || c->cut == AT_CUT_ISOLATE)
        return is_match && c->cut == AT_CUT_REMOVE ? 0 : hand_on(c, from, to);
    rc = joins ? 0 : flush(c);
    if (rc)
        return rc;
    if (!joins)
        c->from = from;
    c->to = to;
    c->has_one = true;
    c->is_match = is_match;
    return 0;
}

/* A match, and what lies between it and the last one; *at is where that ended. */
static int push_match(struct cutter *c, size_t *at, size_t from, size_t to, bool is_inverted)
{
    int rc = from > *at ? push(c, *at, from, is_inverted) : 0;

    *at = to;
    return rc ? rc : push(c, from, to, !is_inverted);
}

/* The rest of the part, from the last match on. */
static int finish(struct cutter *c, size_t at, bool is_inverted)
{
    int rc = at < c->part.n ? push(c, at, c->part.n, is_inverted) : 0;

    return rc ? rc : flush(c);
}

static bool is_cut_at(const struct at_pretokenizer_step *s, unsigned c)
{
    switch (s->kind) {
    case AT_CUT_SPACE:
        return at_unicode_is_space(c);
    case AT_CUT_PUNCT:
        return at_unicode_is_bert_punct(c);
    case AT_CUT_DIGITS:
        return at_unicode_is_numeric(c);
    default:
        return c == s->character;
    }
}

static int cut_at_characters(const struct at_pretokenizer_step *s, struct cutter *c)
{
    const struct at_part *p = &c->part;
    size_t at = 0;
    int rc = 0;

    for (size_t i = 0; !rc && i < p->n;) {
        size_t from = i;

        if (is_cut_at(s, at_utf8_next(p->s, &i)))
            rc = push_match(c, &at, from, i, false);
    }
    return rc ? rc : finish(c, at, false);
}

static int cut_at_pattern(const struct at_pretokenizer_step *s, struct cutter *c,
                          struct at_matcher *m)
{
    size_t at = 0, from, to;
    int rc = at_matcher_begin(m, &s->pattern, c->part.s, c->part.n, c->err);

    while (!rc && (rc = at_matcher_next(m, &from, &to, c->err)) > 0)
        rc = push_match(c, &at, from, to, s->is_inverted);
    return rc ? rc : finish(c, at, s->is_inverted);
}

/* What one character is for \w+|[^\w\s]+. */
static int word_class(unsigned c)
{
    return at_unicode_is_word(c) ? 1 : at_unicode_is_space(c) ? 0 : 2;
}

static int cut_words(const struct cutter *c)
{
    const struct at_part *p = &c->part;
    int rc = 0;

    for (size_t i = 0; !rc && i < p->n;) {
        size_t from = i, next = i;
        int class = word_class(at_utf8_next(p->s, &next));

        for (i = next; next < p->n; i = next)
            if (word_class(at_utf8_next(p->s, &next)) != class)
                break;
        if (class)
            rc = hand_on(c, from, i);
    }
    return rc;
}

/* Characters of all scripts are said to be in none; Japanese has one. */
static int script_of(unsigned c)
{
    const int han = at_unicode_old_script(0x4E00), script = at_unicode_old_script(c);

    if (c == ' ')
        return -1;
    if (c == 0x30FC || script == at_unicode_old_script(0x3042) ||
        script == at_unicode_old_script(0x30A2))
        return han;
    return script;
}

/* A part begins where a script follows another one; what comes before the first one is lost, as in
   the library. */
static int cut_scripts(const struct cutter *c)
{
    const struct at_part *p = &c->part;
    size_t from = p->n;
    int last = -2, rc = 0; /* -2: none yet */

    for (size_t i = 0; !rc && i < p->n;) {
        size_t at = i;
        int script = script_of(at_utf8_next(p->s, &i));

        if (script == -1)
            continue;
        if (script != last) {
            if (from < at)
                rc = hand_on(c, from, at);
            from = at;
        }
        last = script;
    }
    return rc ? rc : hand_on(c, from, p->n);
}

static int cut_length(const struct at_pretokenizer_step *s, const struct cutter *c)
{
    const struct at_part *p = &c->part;
    int rc = 0;

    for (size_t i = 0; !rc && i < p->n;) {
        size_t from = i;

        for (size_t n = 0; n < s->length && i < p->n; n++)
            at_utf8_next(p->s, &i);
        rc = hand_on(c, from, i);
    }
    return rc;
}

/* The part with c in front of it, which comes from where its first character does. */
static struct at_part with_prefix(const struct at_part *p, unsigned c, struct at_normal *text)
{
    struct at_rewrite w;
    size_t next = 0;
    unsigned first = at_utf8_next(p->s, &next);

    at_rewrite_begin(&w, text, p);
    at_rewrite_put(&w, c);
    at_rewrite_add(&w, first);
    at_rewrite_keep(&w, p->n - next);
    return at_rewrite_end(&w);
}

static struct at_part metaspaced(const struct at_pretokenizer_step *s, const struct at_part *p,
                                 struct at_normal *text)
{
    struct at_rewrite w;
    size_t next = 0;
    unsigned first = at_utf8_next(p->s, &next);

    at_rewrite_begin(&w, text, p);
    if (first != ' ' && first != s->character &&
        (s->prepend == AT_PREPEND_ALWAYS || (s->prepend == AT_PREPEND_FIRST && p->at == 0))) {
        at_rewrite_put(&w, s->character);
        at_rewrite_add(&w, first);
    }
    while (w.next < p->n) {
        const char *space = memchr(p->s + w.next, ' ', p->n - w.next);

        at_rewrite_keep(&w, (space ? (size_t)(space - p->s) : p->n) - w.next);
        if (space)
            at_rewrite_put(&w, s->character);
    }
    return at_rewrite_end(&w);
}

static int cut_metaspace(const struct at_pretokenizer_step *s, struct cutter *c,
                         struct at_normal *text)
{
    c->part = metaspaced(s, &c->part, text);
    c->cut = AT_CUT_TO_NEXT;
    return s->is_cut ? cut_at_characters(s, c) : hand_on(c, 0, c->part.n);
}

/* Classes of the pattern. */
enum kind { LETTER, NUMBER, SPACE, OTHER };

static enum kind kind_of(unsigned c)
{
    if (at_unicode_is_letter(c))
        return LETTER;
    if (at_unicode_is_number(c))
        return NUMBER;
    return at_unicode_is_space(c) ? SPACE : OTHER;
}

/* End of the characters of one kind that start at from; *last is where the last one starts. */
static size_t run_end(const char *text, size_t n, size_t from, enum kind kind, size_t *last)
{
    while (from < n) {
        size_t next = from;

        if (kind_of(at_utf8_next(text, &next)) != kind)
            break;
        *last = from;
        from = next;
    }
    return from;
}

/* Bytes of an English contraction, or 0. */
static size_t contraction(const char *text, size_t n)
{
    static const char *const endings[] = { "s", "t", "re", "ve", "m", "ll", "d" };

    if (n < 2 || text[0] != '\'')
        return 0;
    for (size_t i = 0; i < AT_COUNTOF(endings); i++)
        if (strlen(endings[i]) < n && !memcmp(text + 1, endings[i], strlen(endings[i])))
            return 1 + strlen(endings[i]);
    return 0;
}

size_t at_gpt2_split(const char *text, size_t n, size_t from)
{
    size_t at = from, next, last = from, short_end = contraction(text + from, n - from);
    enum kind kind;

    if (short_end)
        return from + short_end;
    if (text[at] == ' ' && at + 1 < n)
        at++; /* " ?" before letters, numbers and others */
    next = at;
    kind = kind_of(at_utf8_next(text, &next));
    if (kind != SPACE)
        return run_end(text, n, at, kind, &last);
    next = run_end(text, n, from, SPACE, &last);
    /* the last space stays for the word behind, unless it is the only one or nothing follows */
    return next < n && last > from ? last : next;
}

static int cut_gpt2(const struct at_pretokenizer_step *s, struct cutter *c, struct at_normal *text)
{
    int rc = 0;

    if (s->prefix_space && c->part.s[0] != ' ')
        c->part = with_prefix(&c->part, ' ', text);
    if (!s->is_cut)
        return hand_on(c, 0, c->part.n);
    for (size_t at = 0; !rc && at < c->part.n;) {
        size_t end = at_gpt2_split(c->part.s, c->part.n, at);

        rc = hand_on(c, at, end);
        at = end;
    }
    return rc;
}

static int cut_bytes(struct cutter *c, struct at_normal *text)
{
    const struct at_part *part = &c->part;
    struct at_rewrite w;

    at_rewrite_begin(&w, text, part);
    while (w.next < part->n) {
        size_t i = w.next, next = i;

        at_utf8_next(part->s, &next);
        at_rewrite_put(&w, at_byte_character((unsigned char)part->s[i]));
        while (++i < next)
            at_rewrite_add(&w, at_byte_character((unsigned char)part->s[i]));
    }
    c->part = at_rewrite_end(&w);
    return hand_on(c, 0, c->part.n);
}

int at_pretokenizer_cut(const struct at_pretokenizer_step *s, const struct at_part *part,
                        struct at_pretokenizer_work *work, at_part_fn *each, void *arg,
                        struct at_error *err)
{
    struct cutter c = { .part = *part, .cut = s->cut, .each = each, .arg = arg, .err = err };

    if (!part->n)
        return 0;
    switch (s->kind) {
    case AT_CUT_SPACE:
    case AT_CUT_PUNCT:
    case AT_CUT_DIGITS:
    case AT_CUT_CHARACTER:
        return cut_at_characters(s, &c);
    case AT_CUT_PATTERN:
        return cut_at_pattern(s, &c, &work->matcher);
    case AT_CUT_WORDS:
        return cut_words(&c);
    case AT_CUT_METASPACE:
        return cut_metaspace(s, &c, &work->text);
    case AT_CUT_GPT2:
        return cut_gpt2(s, &c, &work->text);
    case AT_CUT_SCRIPTS:
        return cut_scripts(&c);
    case AT_CUT_LENGTH:
        return cut_length(s, &c);
    case AT_CUT_BYTES:
        return cut_bytes(&c, &work->text);
    }
    return 0;
}
