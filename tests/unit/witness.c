/*
 * witness.c - see witness.h.
 */
#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"

int witness_note(struct witness *w, struct at_error *err, const char *entry)
{
    at_strbuf_addf(&w->log, "%s%s", w->log.n ? ";" : "", entry);
    if (w->bad_call && !strcmp(w->bad_call, entry))
        return at_fail(err, AT_EFORMAT, "bad at %s", entry);
    return 0;
}

static int open_capture(struct seen *s, struct at_error *err)
{
    const struct at_doc *doc = s->doc;
    char *dir = at_path_join(s->w->capture_dir, doc->in.id);
    char *path = at_path_join(dir, "capture.safetensors");
    const struct at_dims dims = at_config_dims(doc->shape, doc->tokens.n);
    int *ids = at_tokens_ids(&doc->tokens), rc = at_mkdir_p(dir, err);
    struct at_arena arena = { 0 };
    const struct at_capture_meta meta = at_doc_capture_meta(doc, &arena);

    if (!rc)
        rc = at_capture_create(&s->capture, path, &dims, s->w->keep, &meta, ids, NULL, err);
    at_arena_release(&arena);
    free(ids);
    free(path);
    free(dir);
    return rc;
}

void *witness_begin(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct witness *w = arg;
    struct seen *s;
    char entry[32];

    snprintf(entry, sizeof entry, "begin %zu", doc->number);
    snprintf(w->model_name, sizeof w->model_name, "%s", doc->model_name);
    if (witness_note(w, err, entry))
        return NULL;
    if (w->refused && !strcmp(w->refused, doc->in.text)) {
        at_fail(err, w->refusal, "not this one");
        return NULL;
    }
    s = at_calloc(1, sizeof *s);
    s->w = w;
    s->doc = doc;
    w->n_alive++;
    if (w->capture_dir)
        must(open_capture(s, err), err);
    return s;
}

static int witness_embedded(void *state, const float *embedded, struct at_error *err)
{
    struct seen *s = state;
    char entry[32];

    if (s->capture)
        must(at_capture_add_embedded(s->capture, embedded, err), err);
    snprintf(entry, sizeof entry, "embedded %zu", s->doc->number);
    return witness_note(s->w, err, entry);
}

static int witness_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct seen *s = state;
    char entry[32];

    assert_int_equal(layer->n, s->doc->n);
    assert_int_equal(layer->raw->T, s->doc->tokens.n);
    at_strbuf_add(&s->floats, layer->maps, layer->H * layer->n * layer->n * sizeof(float));
    if (s->capture)
        must(at_capture_add(s->capture, layer->raw, err), err);
    snprintf(entry, sizeof entry, "layer %zu.%zu", s->doc->number, layer->layer);
    return witness_note(s->w, err, entry);
}

static int witness_finish(void *state, const float *final_hidden, struct at_error *err)
{
    struct seen *s = state;
    struct witness *w = s->w;
    char entry[32];
    int rc;

    snprintf(entry, sizeof entry, "finish %zu", s->doc->number);
    rc = witness_note(w, err, entry);
    at_strbuf_add(&w->floats, s->floats.s, s->floats.n);
    if (final_hidden)
        at_strbuf_add(&w->floats, final_hidden,
                      s->doc->tokens.n * s->doc->shape->width * sizeof *final_hidden);
    if (s->capture)
        must(at_capture_commit(s->capture, final_hidden, err), err);
    s->capture = NULL;
    return rc;
}

void witness_release(void *state)
{
    struct seen *s = state;

    at_capture_abort(s->capture);
    at_strbuf_release(&s->floats);
    s->w->n_alive--;
    free(s);
}

const struct at_visitor witness_visitor = {
    .needs_states = true,
    .begin = witness_begin,
    .embedded = witness_embedded,
    .layer = witness_layer,
    .finish = witness_finish,
    .release = witness_release,
};

/* An observer that writes into the same log. */
static int on_check(void *arg, const struct at_doc *doc, struct at_error *err)
{
    (void)doc;
    return witness_note(arg, err, "check");
}

static void on_took(void *arg, const struct at_doc *doc)
{
    struct witness *w = arg;

    at_strbuf_addf(&w->log, ";took %s", doc->in.id);
}

static void on_cut(void *arg, const struct at_doc *doc)
{
    struct witness *w = arg;

    at_strbuf_addf(&w->log, ";cut %zu to %zu", doc->n_tokens_given, doc->tokens.n);
}

static void on_skipped(void *arg, const char *id, const struct at_error *why, bool is_many)
{
    struct witness *w = arg;

    at_strbuf_addf(&w->log, "%s%s '%s': %s", w->log.n ? ";" : "", is_many ? "skip" : "fail", id,
                   why->text);
}

static void on_done(void *arg, size_t n_done)
{
    struct witness *w = arg;

    at_strbuf_addf(&w->log, ";done %zu", n_done);
}

static int on_capture(void *arg, const char *id, const char *path,
                      const struct at_capture_file *capture, struct at_error *err)
{
    assert_non_null(capture->attention);
    struct witness *w = arg;

    (void)err;
    assert_true(at_path_is_file(path));
    at_strbuf_addf(&w->log, ";capture '%s'", id);
    return 0;
}

struct at_observer witness_observer(struct witness *w)
{
    return (
        struct at_observer){ on_check, on_took, on_cut, on_skipped, on_done, NULL, on_capture, w };
}

void run_open(struct run *r, const char *model, const char *lines)
{
    struct at_texts_options o = { .file = sandbox_text("lines", lines), .is_jsonl = true };

    o.is_lines = *lines != '{';
    o.is_jsonl = !o.is_lines;
    *r = (struct run){ 0 };
    must(at_session_open(&r->s, model, NULL, &r->err), &r->err);
    must(at_texts_open(&r->texts, &o, &r->err), &r->err);
    r->pass = (struct at_pass){
        .session = &r->s, .texts = &r->texts, .visitor = &witness_visitor, .arg = &r->w
    };
}

void run_close(struct run *r)
{
    assert_int_equal(r->w.n_alive, 0);
    at_strbuf_release(&r->w.log);
    at_strbuf_release(&r->w.floats);
    at_texts_close(&r->texts);
    at_session_close(&r->s);
}

void log_is(const struct run *r, const char *want)
{
    assert_string_equal(at_strbuf_str(&r->w.log), want);
}

size_t count_in(const struct run *r, const char *part)
{
    size_t n = 0;

    for (const char *s = at_strbuf_str(&r->w.log); (s = strstr(s, part)); s++)
        n++;
    return n;
}
