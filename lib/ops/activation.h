/*
 * activation.h - the functions between two products, over arrays; GELU itself is a kernel
 * (ops/kernel.h).
 *
 * Products apply them on the way out (enum at_epilogue) unless somebody wants what goes in.
 */
#ifndef OPS_ACTIVATION_H
#define OPS_ACTIVATION_H

#include <stddef.h>

#include "base/pool.h"
#include "ops/gemm.h"
#include "ops/rule.h"

/* at_tanh - out may be x. */
void at_tanh(float *out, const float *x, size_t n);

/* at_activate - out = form(x), the bits that a product with this epilogue gives. out may be x. */
void at_activate(float *out, const float *x, size_t n, enum at_epilogue form, struct at_pool *pool);

/* at_multiply - out = a b, value by value: a gate's output and what it lets through. out may be a
   or b. */
void at_multiply(float *out, const float *a, const float *b, size_t n, struct at_pool *pool);

/* at_activate_back - dx = dy form'(x), or by AT_RULE_ATTNLRP dy form(x) / x, at 0 form'(0). dx may
   be dy. */
void at_activate_back(float *dx, const float *dy, const float *x, size_t n, enum at_epilogue form,
                      enum at_rule rule, struct at_pool *pool);

#endif
