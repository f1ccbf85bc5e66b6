/*
 * patching.c - see patching.h.
 */
#include "analysis/patching.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* What a gradient's way back is looked at with. */
struct look {
    struct at_head_edit edit; /* with all gates closed */
    double *scores;           /* (L,H) */
    float *filled;            /* (T,H*D) */
    float *scratch;           /* (D) */
    int *order;               /* (T) */
};

static void on_layer(void *arg, size_t copy, const struct at_gradient_view *v)
{
    struct look *k = arg;
    const struct at_head_rows rows = { .ops = at_layer_ops(false),
                                       .C = v->H * v->D,
                                       .H = v->H,
                                       .D = v->D,
                                       .layer = v->layer,
                                       .T = v->T,
                                       .scratch = k->scratch,
                                       .order = k->order };

    (void)copy;
    memcpy(k->filled, v->context, v->T * rows.C * sizeof *k->filled);
    at_head_edit_apply(&k->edit, k->filled, &rows);
    for (size_t i = 0; i < v->T * rows.C; i++)
        k->scores[v->layer * v->H + i % rows.C / v->D] +=
            (double)v->d_context[i] * ((double)k->filled[i] - (double)v->context[i]);
}

int at_patch_scores(double *scores, struct at_probe *p, const struct at_head_edit *fill,
                    struct at_error *err)
{
    const struct at_config *c = &p->s->model.config;
    size_t n_heads = c->n_layers * c->n_heads, n_context = p->T * at_query_width(c);
    float *gates = at_calloc(n_heads, sizeof *gates);
    size_t n_words = p->T * p->E;
    float *room = at_malloc(n_words + n_context + c->head_width, sizeof *room);
    float *filled = room + n_words;
    struct look k = { *fill, scores, filled, filled + n_context, at_malloc(p->T, sizeof(int)) };
    const struct at_probe_gradient g = { .on_layer = on_layer, .arg = &k };
    int rc;

    k.edit.gates = gates;
    for (size_t i = 0; i < n_heads; i++)
        scores[i] = 0.0;
    rc = at_probe_gradients(room, p, &g, 1, err);
    free(gates);
    free(room);
    free(k.order);
    return rc;
}

int at_patch_changes(double *changes, const struct at_head_ground *g,
                     const struct at_head_edit *fill, struct at_error *err)
{
    const struct at_config *c = &g->probe->s->model.config;
    size_t n = c->n_layers * c->n_heads;
    float *gates = at_malloc(n * n, sizeof *gates);
    struct at_head_edit *edits = at_malloc(n, sizeof *edits);
    struct at_head_effect *e = at_malloc(n, sizeof *e);
    int rc;

    for (size_t i = 0; i < n; i++) {
        edits[i] = *fill;
        edits[i].gates = gates + i * n;
        for (size_t j = 0; j < n; j++)
            gates[i * n + j] = i == j ? 0.0f : 1.0f;
    }
    rc = at_head_effects(e, g, edits, n, err);
    for (size_t i = 0; i < n && !rc; i++)
        changes[i] = e[i].change;
    free(gates);
    free(edits);
    free(e);
    return rc;
}

int at_patch_contexts(float **rows, struct at_head_edit *fill, struct at_probe *p, const int *ids,
                      struct at_error *err)
{
    const struct at_model *m = &p->s->model;
    size_t T = p->T, L = m->config.n_layers, H = m->config.n_heads, D = m->config.head_width;
    size_t C = H * D;
    struct at_trace t = { 0 };
    int rc = at_trace_run(&t, m, ids, m->config.n_segments ? p->segments : NULL, T, AT_CAP_CONTEXT,
                          p->s->pool, err);

    if (rc)
        return rc;
    *rows = at_malloc(L * T * C, sizeof **rows);
    for (size_t i = 0; i < L * T * C; i++) {
        size_t l = i / (T * C), row = i / C % T, h = i % C / D;
        (*rows)[i] = t.context[((l * H + h) * T + row) * D + i % D];
    }
    *fill = (struct at_head_edit){ .fill = *rows, .fill_layer_step = T * C, .fill_row_step = C };
    at_trace_release(&t);
    return 0;
}
