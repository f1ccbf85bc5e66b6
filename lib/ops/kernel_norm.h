/*
 * kernel_norm.h - rows normalised, with and without their mean, and the ways back; included by
 * kernel_body.h.
 */
#ifndef OPS_KERNEL_NORM_H
#define OPS_KERNEL_NORM_H

#include <math.h>
#include <stdbool.h>

#ifndef KERNEL_HAS_VEC
#include "ops/vec_portable.h"
#endif

/* out = x + residual, and the mean of it. */
static double add_and_mean(float *out, const float *x, const float *residual, size_t C)
{
    struct sums sums = sums_zero();
    double rest = 0.0;
    size_t c = 0;

    for (; c + VL <= C; c += VL) {
        vec y = v_load(x + c);
        if (residual)
            y = v_add(y, v_load(residual + c));
        sums_add(&sums, y);
        v_store(out + c, y);
    }
    for (; c < C; c++) {
        out[c] = residual ? x[c] + residual[c] : x[c];
        rest += (double)out[c];
    }
    return (sums_total(&sums) + rest) / (double)C;
}

static double mean_square_about(const float *x, float mean, size_t C)
{
    struct sums sums = sums_zero();
    double rest = 0.0;
    size_t c = 0;

    for (; c + VL <= C; c += VL)
        sums_add_squares(&sums, v_sub(v_load(x + c), v_set(mean)));
    for (; c < C; c++)
        rest += (double)(x[c] - mean) * (double)(x[c] - mean);
    return (sums_total(&sums) + rest) / (double)C;
}

static void norm(float *out, const float *x, const float *residual, const float *gain,
                 const float *bias, double eps, size_t C)
{
    float mean = (float)add_and_mean(out, x, residual, C);
    float rstd = (float)(1.0 / sqrt(mean_square_about(out, mean, C) + eps));
    size_t c = 0;

    for (; c + VL <= C; c += VL) {
        vec y = v_mul(v_sub(v_load(out + c), v_set(mean)), v_set(rstd));
        v_store(out + c, v_fma(y, v_load(gain + c), v_load(bias + c)));
    }
    for (; c < C; c++)
        out[c] = (out[c] - mean) * rstd * gain[c] + bias[c];
}

/* With z = (x - mean) rstd and g = gain dy: rstd (g - mean of g - z mean of g z). */
static void norm_back(float *dx, const float *dy, const float *x, const float *residual,
                      const float *gain, double eps, bool is_scale_fixed, size_t C)
{
    struct sums sum = sums_zero(), moment = sums_zero();
    double rest = 0.0, rest_moment = 0.0;
    size_t c = 0;

    for (; c + VL <= C; c += VL)
        sums_add(&sum, v_load(x + c));
    for (; c < C; c++)
        rest += (double)x[c];
    float mean = (float)((sums_total(&sum) + rest) / (double)C);
    float rstd = (float)(1.0 / sqrt(mean_square_about(x, mean, C) + eps));
    sum = sums_zero();
    rest = 0.0;
    for (c = 0; c + VL <= C; c += VL) {
        vec g = v_mul(v_load(dy + c), v_load(gain + c));
        sums_add(&sum, g);
        sums_add(&moment, v_mul(g, v_mul(v_sub(v_load(x + c), v_set(mean)), v_set(rstd))));
    }
    for (; c < C; c++) {
        float g = dy[c] * gain[c];
        rest += (double)g;
        rest_moment += (double)(g * ((x[c] - mean) * rstd));
    }
    float g_mean = (float)((sums_total(&sum) + rest) / (double)C);
    float slope =
        is_scale_fixed ? 0.0f : (float)((sums_total(&moment) + rest_moment) / (double)C) * rstd;
    for (c = 0; c + VL <= C; c += VL) {
        vec g = v_fma(v_load(dy + c), v_load(gain + c), v_set(-g_mean));
        g = v_fma(v_sub(v_load(x + c), v_set(mean)), v_set(-slope), g);
        vec more = residual ? v_load(residual + c) : v_set(0.0f);
        v_store(dx + c, v_fma(g, v_set(rstd), more));
    }
    for (; c < C; c++) {
        float g = dy[c] * gain[c] - g_mean - (x[c] - mean) * slope;
        dx[c] = g * rstd + (residual ? residual[c] : 0.0f);
    }
}

/* out = x + residual, and the inverse of the root of the mean of its squares. */
static float add_and_scale(float *out, const float *x, const float *residual, double eps, size_t C)
{
    size_t c = 0;

    for (; c + VL <= C; c += VL)
        v_store(out + c, residual ? v_add(v_load(x + c), v_load(residual + c)) : v_load(x + c));
    for (; c < C; c++)
        out[c] = residual ? x[c] + residual[c] : x[c];
    return (float)(1.0 / sqrt(mean_square_about(out, 0.0f, C) + eps));
}

static void rms_norm(float *out, const float *x, const float *residual, const float *gain,
                     double eps, size_t C)
{
    float scale = add_and_scale(out, x, residual, eps, C);
    size_t c = 0;

    for (; c + VL <= C; c += VL)
        v_store(out + c, v_mul(v_mul(v_load(out + c), v_set(scale)), v_load(gain + c)));
    for (; c < C; c++)
        out[c] = out[c] * scale * gain[c];
}

/* With z = x scale and g = gain dy: scale (g - z mean of g z). */
static void rms_norm_back(float *dx, const float *dy, const float *x, const float *residual,
                          const float *gain, double eps, bool is_scale_fixed, size_t C)
{
    float scale = (float)(1.0 / sqrt(mean_square_about(x, 0.0f, C) + eps)), slope = 0.0f;
    struct sums moment = sums_zero();
    double rest = 0.0;
    size_t c = 0;

    for (; c + VL <= C && !is_scale_fixed; c += VL) {
        vec z = v_mul(v_load(x + c), v_set(scale));
        sums_add(&moment, v_mul(v_mul(v_load(dy + c), v_load(gain + c)), z));
    }
    for (; c < C && !is_scale_fixed; c++)
        rest += (double)(dy[c] * gain[c] * (x[c] * scale));
    if (!is_scale_fixed)
        slope = (float)((sums_total(&moment) + rest) / (double)C) * scale;
    for (c = 0; c + VL <= C; c += VL) {
        vec g = v_mul(v_load(dy + c), v_load(gain + c));
        g = v_fma(v_load(x + c), v_set(-slope), g);
        vec more = residual ? v_load(residual + c) : v_set(0.0f);
        v_store(dx + c, v_fma(g, v_set(scale), more));
    }
    for (; c < C; c++) {
        float g = dy[c] * gain[c] - x[c] * slope;
        dx[c] = g * scale + (residual ? residual[c] : 0.0f);
    }
}

#endif
