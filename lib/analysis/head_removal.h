/*
 * head_removal.h - heads that are removed from a model, and what takes the place of each head's
 * context before the output projection.
 *
 *   zero       nothing
 *   mean       its mean over the text's own tokens, or over all tokens of a reference
 *   resample   its context at another token: of the text, each once and none in its own place, or
 *              of a reference, drawn for every token
 *
 * Zero leaves the states that the model was made for, and overstates what a head does; the others
 * keep a head's usual contribution and take away what it says about this text.
 */
#ifndef ANALYSIS_HEAD_REMOVAL_H
#define ANALYSIS_HEAD_REMOVAL_H

#include <stddef.h>

#include "analysis/head_list.h"
#include "analysis/head_reference.h"
#include "model/head_edit.h"

enum at_removal_mode { AT_REMOVE_ZERO, AT_REMOVE_MEAN, AT_REMOVE_RESAMPLE };
extern const char *const at_removal_modes[]; /* their keys, ended by NULL */

struct at_removal_rule {
    enum at_removal_mode mode;
    const struct at_head_reference *reference; /* or NULL: the text itself */
    uint64_t seed;                             /* of resample */
};

/* at_removal_edit - heads with gate 0 in gates (L,H) make room by the rule. Both are lent. */
struct at_head_edit at_removal_edit(const struct at_removal_rule *rule, const float *gates);

/* at_removal_gates - gates (L,H): 0 for these heads, 1 for all others. */
void at_removal_gates(float *gates, const struct at_head *heads, size_t n,
                      const struct at_config *c);

#endif
