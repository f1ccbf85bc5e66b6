/*
 * pass.c - see pass.h.
 *
 * Texts wait in a batch until it is full, each with the visitor's state beside it; a capture is a
 * batch of its own. The states are finished and released in the order of input.
 */
#include "session/pass.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "io/textfile.h"
#include "session/batch.h"
#include "session/capture_names.h"
#include "session/doc_window.h"

/* A text that is longer than the model, as long as a window of it is under way. */
struct whole {
    struct at_doc doc;
    struct at_windows plan;
    size_t n_users;
};

struct item {
    struct at_doc doc;
    void *state;
    struct whole *whole; /* that it is a window of, or NULL */
};

struct loop {
    struct at_pass *pass;
    struct item items[AT_BATCH_TEXTS];
    size_t n_items;
    struct at_batcher batch; /* the tokens of the items; empty for a capture */
    float *word_maps;        /* (H,W,W) of the layer at hand, then (W) of one map, by words */
    size_t word_cells;
    int told; /* the only text could not be used: its error, which the observer knows */
    /* Of the first capture that could be used: all others must be like it. */
    struct at_config first_shape;
    char *first_name;
};

static void leave_whole(struct whole *w)
{
    if (!w || --w->n_users)
        return;
    at_doc_release(&w->doc);
    free(w);
}

static void drop_items(struct loop *l)
{
    const struct at_visitor *v = l->pass->visitor;

    for (size_t i = 0; i < l->n_items; i++) {
        if (l->items[i].state && v->release)
            v->release(l->items[i].state);
        at_doc_release(&l->items[i].doc);
        leave_whole(l->items[i].whole);
        l->items[i].whole = NULL;
    }
    l->n_items = 0;
    at_batcher_clear(&l->batch);
}

static void loop_free(struct loop *l)
{
    drop_items(l);
    at_batcher_release(&l->batch);
    free(l->word_maps);
    free(l->first_name);
    free(l);
}

static struct loop *loop_new(struct at_pass *pass)
{
    struct loop *l = at_calloc(1, sizeof *l);

    l->pass = pass;
    return l;
}

/* --- one batch --- */

static int on_embedded(void *arg, size_t text, const float *embedded, size_t T,
                       struct at_error *err)
{
    struct loop *l = arg;
    const struct at_visitor *v = l->pass->visitor;

    AT_BUG_IF(T != l->items[text].doc.tokens.n);
    return v->embedded ? v->embedded(l->items[text].state, embedded, err) : 0;
}

/* Maps of words for one layer, in the loop's own buffer; what special tokens held joins the doc. */
static const float *word_maps(struct loop *l, struct at_doc *doc, const struct at_layer_view *view)
{
    size_t W = doc->words.n, cells = view->H * W * W + W;
    float *dropped;

    if (cells > l->word_cells) {
        l->word_maps = at_realloc(l->word_maps, cells, sizeof *l->word_maps);
        l->word_cells = cells;
    }
    dropped = l->word_maps + view->H * W * W;
    for (size_t h = 0; h < view->H; h++) {
        at_words_attention(l->word_maps + h * W * W, dropped,
                           view->attention + h * view->T * view->T, view->T, &doc->words);
        for (size_t i = 0; i < W; i++)
            doc->dropped[i] += (double)dropped[i];
    }
    doc->n_dropped += view->H;
    return l->word_maps;
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct loop *l = arg;
    const struct at_visitor *v = l->pass->visitor;
    struct item *it = &l->items[view->text];
    struct at_doc_layer layer = { view->layer, view->H, it->doc.n, view->attention, view };

    if (!v->layer)
        return 0;
    if (it->doc.words.n && view->attention)
        layer.maps = word_maps(l, &it->doc, view);
    return v->layer(it->state, &layer, err);
}

static struct at_forward_options visitors(struct loop *l)
{
    return (struct at_forward_options){
        .want_attention = l->pass->visitor->layer != NULL,
        .on_embedded = on_embedded,
        .on_layer = on_layer,
        .arg = l,
    };
}

/*
 * A new state for a text. What is wrong with the text shows here; *is_fatal: any other text would
 * meet the same error.
 */
static int begin(struct loop *l, struct item *it, bool *is_fatal, struct at_error *err)
{
    const struct at_pass *p = l->pass;
    int rc = p->observer.check ? p->observer.check(p->observer.arg, &it->doc, err) : 0;

    *is_fatal = true;
    if (rc)
        return rc;
    it->state = p->visitor->begin(p->arg, &it->doc, err);
    rc = it->state ? 0 : (int)err->code;
    *is_fatal = rc == AT_EIO || rc == AT_ENOMEM;
    return rc;
}

/* A text is done, or a window of one. */
static void tell_done(struct at_pass *p, const struct at_doc *doc)
{
    const struct at_doc_window *w = &doc->window;

    if (w->whole && p->observer.window)
        p->observer.window(p->observer.arg, w->number + 1, w->plan->n);
    if (w->whole && !at_doc_is_last_window(doc))
        return;
    p->n_done++;
    if (p->observer.done)
        p->observer.done(p->observer.arg, p->n_done);
}

/* Compute and finish every text of the batch. A failure here ends the pass. */
static int run_batch(struct loop *l, struct at_error *err)
{
    struct at_pass *p = l->pass;
    const struct at_forward_options options = visitors(l);
    const struct at_batcher *b = &l->batch;
    int rc = at_batcher_run(&l->batch, &p->session->model, &options, p->visitor->needs_states,
                            p->session->pool, err);

    for (size_t i = 0; !rc && i < l->n_items; i++) {
        const float *own = b->hidden ? b->hidden + b->start[i] * b->C : NULL;
        rc = p->visitor->finish(l->items[i].state, own, err);
        if (rc)
            break;
        tell_done(p, &l->items[i].doc);
    }
    drop_items(l);
    return rc;
}

/* A text that cannot be used: among others it is skipped, alone it is the pass's failure. Answers
   whether the pass goes on. */
static bool skip(struct loop *l, const char *id, bool is_many, const struct at_error *err)
{
    struct at_pass *p = l->pass;

    if (!is_many)
        l->told = (int)err->code;
    if (p->observer.skipped)
        p->observer.skipped(p->observer.arg, id, err, is_many);
    p->n_skipped++;
    return is_many;
}

/* --- texts --- */

/* The doc of the next item of the batch, begun. */
static int add_item(struct loop *l, bool *is_fatal, struct at_error *err)
{
    struct item *it = &l->items[l->n_items];
    int rc = begin(l, it, is_fatal, err);

    if (rc)
        return rc;
    at_batcher_add(&l->batch, &it->doc.tokens);
    l->n_items++;
    return 0;
}

static void tell_took(const struct at_pass *p, const struct at_doc *doc)
{
    if (p->observer.took)
        p->observer.took(p->observer.arg, doc);
}

/* The next of w's windows; the batch is run as often as it is full. */
static int add_window(struct loop *l, struct whole *w, size_t k, bool *is_fatal,
                      struct at_error *err)
{
    struct item *it;
    int rc = 0;

    *is_fatal = true;
    if (at_batcher_is_full(&l->batch))
        rc = run_batch(l, err);
    if (rc)
        return rc;
    *is_fatal = false;
    it = &l->items[l->n_items];
    rc = at_doc_window(&it->doc, &w->doc, &w->plan, k, l->pass->session, err);
    if (!rc)
        rc = add_item(l, is_fatal, err);
    if (rc) {
        at_doc_release(&it->doc);
        return rc;
    }
    it->whole = w;
    w->n_users++;
    return 0;
}

static int flush(struct loop *l, bool *is_fatal, struct at_error *err)
{
    *is_fatal = true;
    return run_batch(l, err);
}

/* Every window of a text as a text of its own, in batches without other texts; the doc moves. */
static int add_windows(struct loop *l, struct at_doc *doc, bool *is_fatal, struct at_error *err)
{
    struct whole *w = at_calloc(1, sizeof *w);
    int rc;

    w->doc = *doc;
    w->doc.window.plan = &w->plan;
    w->n_users = 1;
    *doc = (struct at_doc){ 0 };
    rc = at_doc_windows(&w->plan, &w->doc, &l->pass->options, err);
    if (!rc)
        rc = flush(l, is_fatal, err);
    for (size_t k = 0; !rc && k < w->plan.n; k++) {
        rc = add_window(l, w, k, is_fatal, err);
        if (!rc && k == 0)
            tell_took(l->pass, &w->doc);
    }
    if (!rc)
        rc = flush(l, is_fatal, err);
    if (rc && w->n_users > 1)
        drop_items(l);
    if (rc) /* for whom the failure is told */
        l->items[l->n_items].doc.in.id = at_strdup(w->doc.in.id);
    leave_whole(w);
    return rc;
}

/* A text made ready and begun, as the next of the batch. in moves to it, also on failure. */
static int add_text(struct loop *l, struct at_text *in, bool *is_fatal, struct at_error *err)
{
    const struct at_pass *p = l->pass;
    const struct at_observer *o = &p->observer;
    struct item *it = &l->items[l->n_items];
    int rc = at_doc_prepare(&it->doc, p->session, in, &p->options, err);

    it->doc.number = p->texts ? p->texts->n_read - 1 : 0;
    if (it->doc.tokens.n < it->doc.n_tokens_given && o->cut)
        o->cut(o->arg, &it->doc);
    *is_fatal = false;
    if (!rc && p->options.window && it->doc.tokens.n > p->options.window)
        return add_windows(l, &it->doc, is_fatal, err);
    if (!rc)
        rc = add_item(l, is_fatal, err);
    if (!rc)
        tell_took(p, &it->doc);
    return rc;
}

/* The text that add_text() could not add; answers whether the pass goes on. */
static bool drop_text(struct loop *l, bool is_fatal, bool is_many, struct at_error *err)
{
    struct at_doc *doc = &l->items[l->n_items].doc;
    const char *id = doc->in.id;
    bool goes_on = false;

    if (!is_fatal) {
        if (*id)
            at_error_in(err, "text %s", id);
        goes_on = skip(l, id, is_many, err);
    }
    at_doc_release(doc);
    return goes_on;
}

static int each_text(struct loop *l, struct at_error *err)
{
    struct at_pass *p = l->pass;
    bool is_many = at_texts_is_many(p->texts), is_fatal;
    struct at_text in;
    int rc, got;

    while ((got = at_texts_next(&in, p->texts, &is_fatal, err)) != 0) {
        if (got < 0) {
            if (is_fatal || !skip(l, "", is_many, err))
                return is_fatal ? got : 0;
            continue;
        }
        rc = add_text(l, &in, &is_fatal, err);
        if (rc && !drop_text(l, is_fatal, is_many, err))
            return is_fatal ? rc : 0;
        if (at_batcher_is_full(&l->batch) || !is_many) {
            rc = run_batch(l, err);
            if (rc)
                return rc;
        }
    }
    rc = run_batch(l, err);
    if (!rc && p->n_done + p->n_skipped == 0 && p->texts->n_read == 0)
        rc = at_fail(err, AT_ENOTFOUND, "no text in %s", at_texts_source(p->texts));
    return rc;
}

/* --- captures --- */

/* All captures of a pass are of one model's shape: that of the first that could be used. */
static int check_shape(const struct loop *l, const struct at_capture_file *c, struct at_error *err)
{
    const struct at_config *first = &l->first_shape;

    if (!l->first_name)
        return 0;
    if (first->n_layers != c->dims.L || first->n_heads != c->dims.H)
        return at_fail(err, AT_EFORMAT, "has %zu layers of %zu heads, the first had %zu of %zu",
                       c->dims.L, c->dims.H, first->n_layers, first->n_heads);
    if (first->is_causal != c->is_causal)
        return at_fail(err, AT_EFORMAT, "is of a %s model, the first was of a %s one",
                       at_family_like(c->is_causal)->model_type, first->family->model_type);
    return 0;
}

/* The doc of a capture as the only item, begun; all go by the name of the first one's model. */
static int begin_capture(struct loop *l, const struct at_capture_file *c, const char *id,
                         bool *is_fatal, struct at_error *err)
{
    const struct at_pass *p = l->pass;
    struct at_doc *doc = &l->items[0].doc;
    int rc = c->kept & AT_CAP_ATTENTION ? check_shape(l, c, err) : 0;

    if (!rc)
        rc = at_doc_from_capture(doc, c, id, p->options.by_words, err);
    if (rc)
        return rc;
    doc->number = p->n_done + p->n_skipped;
    if (l->first_name)
        doc->model_name = l->first_name;
    rc = begin(l, &l->items[0], is_fatal, err);
    if (rc)
        return rc;
    if (!l->first_name) {
        l->first_shape = doc->own_shape;
        l->first_name = at_strdup(doc->model_name);
    }
    l->n_items = 1;
    return 0;
}

/* *is_fatal as of begin(). */
static int open_capture(struct at_capture_file *out, struct loop *l, const char *path,
                        const char *id, bool *is_fatal, struct at_error *err)
{
    int rc = at_capture_open(out, path, err);

    *is_fatal = false;
    if (rc)
        return rc;
    rc = begin_capture(l, out, id, is_fatal, err);
    if (!rc)
        return 0;
    if (!*is_fatal)
        at_error_in(err, "%s", path);
    at_doc_release(&l->items[0].doc);
    at_capture_close(out);
    return rc;
}

/* One capture file through the same calls. A failure here ends the pass; a bad file is none. */
static int replay(struct loop *l, const char *path, const char *id, bool is_many,
                  struct at_error *err)
{
    struct at_pass *p = l->pass;
    const struct at_forward_options options = visitors(l);
    struct at_capture_file capture;
    bool is_fatal;
    int rc = open_capture(&capture, l, path, id, &is_fatal, err);

    if (rc && !is_fatal)
        skip(l, id, is_many, err);
    if (rc)
        return is_fatal ? rc : 0;
    if (p->observer.capture)
        rc = p->observer.capture(p->observer.arg, id, path, &capture, err);
    if (!rc)
        rc = at_capture_replay(&capture, &options, err);
    if (!rc)
        rc = p->visitor->finish(l->items[0].state, capture.final_hidden, err);
    drop_items(l);
    at_capture_close(&capture);
    p->n_done += !rc;
    return rc;
}

static int replay_named(struct loop *l, const char *name, struct at_error *err)
{
    const char *dir = l->pass->captures;
    char *path;
    int rc;

    if (at_utf8_check(name, strlen(name)) < strlen(name)) {
        at_fail(err, AT_EFORMAT, "the name of a directory in '%s' is not UTF-8", dir);
        skip(l, "", true, err);
        return 0;
    }
    path = at_asprintf("%s/%s/capture.safetensors", dir, name);
    rc = replay(l, path, name, true, err);
    free(path);
    return rc;
}

/* DIR/capture.safetensors, or one in every directory of DIR. */
static int each_capture(struct loop *l, struct at_error *err)
{
    const struct at_pass *p = l->pass;
    char *path = at_path_join(p->captures, "capture.safetensors");
    struct at_capture_names names = { 0 };
    int rc = 0;

    if (at_path_is_file(path)) {
        rc = replay(l, path, "", false, err);
        free(path);
        return rc;
    }
    at_capture_names_list(&names, p->captures);
    if (names.n == 0)
        rc = at_fail(err, AT_ENOTFOUND, "no '%s', nor one in a directory of '%s'", path,
                     p->captures);
    for (size_t i = 0; i < names.n; i++) {
        if (!rc)
            rc = replay_named(l, names.items[i], err);
        if (!rc && p->observer.done)
            p->observer.done(p->observer.arg, i + 1);
    }
    at_capture_names_release(&names);
    free(path);
    return rc;
}

/* --- all of it --- */

int at_pass_run(struct at_pass *p, bool *was_told, struct at_error *err)
{
    struct loop *l = loop_new(p);
    struct at_error own; /* observers get one in any case */
    int rc;

    AT_BUG_IF(!p->captures == !p->session);
    if (!err)
        err = &own;
    p->n_done = p->n_skipped = 0;
    rc = p->captures ? each_capture(l, err) : each_text(l, err);
    *was_told = !rc && l->told;
    if (!rc)
        rc = l->told;
    loop_free(l);
    return rc;
}

static struct at_text own_text(const char *text, const char *pair)
{
    return (struct at_text){ at_strdup(""), at_strdup(text), pair ? at_strdup(pair) : NULL };
}

int at_pass_text(const struct at_session *s, const char *text, const char *pair,
                 const struct at_doc_options *options, const struct at_visitor *visitor, void *arg,
                 struct at_error *err)
{
    struct at_pass p = { .session = s, .visitor = visitor, .arg = arg };
    struct at_text in = own_text(text, pair);
    struct at_error own;
    struct loop *l = loop_new(&p);
    bool is_fatal;
    int rc;

    if (!err)
        err = &own;
    if (options)
        p.options = *options;
    rc = add_text(l, &in, &is_fatal, err);
    if (rc)
        at_doc_release(&l->items[l->n_items].doc);
    else
        rc = run_batch(l, err);
    loop_free(l);
    return rc;
}

int at_session_trace(struct at_trace *out, struct at_doc *doc, const struct at_session *s,
                     const char *text, unsigned keep, struct at_error *err)
{
    struct at_text in = own_text(text, NULL);
    struct at_doc d;
    int *ids, rc = at_doc_prepare(&d, s, &in, NULL, err);

    if (!rc) {
        ids = at_tokens_ids(&d.tokens);
        rc = at_trace_run(out, &s->model, ids, NULL, d.tokens.n, keep, s->pool, err);
        free(ids);
    }
    if (rc)
        at_doc_release(&d);
    else
        *doc = d;
    return rc;
}
