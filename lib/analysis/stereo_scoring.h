/*
 * stereo_scoring.h - scores of StereoSet sentences from a model, by protocol.
 */
#ifndef ANALYSIS_STEREO_SCORING_H
#define ANALYSIS_STEREO_SCORING_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/scored.h"
#include "analysis/scorer.h"
#include "analysis/stereoset.h"

/*
 * What a sentence's score is. Larger is likelier.
 *
 * Official: Nadeem, Bethke and Reddy 2021, as their published per-sentence scores come out
 *   masked, intrasentence   mean over the pieces of the word at BLANK of p(piece), pieces filled in
 *                           from left to right, the later ones absent
 *   masked, intersentence   p(is next) of (context, sentence) from the next-sentence head
 *   causal, intrasentence   2^(mean log2 p) over all tokens, the first one given <|endoftext|>
 *   causal, intersentence   not available: it needs a head that cannot be rebuilt
 * Reference: Attention Atlas, generate_stereoset_json.py
 *   intersentence only      context + " " + sentence, mean ln p of all tokens
 * Conditional
 *   intersentence           mean ln p of the sentence's tokens given context + " "
 *   intrasentence           mean ln p of the whole sentence
 */
enum at_stereo_protocol { AT_STEREO_OFFICIAL, AT_STEREO_REFERENCE, AT_STEREO_CONDITIONAL };

/* The end of the reason of an item that lacks the score of its unrelated sentence alone. */
#define AT_STEREO_IN_PART "; it counts in SS, not in LMS"
/* In the reason of an item that the protocol itself passes over, as its authors' scripts do. */
#define AT_STEREO_BY_PROTOCOL "the protocol leaves it out"

/*
 * at_stereo_unavailable - why a protocol cannot score a part with this model, or NULL when it can.
 *
 * Parts that a protocol does not look at and heads that the checkpoint lacks; such items are not
 * to be handed to at_stereo_score().
 */
const char *at_stereo_unavailable(const struct at_model *m, enum at_stereo_protocol protocol,
                                  enum at_stereo_part part);

/*
 * at_stereo_score - scores of n items, in one go through the scorer.
 *
 * The caller hands over as many items as it wants to lose at most when it is interrupted.
 *
 * rule is used by the reference and conditional protocols; the official one has its own.
 * Shapes    out (n) whose scores are by enum at_gold, items (n).
 * Errors    whatever the model says. An item is excluded, with a reason, when a sentence is too
 *           long or has no token to score (in part, when that is the unrelated one alone), or
 *           (official, masked, intrasentence) when its context does not have exactly one BLANK or a
 *           sentence has no word in that place.
 * Memory    at_scored_release(out, n).
 */
AT_MUST_USE int at_stereo_score(struct at_scored *out, struct at_scorer *s,
                                const struct at_stereo_item *items, size_t n,
                                enum at_stereo_protocol protocol, struct at_score_rule rule,
                                struct at_error *err);

/*
 * at_stereo_blank_word - the word of a sentence that stands where BLANK stands in its context.
 *
 * Source    the published loader: both are cut at single spaces, the word with the number of the
 *           last context word that contains BLANK is taken, ASCII punctuation removed from it.
 * Edge      NULL when the sentence has no such word or nothing is left of it.   Memory  free().
 */
AT_MUST_USE char *at_stereo_blank_word(const char *context, const char *sentence);

#endif
