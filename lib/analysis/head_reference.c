/*
 * head_reference.c - see head_reference.h. Tokens are drawn by reservoir sampling (Vitter 1985,
 * algorithm R): a text's are chosen before its first layer, so that every layer keeps the same.
 */
#include "analysis/head_reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "session/pass.h"

/* A text of the reference: where the context of each of its tokens is kept, or AT_NONE. */
struct text {
    struct at_head_reference *r;
    size_t T, *slots; /* (T) */
};

static void release_text(void *state)
{
    struct text *t = state;

    free(t->slots);
    free(t);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct at_head_reference *r = arg;
    struct text *t = at_malloc(1, sizeof *t);

    (void)err;
    *t = (struct text){ r, doc->tokens.n, at_malloc(doc->tokens.n, sizeof *t->slots) };
    for (size_t i = 0; i < t->T; i++, r->n_tokens++) {
        size_t slot =
            r->n_tokens < AT_REFERENCE_ROWS ? r->n_tokens : at_rng_below(&r->rng, r->n_tokens + 1);
        t->slots[i] = slot < AT_REFERENCE_ROWS ? slot : AT_NONE;
    }
    r->n_texts++;
    return t;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    const struct text *t = state;
    struct at_head_reference *r = t->r;
    const float *context = layer->raw->context;

    (void)err;
    for (size_t i = 0; i < t->T; i++, context += r->C) {
        for (size_t c = 0; c < r->C; c++)
            r->sum[layer->layer * r->C + c] += (double)context[c];
        if (t->slots[i] != AT_NONE)
            memcpy(r->rows + (t->slots[i] * r->L + layer->layer) * r->C, context,
                   r->C * sizeof *context);
    }
    return 0;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    (void)state;
    (void)final_hidden;
    (void)err;
    return 0;
}

/* No text is left out in silence: the first that does not fit is what the caller is told. */
struct refusal {
    struct at_error why;
    bool is_there;
};

static void on_skipped(void *arg, const char *id, const struct at_error *why, bool is_many)
{
    struct refusal *r = arg;

    (void)id;
    (void)is_many;
    if (!r->is_there)
        r->why = *why;
    r->is_there = true;
}

static int read_texts(struct at_head_reference *r, const struct at_session *s, const char *path,
                      struct at_error *err)
{
    static const struct at_visitor visitor = { .needs_states = true,
                                               .begin = begin_text,
                                               .layer = add_layer,
                                               .finish = finish_text,
                                               .release = release_text };
    const struct at_texts_options options = { .file = path, .is_lines = true };
    struct at_texts texts = { 0 };
    struct refusal refusal = { .is_there = false };
    struct at_pass pass = { .session = s,
                            .texts = &texts,
                            .visitor = &visitor,
                            .arg = r,
                            .observer = { .skipped = on_skipped, .arg = &refusal } };
    bool was_told;
    int rc = at_texts_open(&texts, &options, err);

    if (rc)
        return rc;
    rc = at_pass_run(&pass, &was_told, err);
    at_texts_close(&texts);
    if (!refusal.is_there)
        return rc;
    if (err)
        *err = refusal.why;
    return (int)refusal.why.code;
}

int at_head_reference_read(struct at_head_reference *out, const struct at_session *s,
                           const char *path, uint64_t seed, struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    struct at_head_reference r = { .L = c->n_layers, .C = at_query_width(c) };
    size_t n = r.L * r.C;
    void *rows;
    int rc =
        at_try_alloc(&rows, AT_REFERENCE_ROWS * n, sizeof(float), "contexts of the reference", err);

    if (rc)
        return rc;
    r.rows = rows;
    r.sum = at_calloc(n, sizeof *r.sum);
    r.mean = at_malloc(n, sizeof *r.mean);
    at_rng_init(&r.rng, seed, 0);
    rc = read_texts(&r, s, path, err);
    for (size_t i = 0; i < n; i++)
        r.mean[i] = (float)(r.sum[i] / (double)r.n_tokens);
    r.n_rows = AT_MIN(r.n_tokens, (size_t)AT_REFERENCE_ROWS);
    free(r.sum);
    r.sum = NULL;
    if (rc)
        at_head_reference_release(&r);
    else
        *out = r;
    return rc;
}

void at_head_reference_release(struct at_head_reference *r)
{
    free(r->mean);
    free(r->rows);
    free(r->sum);
    *r = (struct at_head_reference){ 0 };
}
