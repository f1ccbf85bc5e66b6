/*
 * token_alignment.c - see token_alignment.h.
 */
#include "analysis/token_alignment.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/align.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include "text/unicode.h"

static const struct at_field fields[] = {
    AT_FIELD(struct at_aligned, index_a, "index_a", NULL, "token of the first, from 0"),
    AT_FIELD(struct at_aligned, token_a, "token_a", NULL, "its piece"),
    AT_FIELD(struct at_aligned, index_b, "index_b", NULL,
             "its partner in the second, from 0; undefined: none"),
    AT_FIELD(struct at_aligned, token_b, "token_b", NULL, "its piece"),
    AT_FIELD_END,
};
const struct at_record at_aligned_record = AT_RECORD(struct at_aligned, fields);

/* --- sequences of strings --- */

struct strings {
    const char **items;
    size_t n;
};

/* Which of two sequences comes first in the dictionary: -1, 0, 1. */
static int compare_strings(const struct strings *a, const struct strings *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        int order = strcmp(a->items[i], b->items[i]);
        if (order)
            return order;
    }
    return a->n < b->n ? -1 : a->n > b->n;
}

/* Every string by the number of the first one that is equal to it, of first, then of second. */
static int *number(const struct strings *s, const struct strings *first, const int *of_first)
{
    int *out = at_malloc(s->n, sizeof *out);

    for (size_t i = 0; i < s->n; i++) {
        size_t k = 0;
        const struct strings *in = first ? first : s;
        while (k < (first ? in->n : i) && strcmp(in->items[k], s->items[i]) != 0)
            k++;
        if (first)
            out[i] = k < in->n ? of_first[k] : -1 - (int)i;
        else
            out[i] = (int)k;
    }
    return out;
}

/* Ties are broken by what comes first: always in the order of the dictionary, so that exchanging
   the two changes nothing. */
static void match(struct at_blocks *out, const struct strings *a, const struct strings *b)
{
    bool is_swapped = compare_strings(a, b) > 0;
    const struct strings *x = is_swapped ? b : a, *y = is_swapped ? a : b;
    int *of_x = number(x, NULL, NULL), *of_y = number(y, x, of_x);

    at_matching_blocks(out, of_x, x->n, of_y, y->n);
    for (size_t i = 0; i < out->n && is_swapped; i++)
        out->items[i] = (struct at_block){ out->items[i].b, out->items[i].a, out->items[i].n };
    free(of_x);
    free(of_y);
}

/* --- words of a raw text --- */

struct span {
    size_t start, end;
};

struct words {
    struct strings strings;
    struct span *spans; /* (strings.n) bytes */
};

static void split(struct words *out, const char *text, struct at_arena *arena)
{
    size_t length = strlen(text), room = length + 1;
    bool is_inside = false;

    out->strings.n = 0;
    out->strings.items = at_arena_alloc(arena, room, sizeof *out->strings.items);
    out->spans = at_arena_alloc(arena, room, sizeof *out->spans);
    for (size_t at = 0; at < length;) {
        size_t start = at, *n = &out->strings.n;
        unsigned c = at_utf8_next(text, &at);
        bool is_word = at_unicode_is_word(c);
        if (is_word && is_inside)
            out->spans[*n - 1].end = at;
        else if (!at_unicode_is_space(c))
            out->spans[(*n)++] = (struct span){ start, at };
        is_inside = is_word;
    }
    for (size_t i = 0; i < out->strings.n; i++)
        out->strings.items[i] = at_arena_strndup(arena, text + out->spans[i].start,
                                                 out->spans[i].end - out->spans[i].start);
}

/* --- pairs of tokens --- */

/* Bytes [a, a + n) of one text are bytes [b, b + n) of the other. */
struct shared {
    size_t a, b, n;
};

struct work {
    struct at_token_alignment *out;
    const struct at_doc *a, *b;
    unsigned char *is_pair; /* (T_a,T_b) */
};

static bool has_place(const struct at_token *t)
{
    return t->start != AT_NO_OFFSET && t->source >= 0 && t->end > t->start;
}

static void pair_within(struct work *w, const struct shared *s, int source)
{
    const struct at_tokens *a = &w->a->tokens, *b = &w->b->tokens;

    for (size_t i = 0; i < a->n; i++) {
        const struct at_token *x = &a->items[i];
        size_t start = AT_MAX(x->start, s->a), end = AT_MIN(x->end, s->a + s->n);
        if (!has_place(x) || x->source != source || start >= end)
            continue;
        for (size_t k = 0; k < b->n; k++) {
            const struct at_token *y = &b->items[k];
            if (has_place(y) && y->source == source && y->start < end - s->a + s->b &&
                y->end > start - s->a + s->b)
                w->is_pair[i * b->n + k] = 1;
        }
    }
}

/* The texts from one source: the first or the second of a pair. */
static void pair_in_text(struct work *w, int source)
{
    const char *x = source ? w->a->in.pair : w->a->in.text;
    const char *y = source ? w->b->in.pair : w->b->in.text;
    struct at_token_alignment *out = w->out;
    struct words words_a, words_b;
    struct at_blocks blocks = { 0 };
    size_t n_shared = 0;

    if (!x || !y)
        return;
    if (!strcmp(x, y)) {
        pair_within(w, &(struct shared){ 0, 0, strlen(x) }, source);
        return;
    }
    split(&words_a, x, &out->arena);
    split(&words_b, y, &out->arena);
    match(&blocks, &words_a.strings, &words_b.strings);
    for (size_t i = 0; i < blocks.n; i++)
        for (size_t k = 0; k < blocks.items[i].n; k++) {
            const struct span *p = &words_a.spans[blocks.items[i].a + k];
            const struct span *q = &words_b.spans[blocks.items[i].b + k];
            pair_within(w, &(struct shared){ p->start, q->start, p->end - p->start }, source);
            n_shared++;
        }
    out->n_words_a += words_a.strings.n - n_shared;
    out->n_words_b += words_b.strings.n - n_shared;
    at_array_release(&blocks);
}

/* Tokens without a place in the text, by their spelling. */
static void pair_by_spelling(struct work *w)
{
    const struct at_doc *docs[2] = { w->a, w->b };
    struct strings strings[2];
    size_t *tokens[2];
    struct at_blocks blocks = { 0 };

    for (size_t side = 0; side < 2; side++) {
        const struct at_doc *d = docs[side];
        strings[side].n = 0;
        strings[side].items = at_arena_alloc(&w->out->arena, d->tokens.n, sizeof(char *));
        tokens[side] = at_arena_alloc(&w->out->arena, d->tokens.n, sizeof *tokens[side]);
        for (size_t i = 0; i < d->tokens.n; i++)
            if (!has_place(&d->tokens.items[i])) {
                tokens[side][strings[side].n] = i;
                strings[side].items[strings[side].n++] = d->pieces[i];
            }
    }
    match(&blocks, &strings[0], &strings[1]);
    for (size_t i = 0; i < blocks.n; i++)
        for (size_t k = 0; k < blocks.items[i].n; k++)
            w->is_pair[tokens[0][blocks.items[i].a + k] * w->b->tokens.n +
                       tokens[1][blocks.items[i].b + k]] = 1;
    at_array_release(&blocks);
}

/* --- what follows from the pairs --- */

/* Everything that hangs together with token i of a gets the next unit. */
static void spread(struct work *w, size_t i, size_t unit)
{
    size_t T_a = w->a->tokens.n, T_b = w->b->tokens.n;

    w->out->unit_a[i] = unit;
    for (size_t k = 0; k < T_b; k++) {
        if (!w->is_pair[i * T_b + k] || w->out->unit_b[k] != AT_NONE)
            continue;
        w->out->unit_b[k] = unit;
        for (size_t x = 0; x < T_a; x++)
            if (w->is_pair[x * T_b + k] && w->out->unit_a[x] == AT_NONE)
                spread(w, x, unit);
    }
}

static void find_units(struct work *w)
{
    struct at_token_alignment *out = w->out;
    size_t T_a = w->a->tokens.n, T_b = w->b->tokens.n;

    for (size_t i = 0; i < T_a; i++)
        out->unit_a[i] = AT_NONE;
    for (size_t k = 0; k < T_b; k++)
        out->unit_b[k] = AT_NONE;
    for (size_t i = 0; i < T_a; i++)
        if (out->unit_a[i] == AT_NONE && memchr(w->is_pair + i * T_b, 1, T_b))
            spread(w, i, out->n_units++);
    out->is_direct = T_a == T_b && out->n_units == T_a;
    for (size_t i = 0; i < T_a; i++) {
        out->n_only_a += out->unit_a[i] == AT_NONE;
        out->is_direct = out->is_direct && out->unit_a[i] == i && out->unit_b[i] == i;
    }
    for (size_t k = 0; k < T_b; k++)
        out->n_only_b += out->unit_b[k] == AT_NONE;
}

static void add_row(struct work *w, size_t a, size_t b)
{
    w->out->rows[w->out->n_rows++] = (struct at_aligned){
        a,
        a == AT_NONE ? NULL : w->a->pieces[a],
        b,
        b == AT_NONE ? NULL : w->b->pieces[b],
    };
}

/* Tokens of b without a partner from *next up to end. */
static void add_only_b(struct work *w, size_t *next, size_t end)
{
    for (; *next < end; (*next)++)
        if (w->out->unit_b[*next] == AT_NONE)
            add_row(w, AT_NONE, *next);
}

static void list_rows(struct work *w)
{
    size_t T_a = w->a->tokens.n, T_b = w->b->tokens.n, n = T_a + T_b, next = 0;

    for (size_t i = 0; i < T_a * T_b; i++)
        n += w->is_pair[i];
    w->out->rows = at_arena_alloc(&w->out->arena, n, sizeof *w->out->rows);
    for (size_t i = 0; i < T_a; i++) {
        if (w->out->unit_a[i] == AT_NONE)
            add_row(w, i, AT_NONE);
        for (size_t k = 0; k < T_b; k++)
            if (w->is_pair[i * T_b + k]) {
                add_only_b(w, &next, k);
                add_row(w, i, k);
            }
    }
    add_only_b(w, &next, T_b);
}

void at_align_tokens(struct at_token_alignment *out, const struct at_doc *a, const struct at_doc *b)
{
    struct work w = { out, a, b, at_calloc(a->tokens.n * b->tokens.n, 1) };

    *out = (struct at_token_alignment){ 0 };
    out->unit_a = at_arena_alloc(&out->arena, a->tokens.n, sizeof *out->unit_a);
    out->unit_b = at_arena_alloc(&out->arena, b->tokens.n, sizeof *out->unit_b);
    pair_in_text(&w, 0);
    pair_in_text(&w, 1);
    pair_by_spelling(&w);
    find_units(&w);
    list_rows(&w);
    free(w.is_pair);
}

void at_token_alignment_release(struct at_token_alignment *t)
{
    at_arena_release(&t->arena);
    *t = (struct at_token_alignment){ 0 };
}
