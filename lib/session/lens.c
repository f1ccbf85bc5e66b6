/*
 * lens.c - see lens.h.
 */
#include "session/lens.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "model/layer_ops.h"

int at_lens(struct at_ranking *out, size_t k, const struct at_session *s,
            const struct at_tokens *tokens, const float *x, struct at_error *err)
{
    const struct at_model *m = &s->model;
    const struct at_norm *norm = &m->weights.final_norm;
    size_t T = tokens->n, C = m->config.width;
    float *normed = NULL;
    int rc;

    for (size_t i = 0; i < T; i++) {
        size_t at = m->config.is_causal ? i + 1 : i;
        out[i].token = at < T ? tokens->items[at].id : -1;
    }
    if (norm->gain.data) {
        normed = at_malloc(T * C, sizeof *normed);
        at_layer_ops(false)->norm(normed, x, NULL, 0, norm, m->config.norm_eps, T, C, s->pool);
    }
    rc = at_lm_rank(out, k, m, normed ? normed : x, T, s->pool, err);
    free(normed);
    return rc;
}
