/*
 * isa_call.h - what cmd_isa.c computes, job_isa_sentences.c finds and isa_report.c tells.
 */
#ifndef CMD_ISA_CALL_H
#define CMD_ISA_CALL_H

#include "analysis/isa.h"
#include "base/array.h"
#include "cmd/job.h"
#include "stats/summary.h"
#include "text/sentences.h"

/* Numbers of a text that tables over many texts have. */
enum isa_measure {
    ISA_SENTENCES,      /* how many */
    ISA_OWN,            /* mass on the sentence itself, mean over sentences */
    ISA_PREVIOUS,       /* on the one before it */
    ISA_NEXT,           /* on the one behind it */
    ISA_OUTSIDE,        /* on special tokens and what is in no sentence */
    ISA_AVG_DEPENDENCY, /* mean over sentences of what they give each other sentence */
    ISA_AVG_SPAN,       /* mean distance in sentences */
    ISA_N_MEASURES
};
extern const char *const isa_measure_names[ISA_N_MEASURES];

/* Query and key sentence of a drill-down. */
struct isa_pair {
    size_t query, key;
};

/* One call of the command. */
struct isa_call {
    int method; /* enum at_isa_method */
    const char *sentences_path;
    char *sentences_bytes; /* of the file, cut into lines */
    struct AT_ARRAY(char *) given;
    struct at_abbreviations *abbreviations;
    struct isa_pair *pairs;
    size_t n_pairs;
    struct at_csv texts_csv; /* a row per text, when there are many */
    bool has_texts_csv;
    struct at_moments measures[ISA_N_MEASURES];
};

struct isa_sentence {
    char *text;
    size_t start, end; /* bytes in the text of its segment */
    int segment;
    size_t first_token, n_tokens; /* of rows: tokens, or words with --words */
};

/* One text. */
struct isa_state {
    struct job *job;
    struct isa_call *call;
    const struct doc *doc;
    struct isa_sentence *sentences; /* (S) */
    size_t S;
    int *sent_of; /* (n) */
    struct at_isa isa;
    struct at_map_series series;    /* of rollouts; zeroed otherwise */
    double *matrix;                 /* (S,S) */
    double *outside;                /* (S) rest of a row; NaN where a row is no mass */
    struct at_isa_summary *summary; /* (S) */
};

extern const char *const isa_methods[]; /* the words of --isa, NULL-terminated */

/* isa_read_sentences - the lines of --sentences-file. AT_ERANGE when there is none. */
AT_MUST_USE int isa_read_sentences(struct isa_call *call, struct at_error *err);
/* isa_open_rules - what tells where sentences end otherwise. Errors of at_abbreviations_open(). */
AT_MUST_USE int isa_open_rules(struct isa_call *call, struct at_error *err);

/*
 * isa_find_sentences - fill sentences and sent_of: given ones, else split by rule.
 *
 * Sentences without a token are left out, and so are tokens that are in no given sentence.
 * Errors    AT_ENOTFOUND: a given sentence is not in the text, or not in this order; AT_EFORMAT
 *           when a capture has no text.
 */
AT_MUST_USE int isa_find_sentences(struct isa_state *s, struct at_error *err);

/* isa_pair_weight - the cell of a pair, from its token map (n_query, n_key). */
double isa_pair_weight(const struct isa_state *s, const double *map, size_t n_query, size_t n_key);

/* isa_report - documents, tables, pictures or the summary of one text. */
AT_MUST_USE int isa_report(struct isa_state *s, struct at_error *err);
/* isa_pictures - the bubble matrix, and a token map for each pair. */
AT_MUST_USE int isa_pictures(struct isa_state *s, struct at_error *err);

/* isa_close_tables - finish the tables over all texts; answers an exit status. */
int isa_close_tables(struct isa_call *call, struct job *job, int status);

#endif
