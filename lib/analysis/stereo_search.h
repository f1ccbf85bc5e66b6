/*
 * stereo_search.h - few heads whose removal moves a model's stereotype score by a given amount.
 *
 * Greedy: every head is removed by itself; of those that move the score most in the wanted
 * direction one after the other joins the set, always the one that moves it furthest together with
 * those that are there. Equal scores are told apart by the mean difference of the items' scores.
 * It is a small set, not always the smallest.
 */
#ifndef ANALYSIS_STEREO_SEARCH_H
#define ANALYSIS_STEREO_SEARCH_H

#include "analysis/head_removal.h"
#include "analysis/stereo_result.h"
#include "analysis/stereo_scoring.h"

/* smallest_set.csv of `bias stereoset`. */
struct at_stereo_step {
    size_t n, layer, head; /* heads of the set so far, and the one that joined */
    double ss, change;     /* of the items that were scored; percent, points */
    double mean_bias;
    bool reaches;
};
extern const struct at_record at_stereo_step_record;

/* smallest_set.json */
struct at_stereo_search {
    double move, ss, mean_bias; /* points wanted; of the model as it is */
    size_t n_items;
    const char *mode;
    bool reaches;
    struct at_stereo_step *steps; /* (n_steps) */
    size_t n_steps;
    struct at_arena arena;
};
extern const struct at_record at_stereo_search_record;

/* Heads of a set at most. */
enum { AT_SEARCH_MOST = 16 };

struct at_stereo_search_options {
    enum at_stereo_protocol protocol;
    struct at_score_rule rule;
    struct at_removal_rule removal;
    double move;          /* points of SS, not 0 */
    size_t n_candidates;  /* heads that are tried again after the first round */
    size_t n_most;        /* heads of the set */
    const bool *has_part; /* (AT_N_PARTS) */
    bool is_macro;
    void (*progress)(void *arg, size_t n_done, size_t n); /* of scorings; or NULL */
    void *arg;
};

/*
 * at_stereo_search - items are those to score, one and all.
 *
 * Errors    those of at_stereo_score().       Memory  at_stereo_search_release().
 * Cost      a scoring of all items for every head, then one for every candidate and step.
 */
AT_MUST_USE int at_stereo_search(struct at_stereo_search *out, const struct at_session *s,
                                 const struct at_stereoset *set,
                                 const struct at_stereo_search_options *options,
                                 struct at_error *err);
void at_stereo_search_release(struct at_stereo_search *s);

#endif
