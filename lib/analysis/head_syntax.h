/*
 * head_syntax.h - a treebank through a model: for each relation the head that finds most heads of
 * words, against the best fixed offset (analysis/syntax.h).
 */
#ifndef ANALYSIS_HEAD_SYNTAX_H
#define ANALYSIS_HEAD_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/syntax.h"
#include "base/arena.h"
#include "io/record.h"
#include "session/session.h"

struct at_head_syntax_options {
    bool subtypes;    /* keep nmod:poss apart from nmod */
    size_t min_words; /* relations with fewer are left out */
    /* skipped - a sentence has no token, or more than the model takes. NULL likewise. */
    void (*skipped)(void *arg, const struct at_conllu_sentence *s, size_t n_tokens);
    void (*progress)(void *arg, size_t n_sentences); /* or NULL */
    void *arg;
};

/* syntax.csv, and relations[] of syntax.json. */
struct at_head_syntax_row {
    const char *relation, *direction;
    size_t n, layer, head;
    double accuracy, ci[2];
    long offset;
    double baseline;
    const double *accuracies; /* (L,H) of every head */
    size_t L, H;
};
extern const struct at_record at_head_syntax_row_record;

/* syntax_heads.csv: one head of a row. */
struct at_head_syntax_cell {
    const char *relation, *direction;
    size_t n, layer, head;
    double accuracy, ci[2];
    double baseline;
    bool beats_baseline; /* its interval at 95 % over all heads together lies above the baseline */
};
extern const struct at_record at_head_syntax_cell_record;
/* at_head_syntax_cells - of every head (L * H) for a row; the arena's. */
struct at_head_syntax_cell *at_head_syntax_cells(const struct at_head_syntax_row *row,
                                                 struct at_arena *arena);

struct at_head_syntax {
    size_t n_sentences, n_skipped;
    struct at_head_syntax_row *rows; /* (n), as at_syntax_best() orders them */
    size_t n;
    double *accuracies;       /* (n,L,H) of the rows */
    struct at_syntax *syntax; /* the counts */
};
extern const struct at_record at_head_syntax_record; /* syntax.json without its meta */

/*
 * at_head_syntax_read - every sentence of a CoNLL-U file.
 *
 * Errors    those of at_conllu_open() and at_conllu_next(); AT_EFORMAT: no sentence; what the
 *           tokenizer and the model say.
 * Memory    at_head_syntax_release(), which accepts a zeroed struct.
 */
AT_MUST_USE int at_head_syntax_read(struct at_head_syntax *out, const struct at_session *s,
                                    const char *path, const struct at_head_syntax_options *options,
                                    struct at_error *err);
void at_head_syntax_release(struct at_head_syntax *r);

#endif
