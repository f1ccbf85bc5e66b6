/*
 * score_items.h - items of a data set through a model, a window at a time, or with scores that are
 * given: what `bias pairs` and `bias stereoset` share.
 *
 * With -o the rows of scored items go to DIR/items.csv as they come, a journal (journal.h):
 * --resume takes over the items that are whole and scores the rest. Without -o only the scores are
 * filled in.
 */
#ifndef BIAS_SCORE_ITEMS_H
#define BIAS_SCORE_ITEMS_H

#include "analysis/scored.h"
#include "analysis/scorer.h"
#include "cmd/cmd.h"
#include "cmd/journal.h"

/* Options that both have. */
struct scoring {
    int pll, bos;
    bool resume;
    const char *rescore, *shard_text;
    struct shard shard; /* after scoring_check() */
    struct ablate ablate;
};
extern const char *const pll_words[], *const bos_words[];

/* scoring_check - of the call as given: one operand, what; needs may shrink. Answers a status. */
int scoring_check(struct scoring *s, struct call *c, const char *what);
/* scoring_meta - "meta" of scores.json. scoring_name - what its pictures call the model. */
struct at_json *scoring_meta(const struct scoring *s, const struct context *x);
const char *scoring_name(const struct scoring *s, const struct context *x);

/* What the scores depend on, as journal.json has it. NULL: does not apply. */
struct score_note {
    const char *command, *version, *model, *precision, *data; /* filled by score_items() */
    const char *protocol, *preset, *score, *mean, *pll, *bos, *shard;
    const char *ablation; /* filled by score_items(), too */
};
extern const struct at_record score_note_record;

struct score_plan {
    const char *unit; /* of messages and progress: "pairs" */
    const char *data; /* the file that the items are of */
    struct score_note note;
    bool resume;
    const struct at_record *record; /* of items.csv */
    struct at_scored *scored;       /* (n_items) */
    size_t n_items, rows_per_item;
    size_t window; /* items scored together, and lost together when the run is killed */
    void *arg;
    /* rows - those of an item: rows_per_item structs of the record. */
    void (*rows)(void *out, const void *arg, size_t item);
    /*
     * take - the scores of an item that an interrupted run has scored. Its rows are item *
     * rows_per_item and on of done; AT_EFORMAT when they are another item's.
     */
    int (*take)(void *arg, size_t item, const struct at_table *done, struct at_error *err);
    /* score - n items (window at most) from first on. */
    int (*score)(void *arg, size_t first, size_t n, struct at_scorer *scorer, struct at_error *err);
};

/*
 * score_items - score all items of the plan, in order; scores are kept with the digits that
 * items.csv has.
 *
 * Errors    those of the journal ("cannot resume 'DIR': ..."), of take and score; AT_EIO. What was
 *           scored until then stays in the journal.
 */
AT_MUST_USE int score_items(const struct context *x, const struct score_plan *plan,
                            struct at_error *err);
/* write_items - items.csv of scores that are given; nothing unless CSV is written. */
AT_MUST_USE int write_items(struct sink *sink, const struct score_plan *plan, struct at_error *err);

/* note_excluded - list what was left out of n_items in the manifest, warn about how many; answers
   status, or EXIT_SKIPPED in place of EXIT_DONE when there are any. What the protocol itself passes
   over is neither listed nor warned about: it is no skipped input. */
int note_excluded(struct sink *sink, const struct at_exclusion *list, size_t n, size_t n_items,
                  int status);

/* bias_merge - of struct command: shards of either put together. */
int bias_merge(const struct context *x, struct parts *parts);

#endif
