/*
 * kernel_math.h - exp and activations on vectors, included by kernel_body.h.
 *
 * Coefficients are minimax fits printed by scripts/outside/fit-kernels.py.
 */
#ifndef OPS_KERNEL_MATH_H
#define OPS_KERNEL_MATH_H

#ifndef KERNEL_HAS_VEC
#include "ops/vec_portable.h"
#endif

/*
 * e^x within 1 unit in the last place; 0 below -87.3 (no denormals), x <= 88, NaN stays NaN.
 *
 * x = n ln 2 + r, |r| <= ln 2 / 2, with ln 2 in two parts to keep r exact; e^r = 1 + r + r^2 q(r).
 */
static inline vec v_exp(vec x)
{
    x = v_max(v_set(-110.0f), x);
    vec n = v_round(v_mul(x, v_set(1.44269504f)));
    vec r = v_fma(n, v_set(-0.693359375f), x);
    r = v_fma(n, v_set(2.12194440e-4f), r);
    vec q = v_set(0.001390131f);
    q = v_fma(q, r, v_set(0.0083632f));
    q = v_fma(q, r, v_set(0.041666854f));
    q = v_fma(q, r, v_set(0.16666576f));
    q = v_fma(q, r, v_set(0.5f));
    return v_scale2(v_add(v_fma(v_mul(r, r), q, r), v_set(1.0f)), n);
}

/* P(1 / (1 + t/4)) with which Q(t) = e^(-t^2/2) P, the upper tail of the normal distribution. */
static inline vec v_tail(vec t)
{
    vec u = v_div(v_set(1.0f), v_fma(t, v_set(0.25f), v_set(1.0f)));
    vec p = v_set(-0.09908893f);
    p = v_fma(p, u, v_set(0.37720236f));
    p = v_fma(p, u, v_set(-0.3376205f));
    p = v_fma(p, u, v_set(0.35667264f));
    p = v_fma(p, u, v_set(-0.021906491f));
    p = v_fma(p, u, v_set(0.12879615f));
    p = v_fma(p, u, v_set(0.09571174f));
    return v_fma(p, u, v_set(0.00023298852f));
}

/*
 * x Phi(x) = max(x, 0) - |x| Q(|x|): no branch, and no cancellation on the negative side, where
 * 1 + erf would lose every digit.
 */
static inline vec v_gelu_erf(vec x)
{
    vec t = v_abs(x), e = v_exp(v_mul(v_mul(t, t), v_set(-0.5f)));

    return v_sub(v_max(v_set(0.0f), x), v_mul(v_mul(t, e), v_tail(t)));
}

/* 1 for x > 0, else 0. */
static inline vec v_step(vec x)
{
    return v_min(v_set(1.0f), v_max(v_set(0.0f), v_mul(x, v_set(3e38f))));
}

/* Phi(x), which is gelu(x) / x. */
static inline vec v_gelu_erf_share(vec x)
{
    vec t = v_abs(x), e = v_exp(v_mul(v_mul(t, t), v_set(-0.5f))), step = v_step(x);

    return v_fma(v_mul(e, v_tail(t)), v_fma(step, v_set(-2.0f), v_set(1.0f)), step);
}

/* Phi(x) + x phi(x): Q(t) - t phi(t) for x = -t, and what is missing from it to 1 for x = t. */
static inline vec v_gelu_erf_slope(vec x)
{
    vec t = v_abs(x), e = v_exp(v_mul(v_mul(t, t), v_set(-0.5f))), step = v_step(x);
    vec left = v_mul(e, v_fma(t, v_set(-0.39894228f), v_tail(t)));

    return v_fma(left, v_fma(step, v_set(-2.0f), v_set(1.0f)), step);
}

/*
 * x (1 + tanh y) / 2 = x / (1 + e^(-2y)), y = sqrt(2/pi) (x + 0.044715 x^3).
 *
 * e^(-2y) stops at e^88, so what is divided stops at -100: below -11 the result is 0 to a float.
 */
static inline vec v_gelu_tanh(vec x)
{
    vec cubic =
        v_fma(v_mul(x, x), v_set(-2.0f * 0.79788456f * 0.044715f), v_set(-2.0f * 0.79788456f));
    vec e = v_exp(v_min(v_set(88.0f), v_mul(x, cubic)));

    return v_div(v_max(v_set(-100.0f), x), v_add(v_set(1.0f), e));
}

/* 1 / (1 + e^(-2y)), likewise. */
static inline vec v_gelu_tanh_share(vec x)
{
    x = v_max(v_set(-20.0f), v_min(v_set(20.0f), x));
    vec cubic =
        v_fma(v_mul(x, x), v_set(-2.0f * 0.79788456f * 0.044715f), v_set(-2.0f * 0.79788456f));

    return v_div(v_set(1.0f), v_add(v_set(1.0f), v_exp(v_min(v_set(88.0f), v_mul(x, cubic)))));
}

/* s + 2 y' x s (1 - s) with s = 1 / (1 + e^(-2y)). Beyond 20 it is a constant. */
static inline vec v_gelu_tanh_slope(vec x)
{
    x = v_max(v_set(-20.0f), v_min(v_set(20.0f), x));
    vec square = v_mul(x, x);
    vec cubic = v_fma(square, v_set(-2.0f * 0.79788456f * 0.044715f), v_set(-2.0f * 0.79788456f));
    vec e = v_exp(v_min(v_set(88.0f), v_mul(x, cubic)));
    vec s = v_div(v_set(1.0f), v_add(v_set(1.0f), e));
    vec slope = v_fma(square, v_set(6.0f * 0.79788456f * 0.044715f), v_set(2.0f * 0.79788456f));

    return v_fma(v_mul(v_mul(x, slope), s), v_mul(e, s), s);
}

static inline vec v_relu(vec x)
{
    return v_max(v_set(0.0f), x);
}

/* 1 / (1 + e^-x), which is silu(x) / x; e^-x stops at e^88. */
static inline vec v_silu_share(vec x)
{
    vec e = v_exp(v_min(v_set(88.0f), v_mul(x, v_set(-1.0f))));

    return v_div(v_set(1.0f), v_add(v_set(1.0f), e));
}

/* x / (1 + e^-x); what is divided stops at -100 as in v_gelu_tanh(). */
static inline vec v_silu(vec x)
{
    vec e = v_exp(v_min(v_set(88.0f), v_mul(x, v_set(-1.0f))));

    return v_div(v_max(v_set(-100.0f), x), v_add(v_set(1.0f), e));
}

/* s + x s (1 - s). Beyond 80 it is a constant. */
static inline vec v_silu_slope(vec x)
{
    x = v_max(v_set(-80.0f), v_min(v_set(80.0f), x));
    vec e = v_exp(v_mul(x, v_set(-1.0f)));
    vec s = v_div(v_set(1.0f), v_add(v_set(1.0f), e));

    return v_fma(v_mul(x, s), v_mul(e, s), s);
}

#endif
