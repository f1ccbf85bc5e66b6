/*
 * bias_shared.h - the subcommands of `atlas bias`, and what several of them share.
 */
#ifndef CMD_BIAS_SHARED_H
#define CMD_BIAS_SHARED_H

#include "analysis/pairs.h"
#include "analysis/scorer.h"
#include "analysis/stereo_metrics.h"
#include "analysis/stereoset.h"
#include "cmd/job.h"

/* Every subcommand: argv[0] is "bias", argv[1] its name; the answer is an exit status. */
int bias_detect(int argc, char **argv);
int bias_attention(int argc, char **argv);
int bias_calibrate(int argc, char **argv);
int bias_stereoset(int argc, char **argv);
int bias_pairs(int argc, char **argv);
int bias_swap(int argc, char **argv);
int bias_merge(int argc, char **argv);

/* Words of --pll and --bos, in the order of their enums. */
extern const char *const bias_pll_words[], *const bias_bos_words[];

/* How sure the intervals of scores are to be. */
struct interval_options {
    double level;
    long n_resamples;
};
#define INTERVAL_OPTIONS(o)                                                                        \
    OPT_REAL(0, "level", &(o)->level, "P", 0.5, 0.9999, "confidence of the intervals"),            \
        OPT_INT(0, "resamples", &(o)->n_resamples, "N", 0, 1000000,                                \
                "resamples of the bootstrap over target terms, where there are 30 or more")

/* json_interval - [low, high]; null ends where it is not defined. */
struct at_json *json_interval(struct at_interval i);
/* print_interval - "[57.1, 61.9]", padded to width; blank when it is not defined. */
void print_interval(struct at_interval i, int width);
/* print_percent - one decimal, "n/a" when it is not defined. */
void print_percent(double v, int width);

/* score_text - a score as text with 15 digits, and back: what a table holds is what is counted. */
enum { SCORE_TEXT = 32 };
double score_text(char text[SCORE_TEXT], double score);

/* --- bias_stereo_report.c: scored StereoSet items, wherever the scores are from --- */

#define STEREO_COLUMNS "id,type,category,target,gold,text,score,n_tokens,excluded"

struct stereo_report {
    struct at_json *head; /* what goes in front of the document: meta, protocol ...; taken */
    const struct at_stereoset *set;
    const double *scores;  /* (n, AT_N_GOLD) */
    char *const *excluded; /* (n) why, NULL for items with scores; or NULL */
    const bool *has_part;  /* (AT_N_PARTS) */
    struct at_stereo_options options;
};

/* stereo_report - document, targets.csv and pictures, or a table on standard output. */
AT_MUST_USE int stereo_report(struct job *job, struct stereo_report *r, struct at_error *err);
/* stereo_row - the three rows of an item. n_tokens may be NULL. */
void stereo_rows(struct at_csv *csv, const struct at_stereoset *set, size_t item,
                 const double *scores, const size_t *n_tokens, const char *excluded);

/* --- bias_pairs_report.c --- */

#define PAIR_COLUMNS                                                                               \
    "index,id,category,text_a,text_b,score_a,score_b,n_a,n_b,prefers,direction,excluded"

struct pairs_report {
    struct at_json *head; /* taken */
    const struct at_pairs *pairs;
    const double *scores;  /* (n, 2) */
    char *const *excluded; /* (n) or NULL */
    const double *against; /* (n, 2) scores of another model, or NULL */
    const char *against_name;
    double level;
};

AT_MUST_USE int pairs_report(struct job *job, struct pairs_report *r, struct at_error *err);
void pairs_row(struct at_csv *csv, const struct at_pairs *p, size_t pair, size_t index,
               const double *scores, const size_t *n_tokens, const char *excluded);

/* pairs_name - a pair's id, "pair 7" where the file gives none; the job's arena. */
const char *pairs_name(struct job *job, const struct at_pair *pair, size_t index);

/* note_excluded - list what was left out in the manifest, warn about how many; answers status, or
   EXIT_SKIPPED in place of EXIT_DONE when there are any. ids (n). */
int note_excluded(struct job *job, const char *const *ids, char *const *excluded, size_t n,
                  int status);
/* note_part - the same of a part of StereoSet that the official protocol cannot score. */
int note_part(struct job *job, const char *part, const char *why, int status);

#endif
