/*
 * direct_effects.c - see direct_effects.h. One row goes down from the logit, layer by layer; what a
 * layer wrote is weighed where it was added.
 */
#include "analysis/direct_effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/layer_ops.h"
#include "model/lm_head.h"
#include "ops/activation.h"
#include "ops/gemm.h"

static const struct at_field effect_fields[] = {
    AT_FIELD(struct at_direct_effect, component, "component", NULL,
             "embedding, head, attention_bias, ffn, final_norm (its offset), rest (what the "
             "linearised head of BERT leaves)"),
    AT_FIELD(struct at_direct_effect, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_direct_effect, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_direct_effect, dla, "dla", "logits",
             "part of the logit, or with a foil of "
             "the difference"),
    AT_FIELD_END
};
const struct at_record at_direct_effect_record = AT_RECORD(struct at_direct_effect, effect_fields);

/* One text's row on its way down. */
struct descent {
    const struct at_model *m;
    const struct at_trace *t;
    const struct at_logit *logit;
    size_t C, F, H, D;
    float *g;                       /* (C), in the head (E): gradient at the stream */
    float *top, *back, *sum, *wide; /* scratch (C), but of E where that is more, (H*D), (C), (F) */
    double offset;                  /* of the final norm and the decoder */
};

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* g from above a norm of x to below it, what it divides by held fast. */
static void norm_back(struct descent *d, const float *x, const struct at_norm *n)
{
    at_layer_ops(false)->norm_back(d->g, d->g, x, NULL, 0, n, d->m->config.norm_eps,
                                   AT_RULE_ATTNLRP, 1, n->gain.n, NULL);
}

/* What the token's row of the decoder has more than the foil's. */
static void start(struct descent *d)
{
    const struct at_dense *decoder = &d->m->weights.lm_decoder;
    const float *bias = decoder->b.data;

    at_weight_row(d->g, &decoder->w, (size_t)d->logit->token);
    d->offset = bias ? (double)bias[d->logit->token] : 0.0;
    if (d->logit->foil < 0)
        return;
    at_weight_row(d->top, &decoder->w, (size_t)d->logit->foil);
    for (size_t i = 0; i < decoder->w.n_in; i++)
        d->g[i] -= d->top[i];
    d->offset -= bias ? (double)bias[d->logit->foil] : 0.0;
}

/* From the logit to the final hidden state x, or the stream before the final norm. */
static void through_head(struct descent *d, const float *x)
{
    const struct at_weights *w = &d->m->weights;
    const struct at_dense *t = &w->mlm_transform;
    enum at_epilogue activation = d->m->config.head_activation;

    start(d);
    if (t->w.data) {
        struct at_weight back = at_weight_transposed(&t->w);
        at_linear(d->sum, x, &t->w, t->b.data, 1, AT_EPI_NONE, NULL);
        at_activate(d->top, d->sum, t->w.n_out, activation, NULL);
        norm_back(d, d->top, &w->mlm_norm);
        at_activate_back(d->top, d->g, d->sum, t->w.n_out, activation, AT_RULE_GRADIENT, NULL);
        at_linear(d->g, d->top, &back, NULL, 1, AT_EPI_NONE, NULL);
    }
    if (w->final_norm.gain.data) {
        if (w->final_norm.bias.data)
            d->offset += dot(d->g, w->final_norm.bias.data, d->C);
        norm_back(d, x, &w->final_norm);
    }
}

static const float *row_of(const struct descent *d, const float *states, size_t layer)
{
    return states + (layer * d->t->dims.T + d->logit->row) * d->C;
}

static double add(struct at_direct_effects *out, const char *component, size_t layer, size_t head,
                  double dla)
{
    out->items[out->n++] = (struct at_direct_effect){ component, layer, head, dla };
    return dla;
}

/* Bias and heads of a layer, weighed where their sum is added to the stream; the last first. */
static double weigh_heads(struct at_direct_effects *out, struct descent *d, size_t layer)
{
    const struct at_dense *o = &d->m->weights.layer[layer].attn_out;
    struct at_weight back = at_weight_transposed(&o->w);
    double sum =
        add(out, "attention_bias", layer, AT_NONE, o->b.data ? dot(d->g, o->b.data, d->C) : 0.0);

    at_linear(d->back, d->g, &back, NULL, 1, AT_EPI_NONE, NULL);
    for (size_t h = d->H; h-- > 0;) {
        const float *context =
            d->t->context + ((layer * d->H + h) * d->t->dims.T + d->logit->row) * d->D;
        sum += add(out, "head", layer, h, dot(d->back + h * d->D, context, d->D));
    }
    return sum;
}

/* A layer whose norms come before its blocks: they only add. */
static double weigh_before(struct at_direct_effects *out, struct descent *d, size_t layer)
{
    const float *mid = row_of(d, d->t->mid, layer), *after = row_of(d, d->t->hidden, layer + 1);
    double sum;

    for (size_t i = 0; i < d->C; i++)
        d->sum[i] = after[i] - mid[i];
    sum = add(out, "ffn", layer, AT_NONE, dot(d->g, d->sum, d->C));
    return sum + weigh_heads(out, d, layer);
}

/* A layer that normalises each sum. */
static double weigh_after(struct at_direct_effects *out, struct descent *d, size_t layer)
{
    const struct at_layer_weights *w = &d->m->weights.layer[layer];
    const float *x = row_of(d, d->t->hidden, layer), *mid = row_of(d, d->t->mid, layer);
    double sum;

    at_linear(d->wide, mid, &w->ffn_in.w, w->ffn_in.b.data, 1, d->m->config.activation, NULL);
    at_linear(d->top, d->wide, &w->ffn_out.w, w->ffn_out.b.data, 1, AT_EPI_NONE, NULL);
    for (size_t i = 0; i < d->C; i++)
        d->sum[i] = d->top[i] + mid[i];
    norm_back(d, d->sum, &w->norm2);
    sum = add(out, "ffn", layer, AT_NONE, dot(d->g, d->top, d->C));

    for (size_t i = 0; i < d->C; i++) /* the heads side by side, as the projection reads them */
        d->top[i] =
            d->t->context[((layer * d->H + i / d->D) * d->t->dims.T + d->logit->row) * d->D +
                          i % d->D];
    at_linear_add(d->sum, d->top, &w->attn_out.w, w->attn_out.b.data, x, 1, NULL);
    norm_back(d, d->sum, &w->norm1);
    return sum + weigh_heads(out, d, layer);
}

static void reverse(struct at_direct_effect *items, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct at_direct_effect kept = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = kept;
    }
}

/* The logit itself, by the head as it is. */
static int ask(double *out, const struct descent *d, const float *final, struct at_error *err)
{
    const int tokens[] = { d->logit->token, d->logit->foil < 0 ? 0 : d->logit->foil };
    float *logits = at_malloc(d->m->config.vocab, sizeof *logits);
    int rc = at_lm_logits(logits, d->m, final, 1, NULL, err);

    if (!rc)
        *out = (double)logits[tokens[0]] - (d->logit->foil < 0 ? 0.0 : (double)logits[tokens[1]]);
    free(logits);
    return rc;
}

int at_direct_effects(struct at_direct_effects *out, const struct at_model *m,
                      const struct at_trace *t, const struct at_logit *logit,
                      struct at_arena *arena, struct at_error *err)
{
    const struct at_config *c = &m->config;
    size_t C = c->width, L = c->n_layers, most = AT_MAX(C, c->embed_width);
    float *room = at_malloc(3 * most + at_query_width(c) + c->ffn_width, sizeof *room);
    struct descent d = { .m = m,
                         .t = t,
                         .logit = logit,
                         .C = C,
                         .F = c->ffn_width,
                         .H = c->n_heads,
                         .D = c->head_width,
                         .g = room,
                         .top = room + most,
                         .sum = room + 2 * most,
                         .wide = room + 3 * most,
                         .back = room + 3 * most + c->ffn_width };
    struct at_direct_effects r = { .is_linearised = m->weights.mlm_transform.w.data != NULL };
    bool is_after = c->family->norms == AT_NORM_AFTER;
    double sum = 0.0;
    int rc = ask(&r.logit, &d, t->final_hidden + logit->row * C, err);

    if (rc) {
        free(room);
        return rc;
    }
    r.items = at_arena_alloc(arena, L * (c->n_heads + 2) + 2, sizeof *r.items);
    through_head(&d, row_of(&d, t->hidden, L));
    if (!is_after)
        sum += add(&r, "final_norm", AT_NONE, AT_NONE, d.offset);
    for (size_t l = L; l-- > 0;)
        sum += is_after ? weigh_after(&r, &d, l) : weigh_before(&r, &d, l);
    sum += add(&r, "embedding", AT_NONE, AT_NONE, dot(d.g, row_of(&d, t->hidden, 0), C));
    reverse(r.items, r.n);
    if (is_after)
        add(&r, "rest", AT_NONE, AT_NONE, r.logit - sum);
    free(room);
    *out = r;
    return 0;
}
