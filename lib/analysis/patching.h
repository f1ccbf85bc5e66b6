/*
 * patching.h - attribution patching: what a gradient says would happen to the target if something
 * else stood in the place of each head's context.
 *
 *   score = sum over tokens of d target / d context . (fill - context)
 *
 * Source    Nanda 2023, "Attribution patching"; Syed, Rager and Conmy 2023. It is first order: how
 *           far it agrees with what happens is to be measured, not assumed.
 */
#ifndef ANALYSIS_PATCHING_H
#define ANALYSIS_PATCHING_H

#include "session/head_effects.h"

/* at_patch_scores - scores (L,H); fill is an edit whose gates do not matter. */
AT_MUST_USE int at_patch_scores(double *scores, struct at_probe *p, const struct at_head_edit *fill,
                                struct at_error *err);

/* at_patch_changes - changes (L,H) of the target when each head by itself is given fill. */
AT_MUST_USE int at_patch_changes(double *changes, const struct at_head_ground *g,
                                 const struct at_head_edit *fill, struct at_error *err);

/* at_patch_contexts - contexts (L,T,C) of another text of as many tokens, and fill made of them.
   Memory  free(*rows) when fill is done with. */
AT_MUST_USE int at_patch_contexts(float **rows, struct at_head_edit *fill, struct at_probe *p,
                                  const int *ids, struct at_error *err);

#endif
