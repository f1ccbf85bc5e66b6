/*
 * tensor.h - borrowed views of weights as they lie in a file, and conversion of their types.
 */
#ifndef OPS_TENSOR_H
#define OPS_TENSOR_H

#include <stddef.h>

enum at_dtype {
    AT_F32,
    AT_F16,  /* IEEE half */
    AT_BF16, /* upper half of an F32 */
};

/* How a weight matrix lies in memory. */
enum at_layout {
    AT_OUT_MAJOR, /* (n_out, n_in): PyTorch Linear, BERT. y = x W' */
    AT_IN_MAJOR,  /* (n_in, n_out): Conv1D, GPT-2.        y = x W  */
};

/* A weight matrix; data belongs to the mapped file. data is NULL when the model has none. */
struct at_weight {
    const void *data;
    enum at_dtype dtype;
    enum at_layout layout;
    size_t n_out, n_in;
    size_t pitch; /* elements from one stored row to the next; 0 when they touch */
};

/* A vector of n parameters (bias, norm gain); always F32, converted at load when it was not. */
struct at_vector {
    const float *data; /* NULL when absent */
    size_t n;
};

size_t at_dtype_size(enum at_dtype t);
const char *at_dtype_name(enum at_dtype t);

/* at_to_f32 - n values of type t to float; exact for F16 and BF16. */
void at_to_f32(float *out, const void *in, enum at_dtype t, size_t n);

/* at_weight_pitch - elements from one stored row to the next. */
size_t at_weight_pitch(const struct at_weight *w);

/* at_weight_first - the first n outputs of w, where they lie. */
struct at_weight at_weight_first(const struct at_weight *w, size_t n);

/* at_weight_inputs - w as it acts on n inputs from the first on, where they lie. */
struct at_weight at_weight_inputs(const struct at_weight *w, size_t first, size_t n);

/* at_weight_transposed - w, where it lies, as the matrix whose outputs are its inputs. */
struct at_weight at_weight_transposed(const struct at_weight *w);

/* at_weight_row - row i of an out-major weight (an embedding) as floats; out (n_in). */
void at_weight_row(float *out, const struct at_weight *w, size_t i);

#endif
