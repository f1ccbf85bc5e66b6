/*
 * text_fixture.c - see text_fixture.h.
 */
#include "text_fixture.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "model_fixture.h"

void text_open(struct text_fixture *f, const char *dir, const char *text, const char *pair,
               bool by_words)
{
    const struct at_session_options threads = { .n_threads = 2 };
    const struct at_doc_options options = { .by_words = by_words };
    struct at_text in = { at_strdup(""), at_strdup(text), pair ? at_strdup(pair) : NULL };
    struct at_error err;

    *f = (struct text_fixture){ 0 };
    must(at_session_open(&f->s, dir, &threads, &err), &err);
    must(at_doc_prepare(&f->doc, &f->s, &in, &options, &err), &err);
}

void text_close(struct text_fixture *f)
{
    free(f->hidden);
    at_doc_release(&f->doc);
    at_session_close(&f->s);
}

struct run {
    struct text_fixture *f;
    text_embedded_fn on_embedded;
    text_layer_fn on_layer;
    void *arg;
    float *of_words; /* (H,W,W) */
};

static int embedded(void *arg, size_t text, const float *x, size_t T, struct at_error *err)
{
    struct run *r = arg;

    (void)text;
    (void)T;
    (void)err;
    if (r->on_embedded)
        r->on_embedded(r->arg, x);
    return 0;
}

static int layer(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    struct run *r = arg;
    const struct at_doc *doc = &r->f->doc;
    struct at_doc_layer l = { v->layer, v->H, doc->n, v->attention, v };

    (void)err;
    if (doc->words.n) {
        for (size_t h = 0; h < v->H; h++)
            at_words_attention(r->of_words + h * doc->n * doc->n, NULL,
                               v->attention + h * v->T * v->T, v->T, &doc->words);
        l.maps = r->of_words;
    }
    if (r->on_layer)
        r->on_layer(r->arg, &l);
    return 0;
}

void text_run(struct text_fixture *f, text_embedded_fn on_embedded, text_layer_fn on_layer,
              void *arg)
{
    const struct at_tokens *t = &f->doc.tokens;
    const struct at_config *c = &f->s.model.config;
    struct run r = { f, on_embedded, on_layer, arg,
                     at_malloc(c->n_heads * f->doc.n * f->doc.n, sizeof(float)) };
    struct at_forward_options options = {
        .want_attention = true, .on_embedded = embedded, .on_layer = layer, .arg = &r
    };
    size_t start[] = { 0, t->n };
    int *ids = at_tokens_ids(t), *segments = at_malloc(t->n, sizeof *segments);
    struct at_batch batch = { 1, start, ids, segments };
    struct at_error err;

    for (size_t i = 0; i < t->n; i++)
        segments[i] = t->items[i].segment;
    free(f->hidden);
    f->hidden = at_malloc(t->n * c->width, sizeof *f->hidden);
    must(at_forward(f->hidden, &f->s.model, &batch, &options, f->s.pool, &err), &err);
    free(r.of_words);
    free(segments);
    free(ids);
}
