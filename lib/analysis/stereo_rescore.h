/*
 * stereo_rescore.h - scores of StereoSet sentences from a file that somebody published, or that
 * `bias stereoset` wrote. A score is any number that is larger for the likelier sentence.
 */
#ifndef ANALYSIS_STEREO_RESCORE_H
#define ANALYSIS_STEREO_RESCORE_H

#include <stdbool.h>

#include "analysis/scored.h"
#include "analysis/stereoset.h"
#include "base/error.h"

/*
 * at_stereoset_rescore - per-sentence scores from a file.
 *
 * JSON as published, { "intrasentence": [ { "id", "score" }, ... ], "intersentence": [ ... ] }, or
 * a CSV with columns id and score (our own items.csv is one; the reasons in its column excluded are
 * kept), or a CSV with columns stereo, anti and unrelated whose rows follow the intersentence
 * items.
 *
 * Shapes    out (n), scores by enum at_gold; NaN for a sentence without a score, for null, an empty
 *           cell and the sentinel -9999. has_part (AT_N_PARTS): parts that got any score.
 * Errors    AT_EFORMAT: neither layout, a score for an unknown id, two scores for one id, a number
 *           of rows that is not the number of intersentence items.
 */
AT_MUST_USE int at_stereoset_rescore(struct at_scored *out, bool *has_part,
                                     const struct at_stereoset *s, const char *path,
                                     struct at_error *err);

#endif
