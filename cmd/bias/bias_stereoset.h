/*
 * bias_stereoset.h - the room of `atlas bias stereoset`: a call of it, and how its results are
 * shown.
 */
#ifndef BIAS_STEREOSET_H
#define BIAS_STEREOSET_H

#include "analysis/sensitivity_result.h"
#include "analysis/stereo_result.h"
#include "analysis/stereo_search.h"
#include "cmd/bias/score_items.h"
#include "cmd/tag_source.h"
#include "draw/draw_boxes.h"

struct stereoset {
    int protocol;
    struct scoring scoring;
    struct at_stereo_interval interval;
    bool heads;  /* --heads: look at the model's, too */
    double move; /* --move: points of SS that few heads are to make; 0: none are sought */
    long n_candidates, n_search_items;
    struct progress progress; /* of the search */
    long n_draws, n_top;
    struct tag_source tags;
    const struct context *x;

    struct at_stereoset set;  /* the items that are scored here */
    struct at_scored *scored; /* (n) */
    bool has_part[AT_N_PARTS];
    struct at_stereo_gap unavailable[AT_N_PARTS];
    size_t n_unavailable;
};

extern const char *const protocol_words[];

/* stereoset_show - the table on standard output, or targets.csv, pictures and the document; meta is
   taken. Of merged shards, too. */
AT_MUST_USE int stereoset_show(struct sink *sink, const struct at_stereo_result *r,
                               const char *model_name, struct at_json *meta, struct at_error *err);
/* stereoset_note_gaps - list what the official protocol cannot score; answers a status, as
   note_excluded(). */
int stereoset_note_gaps(struct sink *sink, const struct at_stereo_result *r, int status);

/* stereoset_pictures - scores by category and by target term. */
AT_MUST_USE int stereoset_pictures(struct sink *sink, const struct at_stereo_result *r,
                                   const char *model_name, struct at_error *err);
/* stereoset_spread_picture - bias scores of single items by category. */
AT_MUST_USE int stereoset_spread_picture(struct sink *sink, const struct at_stereo_result *r,
                                         const char *model_name, struct at_error *err);

/* box_of - a box as pictures want it. */
struct at_box box_of(const char *label, const struct at_tukey_box *box, size_t category,
                     const char *detail);

/* stereo_heads - what the model's heads do with the same items; answers a status, status when all
   went well. */
int stereo_heads(struct stereoset *s, int status);
/* stereo_search - few heads that move the score, with --move; likewise. */
int stereo_search(struct stereoset *s, int status);
AT_MUST_USE int stereo_heads_pictures(struct sink *sink, const struct at_sensitivity_result *r,
                                      const char *model_name, struct at_error *err);

#endif
