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
    size_t C = e->probe->C, n = e->T * C;
    float *d = at_malloc(2 * n, sizeof *d), *x = d + n;
    const struct at_probe_gradient g = { .rule = rule, .at_head = at_head };
    int rc = at_probe_gradients(d, e->probe, &g, 1, err);

    at_probe_embeddings(x, e->probe);
    for (size_t t = 0; t < e->T && !rc; t++) {
        scores[t] = 0.0;
        for (size_t c = t * C; c < (t + 1) * C; c++)
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
