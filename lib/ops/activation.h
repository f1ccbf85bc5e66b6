/*
 * activation.h - the two forms of GELU, and tanh, over arrays.
 *
 * Products apply them on the way out (enum at_epilogue); these are for everything else.
 */
#ifndef OPS_ACTIVATION_H
#define OPS_ACTIVATION_H

#include <stddef.h>

/* at_gelu_erf - x Phi(x), Hendrycks and Gimpel 2016. out may be x. */
void at_gelu_erf(float *out, const float *x, size_t n);
/* at_gelu_tanh - the same paper's approximation with tanh, GPT-2's "gelu_new". out may be x. */
void at_gelu_tanh(float *out, const float *x, size_t n);
/* at_tanh - out may be x. */
void at_tanh(float *out, const float *x, size_t n);

#endif
