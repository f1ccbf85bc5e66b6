/*
 * bias_stereo_heads.c - `atlas bias stereoset --heads`: what the heads of a model do with the
 * stereotype and the anti-stereotype of each item.
 */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/stereo_heads.h"
#include "base/alloc.h"
#include "base/path.h"
#include "cmd/bias/bias_stereoset.h"
#include "cmd/spool.h"

enum { PRINTED_HEADS = 10 };

static void on_tagged(void *arg, const struct at_doc *doc, const struct at_tagged *tagged)
{
    (void)arg;
    tag_source_warn(doc, tagged);
}

static void on_done(void *arg, size_t n_done)
{
    progress_show(arg, n_done);
}

static int read_heads(struct at_stereo_heads *h, struct stereoset *s, struct at_error *err)
{
    struct progress progress = { 0 };
    const struct at_stereo_heads_observer observer = { on_tagged, on_done, &progress };
    int rc = at_stereo_heads_choose(h, &s->set, s->scored, err);

    if (!rc)
        rc = tag_source_open(&s->tags, s->x, err);
    if (rc)
        return rc;
    call_progress(s->x->call, &progress, "reading heads", "items", h->n);
    rc = at_stereo_heads_read(h, s->x->session, &s->tags.tagger, s->scored, &observer, err);
    progress_end(&progress);
    return rc;
}

static void print_heads(const struct at_sensitivity_result *r, const char *model_name)
{
    printf("heads of %s on %zu %s item%s, %zu feature%s tested\n", model_name, r->n_items,
           r->origin.part, at_plural(r->n_items), r->n_tested, at_plural(r->n_tested));
    printf("  %-8s%8s  %-26s%8s%8s%10s%10s\n", "head", "omega2", "best feature", "omega2", "q",
           "paired q", "rho bias");
    for (size_t i = 0; i < PRINTED_HEADS && i < r->n_heads && r->ranked[i]->best; i++) {
        const struct at_head_sensitivity *h = r->ranked[i];
        const struct at_trait_effect *best = &h->best->effect;
        char name[32];
        snprintf(name, sizeof name, "L%zuH%zu", h->place.layer, h->place.head);
        printf("  %-8s%8.4f  %-26s%8.4f%8.3f%10.3f%10.3f\n", name, h->effect.omega2,
               h->best->feature, best->omega2, best->q, best->paired_q, best->rho_bias);
    }
    printf("  omega2: share of the differences' variation between categories, 0 by chance; "
           "best of %d features\n",
           (int)AT_N_TRAITS);
}

static int show(struct stereoset *s, const struct at_sensitivity_result *r, struct at_error *err)
{
    const struct at_session *session = s->x->session;
    const char *model_name = session->name; /* the scores may be somebody else's */
    struct sink *sink = s->x->sink;
    struct at_json *meta;
    int rc;

    if (sink_prints(sink))
        print_heads(r, model_name);
    rc = sink_table(sink, NULL, "sensitivity.csv", &at_head_sensitivity_record, r->heads,
                    r->n_heads, err);
    if (!rc)
        rc = sink_table(sink, NULL, "features.csv", &at_head_trait_record, r->traits, r->n_traits,
                        err);
    if (!rc && sink_draws(sink))
        rc = stereo_heads_pictures(sink, r, model_name, err);
    if (rc)
        return rc;
    meta = call_meta(s->x->call, model_name, &session->model.config);
    tag_source_meta(&s->tags, meta);
    return sink_result_file(sink, NULL, "sensitivity.json", &at_sensitivity_result_record, r, meta,
                            err);
}

static int analyse(struct stereoset *s, const struct at_stereo_heads *h, struct at_error *err)
{
    const struct at_config *shape = &s->x->session->model.config;
    const struct at_sensitivity_origin origin = {
        .scores = s->scoring.rescore ? at_path_base(spool_name(s->scoring.rescore))
                                     : protocol_words[s->protocol],
        .part = at_stereo_part_name(h->part),
        .categories = s->set.categories,
        .L = shape->n_layers,
        .H = shape->n_heads,
        .n_draws = s->n_draws,
        .seed = s->x->call->seed,
        .n_top = s->n_top,
    };
    struct at_sensitivity_result r;
    int rc;

    at_sensitivity_summarize(&r, &origin, &h->s, s->x->pool);
    rc = show(s, &r, err);
    at_sensitivity_result_release(&r);
    return rc;
}

static int note_too_long(const struct stereoset *s, const struct at_stereo_heads *h, int status)
{
    struct at_exclusion *list = at_malloc(s->set.n, sizeof *list);
    size_t n = 0;

    for (size_t i = 0; i < s->set.n; i++)
        if (h->too_long[i])
            list[n++] = (struct at_exclusion){ s->set.items[i].id, h->too_long[i] };
    status = note_excluded(s->x->sink, list, n, s->set.n, status);
    free(list);
    return status;
}

int stereo_heads(struct stereoset *s, int status)
{
    struct at_stereo_heads h = { 0 };
    struct at_error err;
    int rc = read_heads(&h, s, &err);

    if (!rc)
        rc = analyse(s, &h, &err);
    status = rc ? report_fault(&err) : note_too_long(s, &h, status);
    at_stereo_heads_release(&h);
    return status;
}
