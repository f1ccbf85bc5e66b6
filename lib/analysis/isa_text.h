/*
 * isa_text.h - attention between the sentences of one text, from its layers to the result; and
 * numbers of it over many texts.
 */
#ifndef ANALYSIS_ISA_TEXT_H
#define ANALYSIS_ISA_TEXT_H

#include "analysis/corpus.h"
#include "analysis/isa_matrix.h"
#include "analysis/isa_sentences.h"
#include "analysis/map_series.h"
#include "session/pass.h"

const char *at_isa_method_name(enum at_isa_method m); /* "mean", "max", "last_layer" */

/* Query and key sentence of a drill-down. */
struct at_isa_pair {
    size_t query, key;
};

struct at_isa_options {
    enum at_isa_method method;
    enum at_matrix_mode mode; /* AT_RAW, or AT_ROLLOUT with AT_ISA_MEAN */
    size_t layer, head;       /* one alone, of a rollout up to that layer; AT_NONE: all */
    const struct at_given_sentences *given; /* sentences, or NULL: by the rules */
    const struct at_sentence_rules *rules;
    const struct at_isa_pair *pairs; /* (n_pairs); those outside a text are left out of it */
    size_t n_pairs;
};

/* A text on its way. */
struct at_isa_text {
    const struct at_doc *doc;
    struct at_isa_options options;
    struct at_isa_sentences sentences;
    struct at_isa isa;
    struct at_map_series series; /* of rollouts; zeroed otherwise */
    struct at_arena arena;       /* sentences, and the result */
};

/* at_isa_text_begin - find the sentences. Errors those of at_isa_sentences_find(), AT_ENOMEM.
   Memory at_isa_text_release(), which accepts a zeroed struct; nothing after a failure. */
AT_MUST_USE int at_isa_text_begin(struct at_isa_text *out, const struct at_doc *doc,
                                  const struct at_isa_options *options, struct at_error *err);
/* at_isa_text_has - are both sentences of a pair there? */
bool at_isa_text_has(const struct at_isa_text *t, const struct at_isa_pair *p);
void at_isa_text_add(struct at_isa_text *t, const struct at_doc_layer *layer);
void at_isa_text_release(struct at_isa_text *t);

/* A sentence among the others. */
struct at_isa_row {
    size_t index;
    struct at_isa_summary summary;
};

/* The tokens behind one cell of the matrix. */
enum { AT_ISA_STRONGEST = 10 };
struct at_isa_drill {
    size_t query, key;
    double
        weight; /* the cell: of a mean the mean over rows of their sums, or the greatest weight */
    const char **query_tokens, **key_tokens; /* (n_query), (n_key) labels */
    size_t *query_index, *key_index;
    size_t n_query, n_key;
    double *map;       /* (n_query,n_key) */
    size_t *strongest; /* (n_strongest) cells of the map above 0, most first, at most
                          AT_ISA_STRONGEST */
    size_t n_strongest;
};

struct at_isa_result {
    const char *method;
    size_t layer, head;                /* AT_NONE: all */
    struct at_isa_sentence *sentences; /* (S) */
    struct at_isa_row *rows;           /* (S) */
    size_t S;
    double *matrix;             /* (S,S) query sentence by key sentence */
    double *ratio;              /* (S,S) to what even attention over the same tokens has */
    double *outside;            /* (S) rest of a row; NaN where a row is no mass */
    struct at_isa_drill *pairs; /* (n_pairs) */
    size_t n_pairs;
};
extern const struct at_record at_isa_result_record; /* isa.json without its meta */

/* at_isa_text_finish - after the last layer; what it points to is the text's. */
struct at_isa_result at_isa_text_finish(struct at_isa_text *t);

/* isa.csv */
struct at_isa_cell {
    size_t query, key;
    double weight;
    double ratio; /* to what even attention over the same tokens has */
    const char *query_text, *key_text;
};
extern const struct at_record at_isa_cell_record;
/* at_isa_cells - (S * S), row by row; the arena's. */
struct at_isa_cell *at_isa_cells(const struct at_isa_result *r, struct at_arena *arena);

/* isa_pair_A_B.csv */
struct at_isa_link {
    size_t query, key; /* tokens or words */
    const char *query_token, *key_token;
    double weight;
};
extern const struct at_record at_isa_link_record;
/* at_isa_links - (n_query * n_key), row by row; the arena's. */
struct at_isa_link *at_isa_links(const struct at_isa_drill *d, struct at_arena *arena);

/* Numbers of a text that tables over many texts have. */
enum at_isa_measure {
    AT_ISA_SENTENCES,      /* how many */
    AT_ISA_OWN,            /* mass on the sentence itself, mean over sentences */
    AT_ISA_PREVIOUS,       /* on the one before it */
    AT_ISA_NEXT,           /* on the one behind it */
    AT_ISA_OUTSIDE,        /* on special tokens and what is in no sentence */
    AT_ISA_AVG_DEPENDENCY, /* mean over sentences of what they give each other sentence */
    AT_ISA_AVG_SPAN,       /* mean distance in sentences */
    AT_ISA_N_MEASURES
};

const char *at_isa_measure_key(size_t i);
const char *at_isa_measure_unit(size_t i); /* NULL for none */

/* texts.csv; corpus.csv has the mean of each measure. */
struct at_isa_text_row {
    struct at_text_head of;
    double measure[AT_ISA_N_MEASURES];
    const char *text;
};
extern const struct at_record at_isa_text_row_record;
/* at_isa_text_row - all but its head. */
struct at_isa_text_row at_isa_text_row(const struct at_doc *doc, const struct at_isa_result *r);
void at_isa_corpus_add(struct at_corpus *c, const struct at_isa_text_row *row);

#endif
