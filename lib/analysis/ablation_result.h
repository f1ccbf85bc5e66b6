/*
 * ablation_result.h - what `atlas faith` tells of heads, as data: ablation, direct effects, and how
 * far what is cheap to have, gradients and parts of the logit, agrees with what happens.
 */
#ifndef ANALYSIS_ABLATION_RESULT_H
#define ANALYSIS_ABLATION_RESULT_H

#include "analysis/ablation.h"
#include "analysis/direct_effects.h"

/* Correlations over all heads; NaN where one side is constant or was not asked for. */
struct at_ablation_checks {
    double patching_pearson, patching_rho; /* patching scores and the changes they foretell */
    double direct_pearson, direct_rho;     /* parts of the logit and what removing them takes */
    double logit;                          /* whose parts direct effects are */
    int is_linearised;                     /* -1: no direct effects */
    const char *by;                        /* score that orders the heads of the elbow */
};
extern const struct at_record at_ablation_checks_record;

struct at_ablation_result {
    struct at_ablation ablation;
    struct at_direct_effects direct;
    struct at_ablation_checks checks;
};
/* Keys of faith.json, in place there. */
extern const struct at_record at_ablation_result_record;

/*
 * at_ablation_measure - of one text. Direct effects are of a target that is a token.
 *
 * Errors    those of at_ablation_run() and at_direct_effects().       Memory  the arena's.
 */
AT_MUST_USE int at_ablation_measure(struct at_ablation_result *out, struct at_probe *p,
                                    const struct at_ablation_options *options,
                                    struct at_arena *arena, struct at_error *err);

#endif
