/*
 * compare_syntax.c - see compare_syntax.h.
 */
#include "analysis/compare_syntax.h"

#include <math.h>
#include <string.h>

#include "analysis/compare_maps.h"

static const struct at_head_syntax_row *like(const struct at_head_syntax *s,
                                             const struct at_head_syntax_row *row)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->rows[i].relation, row->relation) &&
            !strcmp(s->rows[i].direction, row->direction))
            return &s->rows[i];
    return NULL;
}

static double accuracy(const struct at_head_syntax_row *row, size_t layer, size_t head, size_t L)
{
    if (!row || head >= row->H)
        return NAN;
    return row->accuracies[at_depth(layer, row->L, L) * row->H + head];
}

static void add(struct at_compared_tables *out, const struct at_head_syntax_row *a,
                const struct at_head_syntax_row *b)
{
    const struct at_head_syntax_row *any = a ? a : b;
    size_t L = AT_MAX(any->L, b ? b->L : 0), H = AT_MAX(any->H, b ? b->H : 0);
    struct at_strbuf row = { 0 };

    at_strbuf_addf(&row, "relation %s direction %s", any->relation, any->direction);
    at_compared_add(out, "syntax.csv", "accuracy", row.s, a ? a->accuracy : NAN,
                    b ? b->accuracy : NAN);
    at_compared_add(out, "syntax.csv", "baseline_accuracy", row.s, a ? a->baseline : NAN,
                    b ? b->baseline : NAN);
    at_strbuf_release(&row);
    for (size_t k = 0; k < L * H; k++) {
        struct at_strbuf cell = { 0 };
        at_strbuf_addf(&cell, "relation %s direction %s layer %zu head %zu", any->relation,
                       any->direction, k / H, k % H);
        at_compared_add(out, "syntax_heads.csv", "accuracy", cell.s, accuracy(a, k / H, k % H, L),
                        accuracy(b, k / H, k % H, L));
        at_strbuf_release(&cell);
    }
}

void at_compare_syntax(struct at_compared_tables *out, const struct at_head_syntax *a,
                       const struct at_head_syntax *b)
{
    for (size_t i = 0; i < a->n; i++)
        add(out, &a->rows[i], like(b, &a->rows[i]));
    for (size_t i = 0; i < b->n; i++)
        if (!like(a, &b->rows[i]))
            add(out, NULL, &b->rows[i]);
}
