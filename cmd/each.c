/*
 * each.c - each_text() of cmd.h: one pass over a call's texts, with what is said and noted on the
 * way.
 */
#include "cmd/cmd.h"

#include <string.h>

struct walk {
    const struct context *x;
    struct progress progress;
    bool is_skipped;     /* some text was */
    bool has_windows;    /* the only text is read in windows, which are counted */
    bool is_length_told; /* that a text is longer than tokenizer.json would have it */
};

/* All texts meet the same error when the layer or head is none of the model's, or the output
   directory is another one's. */
static int on_ready(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct walk *w = arg;
    int rc = call_check_selection(w->x->call, doc->shape, err);

    return rc || w->x->session ? rc : sink_take_model(w->x->sink, doc->model_name, err);
}

/* What a model makes of a script that it never saw says little. */
static void warn_unknown(const struct at_doc *doc)
{
    size_t n_text = 0;

    for (size_t i = 0; i < doc->tokens.n; i++)
        n_text += !doc->tokens.items[i].is_special;
    if (2 * doc->n_unknown > n_text)
        report_warning("%s%s%zu of %zu tokens are not in the vocabulary of '%s': to the model they "
                       "are all the same",
                       doc->in.id, *doc->in.id ? ": " : "", doc->n_unknown, n_text,
                       doc->model_name);
}

static void on_took(void *arg, const struct at_doc *doc)
{
    struct walk *w = arg;
    size_t max = at_tokenizer_max_tokens(w->x->session->tokenizer);

    if (max && doc->tokens.n > max && !w->is_length_told) {
        report_warning("%s%stext has %zu tokens; tokenizer.json would cut it to %zu, which is not "
                       "done",
                       doc->in.id, *doc->in.id ? ": " : "", doc->tokens.n, max);
        w->is_length_told = true;
    }
    warn_unknown(doc);
    sink_note_text(w->x->sink, &doc->in);
}

static void on_cut(void *arg, const struct at_doc *doc)
{
    (void)arg;
    report_warning("%s%stext has %zu tokens, cut to the model's %zu", doc->in.id,
                   *doc->in.id ? ": " : "", doc->n_tokens_given, doc->tokens.n);
}

static void on_skipped(void *arg, const char *id, const struct at_error *why, bool is_many)
{
    struct walk *w = arg;

    w->is_skipped = true;
    report_error("%s%s", why->text, is_many ? "; skipped" : "");
    sink_note_skipped(w->x->sink, id, why->text);
}

static void on_done(void *arg, size_t n_done)
{
    struct walk *w = arg;

    if (!w->has_windows)
        progress_show(&w->progress, w->x->call->n_done_before + n_done);
}

/* A single text is as long on its way as it has windows. */
static void on_window(void *arg, size_t n_done, size_t n)
{
    struct walk *w = arg;

    if (at_texts_is_many(&w->x->call->texts))
        return;
    w->has_windows = true;
    w->progress.unit = "windows";
    w->progress.total = n;
    progress_show(&w->progress, n_done);
}

static int on_capture(void *arg, const char *id, const char *path,
                      const struct at_capture_file *capture, struct at_error *err)
{
    struct walk *w = arg;
    struct manifest *m = w->x->sink->manifest;

    if (capture->n_odd_rows)
        report_warning(
            "%s: %zu row%s of attention do%s not sum to 1, the first to %.4g: shares and "
            "entropies hold for rows that do",
            path, capture->n_odd_rows, at_plural(capture->n_odd_rows),
            capture->n_odd_rows == 1 ? "es" : "", capture->odd_sum);
    return m ? manifest_input_named(m, "capture", id, path, err) : 0;
}

int each_text(const struct context *x, const struct at_visitor *visitor, void *arg,
              const char *what)
{
    struct call *c = x->call;
    struct walk w = { .x = x };
    struct at_pass pass = {
        .session = x->session,
        .texts = &c->texts,
        .captures = c->from,
        .options = c->doc,
        .visitor = visitor,
        .arg = arg,
        .observer = { on_ready, on_took, on_cut, on_skipped, on_done, on_window, on_capture, &w },
    };
    bool was_told = false;
    struct at_error err;
    int rc;

    call_progress(c, &w.progress, what, "texts", c->from ? 0 : at_texts_count(&c->texts));
    rc = at_pass_run(&pass, &was_told, &err);
    progress_end(&w.progress);
    if (rc)
        return was_told ? EXIT_FAILED : report_fault(&err);
    if (w.is_skipped && pass.n_done == 0 && c->shard.n <= 1 && !c->is_resumed)
        return report_error("no text could be used; %zu skipped", pass.n_skipped);
    return w.is_skipped ? EXIT_SKIPPED : EXIT_DONE;
}
