/*
 * layernorm.h - layer normalisation, and that by the root mean square alone, with the residual
 * added on the way when there is one.
 */
#ifndef OPS_LAYERNORM_H
#define OPS_LAYERNORM_H

#include <stddef.h>

#include "base/pool.h"
#include "ops/rule.h"

/*
 * at_layernorm - out = (s - mean) / sqrt(var + eps) * gain + bias with s = x + residual, by row.
 *
 * Source    Ba et al. 2016, eq. 4; var is the mean of squares (no n - 1), as in PyTorch.
 * Shapes    out, x (N,C); residual (N,C) or NULL; gain, bias (C).
 * Edge      out may be x or residual. BERT calls it with a residual, GPT-2 without.
 */
void at_layernorm(float *out, const float *x, const float *residual, const float *gain,
                  const float *bias, double eps, size_t N, size_t C, struct at_pool *pool);

/*
 * at_layernorm_back - dx = residual + the gradient at x, of at_layernorm(x) without a residual.
 *
 *   dx = rstd (g - mean(g) - z mean(g z)) + residual,  g = gain dy,  z = (x - mean) rstd
 *
 * Shapes    dx, dy, x (N,C); residual (N,C) or NULL; gain (C).
 * Edge      dx may be dy or residual. By AT_RULE_ATTNLRP the last term of the bracket is left out.
 */
void at_layernorm_back(float *dx, const float *dy, const float *x, const float *residual,
                       const float *gain, double eps, enum at_rule rule, size_t N, size_t C,
                       struct at_pool *pool);

/*
 * at_rmsnorm - out = s / sqrt(mean of s^2 + eps) * gain with s = x + residual, by row.
 *
 * Source    Zhang and Sennrich 2019, eq. 4; eps within the root, as LLaMA has it.
 * Shapes    as at_layernorm().
 */
void at_rmsnorm(float *out, const float *x, const float *residual, const float *gain, double eps,
                size_t N, size_t C, struct at_pool *pool);

/*
 * at_rmsnorm_back - dx = residual + the gradient at x, of at_rmsnorm(x) without a residual.
 *
 *   dx = scale (g - z mean(g z)) + residual,  g = gain dy,  z = x scale
 *
 * Shapes    as at_layernorm_back().
 * Edge      By AT_RULE_ATTNLRP the term with z is left out.
 */
void at_rmsnorm_back(float *dx, const float *dy, const float *x, const float *residual,
                     const float *gain, double eps, enum at_rule rule, size_t N, size_t C,
                     struct at_pool *pool);

#endif
