/*
 * corpus.h - numbers over many texts: the mean of what every text has, how sure it is, and for
 * ratios to even attention whether it is more than chance.
 *
 * Numbers are added text by text, as exact sums (stats/sums.h), and nothing else is kept: memory
 * does not grow with the corpus, and parts of it that were summed apart merge to what the whole
 * would have given, bit for bit.
 */
#ifndef ANALYSIS_CORPUS_H
#define ANALYSIS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/chance.h"
#include "base/arena.h"
#include "io/record.h"
#include "stats/sums.h"

/* What a row of texts.csv begins with, the first member of a command's own row. */
struct at_text_head {
    const char *model, *text_id;
    size_t n_tokens;
    const char *id; /* the same as text_id */
    size_t number;  /* place among all texts of the input, from 1 */
    const char *run_id;
};
extern const struct at_record at_text_head_record;

/* Sums of every value of every head, layer and of the model. */
struct at_corpus {
    size_t L, H, n_values;   /* L and H may be 0: values of the model alone */
    const char *const *keys; /* (n_values) lent */
    struct at_sums *cells;   /* (L,H,n_values), then (L,n_values) of layers, then (n_values) */
    struct at_sums *ratios;  /* (L,H,n_values) to even attention; NULL unless has_ratios */
    struct at_sums lengths;  /* tokens of every text; counts the texts */
};

/* at_corpus_init - of no text. A layer's value is of its mean map, or the mean of its heads. */
void at_corpus_init(struct at_corpus *c, size_t L, size_t H, const char *const *keys,
                    size_t n_values, bool has_ratios);
void at_corpus_release(struct at_corpus *c); /* accepts a zeroed struct */
/* at_corpus_cell - of a head; head AT_NONE: of a layer; layer AT_NONE too: of the model. */
struct at_sums *at_corpus_cell(const struct at_corpus *c, size_t layer, size_t head, size_t value);
struct at_sums *at_corpus_ratio(const struct at_corpus *c, size_t layer, size_t head, size_t value);
/*
 * at_corpus_add_heads - the values from first on of all heads of one text, x (L,H,n); means says
 * whether their means over the heads of a layer and of the model are added as those' values.
 * at_corpus_add_ratios - ratio (L,H,n_values).
 */
void at_corpus_add_heads(struct at_corpus *c, size_t first, const double *x, size_t n, bool means);
void at_corpus_add_ratios(struct at_corpus *c, const double *ratio);

/* What a row is about besides its number. */
struct at_corpus_source {
    const char *model, *run_id;
};

/* A value over the texts. */
struct at_corpus_row {
    struct at_corpus_source of;
    size_t layer, head; /* AT_NONE: of a layer, of the model */
    const char *metric;
    double mean, low, high; /* 95 %, Student's t */
    size_t n;               /* texts that have it */
    struct at_chance chance;
    double sd, min, max;
};
extern const struct at_record at_corpus_head_record; /* corpus.csv, of heads without ratios */
extern const struct at_record at_corpus_role_record; /* the same with them */
extern const struct at_record at_corpus_layer_record, at_corpus_model_record;

/* Whose rows: a table each. */
enum at_corpus_part { AT_CORPUS_HEADS, AT_CORPUS_LAYERS, AT_CORPUS_MODEL };
/* at_corpus_rows - (*n) one for every cell of that part that has a value; the arena's. */
struct at_corpus_row *at_corpus_rows(size_t *n, const struct at_corpus *c, enum at_corpus_part part,
                                     struct at_corpus_source of, struct at_arena *arena);

/* roles.csv: the heads that have most of a value. */
struct at_role {
    const char *role; /* key of the value */
    size_t rank;      /* from 1 */
    struct at_corpus_row of;
};
extern const struct at_record at_role_record;
/* at_corpus_roles - (*n_out) for every value the first most of its heads' rows by their mean, best
   first; of equals the first. The arena's. */
struct at_role *at_corpus_roles(size_t *n_out, const struct at_corpus_row *heads, size_t n_heads,
                                const char *const *keys, size_t n_values, size_t most,
                                struct at_arena *arena);

/* sums.csv: the state of a corpus, for going on with it and for merging. */
struct at_sums_row {
    size_t layer, head;
    const char *metric; /* a key, "<key>_ratio" or "n_tokens" */
    size_t n;
    long sum[AT_SUM_PARTS], squares[AT_SUM_PARTS];
    double min, max;
};
extern const struct at_record at_sums_row_record;
/* at_corpus_save - (*n) rows; the arena's. */
struct at_sums_row *at_corpus_save(size_t *n, const struct at_corpus *c, struct at_arena *arena);
/*
 * at_corpus_merge - the sums of such a table join c, which is begun when it is zeroed (keys as of
 * at_corpus_init()).
 *
 * Errors    AT_EFORMAT: not such a table, or of another model.
 */
AT_MUST_USE int at_corpus_merge(struct at_corpus *c, const struct at_table *sums,
                                const char *const *keys, size_t n_values, bool has_ratios,
                                struct at_error *err);

#endif
