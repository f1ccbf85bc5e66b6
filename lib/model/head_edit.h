/*
 * head_edit.h - heads that are taken out of a pass, and what takes their place.
 *
 *   context = gate * context + (1 - gate) * fill        of each head, before the output projection
 */
#ifndef MODEL_HEAD_EDIT_H
#define MODEL_HEAD_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/layer_ops.h"

/* Where fill is from. */
enum at_fill {
    AT_FILL_GIVEN,    /* rows of the caller, or 0 */
    AT_FILL_MEAN,     /* mean of the head's context over the text's tokens, in this very pass */
    AT_FILL_SHUFFLED, /* the head's context at another token of the text, each in the place of one
                         other; the order depends on seed and length alone */
};

/* What becomes of the heads of one text. */
struct at_head_edit {
    const float *gates; /* (L,H), 1 leaves a head as it is, 0 removes it; NULL for all 1 */
    enum at_fill source;
    /* AT_FILL_GIVEN: layer l, row r at fill + l * fill_layer_step + r * fill_row_step, (C), head h
       at column h * D; NULL for 0. Steps are in floats; a row step of 0: the same for all. */
    const float *fill;
    size_t fill_layer_step, fill_row_step;
    /* Token t has row t; or, when this is not 0, one of so many, drawn by seed and t. */
    size_t n_fill_rows;
    uint64_t seed;
};

/* at_head_edit_needs_all - is what takes a head's place made of all rows of the text? Such a text
   cannot go on from another, and all its rows are computed. edit may be NULL. */
bool at_head_edit_needs_all(const struct at_head_edit *edit);

/* Rows of one text in one layer. */
struct at_head_rows {
    const struct at_layer_ops *ops;
    size_t lo;           /* to the low parts of rows and scratch; 0 in float */
    size_t C, H, D;      /* columns of a context, H * D; heads, width of a head */
    size_t layer, T;     /* T rows */
    size_t first_token;  /* of row 0, */
    const size_t *token; /* or (T) the tokens of all rows; NULL when they follow that one */
    float *scratch;      /* (D) */
    int *order;          /* (T) scratch */
};

/*
 * at_head_edit_apply - context (T,C) of one text as its heads' gates have it. edit may be NULL.
 * at_head_edit_back - the gradient at what they read from that at what they let through.
 */
void at_head_edit_apply(const struct at_head_edit *edit, float *context,
                        const struct at_head_rows *rows);
void at_head_edit_back(const struct at_head_edit *edit, float *d_context,
                       const struct at_head_rows *rows);

#endif
