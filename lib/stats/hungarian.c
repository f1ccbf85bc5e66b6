/*
 * hungarian.c - see hungarian.h.
 *
 * Rows are taken in one at a time. From a new row the cheapest path of alternately free and used
 * pairs to a free column is searched, as Dijkstra does over reduced costs, and turned over. Row 0
 * and column 0 of the arrays below stand for "none".
 */
#include "stats/hungarian.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"

struct search {
    const double *cost;
    size_t n, m;              /* n <= m */
    bool is_transposed;       /* cost is (m,n) */
    double *u, *v;            /* (n+1), (m+1) potentials */
    size_t *row_of, *came_by; /* (m+1) partner of a column; the column before it on the path */
    double *least;            /* (m+1) reduced cost of the cheapest way to a column so far */
    bool *is_done;            /* (m+1) */
};

static double cost_of(const struct search *s, size_t row, size_t col)
{
    return s->is_transposed ? s->cost[(col - 1) * s->n + row - 1]
                            : s->cost[(row - 1) * s->m + col - 1];
}

/* From column at to the nearest one that is not done, whose number is the answer. */
static size_t next_column(struct search *s, size_t at)
{
    size_t row = s->row_of[at], next = 0;
    double step = INFINITY;

    for (size_t j = 1; j <= s->m; j++) {
        double reduced;
        if (s->is_done[j])
            continue;
        reduced = cost_of(s, row, j) - s->u[row] - s->v[j];
        if (reduced < s->least[j]) {
            s->least[j] = reduced;
            s->came_by[j] = at;
        }
        if (s->least[j] < step) {
            step = s->least[j];
            next = j;
        }
    }
    for (size_t j = 0; j <= s->m; j++) {
        if (s->is_done[j]) {
            s->u[s->row_of[j]] += step;
            s->v[j] -= step;
        } else {
            s->least[j] -= step;
        }
    }
    return next;
}

static void take_in(struct search *s, size_t row)
{
    size_t at = 0;

    s->row_of[0] = row;
    for (size_t j = 0; j <= s->m; j++) {
        s->least[j] = INFINITY;
        s->is_done[j] = false;
    }
    do {
        s->is_done[at] = true;
        at = next_column(s, at);
    } while (s->row_of[at]);
    for (; at; at = s->came_by[at])
        s->row_of[at] = s->row_of[s->came_by[at]];
}

void at_assign(size_t *column_of, const double *cost, size_t R, size_t C)
{
    size_t n = AT_MIN(R, C), m = AT_MAX(R, C);
    struct search s = { cost, n, m, R > C, NULL, NULL, NULL, NULL, NULL, NULL };

    s.u = at_calloc(n + 1, sizeof *s.u);
    s.v = at_calloc(m + 1, sizeof *s.v);
    s.row_of = at_calloc(m + 1, sizeof *s.row_of);
    s.came_by = at_calloc(m + 1, sizeof *s.came_by);
    s.least = at_malloc(m + 1, sizeof *s.least);
    s.is_done = at_malloc(m + 1, sizeof *s.is_done);
    for (size_t i = 0; i < R; i++)
        column_of[i] = SIZE_MAX;
    for (size_t row = 1; row <= n; row++)
        take_in(&s, row);
    for (size_t j = 1; j <= m; j++) {
        if (!s.row_of[j])
            continue;
        if (s.is_transposed)
            column_of[j - 1] = s.row_of[j] - 1;
        else
            column_of[s.row_of[j] - 1] = j - 1;
    }
    free(s.u);
    free(s.v);
    free(s.row_of);
    free(s.came_by);
    free(s.least);
    free(s.is_done);
}
