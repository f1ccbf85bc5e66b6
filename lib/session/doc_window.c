/*
 * doc_window.c - see doc_window.h.
 */
#include "session/doc_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "session/doc_parts.h"

int at_doc_windows(struct at_windows *out, const struct at_doc *whole,
                   const struct at_doc_options *options, struct at_error *err)
{
    if (whole->in.pair)
        return at_fail(err, AT_ERANGE, "a pair of %zu tokens is not cut into windows of %zu",
                       whole->tokens.n, options->window);
    return at_windows_of_tokens(out, &whole->tokens, options->window, options->stride,
                                whole->shape->is_causal, err);
}

/* Bytes of the whole text that a window's tokens span. */
static void span_of(size_t *start, size_t *end, const struct at_doc *doc)
{
    *start = SIZE_MAX;
    *end = 0;
    for (size_t i = 0; i < doc->tokens.n; i++) {
        const struct at_token *t = &doc->tokens.items[i];
        if (t->start == AT_NO_OFFSET)
            continue;
        *start = AT_MIN(*start, t->start);
        *end = AT_MAX(*end, t->end);
    }
    *start = AT_MIN(*start, *end);
}

/* Tokens, pieces and labels of the whole doc's that are in the window. */
static struct at_label *take_tokens(struct at_doc *out, const struct at_doc *whole,
                                    const struct at_label *labels)
{
    const struct at_doc_window *w = &out->window;
    size_t n = at_windows_length(w->plan);
    struct at_label *own = at_arena_alloc(&out->arena, n, sizeof *own);

    out->tokens.items = at_malloc(n, sizeof *out->tokens.items);
    out->tokens.n = out->tokens.cap = n;
    out->pieces = at_arena_alloc(&out->arena, n, sizeof *out->pieces);
    for (size_t i = 0; i < n; i++) {
        size_t at = at_windows_token(w->plan, w->number, i);
        out->tokens.items[i] = whole->tokens.items[at];
        out->pieces[i] = whole->pieces[at];
        own[i] = labels[at];
    }
    return own;
}

int at_doc_window(struct at_doc *out, const struct at_doc *whole, const struct at_windows *plan,
                  size_t k, const struct at_session *s, struct at_error *err)
{
    const char *id = whole->in.id;
    struct at_label *labels;
    size_t end;

    *out = (struct at_doc){
        .number = whole->number,
        .in.id = at_asprintf("%s%swindow_%zu", id, *id ? "/" : "", k),
        .model_name = whole->model_name,
        .shape = whole->shape,
        .kind = whole->kind,
        .window = { whole, plan, k, 0 },
        .n_tokens_given = at_windows_length(plan),
    };
    labels = take_tokens(out, whole, whole->token_labels);
    span_of(&out->window.first_byte, &end, out);
    out->in.text =
        at_strndup(whole->in.text + out->window.first_byte, end - out->window.first_byte);
    for (size_t i = 0; i < out->tokens.n; i++) {
        struct at_token *t = &out->tokens.items[i];
        if (t->start == AT_NO_OFFSET)
            continue;
        t->start -= out->window.first_byte;
        t->end -= out->window.first_byte;
    }
    return at_doc_group(out, s->tokenizer, whole->words.n > 0, labels, err);
}

bool at_doc_is_first_window(const struct at_doc *doc)
{
    return doc->window.number == 0;
}

bool at_doc_is_last_window(const struct at_doc *doc)
{
    return doc->window.number + 1 == doc->window.plan->n;
}

size_t at_doc_whole_token(const struct at_doc *doc, size_t token)
{
    return at_windows_token(doc->window.plan, doc->window.number, token);
}

size_t at_doc_whole_row(const struct at_doc *doc, size_t row)
{
    const struct at_words *own = &doc->words, *all = &doc->window.whole->words;
    size_t first, low = 0, high = all->n;

    if (own->n == 0)
        return at_doc_whole_token(doc, row);
    first = at_doc_whole_token(doc, own->first[row]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (all->first[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->n && all->first[low] == first && all->count[low] == own->count[row] ? low
                                                                                          : AT_NONE;
}

bool at_doc_owns_token(const struct at_doc *doc, size_t token)
{
    return at_windows_owner(doc->window.plan, at_doc_whole_token(doc, token)) == doc->window.number;
}

/* Does window k hold these tokens of the whole text? */
static bool holds(const struct at_windows *w, size_t k, size_t first, size_t count)
{
    size_t start = w->n_before + at_windows_first(w, k);

    return first >= start && first + count <= start + w->size;
}

bool at_doc_owns_row(const struct at_doc *doc, size_t row)
{
    const struct at_windows *w = doc->window.plan;
    const struct at_words *all = &doc->window.whole->words;
    size_t at, k;

    if (doc->words.n == 0)
        return at_doc_owns_token(doc, row);
    at = at_doc_whole_row(doc, row);
    if (at == AT_NONE)
        return false;
    k = at_windows_owner(w, all->first[at]);
    if (holds(w, k, all->first[at], all->count[at]))
        return k == doc->window.number;
    for (k = 0; k < w->n; k++)
        if (holds(w, k, all->first[at], all->count[at]))
            return k == doc->window.number;
    return false;
}

size_t at_doc_n_owned(const struct at_doc *doc)
{
    size_t n = 0;

    for (size_t i = 0; i < doc->n; i++)
        n += at_doc_owns_row(doc, i);
    return n;
}
