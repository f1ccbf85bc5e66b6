/*
 * bar_text.h - how much attention the flagged tokens of one text draw: every head, its way through
 * the layers, and whether that is more than chance.
 */
#ifndef ANALYSIS_BAR_TEXT_H
#define ANALYSIS_BAR_TEXT_H

#include "analysis/bar.h"
#include "analysis/bias_detector.h"
#include "analysis/corpus.h"
#include "session/pass.h"

/* What flags the tokens: a detector, or without one (NULL) a list of their positions. */
struct at_bar_flags {
    const struct at_detector *detector;
    const size_t *tokens; /* (n_tokens) */
    size_t n_tokens;
};

struct at_flagged_token {
    size_t index;
    const char *token, *label;
    unsigned categories; /* bits of at_bias_keys; none of one that was listed */
};

/* A text on its way: ratios of what is flagged with any category, then of each alone. */
enum { AT_BAR_SETS = 1 + AT_N_BIAS };
struct at_bar_text {
    const struct at_doc *doc;
    struct at_bar_flags flags;
    bool *is_special; /* (T) */
    struct at_bar_ratios ratios[AT_BAR_SETS];
    struct at_flagged_token *flagged; /* (n_flagged) */
    size_t n_flagged;
    struct at_arena arena;
};

/*
 * at_bar_text_begin - find what is flagged. threshold: heads with a greater ratio are specialised.
 *
 * Errors    those of at_detector_flag(); AT_ERANGE: a listed token that the text does not have;
 *           AT_ENOMEM.
 * Memory    at_bar_text_release(), which accepts a zeroed struct; nothing after a failure.
 */
AT_MUST_USE int at_bar_text_begin(struct at_bar_text *out, const struct at_doc *doc,
                                  const struct at_bar_flags *flags, double threshold,
                                  struct at_error *err);
void at_bar_text_add(struct at_bar_text *t, const struct at_doc_layer *layer);
/* at_bar_text_add_window - a layer of a window of the text, which was begun with the whole of it;
   at_bar_text_finish_windows - after the last, before at_bar_text_finish(). */
void at_bar_text_add_window(struct at_bar_text *t, const struct at_doc *window,
                            const struct at_doc_layer *layer);
void at_bar_text_finish_windows(struct at_bar_text *t);
void at_bar_text_release(struct at_bar_text *t);

/* Testing many heads: which p counts. */
enum at_bar_correction { AT_BAR_UNCORRECTED, AT_BAR_FDR, AT_BAR_BONFERRONI };

struct at_bar_options {
    size_t n_permutations, n_top;
    double alpha;
    enum at_bar_correction correction;
    long seed;
};

/* A head: bar.csv, and heads[] of bar.json. */
struct at_bar_row {
    size_t layer, head;
    struct at_bar_head of;
    double by_category[AT_N_BIAS]; /* ratio of one category's tokens */
    bool is_significant;           /* by the chosen correction */
};
extern const struct at_record at_bar_row_record;

/* propagation.csv */
struct at_bar_layer {
    size_t layer;
    double mean, min, max; /* of its heads' ratios */
    size_t n_specialised;
};
extern const struct at_record at_bar_layer_record;

/* How the ratio develops over the layers. */
struct at_bar_way {
    const char *pattern;
    size_t peak_layer; /* AT_NONE when nothing is flagged */
    double mean, early, middle, late;
    double *layers; /* (L) means of the heads */
    size_t L;
};

struct at_bar_test {
    enum at_bar_status outcome;
    const char *status, *correction;
    size_t n_valid, n_draws; /* tokens that a set may be drawn from; sets */
    bool is_exact;
    long seed;
    double alpha;
    size_t n_uncorrected, n_fdr, n_bonferroni;
    struct at_bar_row *heads; /* (n_heads) those that are significant */
    size_t n_heads;
};

struct at_bar_result {
    const struct at_detector_rule *rule; /* NULL when tokens were listed */
    double threshold;
    const struct at_flagged_token *flagged; /* (n_flagged) */
    size_t n_flagged;
    struct at_bar_row *heads; /* (n_heads) */
    size_t L, H, n_heads;
    struct at_bar_row *top; /* (n_top) with the greatest ratios, greatest first; of equals the
                               first; none when nothing is flagged */
    size_t n_top;
    struct at_bar_layer *layers; /* (L) */
    struct at_bar_way propagation;
    struct at_bar_test significance;
};
extern const struct at_record at_bar_result_record; /* bar.json without its meta */

/* at_bar_text_finish - after the last layer; what it points to is the text's. */
struct at_bar_result at_bar_text_finish(struct at_bar_text *t, const struct at_bar_options *options,
                                        struct at_pool *pool);

/* corpus.csv: numbers of every head over many texts, all but the greatest weight ratios to even
   attention; layers and the model over the means of their heads, too. */
enum { AT_BAR_MAX_WEIGHT = 2, AT_N_BAR_VALUES = 4 };
extern const char *const at_bar_value_keys[AT_N_BAR_VALUES];
void at_bar_corpus_add(struct at_corpus *c, const struct at_bar_result *r);

/* texts.csv */
struct at_bar_text_row {
    struct at_text_head of;
    size_t n_flagged;
    double mean;
    size_t layer, head; /* with the greatest ratio; AT_NONE when nothing is flagged */
    double bar;
    size_t n_specialised, n_significant;
    const char *text;
};
extern const struct at_record at_bar_text_row_record;
/* at_bar_text_row - all but its head. */
struct at_bar_text_row at_bar_text_row(const struct at_doc *doc, const struct at_bar_result *r);

#endif
