/*
 * activation.h - tanh over arrays; the two forms of GELU are kernels (ops/kernel.h).
 *
 * Products apply all three on the way out (enum at_epilogue).
 */
#ifndef OPS_ACTIVATION_H
#define OPS_ACTIVATION_H

#include <stddef.h>

/* at_tanh - out may be x. */
void at_tanh(float *out, const float *x, size_t n);

#endif
