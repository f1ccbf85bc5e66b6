/*
 * sentences.c - see sentences.h.
 *
 * Each break of UAX #29 is looked at with what stands before and behind it, and taken away when the
 * sentence goes on (sentence_breaks.h). Items of a list and sentences without a space between them
 * are added.
 */
#include "text/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "text/sentence_breaks.h"
#include "text/unicode.h"

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

/* A text on its way into sentences. */
struct splitter {
    struct at_sentences *out;
    size_t first; /* of out->items that is of this text */
    const char *text;
    size_t n;
    bool has_rules;
    const struct at_sentence_language *language;
};

static void push(struct splitter *s, size_t start, size_t end)
{
    struct at_span part = trim(s->text, start, end);

    if (part.start < part.end)
        *at_array_push(s->out) = part;
}

/* Does a part belong to the sentence before it? is_glued: the next part follows it without white
   space, as after the dots of "...and so". */
static bool belongs(const struct splitter *s, const struct at_sentence_break *b,
                    struct at_span part, bool is_glued)
{
    if (!at_unicode_has_word(s->text, part.start, part.end))
        return !is_glued;
    return !at_unicode_has_word(s->text, b->start, b->end) || at_sentence_goes_on(b);
}

/* The next part of UAX #29, or what list items leave of it. is_item: a list's item begins here. */
static void add_part(struct splitter *s, struct at_span part, bool is_glued, bool is_item)
{
    struct at_span *before = s->out->n > s->first ? &s->out->items[s->out->n - 1] : NULL;
    struct at_sentence_break b = { s->text, s->n, 0, 0, part.start, s->language };
    size_t closing;

    if (!before || !s->has_rules || is_item) {
        push(s, part.start, part.end);
        return;
    }
    b.start = before->start;
    b.end = before->end;
    closing = at_sentence_closing(&b);
    if (closing) {
        before->end = b.end = part.start + closing;
        part = trim(s->text, part.start + closing, part.end);
        b.next = part.start;
        if (part.start == part.end)
            return;
    }
    if (belongs(s, &b, part, is_glued)) {
        before->end = part.end;
        return;
    }
    before->end = at_sentence_moved_end(&b);
    push(s, before->end < b.end ? before->end : part.start, part.end);
}

/* Ends of UAX #29 and beginnings of list items and glued sentences, one after the other. */
static void add_parts(struct splitter *s, const size_t *ends, size_t n_ends)
{
    struct at_offsets items = { 0 }, glued = { 0 };
    size_t start = 0, e = 0, i = 0, g = 0;
    bool is_item = false;

    if (s->has_rules) {
        at_sentence_list_items(&items, s->text, s->n, s->language);
        at_sentence_glued(&glued, s->text, s->n, s->language);
    }
    while (e < n_ends) {
        size_t item = i < items.n ? items.items[i] : SIZE_MAX;
        size_t joint = g < glued.n ? glued.items[g] : SIZE_MAX;
        size_t end = AT_MIN(ends[e], AT_MIN(item, joint));
        size_t cut = at_sentence_without_opening(s->text, start, end, s->language);
        struct at_span part = trim(s->text, start, cut);
        if (part.start < part.end) {
            add_part(s, part, part.end == end && end < s->n, is_item);
            is_item = false;
        }
        e += end == ends[e];
        g += end == joint;
        if (end == item) {
            is_item = true;
            i++;
        }
        start = cut;
    }
    at_array_release(&items);
    at_array_release(&glued);
}

int at_sentences_split(struct at_sentences *out, const char *text,
                       const struct at_sentence_rules *rules, struct at_error *err)
{
    size_t n = strlen(text), valid = at_utf8_check(text, n), n_ends;
    struct splitter s = { out, out->n, text, n, rules != NULL, NULL };
    size_t *ends;
    int rc;

    if (valid < n)
        return at_fail(err, AT_EFORMAT, "invalid UTF-8 at byte %zu", valid);
    rc = at_unicode_sentences(&ends, &n_ends, text, n, err);
    if (rc)
        return rc;
    s.language = at_sentence_language_of(rules, text);
    add_parts(&s, ends, n_ends);
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
        const struct at_sentences *v = t->source ? pair : text;

        if (t->is_special || t->start == AT_NO_OFFSET || !v || !v->n)
            sent_of[i] = -1;
        else
            sent_of[i] =
                sentence_at(v, t->start + (t->end - t->start) / 2) + (t->source ? (int)text->n : 0);
    }
}
