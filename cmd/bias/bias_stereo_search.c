/*
 * bias_stereo_search.c - `atlas bias stereoset --move`: few heads without which the model's
 * stereotype score is another one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "cmd/bias/bias_stereoset.h"

static void on_scored(void *arg, size_t n_done, size_t n)
{
    struct progress *p = arg;

    p->total = n;
    progress_show(p, n_done);
}

/* The items to search with: all, or some of them drawn at random, in their order. free() items. */
static struct at_stereoset choose_items(const struct stereoset *s)
{
    struct at_stereoset set = s->set;
    size_t want = s->n_search_items ? (size_t)s->n_search_items : set.n, left = set.n;
    struct at_rng rng;

    at_rng_init(&rng, (uint64_t)s->x->call->seed, 0);
    set.items = at_malloc(s->set.n, sizeof *set.items);
    set.n = 0;
    for (size_t i = 0; i < s->set.n; i++, left--)
        if (at_rng_below(&rng, left) < want - AT_MIN(set.n, want))
            set.items[set.n++] = s->set.items[i];
    return set;
}

static void print_search(const struct at_stereo_search *r, const char *model_name)
{
    printf("\nheads of %s that move SS by %+.1f points together (%s), by %zu item%s: %s\n",
           model_name, r->move, r->mode, r->n_items, at_plural(r->n_items),
           r->reaches ? "reached" : "not reached");
    printf("  %-14s SS %6.2f\n", "as it is", r->ss);
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct at_stereo_step *step = &r->steps[i];
        char name[48];
        snprintf(name, sizeof name, "%sL%zuH%zu", i ? "and " : "without ", step->layer, step->head);
        printf("  %-14s SS %6.2f  %+.2f\n", name, step->ss, step->change);
    }
}

static int show(const struct stereoset *s, const struct at_stereo_search *r, struct at_error *err)
{
    const struct at_session *session = s->x->session;
    struct sink *sink = s->x->sink;
    int rc;

    if (sink_prints(sink))
        print_search(r, session->name);
    rc = sink_table(sink, NULL, "smallest_set.csv", &at_stereo_step_record, r->steps, r->n_steps,
                    err);
    return rc ? rc
              : sink_result_file(sink, NULL, "smallest_set.json", &at_stereo_search_record, r,
                                 call_meta(s->x->call, session->name, &session->model.config), err);
}

int stereo_search(struct stereoset *s, int status)
{
    const struct at_stereo_search_options options = {
        .protocol = (enum at_stereo_protocol)s->protocol,
        .rule = { (enum at_pll)s->scoring.pll, (enum at_bos)s->scoring.bos },
        .removal = s->scoring.ablate.rule,
        .move = s->move,
        .n_candidates = (size_t)s->n_candidates,
        .n_most = AT_SEARCH_MOST,
        .has_part = s->has_part,
        .is_macro = s->protocol != AT_STEREO_REFERENCE,
        .progress = on_scored,
        .arg = &s->progress,
    };
    struct at_stereoset set = choose_items(s);
    struct at_stereo_search r = { 0 };
    struct at_error err;
    int rc;

    call_progress(s->x->call, &s->progress, "searching", "scorings", 0);
    rc = at_stereo_search(&r, s->x->session, &set, &options, &err);
    progress_end(&s->progress);
    if (!rc)
        rc = show(s, &r, &err);
    at_stereo_search_release(&r);
    free(set.items);
    return rc ? report_fault(&err) : status;
}
