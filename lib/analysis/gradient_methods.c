/*
 * gradient_methods.c - attributions of one pass there and back: gradient x input, AttnLRP,
 * Chefer's relevance. See attribution.h.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/attribution.h"
#include "base/alloc.h"

/* scores[t] = sum over c of x[t][c] d[t][c] at the word embeddings, by a rule of the way back. */
static int times_input(double *scores, struct at_explained *e, enum at_rule rule, double *at_head,
                       struct at_error *err)
{
    size_t E = e->probe->E, n = e->T * E;
    float *d = at_malloc(2 * n, sizeof *d), *x = d + n;
    const struct at_probe_gradient g = { .rule = rule, .at_head = at_head };
    int rc = at_probe_gradients(d, e->probe, &g, 1, err);

    at_probe_embeddings(x, e->probe);
    for (size_t t = 0; t < e->T && !rc; t++) {
        scores[t] = 0.0;
        for (size_t c = t * E; c < (t + 1) * E; c++)
            scores[t] += (double)x[c] * (double)d[c];
    }
    free(d);
    return rc;
}

static int gradient_x_input(double *scores, struct at_explained *e, struct at_error *err)
{
    return times_input(scores, e, AT_RULE_GRADIENT, NULL, err);
}

const struct at_attribution_method at_method_gradient_x_input = {
    .key = "gradient_x_input",
    .name = "gradient x input",
    .stands_on = "word embeddings",
    .run = gradient_x_input,
};

/* --- AttnLRP --- */

static int attnlrp(double *scores, struct at_explained *e, struct at_error *err)
{
    double came_in = 0.0, sum = 0.0, mass = 0.0;
    int rc = times_input(scores, e, AT_RULE_ATTNLRP, &came_in, err);

    for (size_t t = 0; t < e->T && !rc; t++) {
        sum += scores[t];
        mass += fabs(scores[t]);
    }
    if (!rc)
        e->lrp_residual = fabs(sum - came_in) / (fmax(fabs(came_in), mass) + 1e-12);
    return rc;
}

const struct at_attribution_method at_method_attnlrp = {
    .key = "attnlrp",
    .name = "AttnLRP",
    .stands_on = "word embeddings",
    .sums_to = "relevance of the final hidden states, less that of biases and positions",
    .run = attnlrp,
};

/* --- Chefer's relevance --- */

/* A row of R for each copy, which layers multiply from the last one on. */
struct relevance {
    const struct at_probe *p;
    double *row, *next; /* (n_copies,T), (T) */
};

/* Where the head looks, each row alike. */
static void begin_rows(struct relevance *r)
{
    for (size_t c = 0; c < r->p->n_copies; c++) {
        const struct at_probe_copy *copy = &r->p->copies[c];
        double *row = r->row + c * r->p->T;
        for (size_t i = 0; i < copy->n_rows; i++)
            row[copy->rows[i]] = 1.0 / (double)copy->n_rows;
        for (size_t t = 0; t < r->p->T && !copy->n_rows; t++)
            row[t] = 1.0 / (double)r->p->T;
    }
}

/* row += row cam, cam = mean over heads of what is positive of map times gradient. */
static void through_layer(void *arg, size_t copy, const struct at_gradient_view *v)
{
    struct relevance *r = arg;
    double *row = r->row + copy * v->T;
    size_t cells = v->T * v->T;

    for (size_t j = 0; j < v->T; j++)
        r->next[j] = 0.0;
    for (size_t i = 0; i < v->H * cells; i++) {
        double cam = (double)v->attention[i] * (double)v->d_attention[i];
        if (cam > 0.0)
            r->next[i % v->T] += row[i % cells / v->T] * cam;
    }
    for (size_t j = 0; j < v->T; j++)
        row[j] += r->next[j] / (double)v->H;
}

static int relevance(double *scores, struct at_explained *e, struct at_error *err)
{
    struct at_probe *p = e->probe;
    struct relevance r = { .p = p };
    const struct at_probe_gradient g = { .on_layer = through_layer, .arg = &r };
    float *d = at_malloc(p->T * p->E, sizeof *d);
    int rc;

    r.row = at_calloc((p->n_copies + 1) * p->T, sizeof *r.row);
    r.next = r.row + p->n_copies * p->T;
    begin_rows(&r);
    rc = at_probe_gradients(d, p, &g, 1, err);
    for (size_t t = 0; t < p->T && !rc; t++) {
        scores[t] = 0.0;
        for (size_t c = 0; c < p->n_copies; c++)
            scores[t] += r.row[c * p->T + t];
    }
    free(r.row);
    free(d);
    return rc;
}

const struct at_attribution_method at_method_relevance = {
    .key = "relevance",
    .name = "relevance of Chefer et al.",
    .stands_on = "attention of every layer",
    .run = relevance,
};
