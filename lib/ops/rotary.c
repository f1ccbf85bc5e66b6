/*
 * rotary.c - see rotary.h.
 */
#include "ops/rotary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "ops/kernel.h"
#include "ops/precise.h"

/* A task is this many rows: enough to be worth handing out. */
enum { ROWS = 16 };

void at_rotary_table(float *out, const struct at_rotary *r, size_t T)
{
    size_t half = r->dims / 2;

    for (size_t t = 0; t < T; t++, out += r->dims)
        for (size_t i = 0; i < half; i++) {
            float angle = (float)t * r->angle[i];
            out[i] = (float)cos((double)angle) * r->scale;
            out[half + i] = (float)sin((double)angle) * r->scale;
        }
}

/* ---- turns ---- */

/* One head, by half its turned columns; sign is that of the angle. */
AT_CLONES static void turn(float *x, const float *cosine, const float *sine, float sign,
                           size_t half)
{
    float *y = x + half;

    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = y[i], s = sign * sine[i];
        x[i] = a * cosine[i] - b * s;
        y[i] = b * cosine[i] + a * s;
    }
}

struct turning {
    const struct at_rotary_rows *rows;
    float sign;
};

static void some_rows(void *arg, size_t task, size_t slot)
{
    const struct turning *t = arg;
    const struct at_rotary_rows *r = t->rows;
    size_t end = AT_MIN((task + 1) * ROWS, r->N), half = r->dims / 2;

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++) {
        const float *cosine = r->table + (size_t)r->position[i] * r->dims;
        for (size_t h = 0; h < r->H; h++)
            turn(r->x + i * r->stride + h * r->D, cosine, cosine + half, t->sign, half);
    }
}

void at_rotary_turn(const struct at_rotary_rows *rows, bool is_back, struct at_pool *pool)
{
    struct turning t = { rows, is_back ? -1.0f : 1.0f };

    at_pool_run(pool, at_divide_up(rows->N, ROWS), some_rows, &t);
}

void at_precise_turn(const struct at_rotary_rows *r, size_t lo, bool is_back)
{
    size_t half = r->dims / 2;
    double sign = is_back ? -1.0 : 1.0;

    for (size_t i = 0; i < r->N; i++) {
        const float *cosine = r->table + (size_t)r->position[i] * r->dims, *sine = cosine + half;
        for (size_t h = 0; h < r->H; h++) {
            float *x = r->x + i * r->stride + h * r->D, *y = x + half;
            for (size_t c = 0; c < half; c++) {
                double a = at_pair(x + c, lo), b = at_pair(y + c, lo);
                at_set_pair(x + c, lo, a * (double)cosine[c] - b * sign * (double)sine[c]);
                at_set_pair(y + c, lo, b * (double)cosine[c] + a * sign * (double)sine[c]);
            }
        }
    }
}

/* ---- order of heads ---- */

struct order {
    float *x;
    size_t N, H, D;
    bool is_apart; /* what comes out */
};

static void reorder_rows(void *arg, size_t task, size_t slot)
{
    const struct order *o = arg;
    size_t end = AT_MIN((task + 1) * ROWS, o->N), D = o->D, n = 3 * o->H * D;
    float *row = at_malloc(n, sizeof *row);

    (void)slot;
    for (size_t i = task * ROWS; i < end; i++) {
        float *x = o->x + i * n;
        memcpy(row, x, n * sizeof *row);
        for (size_t h = 0; h < o->H; h++)
            for (size_t k = 0; k < 3; k++) {
                size_t mixed = (3 * h + k) * D, apart = (k * o->H + h) * D;
                memcpy(x + (o->is_apart ? apart : mixed), row + (o->is_apart ? mixed : apart),
                       D * sizeof *row);
            }
    }
    free(row);
}

void at_heads_apart(float *x, size_t N, size_t H, size_t D, struct at_pool *pool)
{
    struct order o = { x, N, H, D, true };

    at_pool_run(pool, at_divide_up(N, ROWS), reorder_rows, &o);
}

void at_heads_together(float *x, size_t N, size_t H, size_t D, struct at_pool *pool)
{
    struct order o = { x, N, H, D, false };

    at_pool_run(pool, at_divide_up(N, ROWS), reorder_rows, &o);
}
