/*
 * deep.c - see deep.h.
 */
#include "analysis/deep.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/distance.h"

static struct at_vector_stats describe(const float *x, size_t n)
{
    struct at_vector_stats s = { .min = x[0], .max = x[0] };
    double sum = 0.0, sq = 0.0, squares = 0.0;
    size_t n_positive = 0;

    for (size_t j = 0; j < n; j++) {
        sum += x[j];
        squares += (double)x[j] * x[j];
        s.min = AT_MIN(s.min, (double)x[j]);
        s.max = AT_MAX(s.max, (double)x[j]);
        n_positive += x[j] > 0.0f;
    }
    s.mean = sum / (double)n;
    for (size_t j = 0; j < n; j++)
        sq += (x[j] - s.mean) * (x[j] - s.mean);
    s.norm = sqrt(squares);
    s.sd = sqrt(sq / (double)n);
    s.positive = (double)n_positive / (double)n;
    return s;
}

void at_vectors_describe(struct at_vector_stats *out, const float *x, size_t stride, size_t T,
                         size_t n)
{
    AT_BUG_IF(n == 0);
    for (size_t i = 0; i < T; i++)
        out[i] = describe(x + i * stride, n);
}

/* a stands before b: NaN last, then by cosine, then by index. */
static bool is_nearer(const struct at_neighbour *a, const struct at_neighbour *b)
{
    if (isnan(a->cosine) || isnan(b->cosine))
        return isnan(b->cosine) && (!isnan(a->cosine) || a->token < b->token);
    return a->cosine != b->cosine ? a->cosine > b->cosine : a->token < b->token;
}

void at_vectors_neighbours(struct at_neighbour *out, size_t k, const float *x, size_t stride,
                           size_t T, size_t n)
{
    double *norm = at_malloc(T + 1, sizeof *norm);

    AT_BUG_IF(k >= T && k > 0);
    for (size_t i = 0; i < T; i++)
        norm[i] = at_norm(x + i * stride, n);
    for (size_t i = 0; i < T && k > 0; i++) {
        struct at_neighbour *best = out + i * k;
        size_t found = 0;
        for (size_t j = 0; j < T; j++) {
            struct at_neighbour other = { j, NAN };
            size_t at;
            if (j == i)
                continue;
            if (norm[i] > 0.0 && norm[j] > 0.0)
                other.cosine = at_dot(x + i * stride, x + j * stride, n) / (norm[i] * norm[j]);
            if (found == k && !is_nearer(&other, &best[k - 1]))
                continue;
            at = found < k ? found++ : k - 1;
            for (; at > 0 && is_nearer(&other, &best[at - 1]); at--)
                best[at] = best[at - 1];
            best[at] = other;
        }
    }
    free(norm);
}

void at_cosine_map(float *out, const float *a, const float *b, size_t stride, size_t T, size_t n)
{
    double *norm_b = at_malloc(T + 1, sizeof *norm_b);

    for (size_t j = 0; j < T; j++)
        norm_b[j] = at_norm(b + j * stride, n);
    for (size_t i = 0; i < T; i++) {
        double norm_a = at_norm(a + i * stride, n);
        for (size_t j = 0; j < T; j++) {
            double length = norm_a * norm_b[j];
            double dot = at_dot(a + i * stride, b + j * stride, n);
            out[i * T + j] = length > 0.0 ? (float)(dot / length) : NAN;
        }
    }
    free(norm_b);
}

void at_add_rows(float *out, const float *a, const float *b, const float *c, size_t T, size_t n)
{
    for (size_t i = 0; i < T * n; i++)
        out[i] = (a ? a[i] : 0.0f) + (b ? b[i] : 0.0f) + (c ? c[i] : 0.0f);
}

void at_residual_change(double *out, const float *before, const float *after, size_t stride,
                        size_t T, size_t n)
{
    for (size_t i = 0; i < T; i++) {
        const float *x = before + i * stride, *y = after + i * stride;
        double sum = 0.0;
        for (size_t j = 0; j < n; j++)
            sum += ((double)y[j] - x[j]) * ((double)y[j] - x[j]);
        out[i] = sqrt(sum) / (at_norm(x, n) + 1e-6);
    }
}

/* The n_steps visible keys with the highest rank, into step[].key; answers how many. */
static size_t rank_keys(struct at_attention_step *step, size_t n_steps, const float *rank,
                        size_t first, size_t end)
{
    size_t found = 0;

    for (size_t j = first; j < end && n_steps > 0; j++) {
        size_t at;
        if (found == n_steps && !(rank[j] > rank[step[found - 1].key]))
            continue;
        at = found < n_steps ? found++ : found - 1;
        for (; at > 0 && rank[j] > rank[step[at - 1].key]; at--)
            step[at].key = step[at - 1].key;
        step[at].key = j;
    }
    return found;
}

size_t at_attention_steps(struct at_attention_step *steps, size_t n_steps,
                          struct at_attention_row *row_out, const float *q, const float *k,
                          size_t stride, size_t T, size_t D, double scale, const float *bias,
                          size_t first, size_t end, size_t query, const float *row,
                          const float *rank_by)
{
    size_t found;
    struct at_attention_row r = { .query = query, .n_visible = end - first, .row_max = -INFINITY };
    double *dot = at_malloc(2 * T, sizeof *dot), *scaled = dot + T;
    float *weight = at_malloc(T, sizeof *weight);

    AT_BUG_IF(query >= T || first >= end || end > T);
    for (size_t j = first; j < end; j++) {
        dot[j] = at_dot(q + query * stride, k + j * stride, D);
        scaled[j] = dot[j] * scale + (bias ? (double)bias[j] : 0.0);
        r.row_max = fmax(r.row_max, scaled[j]);
    }
    for (size_t j = first; j < end; j++)
        r.sum_exp += exp(scaled[j] - r.row_max);
    r.log_sum = r.row_max + log(r.sum_exp);
    r.weight_error = row ? 0.0 : NAN;
    for (size_t j = first; j < end; j++) {
        double w = exp(scaled[j] - r.log_sum);
        weight[j] = (float)w;
        if (row)
            r.weight_error = fmax(r.weight_error, fabs(w - row[j]));
    }
    found = rank_keys(steps, n_steps, rank_by ? rank_by : row ? row : weight, first, end);
    for (size_t s = 0; s < found; s++) {
        size_t j = steps[s].key;
        steps[s] = (struct at_attention_step){ j,
                                               dot[j],
                                               scaled[j],
                                               scaled[j] - r.row_max,
                                               exp(scaled[j] - r.log_sum),
                                               row ? (double)row[j] : NAN };
    }
    *row_out = r;
    free(dot);
    free(weight);
    return found;
}
