/*
 * faith_sanity.c - see faith_sanity.h.
 */
#include "analysis/faith_sanity.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/agreement.h"
#include "base/alloc.h"
#include "model/random_model.h"
#include "stats/spearman.h"

/* One run of the text through a model that has forgotten some layers. */
struct forgotten {
    const struct at_faith_text *original;
    struct at_faith_result *r; /* gets the rows */
    const struct at_session *s;
    struct at_aim aim;
    struct at_faith_options options;
    size_t n_layers;
};

struct state {
    struct forgotten *f;
    struct at_faith_text text;
};

static void release_text(void *state)
{
    struct state *s = state;

    at_faith_text_release(&s->text);
    free(s);
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct forgotten *f = arg;
    struct state *s = at_calloc(1, sizeof *s);

    s->f = f;
    if (!at_faith_text_begin(&s->text, f->s, &f->aim, doc, &f->options, err))
        return s;
    free(s);
    return NULL;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    return at_faith_text_add(&s->text, layer, err);
}

/* rho of scores as they are, signs and all. */
static double signed_rho(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(a[i]) || isnan(b[i]))
            return NAN;
    return at_spearman(a, b, n).rho;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct forgotten *f = s->f;
    struct at_faith_result now;
    int rc = at_faith_text_finish(&now, &s->text, err);

    (void)final_hidden;
    for (size_t m = 0; m < f->r->n_methods && !rc; m++) {
        const struct at_attribution *was = &f->r->attributions[m], *is = &now.attributions[m];
        struct at_agreement agreement;
        at_agree(&agreement, is->scores, 1, was->scores, was->T);
        f->r->sanity[f->r->n_sanity++] =
            (struct at_sanity_row){ was->method, f->n_layers, agreement.rho,
                                    signed_rho(is->scores, was->scores, was->T) };
    }
    return rc;
}

static const struct at_visitor visitor = {
    .needs_states = true,
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

int at_faith_sanity(struct at_faith_result *r, struct at_faith_text *t, struct at_error *err)
{
    const struct at_probe *p = &t->probe;
    struct at_session s = *t->s;
    struct at_random_model random;
    struct forgotten f = { t, r, &s, *t->aim, *t->options, 0 };
    const struct at_doc_options as_given = { .is_truncated = true };
    size_t L = s.model.config.n_layers;
    int rc = 0, class;

    f.aim.token = p->token; /* what the model expected when it knew better */
    if (f.aim.choice == AT_AIM_CLASS) {
        class = p->copies->target.terms[0].index;
        f.aim.labels = &class;
        f.aim.n_labels = 1;
    }
    f.options.n_draws = 0;
    f.options.max_flow_map = 0;
    f.options.wants_sanity = false;
    if (p->index != AT_NONE && f.aim.choice == AT_AIM_TOKEN) {
        f.options.probe.positions = &p->index;
        f.options.probe.n_positions = 1;
    }
    r->sanity = at_arena_alloc(&t->arena, L * r->n_methods, sizeof *r->sanity);
    at_random_model_init(&random, &t->s->model);
    for (size_t l = L; l-- > 0 && !rc;) {
        rc = at_random_model_layer(&random, l, t->options->seed, err);
        s.model = random.model;
        f.n_layers = L - l;
        if (!rc)
            rc = at_pass_text(&s, t->doc->in.text, t->doc->in.pair, &as_given, &visitor, &f, err);
    }
    at_random_model_release(&random);
    return rc;
}
