/*
 * faith_sanity.h - do attributions look at what the model has learned? Its layers are made random
 * from the top, one after the other, and the scores of each method are held against what they were.
 */
#ifndef ANALYSIS_FAITH_SANITY_H
#define ANALYSIS_FAITH_SANITY_H

#include "analysis/faith_text.h"

/*
 * at_faith_sanity - the list sanity of a result, of the same target.
 *
 * Source    Adebayo et al. 2018, cascading randomisation.
 * Memory    the text's; while it works, one copy of the layers' weights.
 * Cost      every method once for each layer.
 */
AT_MUST_USE int at_faith_sanity(struct at_faith_result *r, struct at_faith_text *t,
                                struct at_error *err);

#endif
