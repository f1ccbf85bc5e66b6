/*
 * each_text.c - the loop of job_each_text(): texts to tokens, tokens to batches, batches through
 * the model, layers to the command. Captures take the same way without a model.
 */
#include "cmd/job.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "cmd/capture_doc.h"
#include "cmd/job_doc.h"
#include "io/textfile.h"

/*
 * A batch is closed when it has this many rows or texts: enough to keep the products busy, and no
 * more texts than files may be open, since each can have two of its own.
 */
enum { BATCH_ROWS = 1024, BATCH_TEXTS = 64 };

struct item {
    struct doc doc;
    void *state;
};

struct loop {
    struct job *job;
    const struct text_handler *handler;
    void *arg;
    struct item items[BATCH_TEXTS];
    size_t n_items, n_rows;
    float *word_maps; /* (H,W,W) of the layer at hand, then (W) of one map, with --words */
    size_t word_cells;
    struct progress progress;
    int status;
};

static void drop_items(struct loop *l)
{
    for (size_t i = 0; i < l->n_items; i++) {
        if (l->items[i].state && l->handler->release)
            l->handler->release(l->items[i].state);
        doc_release(&l->items[i].doc);
    }
    l->n_items = l->n_rows = 0;
}

static int on_embedded(void *arg, size_t text, const float *embedded, size_t T,
                       struct at_error *err)
{
    struct loop *l = arg;

    AT_BUG_IF(T != l->items[text].doc.tokens.n);
    return l->handler->embedded ? l->handler->embedded(l->items[text].state, embedded, err) : 0;
}

/* Maps of words for one layer, in the loop's own buffer; what special tokens held joins the doc. */
static const float *word_maps(struct loop *l, struct doc *doc, const struct at_layer_view *view)
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
    struct item *it = &l->items[view->text];
    struct doc_layer layer = { view->layer, view->H, it->doc.n, view->attention, view };

    if (!l->handler->layer)
        return 0;
    if (l->job->by_words && view->attention)
        layer.maps = word_maps(l, &it->doc, view);
    return l->handler->layer(it->state, &layer, err);
}

static struct at_forward_options visitors(struct loop *l)
{
    return (struct at_forward_options){
        .want_attention = l->handler->layer != NULL,
        .on_embedded = on_embedded,
        .on_layer = on_layer,
        .arg = l,
    };
}

/* Everything a batch needs in one arena, then the pass. hidden (N,C) or NULL. */
static int forward_batch(struct loop *l, float *hidden, struct at_arena *arena,
                         struct at_error *err)
{
    struct at_forward_options options = visitors(l);
    size_t *start = at_arena_alloc(arena, l->n_items + 1, sizeof *start), row = 0;
    int *ids = at_arena_alloc(arena, l->n_rows, sizeof *ids);
    int *segments = at_arena_alloc(arena, l->n_rows, sizeof *segments);
    struct at_batch batch = { l->n_items, start, ids, segments };

    for (size_t i = 0; i < l->n_items; i++) {
        const struct at_tokens *t = &l->items[i].doc.tokens;
        start[i] = row;
        for (size_t j = 0; j < t->n; j++, row++) {
            ids[row] = t->items[j].id;
            segments[row] = t->items[j].segment;
        }
    }
    start[l->n_items] = row;
    return at_forward(hidden, &l->job->model, &batch, &options, l->job->pool, err);
}

/*
 * A new state for a text. What is wrong with the text shows here; *is_fatal: any other text would
 * meet the same error.
 */
static int begin(struct loop *l, struct item *it, bool *is_fatal, struct at_error *err)
{
    int rc = job_check_selection(l->job, err);

    *is_fatal = true;
    if (rc)
        return rc;
    it->state = l->handler->begin(l->job, l->arg, &it->doc, err);
    rc = it->state ? 0 : (int)err->code;
    *is_fatal = rc == AT_EIO || rc == AT_ENOMEM;
    return rc;
}

/* Compute and finish every text of the batch. A failure here ends the loop. */
static int run_batch(struct loop *l, struct at_error *err)
{
    size_t C = l->job->shape.width, row = 0;
    struct at_arena arena = { 0 };
    void *hidden = NULL;
    int rc = 0;

    if (l->n_items == 0)
        return 0;
    if (l->handler->needs_states)
        rc = at_try_alloc(&hidden, l->n_rows * C, sizeof(float), "hidden states", err);
    if (!rc)
        rc = forward_batch(l, hidden, &arena, err);
    for (size_t i = 0; !rc && i < l->n_items; i++) {
        const float *own = hidden ? (float *)hidden + row * C : NULL;
        rc = l->handler->finish(l->items[i].state, own, err);
        row += l->items[i].doc.tokens.n;
        l->job->n_done += !rc;
        progress_show(&l->progress, l->job->n_done);
    }
    free(hidden);
    at_arena_release(&arena);
    drop_items(l);
    return rc;
}

/* Report a text that cannot be used; alone it is a failure, among others it is skipped. */
static bool skip(struct loop *l, const char *id, const struct at_error *err, bool is_many)
{
    l->status = is_many ? EXIT_SKIPPED : EXIT_FAILED;
    report_error("%s%s", err->text, is_many ? "; skipped" : "");
    if (l->job->manifest)
        manifest_skipped(l->job->manifest, id, err->text);
    l->job->n_skipped++;
    return is_many;
}

static void note_text(struct manifest *m, const struct text *t)
{
    manifest_input_text(m, "text", t->id, t->text);
    if (t->pair)
        manifest_input_text(m, "pair", t->id, t->pair);
}

/* A text made ready and begun, as the next of the batch. in moves to it, also on failure. */
static int add_text(struct loop *l, struct text *in, bool *is_fatal, struct at_error *err)
{
    struct item *it = &l->items[l->n_items];
    int rc = doc_prepare(&it->doc, l->job, in, err);

    it->doc.number += l->n_items; /* those of this batch come before it */
    *is_fatal = false;
    if (!rc)
        rc = begin(l, it, is_fatal, err);
    if (rc)
        return rc;
    if (l->job->manifest && l->job->lists_texts)
        note_text(l->job->manifest, &it->doc.in);
    l->n_rows += it->doc.tokens.n;
    l->n_items++;
    return 0;
}

/* The text that add_text() could not add; answers whether the loop goes on. */
static bool drop_text(struct loop *l, bool is_fatal, bool is_many, struct at_error *err)
{
    struct doc *doc = &l->items[l->n_items].doc;
    const char *id = doc->in.id ? doc->in.id : "";
    bool goes_on = false;

    if (!is_fatal) {
        if (*id)
            at_error_in(err, "text %s", id);
        goes_on = skip(l, id, err, is_many);
    }
    doc_release(doc);
    return goes_on;
}

static int each_given_text(struct loop *l, struct at_error *err)
{
    struct job *job = l->job;
    bool is_many = texts_is_many(&job->texts), is_fatal;
    struct text in;
    int rc, got;

    while ((got = texts_next(&in, &job->texts, &is_fatal, err)) != 0) {
        if (got < 0) {
            if (is_fatal || !skip(l, "", err, is_many))
                return is_fatal ? got : 0;
            continue;
        }
        rc = add_text(l, &in, &is_fatal, err);
        if (rc && !drop_text(l, is_fatal, is_many, err))
            return is_fatal ? rc : 0;
        if (l->n_items == BATCH_TEXTS || l->n_rows >= BATCH_ROWS || !is_many) {
            rc = run_batch(l, err);
            if (rc)
                return rc;
        }
    }
    rc = run_batch(l, err);
    if (!rc && job->n_done + job->n_skipped == 0)
        rc = at_fail(err, AT_ENOTFOUND, "no text in %s", texts_source(&job->texts));
    return rc;
}

/*
 * A capture as the only item of a batch, begun. *is_fatal as of begin(). One that cannot be used
 * does not decide what the others must be like.
 */
static int open_capture(struct at_capture_file *out, struct loop *l, const char *path,
                        const char *id, bool *is_fatal, struct at_error *err)
{
    struct job *job = l->job;
    struct item *it = &l->items[0];
    const struct at_config shape = job->shape;
    const char *shown_model = job->shown_model;
    int rc = at_capture_open(out, path, err);

    *is_fatal = false;
    if (rc)
        return rc;
    rc = capture_doc(&it->doc, job, out, id, err);
    if (!rc && out->n_odd_rows)
        report_warning(
            "%s: %zu row%s of attention do%s not sum to 1, the first to %.4g: shares and "
            "entropies hold for rows that do",
            path, out->n_odd_rows, at_plural(out->n_odd_rows), out->n_odd_rows == 1 ? "es" : "",
            out->odd_sum);
    if (!rc)
        rc = begin(l, it, is_fatal, err);
    if (!rc) {
        l->n_items = 1;
        return 0;
    }
    if (!*is_fatal)
        at_error_in(err, "%s", path);
    job->shape = shape;
    job->shown_model = shown_model;
    doc_release(&it->doc);
    at_capture_close(out);
    return rc;
}

/* One capture file through the same calls. A failure here ends the loop; a bad file is none. */
static int replay(struct loop *l, const char *path, const char *id, bool is_many,
                  struct at_error *err)
{
    struct at_forward_options options = visitors(l);
    struct at_capture_file capture;
    bool is_fatal;
    int rc = open_capture(&capture, l, path, id, &is_fatal, err);

    if (rc && !is_fatal)
        skip(l, id, err, is_many);
    if (rc)
        return is_fatal ? rc : 0;
    if (l->job->manifest)
        rc = manifest_input_named(l->job->manifest, "capture", id, path, err);
    if (!rc)
        rc = at_capture_replay(&capture, &options, err);
    if (!rc)
        rc = l->handler->finish(l->items[0].state, capture.final_hidden, err);
    drop_items(l);
    at_capture_close(&capture);
    l->job->n_done += !rc;
    return rc;
}

/* Numbers by value, everything else by bytes: 2 before 10. */
static int by_id(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    unsigned long long m = strtoull(x, NULL, 10), n = strtoull(y, NULL, 10);

    if (m != n)
        return m < n ? -1 : 1;
    return strcmp(x, y);
}

struct names AT_ARRAY(char *);

/* The directories of dir that hold a capture, in order. */
static void list_captures(struct names *out, const char *dir)
{
    struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        char *path = at_asprintf("%s/%s/capture.safetensors", dir, e->d_name);
        if (e->d_name[0] != '.' && at_path_is_file(path))
            *at_array_push(out) = at_strdup(e->d_name);
        free(path);
    }
    if (d)
        closedir(d);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_id);
}

static int replay_named(struct loop *l, const char *dir, const char *name, struct at_error *err)
{
    char *path;
    int rc;

    if (at_utf8_check(name, strlen(name)) < strlen(name)) {
        at_fail(err, AT_EFORMAT, "the name of a directory in '%s' is not UTF-8", dir);
        skip(l, "", err, true);
        return 0;
    }
    path = at_asprintf("%s/%s/capture.safetensors", dir, name);
    rc = replay(l, path, name, true, err);
    free(path);
    return rc;
}

/*
 * Did the last run into DIR leave captures, or read those of DIR, but not DIR/capture.safetensors?
 * Then that one is of an earlier run. Without a manifest, or with one of no capture, nothing is
 * known.
 */
static bool is_stale(const struct job *job)
{
    const struct at_json *outputs = at_json_get(job->last_run, "outputs");
    const struct at_json *inputs = at_json_get(job->last_run, "inputs");
    const struct at_json *from = at_json_get(at_json_get(job->last_run, "options"), "from");
    bool has_any = false, has_this = false;

    for (size_t i = 0; i < at_json_count(outputs); i++) {
        const char *rel = at_json_text(at_json_get(at_json_at(outputs, i), "path"), "");
        has_any |= !strcmp(at_path_base(rel), "capture.safetensors");
        has_this |= !strcmp(rel, "capture.safetensors");
    }
    if (strcmp(at_json_text(from, ""), job->from) != 0)
        return has_any && !has_this;
    for (size_t i = 0; i < at_json_count(inputs); i++) {
        const struct at_json *o = at_json_at(inputs, i);
        if (strcmp(at_json_text(at_json_get(o, "role"), ""), "capture") != 0)
            continue;
        has_any = true;
        has_this |= !at_json_get(o, "id");
    }
    return has_any && !has_this;
}

/* DIR/capture.safetensors, or one in every directory of DIR. */
static int each_capture(struct loop *l, struct at_error *err)
{
    const char *dir = l->job->from;
    char *path = at_path_join(dir, "capture.safetensors");
    struct names names = { 0 };
    int rc = 0;

    if (at_path_is_file(path) && !is_stale(l->job)) {
        rc = replay(l, path, "", false, err);
        free(path);
        return rc;
    }
    list_captures(&names, dir);
    if (names.n == 0)
        rc = at_fail(err, AT_ENOTFOUND, "no '%s', nor one in a directory of '%s'", path, dir);
    for (size_t i = 0; i < names.n; i++) {
        if (!rc)
            rc = replay_named(l, dir, names.items[i], err);
        progress_show(&l->progress, i + 1);
        free(names.items[i]);
    }
    at_array_release(&names);
    free(path);
    return rc;
}

int job_each_text(struct job *job, const struct text_handler *h, void *arg)
{
    struct loop *l = at_calloc(1, sizeof *l);
    struct at_error err;
    int rc, status;

    l->job = job;
    l->handler = h;
    l->arg = arg;
    progress_start(&l->progress,
                   (enum progress_mode)(job->is_quiet ? PROGRESS_NEVER : job->progress), h->what,
                   "texts", job->from ? 0 : texts_count(&job->texts));
    rc = job->from ? each_capture(l, &err) : each_given_text(l, &err);
    progress_end(&l->progress);
    drop_items(l);
    free(l->word_maps);
    status = rc ? report_fault(&err) : l->status;
    if (status == EXIT_SKIPPED && job->n_done == 0)
        status = report_error("no text could be used; %zu skipped", job->n_skipped);
    free(l);
    return status;
}
