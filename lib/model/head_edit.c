/*
 * head_edit.c - see head_edit.h. What fills a head's place is linear in its context, so that the
 * way back is of the same form: a mean is its own transpose, an order is gone through backwards.
 */
#include "model/head_edit.h"

#include "base/rng.h"

bool at_head_edit_needs_all(const struct at_head_edit *edit)
{
    return edit && edit->gates && edit->source != AT_FILL_GIVEN;
}

/* One head on its way; x is its first row. */
struct head {
    const struct at_head_edit *edit;
    const struct at_head_rows *rows;
    size_t h;
    double gate;
    float *x;
};

static float *row(const struct head *k, size_t i)
{
    return k->x + i * k->rows->C;
}

static void mix(const struct head *k, size_t i, const float *fill, size_t fill_lo)
{
    k->rows->ops->mix(row(k, i), k->rows->lo, k->rows->D, k->gate, fill, fill_lo);
}

static void fill_given(const struct head *k)
{
    const struct at_head_edit *e = k->edit;
    const struct at_head_rows *r = k->rows;
    const float *fill = e->fill ? e->fill + r->layer * e->fill_layer_step + k->h * r->D : NULL;

    for (size_t i = 0; i < r->T; i++) {
        size_t t = r->token ? r->token[i] : r->first_token + i;
        if (e->n_fill_rows)
            t = at_rng_at(e->seed, t) % e->n_fill_rows;
        mix(k, i, fill ? fill + t * e->fill_row_step : NULL, 0);
    }
}

static void fill_mean(const struct head *k)
{
    const struct at_head_rows *r = k->rows;

    r->ops->mean(r->scratch, k->x, r->C, r->lo, r->T, r->D);
    for (size_t i = 0; i < r->T; i++)
        mix(k, i, r->scratch, r->lo);
}

/* Tokens in random order: each is given what the next one had, the last what the first had. */
static void shuffle(int *order, size_t n, uint64_t seed)
{
    struct at_rng rng;

    at_rng_init(&rng, seed, n);
    for (size_t i = 0; i < n; i++) {
        size_t j = at_rng_below(&rng, i + 1);
        order[i] = order[j];
        order[j] = (int)i;
    }
}

static void fill_shuffled(const struct head *k, bool is_back)
{
    const struct at_head_rows *r = k->rows;
    size_t n = r->T;
    const int *order = r->order;

    shuffle(r->order, n, k->edit->seed);
    r->ops->copy(r->scratch, row(k, (size_t)order[is_back ? n - 1 : 0]), r->lo, r->D);
    for (size_t i = 0; i < n; i++) {
        size_t at = is_back ? n - 1 - i : i, next = is_back ? at - 1 : at + 1;
        const float *from = i + 1 < n ? row(k, (size_t)order[next]) : r->scratch;
        mix(k, (size_t)order[at], from, r->lo);
    }
}

static void edit_heads(const struct at_head_edit *edit, float *context,
                       const struct at_head_rows *rows, bool is_back)
{
    for (size_t h = 0; edit && edit->gates && h < rows->H; h++) {
        struct head k = { edit, rows, h, (double)edit->gates[rows->layer * rows->H + h],
                          context + h * rows->D };
        if (k.gate == 1.0)
            continue;
        if (edit->source == AT_FILL_MEAN)
            fill_mean(&k);
        else if (edit->source == AT_FILL_SHUFFLED)
            fill_shuffled(&k, is_back);
        else if (is_back)
            for (size_t i = 0; i < rows->T; i++)
                mix(&k, i, NULL, 0);
        else
            fill_given(&k);
    }
}

void at_head_edit_apply(const struct at_head_edit *edit, float *context,
                        const struct at_head_rows *rows)
{
    edit_heads(edit, context, rows, false);
}

void at_head_edit_back(const struct at_head_edit *edit, float *d_context,
                       const struct at_head_rows *rows)
{
    edit_heads(edit, d_context, rows, true);
}
