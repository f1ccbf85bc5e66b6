/*
 * attribution.c - the table of methods; see attribution.h.
 */
#include "analysis/attribution.h"

#include <string.h>

const struct at_attribution_method *const at_attribution_methods[] = {
    &at_method_ig,
    &at_method_gradient_x_input,
    &at_method_leave_one_out,
    &at_method_leave_one_out_mask,
    &at_method_relevance,
    &at_method_attnlrp,
    &at_method_attention,
    &at_method_rollout,
    &at_method_flow,
    &at_method_norm,
    &at_method_norm_residual,
    &at_method_norm_residual_ln,
    &at_method_value_zeroing,
    &at_method_alti,
    NULL,
};

const struct at_attribution_method *at_attribution_find(const char *key, size_t n)
{
    const struct at_attribution_method *const *m = at_attribution_methods;

    while (*m && (strlen((*m)->key) != n || strncmp((*m)->key, key, n) != 0))
        m++;
    return *m;
}

void at_received_add(double *received, const struct at_doc_layer *layer, bool is_causal)
{
    size_t T = layer->n;

    for (size_t h = 0; h < layer->H; h++) {
        const float *map = layer->maps + h * T * T;
        double *out = received + (layer->layer * layer->H + h) * T;
        for (size_t j = 0; j < T; j++) {
            size_t first = is_causal ? j : 0;
            out[j] = 0.0;
            for (size_t i = first; i < T; i++)
                out[j] += (double)map[i * T + j];
            out[j] /= (double)(T - first);
        }
    }
}
