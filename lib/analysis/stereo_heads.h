/*
 * stereo_heads.h - the heads of a model on StereoSet: both texts of every item through the model,
 * the traits of all heads on each.
 *
 *   at_stereo_heads_choose(&h, set, scored, &err);         the items
 *   at_stereo_heads_read(&h, session, tagger, &observer, &err);
 *   at_sensitivity_summarize(&result, &origin, &h.s, pool);
 *   at_stereo_heads_release(&h);
 */
#ifndef ANALYSIS_STEREO_HEADS_H
#define ANALYSIS_STEREO_HEADS_H

#include <stddef.h>

#include "analysis/scored.h"
#include "analysis/sensitivity.h"
#include "analysis/stereoset.h"
#include "session/tag_text.h"

enum { AT_STEREO_HEADS_MIN = 10 };

struct at_stereo_heads {
    const struct at_stereoset *set; /* lent */
    enum at_stereo_part part;       /* the items that are looked at */
    size_t n, *item;                /* (n) their numbers in the set */
    char **too_long;                /* (set->n) why an item was left out, or NULL */
    struct at_sensitivity s;
};

/* Who is told what happens on the way. Either may be NULL. */
struct at_stereo_heads_observer {
    void (*tagged)(void *arg, const struct at_doc *doc, const struct at_tagged *tagged);
    void (*done)(void *arg, size_t n_done); /* items */
    void *arg;
};

/*
 * at_stereo_heads_choose - the intersentence items with three scores or, when there are none, the
 * intrasentence ones: the two kinds differ in length and in what their scores are, and every
 * correlation over both would find that first.
 *
 * Errors    AT_ERANGE: fewer than AT_STEREO_HEADS_MIN; AT_EFORMAT: items without contexts.
 * Memory    at_stereo_heads_release(), also after a failure; accepts a zeroed struct.
 */
AT_MUST_USE int at_stereo_heads_choose(struct at_stereo_heads *h, const struct at_stereoset *set,
                                       const struct at_scored *scored, struct at_error *err);
/* at_stereo_heads_read - fill h->s. A text that the model does not take leaves its item undefined,
   with the reason in too_long. Errors: the model's, the tagger's. */
AT_MUST_USE int at_stereo_heads_read(struct at_stereo_heads *h, const struct at_session *session,
                                     const struct at_tagger *tagger, const struct at_scored *scored,
                                     const struct at_stereo_heads_observer *observer,
                                     struct at_error *err);
void at_stereo_heads_release(struct at_stereo_heads *h);

#endif
