/*
 * head_scores.h - what a head looks at: the seven specialisation scores, and scores of position and
 * repetition.
 *
 * The seven are shares of a head's attention: on function words, on content words, on the first
 * token, on punctuation, on entities, far away, on the token itself. They need marks per token.
 * The positional ones need token ids only.
 */
#ifndef ANALYSIS_HEAD_SCORES_H
#define ANALYSIS_HEAD_SCORES_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/attn_metrics.h"
#include "base/pool.h"
#include "io/record.h"
#include "text/tags.h"

/* Order of columns in heads.csv and of axes in a radar. */
enum at_head_score {
    AT_SYNTAX,     /* mass on DET ADP AUX CCONJ SCONJ PART PRON */
    AT_SEMANTICS,  /* mass on NOUN PROPN VERB ADJ ADV NUM */
    AT_CLS,        /* mean of column 0, causal: without row 0 */
    AT_PUNCT,      /* mass on ASCII punctuation */
    AT_ENTITIES,   /* mass on tokens of named entities */
    AT_LONG_RANGE, /* mean of the visible cells with |i - j| >= 5 */
    AT_SELF,       /* mean of the diagonal, causal: without row 0 */
    AT_N_HEAD_SCORES
};

struct at_head_score_info {
    const char *key;        /* "long_range": CSV column and JSON key */
    const char *title;      /* "Long-range" */
    const char *specialist; /* in the names of clusters: "CLS" */
    const char *phrase;     /* "above average on ...": "[CLS]" */
    /* the same for models without a summary token: "First-token (sink) focus", "First-token" */
    const char *title_no_cls, *specialist_no_cls, *phrase_no_cls;
};
extern const struct at_head_score_info at_head_score_table[AT_N_HEAD_SCORES];

/* The seven of one head, as tables and documents name them. */
struct at_head_score_values {
    double v[AT_N_HEAD_SCORES];
};
extern const struct at_record at_head_score_record;

/* What a token counts as; bits, any number of them. */
enum at_token_mark {
    AT_MARK_SYNTAX = 1 << 0,
    AT_MARK_SEMANTICS = 1 << 1,
    AT_MARK_PUNCT = 1 << 2,
    AT_MARK_ENTITY = 1 << 3,
};

/* at_token_marks - out (n): bits of enum at_token_mark. label[i] is a token as people write it,
   NULL for a special token, which gets no mark; nothing but ASCII punctuation in it makes
   AT_MARK_PUNCT. For words: the tag of their first token. */
void at_token_marks(unsigned char *out, const struct at_token_tag *tags, const char *const *label,
                    size_t n);

/*
 * at_head_scores - the seven raw scores of every head of a layer.
 *
 * Mass on a set of keys is its share of the map: sum over queries and the set / sum of the map.
 *
 * Source    Attention Atlas, head_specialization.py; here means are over visible cells.
 * Shapes    out (H, AT_N_HEAD_SCORES); maps (H,T,T); marks (T), enum at_token_mark bits.
 * Units     fractions; long_range is a mean weight per cell.
 * Edge      long_range of T <= 5 is NaN: there is no such cell. T = 1 causal keeps row 0.
 */
void at_head_scores(double *out, const float *maps, size_t H, size_t T, struct at_map_kind kind,
                    const unsigned char *marks, struct at_pool *pool);

/* Scores of position and repetition. */
enum at_head_pattern {
    AT_PREVIOUS,  /* mean of A[i][i-1], i >= 1 */
    AT_NEXT,      /* mean of A[i][i+1]; NaN for causal models */
    AT_DUPLICATE, /* repeated tokens: mean mass on earlier copies of the token itself */
    AT_INDUCTION, /* repeated tokens: mean mass on what came after its earlier copies */
    AT_N_HEAD_PATTERNS
};
extern const char *const at_head_pattern_keys[AT_N_HEAD_PATTERNS]; /* "previous_token", ... */

struct at_head_pattern_values {
    double v[AT_N_HEAD_PATTERNS];
};
extern const struct at_record at_head_pattern_record;

/* The repeats of one text, found once for all heads. */
struct at_repeats {
    size_t T, n;   /* n: tokens that have an earlier copy */
    size_t *first; /* (T+1) earlier copies of token i are copy[first[i]] .. copy[first[i+1]-1] */
    size_t *copy;  /* ascending within a token */
};

/* at_repeats_find - ids (T); is_special (T) or NULL: such tokens neither repeat nor are repeated.
   Memory at_repeats_release(). */
void at_repeats_find(struct at_repeats *out, const int *ids, const bool *is_special, size_t T);
void at_repeats_release(struct at_repeats *r);

/*
 * at_head_patterns - the four scores of every head of a layer.
 *
 * Source    Voita et al. 2019 (positional heads); Olsson et al. 2022 (induction): for a token at i
 *           with an earlier copy at j, A[i][j+1], summed over its copies, j + 1 < i.
 * Shapes    out (H, AT_N_HEAD_PATTERNS); maps (H,T,T); r of the same T, or NULL.
 * Edge      NaN when nothing repeats (duplicate, induction) or T = 1.
 */
void at_head_patterns(double *out, const float *maps, size_t H, size_t T, bool is_causal,
                      const struct at_repeats *r, struct at_pool *pool);

/* at_scale_within - each column of x (N,d) moved to 0..1 by its least and greatest value; a
   column without at_has_spread() gives 0.5, NaN stays NaN. Within one layer: what radars show. */
void at_scale_within(double *out, const double *x, size_t N, size_t d);

#endif
