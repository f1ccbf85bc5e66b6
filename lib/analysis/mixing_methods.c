/*
 * mixing_methods.c - attributions that are read off the maps of all layers (analysis/mixing.h):
 * what the states where the model is asked are made of. See attribution.h.
 *
 * They are never negative and know nothing of the target but its positions.
 */
#include <stdlib.h>

#include "analysis/attribution.h"
#include "base/alloc.h"

/* Where the head looks, in any copy of the text; all tokens when it looks at their mean. */
static size_t *positions_of(size_t *n, const struct at_probe *p)
{
    bool *is_asked = at_calloc(p->T, sizeof *is_asked);
    size_t *out = at_malloc(p->T, sizeof *out);

    for (size_t c = 0; c < p->n_copies; c++) {
        for (size_t i = 0; i < p->copies[c].n_rows; i++)
            is_asked[p->copies[c].rows[i]] = true;
        for (size_t t = 0; t < p->T && p->copies[c].n_rows == 0; t++)
            is_asked[t] = true;
    }
    *n = 0;
    for (size_t t = 0; t < p->T; t++)
        if (is_asked[t])
            out[(*n)++] = t;
    free(is_asked);
    return out;
}

static int read_maps(double *scores, struct at_explained *e, enum at_mixing_map which,
                     struct at_error *err)
{
    size_t n, *positions = positions_of(&n, e->probe);
    int rc = at_mixing_scores(scores, e->mixing, which, positions, n, e->probe->s->pool, err);

    free(positions);
    return rc;
}

#define METHOD(suffix, which, long_name, what, total)                                              \
    static int read_##suffix(double *scores, struct at_explained *e, struct at_error *err)         \
    {                                                                                              \
        return read_maps(scores, e, which, err);                                                   \
    }                                                                                              \
    const struct at_attribution_method at_method_##suffix = {                                      \
        .key = #suffix,                                                                            \
        .name = long_name,                                                                         \
        .stands_on = what,                                                                         \
        .sums_to = total,                                                                          \
        .maps = 1u << (which),                                                                     \
        .run = read_##suffix,                                                                      \
    }

METHOD(attention, AT_MIX_ATTENTION, "attention", "weights, mean over heads and layers", "1");
METHOD(rollout, AT_MIX_ROLLOUT, "attention rollout", "embedding output", "1");
METHOD(flow, AT_MIX_FLOW, "attention flow", "embedding output", NULL);
METHOD(norm, AT_MIX_NORM, "norm-weighted attention", "lengths of vectors, mean over layers", NULL);
METHOD(norm_residual, AT_MIX_NORM_RESIDUAL, "norms with the residual", "embedding output", "1");
METHOD(norm_residual_ln, AT_MIX_NORM_RESIDUAL_LN, "norms with residual and layer norm",
       "embedding output", "1");
METHOD(value_zeroing, AT_MIX_VALUE_ZEROING, "value zeroing", "embedding output", "1");
METHOD(alti, AT_MIX_ALTI, "ALTI", "embedding output", "1");
