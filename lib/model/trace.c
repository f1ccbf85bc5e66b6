/*
 * trace.c - see trace.h.
 */
#include "model/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Where a kept tensor lives and how many floats it has. */
struct slot {
    float **at;
    unsigned bit;
    size_t n;
};

enum { N_SLOTS = 9 };

static void list_slots(struct slot out[N_SLOTS], struct at_trace *t)
{
    const struct at_dims *d = &t->dims;
    size_t rows = d->L * d->T;
    const struct slot slots[N_SLOTS] = {
        { &t->attention, AT_CAP_ATTENTION, rows * d->H * d->T },
        { &t->hidden, AT_CAP_HIDDEN, rows * d->C + d->T * d->C },
        { &t->final_hidden, AT_CAP_HIDDEN, d->T * d->C },
        { &t->q, AT_CAP_QKV, rows * d->H * d->D },
        { &t->k, AT_CAP_QKV, rows * d->K * d->D },
        { &t->v, AT_CAP_QKV, rows * d->K * d->D },
        { &t->context, AT_CAP_CONTEXT, rows * d->H * d->D },
        { &t->mid, AT_CAP_MID, rows * d->C },
        { &t->ffn_act, AT_CAP_FFN, rows * d->F },
    };

    memcpy(out, slots, sizeof slots);
}

int at_trace_init(struct at_trace *out, const struct at_config *c, size_t T, unsigned keep,
                  struct at_error *err)
{
    struct at_trace t = { .dims = at_config_dims(c, T), .kept = keep };
    struct slot slots[N_SLOTS];
    int rc = 0;

    list_slots(slots, &t);
    for (size_t i = 0; i < N_SLOTS && !rc; i++) {
        void *block = NULL;
        if (keep & slots[i].bit)
            rc = at_try_alloc(&block, slots[i].n, sizeof(float), "the captured layers", err);
        *slots[i].at = block;
    }
    if (rc)
        at_trace_release(&t);
    else
        *out = t;
    return rc;
}

void at_trace_release(struct at_trace *t)
{
    struct slot slots[N_SLOTS];

    list_slots(slots, t);
    for (size_t i = 0; i < N_SLOTS; i++)
        free(*slots[i].at);
    *t = (struct at_trace){ 0 };
}

/* Copy n floats to the layer's place in a tensor, when it is kept and they are not there yet. */
static void keep_layer(float *tensor, size_t layer, const float *from, size_t n)
{
    if (tensor && from != tensor + layer * n)
        memcpy(tensor + layer * n, from, n * sizeof *tensor);
}

static void keep_heads(float *tensor, const struct at_layer_view *v, const float *rows,
                       size_t stride, size_t n_heads)
{
    size_t n = n_heads * v->T * v->D;

    if (tensor)
        at_split_heads(tensor + v->layer * n, rows, stride, n_heads, v->T, v->D);
}

void at_trace_add_embedded(struct at_trace *t, const float *embedded)
{
    keep_layer(t->hidden, 0, embedded, t->dims.T * t->dims.C);
}

void at_trace_add(struct at_trace *t, const struct at_layer_view *v)
{
    AT_BUG_IF(v->layer >= t->dims.L || v->T != t->dims.T || v->C != t->dims.C);
    keep_layer(t->attention, v->layer, v->attention, v->H * v->T * v->T);
    keep_layer(t->hidden, v->layer + 1, v->output, v->T * v->C);
    keep_layer(t->mid, v->layer, v->mid, v->T * v->C);
    keep_layer(t->ffn_act, v->layer, v->ffn_act, v->T * v->F);
    keep_heads(t->q, v, v->q, v->qkv_stride, t->dims.H);
    keep_heads(t->k, v, v->k, v->qkv_stride, t->dims.K);
    keep_heads(t->v, v, v->v, v->qkv_stride, t->dims.K);
    keep_heads(t->context, v, v->context, v->H * v->D, v->H);
}

static int on_embedded(void *arg, size_t text, const float *embedded, size_t T,
                       struct at_error *err)
{
    (void)text;
    (void)T;
    (void)err;
    at_trace_add_embedded(arg, embedded);
    return 0;
}

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    (void)err;
    at_trace_add(arg, view);
    return 0;
}

static float *map_room(void *arg, size_t text, size_t layer)
{
    const struct at_trace *t = arg;

    (void)text;
    return t->attention + layer * t->dims.H * t->dims.T * t->dims.T;
}

int at_trace_run(struct at_trace *out, const struct at_model *m, const int *ids,
                 const int *segments, size_t T, unsigned keep, struct at_pool *pool,
                 struct at_error *err)
{
    const size_t start[] = { 0, T };
    const struct at_batch batch = { 1, start, ids, segments };
    struct at_trace t = { 0 };
    const struct at_forward_options options = {
        .want_attention = keep & AT_CAP_ATTENTION,
        .map_room = map_room,
        .on_embedded = on_embedded,
        .on_layer = on_layer,
        .arg = &t,
    };
    bool needs_states = keep & ~(unsigned)AT_CAP_ATTENTION;
    float *unwanted = NULL;
    int rc = at_trace_init(&t, &m->config, T, keep, err);

    if (!rc && !t.final_hidden && needs_states)
        unwanted = at_malloc(AT_MAX(T, (size_t)1) * m->config.width, sizeof *unwanted);
    if (!rc)
        rc = at_forward(unwanted ? unwanted : t.final_hidden, m, &batch, &options, pool, err);
    free(unwanted);
    if (rc)
        at_trace_release(&t);
    else
        *out = t;
    return rc;
}
