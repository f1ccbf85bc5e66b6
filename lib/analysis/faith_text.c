/*
 * faith_text.c - see faith_text.h.
 */
#include "analysis/faith_text.h"

#include <math.h>

#include "analysis/erasure.h"
#include "analysis/faith_agreement.h"
#include "analysis/faith_sanity.h"

/* The maps that the methods read; flow reads weights alone unless its maps are kept. */
static unsigned maps_of(const struct at_faith_options *o, size_t T)
{
    unsigned maps = 0;

    for (size_t i = 0; i < o->n_methods; i++)
        maps |= o->methods[i]->maps;
    return T <= o->max_flow_map ? maps : maps & ~(1u << AT_MIX_FLOW);
}

int at_faith_text_begin(struct at_faith_text *out, const struct at_session *s,
                        const struct at_aim *aim, const struct at_doc *doc,
                        const struct at_faith_options *options, struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    struct at_faith_text t = { .s = s, .aim = aim, .doc = doc, .options = options };
    int rc =
        at_mixing_begin(&t.mixing, &s->model, doc->tokens.n, maps_of(options, doc->tokens.n), err);

    if (rc)
        return rc;
    t.received =
        at_arena_calloc(&t.arena, c->n_layers * c->n_heads * doc->tokens.n, sizeof *t.received);
    *out = t;
    return 0;
}

int at_faith_text_add(struct at_faith_text *t, const struct at_doc_layer *layer,
                      struct at_error *err)
{
    at_received_add(t->received, layer, t->s->model.config.is_causal);
    return at_mixing_add(&t->mixing, layer->raw, t->s->pool, err);
}

void at_faith_text_release(struct at_faith_text *t)
{
    at_probe_release(&t->probe);
    at_mixing_release(&t->mixing);
    at_arena_release(&t->arena);
}

/* A piece as people write it; NULL for none. */
static const char *label_of(struct at_faith_text *t, int id)
{
    return id < 0 ? NULL : at_tokenizer_label(t->s->tokenizer, id, &t->arena);
}

static struct at_faith_target target_of(struct at_faith_text *t)
{
    const struct at_probe *p = &t->probe;
    const struct at_tokenizer *tokenizer = t->s->tokenizer;

    return (struct at_faith_target){
        .kind = t->aim->kind,
        .index = p->index,
        .token = p->token >= 0 ? at_tokenizer_piece(tokenizer, p->token) : p->label,
        .foil = p->foil >= 0 ? at_tokenizer_piece(tokenizer, p->foil) : NULL,
        .token_label = p->token >= 0 ? label_of(t, p->token) : p->label,
        .foil_label = label_of(t, p->foil),
        .value = p->value,
    };
}

static void name_tokens(struct at_faith_result *r, struct at_faith_text *t)
{
    size_t n = t->s->model.config.n_layers * t->s->model.config.n_heads;

    r->T = t->doc->tokens.n;
    r->tokens = at_arena_alloc(&t->arena, r->T, sizeof *r->tokens);
    for (size_t i = 0; i < r->T; i++) {
        double received = 0.0;
        for (size_t h = 0; h < n; h++)
            received += t->received[h * r->T + i] / (double)n;
        r->tokens[i] = (struct at_faith_token){ i, t->doc->pieces[i], t->doc->labels[i].text,
                                                received, AT_NONE };
    }
}

/* Ties: the earlier token is the larger. */
static void rank_tokens(struct at_faith_result *r)
{
    for (size_t t = 0; t < r->T; t++) {
        const double *scores = r->n_methods ? r->attributions[0].scores : NULL;
        r->tokens[t].rank = scores ? 1 : AT_NONE;
        for (size_t i = 0; i < r->T && scores; i++)
            r->tokens[t].rank +=
                fabs(scores[i]) > fabs(scores[t]) || (fabs(scores[i]) == fabs(scores[t]) && i < t);
    }
}

static int attribute(struct at_faith_result *r, struct at_faith_text *t, struct at_explained *e,
                     struct at_error *err)
{
    const struct at_faith_options *o = t->options;

    r->attributions = at_arena_calloc(&t->arena, o->n_methods, sizeof *r->attributions);
    r->methods = at_arena_calloc(&t->arena, o->n_methods, sizeof *r->methods);
    for (size_t i = 0; i < o->n_methods; i++) {
        const struct at_attribution_method *m = o->methods[i];
        double sum = 0.0, *scores = at_arena_calloc(&t->arena, r->T, sizeof *scores);
        const char *lack = m->lacks ? m->lacks(&t->probe) : NULL;
        int rc;
        if (lack && o->are_named)
            return at_fail(err, AT_ENOTFOUND, "no scores by %s: %s", m->key, lack);
        if (lack)
            continue;
        rc = m->run(scores, e, err);
        if (rc)
            return rc;
        for (size_t k = 0; k < r->T; k++)
            sum += scores[k];
        r->attributions[r->n_methods] = (struct at_attribution){ m->key, scores, r->T };
        r->methods[r->n_methods++] =
            (struct at_attribution_info){ m->key, m->name, m->stands_on, m->sums_to, sum };
    }
    return 0;
}

int at_faith_text_finish(struct at_faith_result *out, struct at_faith_text *t, struct at_error *err)
{
    const struct at_config *c = &t->s->model.config;
    struct at_faith_result r = { 0 };
    struct at_explained e = { .probe = &t->probe,
                              .doc = t->doc,
                              .options = &t->options->attribution,
                              .T = t->doc->tokens.n,
                              .L = c->n_layers,
                              .H = c->n_heads,
                              .received = t->received,
                              .mixing = &t->mixing,
                              .ig_residual = NAN,
                              .ig_steps = 0,
                              .lrp_residual = NAN };
    int rc = at_probe_init(&t->probe, t->s, t->aim, t->doc, &t->options->probe, err);

    if (!rc)
        rc = at_mixing_finish(&t->mixing, t->s->pool, err);
    if (rc)
        return rc;
    name_tokens(&r, t);
    r.target = target_of(t);
    rc = attribute(&r, t, &e, err);
    if (rc)
        return rc;
    rank_tokens(&r);
    r.completeness = (struct at_completeness){ e.ig_residual, e.ig_steps ? e.ig_steps : AT_NONE };
    r.conservation = e.lrp_residual;
    at_faith_agree(&r, &e, t->options->seed, &t->arena);
    if (t->options->n_draws)
        rc = at_erase(&r, &e, t->options->n_draws, t->options->seed, &t->arena, err);
    if (!rc && t->options->wants_sanity)
        rc = at_faith_sanity(&r, t, err);
    if (rc)
        return rc;
    *out = r;
    return 0;
}
