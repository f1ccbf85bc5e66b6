/*
 * compare.h - the room of `atlas compare`: a call of it, where its two sides come from, and how the
 * result is shown.
 */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include "analysis/compare_heads.h"
#include "analysis/compare_measures.h"
#include "cmd/cmd.h"
#include "cmd/tag_source.h"
#include "model/trace.h"

/* What stands on the two sides. */
enum compare_kind {
    COMPARE_TEXTS,       /* each text of the call, by two models; or the text and --with */
    COMPARE_PAIRS,       /* --pairs */
    COMPARE_DIRECTORIES, /* what earlier runs wrote */
};

/* What else is measured of both sides: --also, --conllu. */
struct also {
    const char *list, *methods, *target, *conllu, *detector;
    struct at_compare_measures measures;
    struct at_compare_measure_keys keys;
    struct at_faith_options faith;
    struct at_aim aims[2];
    struct at_sentence_rules *rules;
    struct at_session classifier;    /* that flags tokens of models that are none */
    struct at_detector detectors[2]; /* of the two sides */
    struct at_compare_asked asked[2];
};

struct compare {
    struct opt_list models;
    const char *with, *pairs_path, *mask_text, *metric;
    struct at_mask mask;
    long top_k;
    double fail_above; /* NaN: not given */
    bool no_matches, has_roles;
    struct tag_source tags; /* of --roles */
    struct also also;
    enum compare_kind kind;
    const char *dir_a, *dir_b;
    bool has_captures;          /* both directories */
    const char *command;        /* that wrote them; NULL: not known */
    const char *missing_tables; /* a note, or NULL */
    struct at_compared_tables tables;

    const struct context *x;
    struct at_pool *pool, *own_pool; /* the context's, or of directories its own */
    struct at_session other;         /* the second model, when it is another one */
    const struct at_session *a, *b;
    struct at_compare sums;
    struct table texts, predictions; /* rows per pair, when there are many */
    bool has_other_vocabulary;
    struct at_arena arena;
    size_t n_skipped;
    int verdict; /* of --fail-above */
    /* Of many texts, what the first ones were of. */
    const char *name_a, *name_b;
    struct at_config shape_a, shape_b;
};

/* A side that is there: from a pass, or from a capture. */
struct side {
    struct at_doc doc;
    struct at_trace trace;
    struct at_capture_file capture;
    struct at_compare_side view;
    const float *final_hidden;
    double *roles; /* or NULL */
    struct at_compare_measured measured;
};

/* side_run - a text through a model; in moves to the side. side_open - a capture; its tokens, as
   words or not, are its own. side_release accepts a zeroed struct, and one that failed. */
AT_MUST_USE int side_run(struct side *out, const struct at_session *s, struct at_text *in,
                         const struct at_doc_options *options, struct at_error *err);
AT_MUST_USE int side_open(struct side *out, const char *path, const char *id, struct at_error *err);
void side_release(struct side *s);
/* side_find_roles - what each head looks at. */
AT_MUST_USE int side_find_roles(struct side *s, const struct at_tagger *tagger,
                                struct at_pool *pool, struct at_error *err);

/* also_check - the options; answers an exit status. also_open - what they need. */
int also_check(struct compare *c);
AT_MUST_USE int also_open(struct compare *c, struct at_error *err);
void also_close(struct also *a);
/* also_syntax - --conllu through both models; answers an exit status. */
int also_syntax(struct compare *c);

/* Two sides that are ready. */
struct couple {
    struct side a, b;
    struct at_token_alignment tokens;
};

/* compare_couple - add them to the sums; of the only ones there are, tell all. */
AT_MUST_USE int compare_couple(struct compare *c, struct couple *p, bool is_only,
                               struct at_error *err);
/* compare_sums - tell what was added of many; answers an exit status. */
int compare_sums(struct compare *c);
/* compare_judge - --fail-above; answers an exit status. */
int compare_judge(const struct compare *c, const struct at_compare_result *r);

/* compare_texts, compare_captures - all pairs there are; answer an exit status. */
int compare_texts(struct compare *c);
int compare_pairs(struct compare *c);
int compare_directories(struct compare *c);
int compare_captures(struct compare *c);
/* compare_has_captures - DIR/capture.safetensors, or one in a directory of DIR. */
bool compare_has_captures(const char *dir);

/* compare_pictures - couple NULL: of many texts. */
AT_MUST_USE int compare_pictures(const struct compare *c, const struct at_compare_result *r,
                                 const struct couple *p, struct at_error *err);

/* compare_print - on standard output; couple NULL: of many texts. */
void compare_print(const struct compare *c, const struct at_compare_result *r,
                   const struct couple *p);

#endif
