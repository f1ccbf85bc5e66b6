/*
 * isa_matrix.c - see isa_matrix.h.
 */
#include "analysis/isa_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

void at_isa_init(struct at_isa *out, enum at_isa_method method, const int *sent_of, size_t T,
                 size_t S)
{
    struct at_isa a = { method, T, S, sent_of, at_calloc(T * T + 1, sizeof *a.sum), 0 };

    for (size_t i = 0; i < T; i++)
        AT_BUG_IF(sent_of[i] < -1 || sent_of[i] >= (int)S);
    *out = a;
}

void at_isa_release(struct at_isa *a)
{
    free(a->sum);
    *a = (struct at_isa){ 0 };
}

void at_isa_add(struct at_isa *a, const float *maps, size_t H)
{
    size_t cells = a->T * a->T;

    if (a->method == AT_ISA_LAST_LAYER) { /* every layer takes the place of the one before */
        memset(a->sum, 0, cells * sizeof *a->sum);
        a->n_maps = 0;
    }
    for (size_t h = 0; h < H; h++) {
        const float *map = maps + h * cells;
        for (size_t c = 0; c < cells; c++) {
            if (a->method != AT_ISA_MAX)
                a->sum[c] += map[c];
            else if (a->sum[c] < map[c])
                a->sum[c] = map[c];
        }
    }
    a->n_maps += H;
}

/* A cell as the pair view shows it. */
static double cell(const struct at_isa *a, size_t i, size_t j)
{
    double sum = a->sum[i * a->T + j];

    return a->method == AT_ISA_MAX ? sum : sum / (double)a->n_maps;
}

void at_isa_matrix(double *out, const struct at_isa *a)
{
    size_t *size = at_calloc(a->S + 1, sizeof *size);

    memset(out, 0, a->S * a->S * sizeof *out);
    for (size_t i = 0; i < a->T; i++) {
        if (a->sent_of[i] < 0)
            continue;
        size[a->sent_of[i]]++;
        for (size_t j = 0; j < a->T; j++) {
            double *to = &out[(size_t)a->sent_of[i] * a->S + (size_t)a->sent_of[j]];
            if (a->sent_of[j] >= 0)
                *to = a->method == AT_ISA_MAX ? AT_MAX(*to, cell(a, i, j)) : *to + cell(a, i, j);
        }
    }
    for (size_t c = 0; c < a->S * a->S && a->method != AT_ISA_MAX; c++)
        out[c] /= (double)AT_MAX(size[c / a->S], (size_t)1);
    if (a->S == 1)
        out[0] = 1.0;
    free(size);
}

size_t at_isa_tokens(size_t *index_out, const struct at_isa *a, int sentence)
{
    size_t n = 0;

    for (size_t i = 0; i < a->T; i++)
        if (a->sent_of[i] == sentence)
            index_out[n++] = i;
    return n;
}

void at_isa_pair(double *out, const struct at_isa *a, int query_sentence, int key_sentence)
{
    for (size_t i = 0; i < a->T; i++)
        for (size_t j = 0; j < a->T; j++)
            if (a->sent_of[i] == query_sentence && a->sent_of[j] == key_sentence)
                *out++ = cell(a, i, j);
}

/* Greatest and mean of some cells; the place of the greatest. */
struct extent {
    int top;
    double most, sum;
    size_t n;
};

static void extend(struct extent *e, size_t place, double w)
{
    if (e->n == 0 || w > e->most) {
        e->top = (int)place;
        e->most = w;
    }
    e->sum += w;
    e->n++;
}

void at_isa_summarize(struct at_isa_summary *out, const double *matrix, size_t S, bool is_causal)
{
    for (size_t s = 0; s < S; s++) {
        struct extent row = { -1, NAN, 0.0, 0 }, column = row;
        double span = 0.0;
        for (size_t o = 0; o < S; o++) {
            double w = matrix[s * S + o], back = matrix[o * S + s];
            if ((o < s || (o > s && !is_causal)) && !isnan(w)) {
                extend(&row, o, w);
                span += w * (double)(o < s ? s - o : o - s);
            }
            if ((o > s || (o < s && !is_causal)) && !isnan(back))
                extend(&column, o, back);
        }
        out[s] = (struct at_isa_summary){
            .top_dependency = row.top,
            .top_weight = row.most,
            .avg_dependency = row.n ? row.sum / (double)row.n : NAN,
            .top_influenced = column.top,
            .max_influence = column.most,
            .avg_influence = column.n ? column.sum / (double)column.n : NAN,
            .avg_span = row.sum > 0.0 ? span / row.sum : NAN,
        };
    }
}
