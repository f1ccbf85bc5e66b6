/*
 * isa_windows.c - see isa_windows.h.
 *
 * A window's own sentences are a run of the whole text's. It is measured with one more, without
 * tokens, so that a window with a single sentence is not taken for a text of one.
 */
#include "analysis/isa_windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/doc_window.h"

/* (n) undefined numbers. */
static double *undefined(struct at_arena *arena, size_t n)
{
    double *x = at_arena_alloc(arena, n + 1, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
    return x;
}

int at_isa_windows_begin(struct at_isa_windows *w, const struct at_doc *whole,
                         const struct at_isa_options *options, struct at_error *err)
{
    struct at_isa_text *t = &w->whole;
    size_t S;
    int rc;

    at_isa_windows_release(w);
    *t = (struct at_isa_text){ .doc = whole, .options = *options };
    rc =
        at_isa_sentences_find(&t->sentences, &t->arena, whole, options->given, options->rules, err);
    if (rc) {
        at_isa_windows_release(w);
        return rc;
    }
    S = t->sentences.n;
    w->size = at_arena_calloc(&t->arena, S + 1, sizeof *w->size);
    for (size_t i = 0; i < whole->n; i++)
        if (t->sentences.sent_of[i] >= 0)
            w->size[t->sentences.sent_of[i]]++;
    w->matrix = undefined(&t->arena, S * S);
    w->ratio = undefined(&t->arena, S * S);
    w->outside = undefined(&t->arena, S);
    w->owned = at_arena_calloc(&t->arena, S * S + 1, sizeof *w->owned);
    w->pairs = at_arena_calloc(&t->arena, options->n_pairs + 1, sizeof *w->pairs);
    return 0;
}

void at_isa_windows_release(struct at_isa_windows *w)
{
    at_isa_text_release(&w->whole);
    *w = (struct at_isa_windows){ 0 };
}

/* The sentence of the whole text that a row of a window is in; -1: none. */
static int sentence_of(const struct at_isa_windows *w, const struct at_doc *window, size_t row)
{
    size_t at = at_doc_whole_row(window, row);

    return at == AT_NONE ? -1 : w->whole.sentences.sent_of[at];
}

/* The run of sentences that a window has whole; answers how many. */
static size_t whole_sentences(size_t *first, const struct at_isa_windows *w,
                              const struct at_doc *window)
{
    size_t S = w->whole.sentences.n, n = 0, *held = at_calloc(S + 1, sizeof *held);

    for (size_t i = 0; i < window->n; i++) {
        int s = sentence_of(w, window, i);
        if (s >= 0)
            held[s]++;
    }
    *first = 0;
    for (size_t s = 0; s < S; s++) {
        if (held[s] < w->size[s])
            continue;
        *first = n ? *first : s;
        n++;
    }
    free(held);
    return n;
}

/* The options' pairs of which the window has both, by its own numbers. */
static void take_pairs(struct at_isa_text *t, const struct at_isa_options *o, size_t first,
                       size_t n)
{
    struct at_isa_pair *pairs = at_arena_alloc(&t->arena, o->n_pairs + 1, sizeof *pairs);

    t->options.n_pairs = 0;
    t->options.pairs = pairs;
    for (size_t i = 0; i < o->n_pairs; i++) {
        size_t query = o->pairs[i].query - first, key = o->pairs[i].key - first;
        if (o->pairs[i].query >= first && query < n && o->pairs[i].key >= first && key < n)
            pairs[t->options.n_pairs++] = (struct at_isa_pair){ query, key };
    }
}

int at_isa_windows_init(struct at_isa_text *out, const struct at_isa_windows *w,
                        const struct at_doc *window, struct at_error *err)
{
    const struct at_isa_options *o = &w->whole.options;
    struct at_isa_text t = { .doc = window, .options = *o };
    size_t first, n = whole_sentences(&first, w, window);
    int *sent_of = at_arena_alloc(&t.arena, window->n, sizeof *sent_of), rc = 0;

    for (size_t i = 0; i < window->n; i++) {
        int s = sentence_of(w, window, i) - (int)first;
        sent_of[i] = s >= 0 && s < (int)n ? s : -1;
    }
    t.sentences = (struct at_isa_sentences){ w->whole.sentences.items + first, n + 1, 0, sent_of };
    take_pairs(&t, o, first, n);
    if (o->mode == AT_ROLLOUT)
        rc = at_map_series_init(&t.series, window->n, AT_ROLLOUT, err);
    if (rc) {
        at_isa_text_release(&t);
        return rc;
    }
    at_isa_init(&t.isa, o->method, sent_of, window->n, n + 1);
    *out = t;
    return 0;
}

static const char **keep_labels(struct at_isa_windows *w, const size_t *index, size_t n)
{
    const char **labels = at_arena_alloc(&w->whole.arena, n + 1, sizeof *labels);

    for (size_t i = 0; i < n; i++)
        labels[i] = w->whole.doc->labels[index[i]].text;
    return labels;
}

/* Rows of a window as those of the whole text. */
static size_t *keep_rows(struct at_isa_windows *w, const struct at_doc *window, const size_t *rows,
                         size_t n)
{
    size_t *kept = at_arena_alloc(&w->whole.arena, n + 1, sizeof *kept);

    for (size_t i = 0; i < n; i++)
        kept[i] = at_doc_whole_row(window, rows[i]);
    return kept;
}

/* A drill-down of a window, by the whole text's numbers. */
static struct at_isa_drill keep_drill(struct at_isa_windows *w, const struct at_doc *window,
                                      const struct at_isa_drill *d, size_t first)
{
    struct at_arena *arena = &w->whole.arena;
    size_t cells = d->n_query * d->n_key;
    struct at_isa_drill kept = *d;

    kept.query += first;
    kept.key += first;
    kept.query_index = keep_rows(w, window, d->query_index, d->n_query);
    kept.key_index = keep_rows(w, window, d->key_index, d->n_key);
    kept.query_tokens = keep_labels(w, kept.query_index, d->n_query);
    kept.key_tokens = keep_labels(w, kept.key_index, d->n_key);
    kept.map = at_arena_alloc(arena, cells + 1, sizeof *kept.map);
    memcpy(kept.map, d->map, cells * sizeof *kept.map);
    kept.strongest = at_arena_alloc(arena, d->n_strongest + 1, sizeof *kept.strongest);
    memcpy(kept.strongest, d->strongest, d->n_strongest * sizeof *kept.strongest);
    return kept;
}

/* Tokens of each sentence of a window that it owns (n). */
static size_t *count_owned(const struct at_isa_text *t, size_t n)
{
    size_t *owned = at_calloc(n + 1, sizeof *owned);

    for (size_t i = 0; i < t->doc->n; i++)
        if (t->sentences.sent_of[i] >= 0)
            owned[t->sentences.sent_of[i]] += at_doc_owns_row(t->doc, i);
    return owned;
}

void at_isa_windows_add(struct at_isa_windows *w, struct at_isa_text *window)
{
    const struct at_isa_options *o = &w->whole.options;
    size_t S = w->whole.sentences.n, n = window->sentences.n - 1;
    size_t first = (size_t)(window->sentences.items - w->whole.sentences.items);
    size_t *owned = count_owned(window, n);
    const struct at_isa_result r = at_isa_text_finish(window);

    for (size_t p = 0, own = 0; p < o->n_pairs && own < r.n_pairs; p++) {
        const struct at_isa_drill *d = &r.pairs[own];
        if (o->pairs[p].query != d->query + first || o->pairs[p].key != d->key + first)
            continue;
        own++;
        if (owned[d->query] >= w->owned[o->pairs[p].query * S + o->pairs[p].key])
            w->pairs[p] = keep_drill(w, window->doc, d, first);
    }
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            size_t at = (first + a) * S + first + b;
            if (owned[a] < w->owned[at])
                continue;
            w->owned[at] = owned[a] + 1;
            w->matrix[at] = r.matrix[a * r.S + b];
            w->ratio[at] = r.ratio[a * r.S + b];
            if (a == b)
                w->outside[first + a] = r.outside[a];
        }
    free(owned);
}

struct at_isa_result at_isa_windows_finish(struct at_isa_windows *w)
{
    struct at_isa_text *t = &w->whole;
    const struct at_isa_options *o = &t->options;
    size_t S = t->sentences.n;
    struct at_isa_summary *summary = at_arena_alloc(&t->arena, S + 1, sizeof *summary);
    struct at_isa_result r = {
        .method = at_isa_method_name(o->method),
        .layer = o->layer,
        .head = o->head,
        .sentences = t->sentences.items,
        .S = S,
        .matrix = w->matrix,
        .ratio = w->ratio,
        .outside = w->outside,
        .rows = at_arena_alloc(&t->arena, S + 1, sizeof *r.rows),
        .pairs = at_arena_alloc(&t->arena, o->n_pairs + 1, sizeof *r.pairs),
    };

    if (S == 1)
        w->matrix[0] = 1.0; /* by definition, as of any text of one sentence */
    at_isa_summarize(summary, w->matrix, S, t->doc->shape->is_causal);
    for (size_t i = 0; i < S; i++)
        r.rows[i] = (struct at_isa_row){ i, summary[i] };
    for (size_t i = 0; i < o->n_pairs; i++)
        if (w->pairs[i].n_query)
            r.pairs[r.n_pairs++] = w->pairs[i];
    return r;
}
