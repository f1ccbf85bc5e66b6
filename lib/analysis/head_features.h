/*
 * head_features.h - the scores of every head on one text: what `heads` tells and `cluster` groups.
 *
 * Layers are added in order; finish makes the result.
 */
#ifndef ANALYSIS_HEAD_FEATURES_H
#define ANALYSIS_HEAD_FEATURES_H

#include "analysis/corpus.h"
#include "analysis/head_scores.h"
#include "analysis/rollout.h"
#include "base/arena.h"
#include "io/record.h"
#include "session/pass.h"
#include "session/tag_text.h"
#include "stats/summary.h"

struct at_head_features {
    const struct at_doc *doc;
    size_t L, H;
    struct at_token_tag *tags; /* (n) */
    struct at_tagged tagged;   /* what went untagged */
    unsigned char *marks;      /* (n) enum at_token_mark bits */
    struct at_repeats repeats;
    double *score;                       /* (L,H,AT_N_HEAD_SCORES) raw */
    double *pattern;                     /* (L,H,AT_N_HEAD_PATTERNS) */
    double even_score[AT_N_HEAD_SCORES]; /* of even attention over the same tokens */
    double even_pattern[AT_N_HEAD_PATTERNS];
    float *in_mode; /* (H,n,n) maps of the last layer with columns normalised; NULL in raw mode */
};

/*
 * at_head_features_init - tag the text, find what repeats. mode is AT_RAW or AT_COL: the heads of a
 * rollout are one.
 *
 * Errors    those of at_tag_doc().
 * Memory    at_head_features_release(), which accepts a zeroed struct; nothing after a failure.
 *           doc must outlive it.
 */
AT_MUST_USE int at_head_features_init(struct at_head_features *out, const struct at_doc *doc,
                                      const struct at_tagger *tagger, enum at_matrix_mode mode,
                                      struct at_error *err);
void at_head_features_release(struct at_head_features *f);

/*
 * A text that is read in windows (session/doc_window.h): tags are of the whole text; every score,
 * and what even attention would have, is the mean over rows of what it is in the window that owns
 * the row. What repeats is looked for within a window.
 *
 *   at_head_windows_begin() -> for each window at_head_windows_init(), its layers,
 *   at_head_windows_add() -> at_head_windows_finish()
 */
struct at_head_windows {
    struct at_head_features whole; /* complete after _finish, but for marks and repeats */
    struct at_weighted *sums;      /* (L*H + 1, AT_N_HEAD_NUMBERS) heads, then even attention */
};
/* at_head_windows_begin - tag the whole text, whatever w held; errors those of at_tag_doc(). */
AT_MUST_USE int at_head_windows_begin(struct at_head_windows *w, const struct at_doc *whole,
                                      const struct at_tagger *tagger, struct at_error *err);
/* at_head_windows_init - features of one window; release them as others. */
void at_head_windows_init(struct at_head_features *out, const struct at_head_windows *w,
                          const struct at_doc *window, enum at_matrix_mode mode);
void at_head_windows_add(struct at_head_windows *w, const struct at_head_features *window);
void at_head_windows_finish(struct at_head_windows *w);
void at_head_windows_release(struct at_head_windows *w); /* accepts a zeroed struct */

/* at_head_features_add - score the heads of one layer. */
void at_head_features_add(struct at_head_features *f, const struct at_doc_layer *layer,
                          struct at_pool *pool);

/* One head: heads.csv and heads[] of heads.json. */
struct at_head_row {
    size_t layer, head;
    struct at_head_score_values raw, scaled,
        z; /* scaled: 0..1 within each layer; z: of the model */
    struct at_head_pattern_values patterns;
    struct at_head_score_values ratio; /* to what even attention has, see analysis/chance.h */
    struct at_head_pattern_values pattern_ratio;
};
extern const struct at_record at_head_row_record;

/* One row of the text: tags.csv and tokens[] of heads.json. */
struct at_tag_row {
    size_t index;
    const char *token, *upos, *entity; /* NULL: none */
    size_t start, end;                 /* bytes of its segment's text */
};
extern const struct at_record at_tag_row_record;

enum { AT_N_STRONGEST = 3, AT_N_HEAD_NUMBERS = AT_N_HEAD_SCORES + AT_N_HEAD_PATTERNS };

/* at_head_features_ratios - out (L*H, AT_N_HEAD_NUMBERS): scores, then patterns, as ratios to even
   attention, for at_chance_add(). After the last layer. */
void at_head_features_ratios(double *out, const struct at_head_features *f);

/* The heads that have most of one number, best first; of equals the first. */
struct at_strongest {
    size_t n; /* heads that have any; 0: undefined for all, or 0 for all */
    bool is_defined;
    size_t head[AT_N_STRONGEST];
    double value[AT_N_STRONGEST];
};

/* Layers first..last: the mean raw scores of their heads, and each as a share of the greatest of
   all profiles. */
struct at_head_profile {
    size_t first, last;
    double mean[AT_N_HEAD_SCORES], relative[AT_N_HEAD_SCORES];
};

/* The result of one text. */
struct at_heads {
    size_t L, H, n_heads, n;
    struct at_head_row *heads; /* (n_heads) */
    struct at_tag_row *tokens; /* (n) */
    /* Of the scores, then of the patterns. */
    struct at_strongest strongest[AT_N_HEAD_NUMBERS];
    double even[AT_N_HEAD_NUMBERS]; /* what even attention over the same tokens has */
    /* Every layer, or of many layers three parts. */
    struct at_head_profile *profiles; /* (n_profiles) */
    size_t n_profiles;
    bool (*is_same)[AT_N_HEAD_SCORES]; /* (L) all heads of the layer have the same score */
};
extern const struct at_record at_heads_record; /* heads.json without its meta */

/* at_head_features_finish - after the last layer; what it points to is the arena's, the doc's and
   the features'. */
struct at_heads at_head_features_finish(const struct at_head_features *f, struct at_arena *arena);

/* texts.csv: a text of many, with the means of its heads' scores. */
struct at_heads_text_row {
    struct at_text_head of;
    size_t n_rows;
    const char *text;
    struct at_head_score_values scores;
    struct at_head_pattern_values patterns;
};
extern const struct at_record at_heads_text_row_record;
/* at_heads_text_row - all but its head. */
struct at_heads_text_row at_heads_text_row(const struct at_head_features *f);

/* at_head_number_key - of a score, then of a pattern: the AT_N_HEAD_NUMBERS values of a corpus. */
const char *at_head_number_key(size_t i);
/* at_head_features_corpus_add - scores, patterns and their ratios of one text. */
void at_head_features_corpus_add(struct at_corpus *c, const struct at_head_features *f);

#endif
