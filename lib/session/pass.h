/*
 * pass.h - texts through a model, or captures instead of it, to a visitor that sees every layer of
 * every text. The only loop over texts there is.
 *
 * Many texts share a batch; each sees its layers in order and is finished in the order of input.
 * With options.window a text that is longer comes as its windows, one after the other, each a doc
 * that says so (doc->window); it counts as done with its last one.
 * A text that cannot be used (unreadable, too long, refused by the visitor) is told to the observer
 * and skipped when it is one of many; alone it is the pass's failure.
 */
#ifndef SESSION_PASS_H
#define SESSION_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/trace.h"
#include "session/doc.h"

/* One layer of one text as analyses see it. */
struct at_doc_layer {
    size_t layer, H;
    size_t n;                        /* doc->n */
    const float *maps;               /* (H,n,n) raw, of tokens or of words */
    const struct at_layer_view *raw; /* as the model computed it, always of tokens */
};

/* What is done with each text. All but begin and finish may be NULL. */
struct at_visitor {
    bool needs_states; /* looks at more than maps, queries and keys: the model runs to its end */
    /* begin - a new state for this text, or NULL with err filled. Whether the visitor can take the
       text is decided here, before anything of it is written. */
    void *(*begin)(void *arg, const struct at_doc *doc, struct at_error *err);
    int (*embedded)(void *state, const float *embedded, struct at_error *err);
    int (*layer)(void *state, const struct at_doc_layer *layer, struct at_error *err);
    /* finish - final_hidden (T,C), NULL when a capture has none or no states are needed. */
    int (*finish)(void *state, const float *final_hidden, struct at_error *err);
    void (*release)(void *state);
};

/* Who is told what happens on the way. Any may be NULL. */
struct at_observer {
    /* check - before the visitor's begin: does the model, or the capture's, have what the call is
       about? It asks of every text the same, so a failure ends the pass. */
    int (*check)(void *arg, const struct at_doc *doc, struct at_error *err);
    void (*took)(void *arg, const struct at_doc *doc); /* a text (no capture) will be computed */
    /* cut - it was too long, n_tokens_given; it may be refused all the same. */
    void (*cut)(void *arg, const struct at_doc *doc);
    void (*skipped)(void *arg, const char *id, const struct at_error *why, bool is_many);
    /* done - texts finished so far; of a directory of captures, those that were looked at. */
    void (*done)(void *arg, size_t n_done);
    /* window - of a text that is read in windows: so many of its n are finished. */
    void (*window)(void *arg, size_t n_done, size_t n);
    /* capture - a capture file that will be replayed; a failure ends the pass. */
    int (*capture)(void *arg, const char *id, const char *path,
                   const struct at_capture_file *capture, struct at_error *err);
    void *arg;
};

struct at_pass {
    /* One of the two: a session and its texts, or a directory of captures. */
    const struct at_session *session;
    struct at_texts *texts;
    const char *captures;

    struct at_doc_options options;
    const struct at_visitor *visitor;
    void *arg; /* of visitor->begin */
    struct at_observer observer;

    size_t n_done, n_skipped; /* results */
};

/*
 * at_pass_run - all of them.
 *
 * Errors    those of the visitor after begin, AT_EIO and AT_ENOMEM of begin; AT_ENOTFOUND when
 *           there was no text at all. A skipped text is none, unless it was the only one: then the
 *           answer is what was told to the observer, with *was_told set. With n_done 0 all were
 *           skipped.
 */
AT_MUST_USE int at_pass_run(struct at_pass *p, bool *was_told, struct at_error *err);

/* at_pass_text - one text of the caller's own through the same visitor. pair and options may be
   NULL. */
AT_MUST_USE int at_pass_text(const struct at_session *s, const char *text, const char *pair,
                             const struct at_doc_options *options, const struct at_visitor *visitor,
                             void *arg, struct at_error *err);

/*
 * at_session_trace - one text and all that keep says of its pass, in memory: what a program of
 * twenty lines needs.
 *
 * Errors    as at_doc_prepare() and at_trace_run(); nothing to release then.
 * Memory    at_trace_release(out), at_doc_release(doc).
 */
AT_MUST_USE int at_session_trace(struct at_trace *out, struct at_doc *doc,
                                 const struct at_session *s, const char *text, unsigned keep,
                                 struct at_error *err);

#endif
