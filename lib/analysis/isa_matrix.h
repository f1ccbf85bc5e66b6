/*
 * isa_matrix.h - inter-sentence attention: how much of one sentence's attention lands on another.
 *
 * Fed layer by layer; what is kept is one map's worth of sums.
 */
#ifndef ANALYSIS_ISA_MATRIX_H
#define ANALYSIS_ISA_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

enum at_isa_method {
    AT_ISA_MEAN,       /* mass, mean over all layers and heads */
    AT_ISA_MAX,        /* greatest weight over all layers, heads, queries and keys */
    AT_ISA_LAST_LAYER, /* mass, mean over the heads of the last layer */
};

struct at_isa {
    enum at_isa_method method;
    size_t T, S;
    const int *sent_of; /* (T) borrowed; -1 for special tokens */
    double *sum;        /* (T,T) of the maps that count, for AT_ISA_MAX the greatest weight */
    size_t n_maps;
};

/* at_isa_init - sent_of (T) with values -1..S-1. Memory at_isa_release(). */
void at_isa_init(struct at_isa *out, enum at_isa_method method, const int *sent_of, size_t T,
                 size_t S);
void at_isa_release(struct at_isa *a);

/* at_isa_add - one layer's maps (H,T,T), layers in order. For the mean of layers with equally many
   heads, maps may be the head mean with H = 1. */
void at_isa_add(struct at_isa *a, const float *maps, size_t H);

/*
 * at_isa_matrix - out[a][b] = 1/|a| * sum over i in a, j in b of the mean map, or the maximum.
 *
 * Source    Attention Atlas, isa.py; mass instead of its older global maximum is the default.
 * Shapes    out (S,S), query sentence by key sentence.
 * Units     fraction 0..1. A row sums to 1 less the mass on special tokens.
 * Edge      S = 1 gives 1 by definition. A sentence without tokens is 0 both ways.
 */
void at_isa_matrix(double *out, const struct at_isa *a);

/*
 * at_isa_pair - the token map behind one cell: for means, the mean of its row sums is the cell.
 *
 * Shapes    out (n_a, n_b) for the tokens of query sentence and key sentence, in order.
 */
void at_isa_pair(double *out, const struct at_isa *a, int query_sentence, int key_sentence);
/* at_isa_tokens - the tokens of a sentence: index_out (T at most), answers how many. */
size_t at_isa_tokens(size_t *index_out, const struct at_isa *a, int sentence);

/* What a sentence depends on and what depends on it; NaN or -1 when there is no other sentence. */
struct at_isa_summary {
    int top_dependency;                  /* the other sentence it looks at most */
    double top_weight, avg_dependency;   /* over the other sentences it can see */
    int top_influenced;                  /* the sentence that looks at it most */
    double max_influence, avg_influence; /* over the other sentences that can see it */
    double avg_span;                     /* sum of |a - b| w / sum of w over those it sees */
};

/* at_isa_summarize - out (S) from a matrix (S,S). Causal: sentence a sees b < a only. Cells that
   are NaN do not count. */
void at_isa_summarize(struct at_isa_summary *out, const double *matrix, size_t S, bool is_causal);

#endif
