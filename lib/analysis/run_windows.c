/*
 * run_windows.c - see run_windows.h.
 */
#include "analysis/run_windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/doc_window.h"

static void begin(struct at_run_windows *w, const struct at_doc *whole)
{
    struct at_run_result *r = &w->result;

    at_run_windows_release(w);
    *r = (struct at_run_result){
        .n_tokens = whole->tokens.n,
        .n_words = whole->words.n,
        .next_sentence = NAN,
        .strongest = { .layer = AT_NONE, .head = AT_NONE },
        .table_min_weight = NAN,
        .table_left_out = NAN,
    };
    r->tokens = at_arena_calloc(&w->arena, r->n_tokens, sizeof *r->tokens);
    r->words = at_arena_calloc(&w->arena, r->n_words + 1, sizeof *r->words);
}

static void add_tokens(struct at_run_windows *w, const struct at_doc *window,
                       const struct at_run_result *r)
{
    for (size_t i = 0; i < r->n_tokens; i++) {
        size_t at = at_doc_whole_token(window, i);
        struct at_run_token *t = &w->result.tokens[at];
        if (!at_doc_owns_token(window, i))
            continue;
        *t = r->tokens[i];
        t->index = at;
        if (t->start == AT_NONE)
            continue;
        t->start += window->window.first_byte;
        t->end += window->window.first_byte;
    }
}

static void add_words(struct at_run_windows *w, const struct at_doc *window,
                      const struct at_run_result *r)
{
    const struct at_doc *whole = window->window.whole;

    for (size_t i = 0; i < r->n_words; i++) {
        size_t at = at_doc_whole_row(window, i);
        if (!at_doc_owns_row(window, i))
            continue;
        w->result.words[at] = r->words[i];
        w->result.words[at].index = at;
        w->result.words[at].label = whole->labels[at].text;
        w->result.words[at].first_token = whole->words.first[at];
    }
}

/* What stands at a position behind the last token is numbered on. */
static size_t whole_position(const struct at_doc *window, size_t position)
{
    return position < window->tokens.n ? at_doc_whole_token(window, position)
                                       : window->window.whole->tokens.n;
}

static void add_predictions(struct at_run_windows *w, const struct at_doc *window,
                            const struct at_run_result *r)
{
    struct at_run_result *all = &w->result;
    size_t n = all->n_predictions + r->n_predictions;

    if (n > w->cap) {
        w->cap = AT_MAX(n, 2 * w->cap);
        all->predictions = at_realloc(all->predictions, w->cap, sizeof *all->predictions);
    }
    for (size_t i = 0; i < r->n_predictions; i++) {
        struct at_predicted *p = &all->predictions[all->n_predictions++];
        *p = r->predictions[i];
        p->index = whole_position(window, p->index);
        p->top = at_arena_alloc(&w->arena, p->n_top + 1, sizeof *p->top);
        memcpy(p->top, r->predictions[i].top, p->n_top * sizeof *p->top);
    }
}

void at_run_windows_add(struct at_run_windows *w, const struct at_doc *window,
                        const struct at_run_result *r, const struct at_text_metrics_run *metrics)
{
    if (at_doc_is_first_window(window))
        begin(w, window->window.whole);
    add_tokens(w, window, r);
    add_words(w, window, r);
    add_predictions(w, window, r);
    at_text_metrics_windows_add(&w->metrics, metrics, window);
}

void at_run_windows_finish(struct at_run_windows *w)
{
    at_text_metrics_windows_finish(&w->metrics);
    w->result.global = w->metrics.result.global;
    w->result.flow_change = w->metrics.result.flow_change;
}

void at_run_windows_release(struct at_run_windows *w)
{
    at_text_metrics_windows_release(&w->metrics);
    free(w->result.predictions);
    at_arena_release(&w->arena);
    *w = (struct at_run_windows){ 0 };
}
