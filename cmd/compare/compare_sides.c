/*
 * compare_sides.c - where the two sides of a comparison come from: texts through models, pairs of
 * texts from a file, captures of earlier runs.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/pairs.h"
#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "cmd/compare/compare.h"
#include "session/capture_names.h"

/* --- one side --- */

int side_run(struct side *out, const struct at_session *s, struct at_text *in,
             const struct at_doc_options *options, struct at_error *err)
{
    const struct at_config *shape = &s->model.config;
    int *ids, *segments, rc;

    *out = (struct side){ 0 };
    rc = at_doc_prepare(&out->doc, s, in, options, err);
    if (rc)
        return rc;
    ids = at_tokens_ids(&out->doc.tokens);
    segments = at_malloc(out->doc.tokens.n, sizeof *segments);
    for (size_t i = 0; i < out->doc.tokens.n; i++)
        segments[i] = out->doc.tokens.items[i].segment;
    rc = at_trace_run(&out->trace, &s->model, ids, segments, out->doc.tokens.n,
                      AT_CAP_ATTENTION | AT_CAP_HIDDEN, s->pool, err);
    free(ids);
    free(segments);
    out->view = (struct at_compare_side){ .doc = &out->doc,
                                          .attention = out->trace.attention,
                                          .hidden = out->trace.hidden,
                                          .L = shape->n_layers,
                                          .H = shape->n_heads,
                                          .C = shape->width };
    out->final_hidden = out->trace.final_hidden;
    return rc;
}

int side_open(struct side *out, const char *path, const char *id, struct at_error *err)
{
    const struct at_dims *dims = &out->capture.dims;
    int rc;

    *out = (struct side){ 0 };
    rc = at_capture_open(&out->capture, path, err);
    if (rc)
        return rc;
    rc = at_doc_from_capture(&out->doc, &out->capture, id, false, err);
    if (rc)
        return at_error_in(err, "%s", path);
    out->view = (struct at_compare_side){ .doc = &out->doc,
                                          .attention = out->capture.attention,
                                          .hidden = out->capture.hidden,
                                          .L = dims->L,
                                          .H = dims->H,
                                          .C = dims->C };
    if (out->capture.n_odd_rows)
        report_warning("%s: %zu row%s of attention do%s not sum to 1, the first to %.4g", path,
                       out->capture.n_odd_rows, at_plural(out->capture.n_odd_rows),
                       out->capture.n_odd_rows == 1 ? "es" : "", out->capture.odd_sum);
    return 0;
}

void side_release(struct side *s)
{
    at_doc_release(&s->doc);
    at_trace_release(&s->trace);
    at_capture_close(&s->capture);
    at_compare_measured_release(&s->measured);
    free(s->roles);
    *s = (struct side){ 0 };
}

int side_find_roles(struct side *s, const struct at_tagger *tagger, struct at_pool *pool,
                    struct at_error *err)
{
    size_t L = s->view.L, H = s->view.H, T = s->doc.tokens.n, n = L * H;
    struct at_head_features f;
    int rc = at_head_features_init(&f, &s->doc, tagger, AT_RAW, err);

    if (rc)
        return rc;
    tag_source_warn(&s->doc, &f.tagged);
    for (size_t l = 0; l < L; l++) {
        const float *maps = s->view.attention + l * H * T * T;
        at_head_features_add(&f, &(struct at_doc_layer){ l, H, T, maps, NULL }, pool);
    }
    s->roles = at_malloc(n * AT_N_HEAD_NUMBERS, sizeof *s->roles);
    for (size_t k = 0; k < n; k++) {
        double *own = s->roles + k * AT_N_HEAD_NUMBERS;
        memcpy(own, f.score + k * AT_N_HEAD_SCORES, AT_N_HEAD_SCORES * sizeof *own);
        memcpy(own + AT_N_HEAD_SCORES, f.pattern + k * AT_N_HEAD_PATTERNS,
               AT_N_HEAD_PATTERNS * sizeof *own);
    }
    s->view.roles = s->roles;
    at_head_features_release(&f);
    return 0;
}

static void couple_release(struct couple *p)
{
    side_release(&p->a);
    side_release(&p->b);
    at_token_alignment_release(&p->tokens);
}

/* --- texts --- */

static struct at_text text_of(const char *id, const char *text, const char *pair)
{
    return (struct at_text){ at_strdup(id), at_strdup(text), pair ? at_strdup(pair) : NULL };
}

static int run_side(struct compare *c, struct side *side, const struct at_session *s,
                    const char *id, const char *text, const char *pair, struct at_error *err)
{
    struct at_text in = text_of(id, text, pair);
    int rc = side_run(side, s, &in, &c->x->call->doc, err);

    if (!rc && side->doc.n_tokens_given > side->doc.tokens.n)
        report_warning("%s%stext has %zu tokens, cut to the model's %zu", id, *id ? ": " : "",
                       side->doc.n_tokens_given, side->doc.tokens.n);
    return rc;
}

/* A text of each side through its model. */
static int run_couple(struct compare *c, const char *id, const char *text_a, const char *text_b,
                      const char *pair, bool is_only, struct at_error *err)
{
    struct couple p = { 0 };
    int rc = run_side(c, &p.a, c->a, id, text_a, pair, err);

    if (!rc)
        rc = run_side(c, &p.b, c->b, id, text_b, pair, err);
    if (!rc)
        rc = compare_couple(c, &p, is_only, err);
    couple_release(&p);
    return rc;
}

/* What cannot be used: alone it is the failure, among others it is left out. Answers a status. */
static int leave_out(struct compare *c, const char *id, const struct at_error *why, bool is_only)
{
    if (is_only || why->code == AT_EIO || why->code == AT_ENOMEM)
        return report_fault(why);
    if (*id)
        report_error("text %s: %s; skipped", id, why->text);
    else
        report_error("%s; skipped", why->text);
    sink_note_skipped(c->x->sink, id, why->text);
    c->n_skipped++;
    return EXIT_DONE;
}

/* After all pairs: what they add up to. */
static int finish_many(struct compare *c)
{
    int status;

    if (!c->sums.n_texts)
        return report_error("no text could be used; %zu skipped", c->n_skipped);
    status = compare_sums(c);
    return status == EXIT_DONE && c->n_skipped ? EXIT_SKIPPED : status;
}

int compare_texts(struct compare *c)
{
    struct at_texts *texts = &c->x->call->texts;
    bool is_many = at_texts_is_many(texts), is_fatal = false;
    struct progress progress;
    struct at_text in;
    struct at_error err;
    int got, status = EXIT_DONE;
    size_t n = 0;

    call_progress(c->x->call, &progress, "comparing", "texts", at_texts_count(texts));
    while (!status && (got = at_texts_next(&in, texts, &is_fatal, &err)) != 0) {
        if (got < 0) {
            status = leave_out(c, "", &err, is_fatal || !is_many);
            continue;
        }
        sink_note_text(c->x->sink, &in);
        if (run_couple(c, in.id, in.text, c->with ? c->with : in.text, in.pair, !is_many, &err))
            status = leave_out(c, in.id, &err, !is_many);
        at_text_release(&in);
        progress_show(&progress, ++n);
    }
    progress_end(&progress);
    if (!status && !n && !c->n_skipped)
        return report_error("no text in %s", at_texts_source(texts));
    return status || !is_many ? status : finish_many(c);
}

int compare_pairs(struct compare *c)
{
    struct at_pairs pairs;
    struct progress progress;
    struct at_error err;
    int rc = at_pairs_read(&pairs, c->pairs_path, &err), status = EXIT_DONE;

    if (!rc && strcmp(c->pairs_path, "-") != 0)
        rc = sink_note_file(c->x->sink, "pairs", c->pairs_path, &err);
    if (rc)
        return report_fault(&err);
    call_progress(c->x->call, &progress, "comparing", "pairs", pairs.n);
    for (size_t i = 0; i < pairs.n && !status; i++) {
        const struct at_pair *p = &pairs.items[i];
        char id[24];
        snprintf(id, sizeof id, "%zu", i + 1);
        rc = *p->a && *p->b ? run_couple(c, id, p->a, p->b, NULL, false, &err)
                            : at_fail(&err, AT_EFORMAT, "the pair lacks a text");
        if (rc)
            status = leave_out(c, id, &err, false);
        progress_show(&progress, i + 1);
    }
    progress_end(&progress);
    at_pairs_release(&pairs);
    return status ? status : finish_many(c);
}

/* --- captures --- */

/* The directories of dir that hold a capture; "" when it has one itself. */
static void list_captures(struct at_capture_names *out, const char *dir)
{
    char *own = at_path_join(dir, "capture.safetensors");

    if (at_path_is_file(own))
        *at_array_push(out) = at_strdup("");
    else
        at_capture_names_list(out, dir);
    free(own);
}

bool compare_has_captures(const char *dir)
{
    struct at_capture_names names = { 0 };
    bool has_any;

    list_captures(&names, dir);
    has_any = names.n > 0;
    at_capture_names_release(&names);
    return has_any;
}

static bool has_name(const struct at_capture_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->items[i], name))
            return true;
    return false;
}

static int open_couple(struct compare *c, const char *name, bool is_only, struct at_error *err)
{
    const char *dirs[2] = { c->dir_a, c->dir_b };
    struct couple p = { 0 };
    struct side *sides[2] = { &p.a, &p.b };
    int rc = 0;

    for (size_t i = 0; i < 2 && !rc; i++) {
        char *dir = at_path_join(dirs[i], name);
        char *path = at_path_join(*name ? dir : dirs[i], "capture.safetensors");
        rc = side_open(sides[i], path, name, err);
        if (!rc)
            rc = sink_note_file(c->x->sink, i ? "capture_b" : "capture", path, err);
        free(path);
        free(dir);
    }
    if (!rc)
        rc = compare_couple(c, &p, is_only, err);
    couple_release(&p);
    return rc;
}

/* Texts that one side alone has are said to be left out. */
static void tell_missing(struct compare *c, const struct at_capture_names *has,
                         const struct at_capture_names *lacks, const char *dir)
{
    for (size_t i = 0; i < has->n; i++)
        if (!has_name(lacks, has->items[i])) {
            report_left_out("text %s: no capture of it in '%s'; left out", has->items[i], dir);
            sink_note_skipped(c->x->sink, has->items[i], "the other side has no capture of it");
            c->n_skipped++;
        }
}

int compare_captures(struct compare *c)
{
    struct at_capture_names a = { 0 }, b = { 0 };
    struct at_error err;
    bool is_only;
    int status = EXIT_DONE;

    list_captures(&a, c->dir_a);
    list_captures(&b, c->dir_b);
    is_only = a.n == 1 && b.n == 1 && !*a.items[0] && !*b.items[0];
    tell_missing(c, &a, &b, c->dir_b);
    tell_missing(c, &b, &a, c->dir_a);
    for (size_t i = 0; i < a.n && !status; i++)
        if (has_name(&b, a.items[i]) && open_couple(c, a.items[i], is_only, &err))
            status = leave_out(c, a.items[i], &err, is_only);
    at_capture_names_release(&a);
    at_capture_names_release(&b);
    return status || is_only ? status : finish_many(c);
}
