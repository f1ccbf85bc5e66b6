/*
 * score_items.h - items of a data set through a model, a window at a time: what `bias pairs` and
 * `bias stereoset` share.
 *
 * With -o the rows go to DIR/items.csv as they come, a journal (journal.h): --resume takes over the
 * items that are whole and scores the rest. Without -o only the caller's arrays are filled.
 */
#ifndef CMD_SCORE_ITEMS_H
#define CMD_SCORE_ITEMS_H

#include "analysis/scorer.h"
#include "cmd/job.h"
#include "io/csv.h"

/* Something the scores depend on, as journal.json records it. */
struct score_setting {
    const char *key, *value;
};

struct score_plan {
    const char *unit;                     /* of messages and progress: "pairs" */
    const char *data;                     /* the file that the items are of */
    const struct score_setting *settings; /* (n_settings) beside model and data */
    size_t n_settings;
    bool resume;
    const char *columns; /* of items.csv */
    size_t n_items, rows_per_item;
    size_t window; /* items scored together, and lost together when the run is killed */
    void *arg;
    /*
     * take - an item that an interrupted run has scored. Its rows are item * rows_per_item and on
     * of done; AT_EFORMAT when they are another item's.
     */
    int (*take)(void *arg, size_t item, const struct at_table *done, struct at_error *err);
    /* score - n items (window at most) from first on; add their rows to csv unless it is NULL. */
    int (*score)(void *arg, size_t first, size_t n, struct at_scorer *scorer, struct at_csv *csv,
                 struct at_error *err);
};

/*
 * score_items - score all items of the plan, in order.
 *
 * Errors    those of the journal ("cannot resume 'DIR': ..."), of take and score; AT_EIO. What was
 *           scored until then stays in the journal.
 */
AT_MUST_USE int score_items(struct job *job, const struct score_plan *plan, struct at_error *err);

#endif
