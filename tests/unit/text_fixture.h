/*
 * text_fixture.h - a text through a tiny checkpoint: session, doc, what a visitor of layers sees.
 */
#ifndef UNIT_TEXT_FIXTURE_H
#define UNIT_TEXT_FIXTURE_H

#include "session/pass.h"

struct text_fixture {
    struct at_session s;
    struct at_doc doc;
    float *hidden; /* (T,C) final states, after text_run() */
};

/* text_open - fixtures/NAME, or any other directory. */
void text_open(struct text_fixture *f, const char *dir, const char *text, const char *pair,
               bool by_words);
void text_close(struct text_fixture *f);

/* text_run - all layers to the visitors, which may be NULL; token maps become those of words. */
typedef void (*text_embedded_fn)(void *arg, const float *embedded);
typedef void (*text_layer_fn)(void *arg, const struct at_doc_layer *layer);
void text_run(struct text_fixture *f, text_embedded_fn on_embedded, text_layer_fn on_layer,
              void *arg);

#endif
