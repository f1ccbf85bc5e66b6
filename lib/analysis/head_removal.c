/*
 * head_removal.c - see head_removal.h.
 */
#include "analysis/head_removal.h"

const char *const at_removal_modes[] = { "zero", "mean", "resample", NULL };

struct at_head_edit at_removal_edit(const struct at_removal_rule *rule, const float *gates)
{
    const struct at_head_reference *r = rule->reference;
    struct at_head_edit edit = { .gates = gates, .seed = rule->seed };

    if (rule->mode == AT_REMOVE_ZERO)
        return edit;
    if (!r) {
        edit.source = rule->mode == AT_REMOVE_MEAN ? AT_FILL_MEAN : AT_FILL_SHUFFLED;
        return edit;
    }
    edit.fill = rule->mode == AT_REMOVE_MEAN ? r->mean : r->rows;
    edit.fill_layer_step = r->C;
    if (rule->mode == AT_REMOVE_RESAMPLE) {
        edit.fill_row_step = r->L * r->C;
        edit.n_fill_rows = r->n_rows;
    }
    return edit;
}

void at_removal_gates(float *gates, const struct at_head *heads, size_t n,
                      const struct at_config *c)
{
    for (size_t i = 0; i < c->n_layers * c->n_heads; i++)
        gates[i] = 1.0f;
    for (size_t i = 0; i < n; i++)
        gates[heads[i].layer * c->n_heads + heads[i].head] = 0.0f;
}
