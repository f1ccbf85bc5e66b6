/*
 * stereoset.h - the StereoSet data file: contexts with a stereotypical, an anti-stereotypical and
 * an unrelated sentence each.
 *
 * Source    Nadeem, Bethke and Reddy 2021, "StereoSet: Measuring stereotypical bias in pretrained
 *           language models"; the JSON layout is that of their development set.
 */
#ifndef ANALYSIS_STEREOSET_H
#define ANALYSIS_STEREOSET_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum at_gold { AT_STEREO, AT_ANTI, AT_UNRELATED, AT_N_GOLD };
enum at_stereo_part { AT_INTRASENTENCE, AT_INTERSENTENCE, AT_N_PARTS };

/* Names as they stand in the data file: "anti-stereotype", "intersentence". */
const char *at_gold_name(enum at_gold gold);
const char *at_stereo_part_name(enum at_stereo_part part);

struct at_stereo_sentence {
    const char *id, *text;
};

/* One cluster: a context and its three sentences. */
struct at_stereo_item {
    const char *id, *context;
    enum at_stereo_part part;
    size_t target, category; /* index into the lists of the data set */
    size_t n_blanks;         /* times "BLANK" stands in the context */
    struct at_stereo_sentence sentence[AT_N_GOLD];
    enum at_gold order[AT_N_GOLD]; /* gold labels in the file's order */
};

/* A sentence by its id. */
struct at_stereo_id {
    const char *id;
    size_t item;
    enum at_gold gold;
};

struct at_stereoset {
    struct at_stereo_item *items; /* in the file's order, intrasentence first */
    size_t n;
    const char **targets, **categories; /* sorted by byte */
    size_t n_targets, n_categories;
    struct at_stereo_id *ids; /* (n * AT_N_GOLD), sorted by id */
    struct at_arena arena;    /* everything above */
};

/*
 * at_stereoset_read - read and check the official JSON layout.
 *
 * { "data": { "intrasentence": [ { "id", "target", "bias_type", "context", "sentences":
 *   [ { "id", "gold_label", "sentence" }, ... three ] } ], "intersentence": [ ... ] } }
 *
 * Either part may be absent, not both. Other keys are ignored. How often BLANK stands in an
 * intrasentence context is noted, not judged: only some protocols need it.
 *
 * A path that ends in .csv is an items.csv of `bias stereoset`: columns id, type, category, target,
 * gold and text, three rows an item. It has no contexts (they are "") and no ids of items (that of
 * the first sentence serves).
 *
 * Errors    AT_EIO, AT_ENOTFOUND; AT_EFORMAT names the item and the key: missing or of another
 *           type, not three sentences, an unknown or repeated gold label, an id seen before.
 * Memory    at_stereoset_release(), which accepts a zeroed struct and may be called twice.
 */
AT_MUST_USE int at_stereoset_read(struct at_stereoset *out, const char *path, struct at_error *err);
void at_stereoset_release(struct at_stereoset *s);

/* at_stereoset_find - which sentence has that id; AT_ENOTFOUND (and no message) when none has. */
AT_MUST_USE int at_stereoset_find(size_t *item_out, enum at_gold *gold_out,
                                  const struct at_stereoset *s, const char *id);

#endif
