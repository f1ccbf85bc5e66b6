/*
 * probe_target.c - how a target lies over a text: positions, copies and their terms. See probe.h.
 */
#include "session/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/record.h"
#include "model/lm_head.h"
#include "session/batch.h"

void at_probe_release(struct at_probe *p)
{
    at_arena_release(&p->arena);
    *p = (struct at_probe){ 0 };
}

/* --- where --- */

/* The only mask token of the text; else the last token, of a masked model that is not special. */
static size_t default_position(const struct at_probe *p)
{
    const struct at_token *items = p->doc->tokens.items;
    int mask = at_tokenizer_role(p->s->tokenizer, AT_ROLE_MASK);
    size_t found = AT_NONE, n = 0, last = p->T - 1;

    if (p->s->model.config.is_causal)
        return last;
    for (size_t t = 0; t < p->T && mask >= 0; t++)
        if (items[t].id == mask) {
            found = t;
            n++;
        }
    if (n == 1)
        return found;
    while (last > 0 && items[last].is_special)
        last--;
    return items[last].is_special ? p->T - 1 : last;
}

static int take_positions(struct at_probe *p, const struct at_probe_options *o,
                          struct at_error *err)
{
    enum at_aim_choice choice = p->aim->choice;

    for (size_t i = 0; i < o->n_positions; i++)
        if (o->positions[i] >= p->T)
            return at_fail(err, AT_ERANGE,
                           "--position %zu is outside the text's %zu token%s (0 to %zu)",
                           o->positions[i], p->T, at_plural(p->T), p->T - 1);
    p->index = AT_NONE;
    if (choice == AT_AIM_TOKEN && o->n_positions > 1)
        return at_fail(err, AT_ERANGE, "a token is explained at one --position, not at %zu",
                       o->n_positions);
    if (choice == AT_AIM_TOKEN)
        p->index = o->n_positions ? o->positions[0] : default_position(p);
    if (choice == AT_AIM_LABEL && o->n_positions == 1)
        p->index = o->positions[0];
    if (choice == AT_AIM_CLASS)
        p->index = p->s->model.config.has_summary_token ? 0 : p->T - 1;
    if (o->n_positions && choice != AT_AIM_TOKEN && choice != AT_AIM_LABEL)
        return at_fail(err, AT_ERANGE, "a %s has no --position", p->aim->kind);
    return 0;
}

/* --- copies --- */

/* Room for a copy with n terms, not yet written. */
static struct at_target_term *new_copy(struct at_probe *p, size_t masked, size_t n)
{
    struct at_target_term *terms = at_arena_calloc(&p->arena, n, sizeof *terms);

    p->copies[p->n_copies++] = (struct at_probe_copy){ masked, { terms, n }, NULL, 0 };
    return terms;
}

static void ask_token(struct at_probe *p)
{
    struct at_target_term *terms = new_copy(p, AT_NONE, p->foil < 0 ? 1 : 2);

    terms[0] = (struct at_target_term){ p->index, p->token, 1.0 };
    if (p->foil >= 0)
        terms[1] = (struct at_target_term){ p->index, p->foil, -1.0 };
}

/* Masked: a copy for each token that is not special. Causal: all tokens but the first in one. */
static void ask_likelihood(struct at_probe *p)
{
    const struct at_token *items = p->doc->tokens.items;

    if (p->s->model.config.is_causal) {
        struct at_target_term *terms = new_copy(p, AT_NONE, p->T - 1);
        for (size_t t = 0; t + 1 < p->T; t++)
            terms[t] = (struct at_target_term){ t, p->ids[t + 1], 1.0 };
        return;
    }
    for (size_t t = 0; t < p->T; t++)
        if (!items[t].is_special)
            *new_copy(p, t, 1) = (struct at_target_term){ t, p->ids[t], 1.0 };
}

static void ask_labels(struct at_probe *p, const struct at_probe_options *o)
{
    size_t n = o->n_positions ? o->n_positions : p->T, n_labels = p->aim->n_labels;
    struct at_target_term *terms = new_copy(p, AT_NONE, n * n_labels);

    for (size_t i = 0; i < n * n_labels; i++) {
        size_t row = i / n_labels;
        terms[i] = (struct at_target_term){ o->n_positions ? o->positions[row] : row,
                                            p->aim->labels[i % n_labels], 1.0 };
    }
}

/* Rows that the head looks at in each copy. */
static void find_rows(struct at_probe *p)
{
    for (size_t c = 0; c < p->n_copies; c++) {
        struct at_probe_copy *copy = &p->copies[c];
        size_t *rows = at_arena_alloc(&p->arena, p->T, sizeof *rows);
        for (size_t t = 0; t < p->T; t++)
            for (size_t i = 0; i < copy->target.n; i++)
                if (copy->target.terms[i].row == t) {
                    rows[copy->n_rows++] = t;
                    break;
                }
        copy->rows = rows;
    }
}

static int ask(struct at_probe *p, const struct at_probe_options *o, struct at_error *err)
{
    p->copies = at_arena_calloc(&p->arena, p->T, sizeof *p->copies);
    switch (p->aim->choice) {
    case AT_AIM_TOKEN:
        ask_token(p);
        break;
    case AT_AIM_LIKELIHOOD:
        ask_likelihood(p);
        break;
    case AT_AIM_LABEL:
        ask_labels(p, o);
        break;
    case AT_AIM_CLASS:
        *new_copy(p, AT_NONE, 1) = (struct at_target_term){ p->index, p->aim->labels[0], 1.0 };
        break;
    default:
        (void)new_copy(p, AT_NONE, 0);
    }
    if (p->aim->choice == AT_AIM_LIKELIHOOD && (!p->n_copies || !p->copies[0].target.n))
        return at_fail(err, AT_ERANGE, "the text has no token whose likelihood could be asked");
    find_rows(p);
    return 0;
}

/* What the model expects at the position, but for the foil. */
static int expect(struct at_probe *p, struct at_error *err)
{
    const struct at_forward_options options = { .final_rows = &p->index, .n_final_rows = 1 };
    struct at_prediction top[2] = { { 0 } };
    struct at_ranking ranking = { .top = top, .token = -1 };
    struct at_batcher b = { 0 };
    int rc;

    at_batcher_add_ids(&b, p->ids, p->segments, p->T);
    rc = at_batcher_run(&b, &p->s->model, &options, true, p->s->pool, err);
    if (!rc)
        rc = at_lm_rank(&ranking, 2, &p->s->model, b.hidden, 1, p->s->pool, err);
    if (!rc)
        p->token = top[top[0].id == p->foil].id;
    at_batcher_release(&b);
    return rc;
}

/* The most probable of the classes, which the only copy asks about. */
static int choose_class(struct at_probe *p, struct at_error *err)
{
    const struct at_variant as_it_is = { 0 };
    struct at_target_term best, term = p->copies->target.terms[0];
    double value, most = -INFINITY;
    int rc = 0;

    best = term;
    for (size_t i = 0; i < p->aim->n_labels && !rc; i++) {
        term.index = p->aim->labels[i];
        p->copies->target.terms = &term;
        rc = at_probe_values(&value, p, &as_it_is, 1, err);
        if (!rc && value > most) {
            most = value;
            best = term;
        }
    }
    p->n_copies = 0;
    *new_copy(p, AT_NONE, 1) = best;
    p->label = at_class_name(&p->s->model, best.index);
    find_rows(p);
    return rc;
}

int at_probe_init(struct at_probe *out, const struct at_session *s, const struct at_aim *aim,
                  const struct at_doc *doc, const struct at_probe_options *options,
                  struct at_error *err)
{
    const struct at_variant as_it_is = { 0 };
    struct at_probe p = {
        .s = s,
        .aim = aim,
        .doc = doc,
        .T = doc->tokens.n,
        .C = s->model.config.width,
        .E = s->model.config.embed_width,
        .token = aim->token,
        .foil = aim->foil,
        .label = aim->label,
        .batch_rows = options->batch_rows ? options->batch_rows : AT_BACKWARD_ROWS,
        .progress = options->progress,
        .arg = options->arg,
    };
    int rc = take_positions(&p, options, err);

    if (rc)
        return rc;
    p.ids = at_arena_alloc(&p.arena, p.T, sizeof *p.ids);
    p.segments = at_arena_alloc(&p.arena, p.T, sizeof *p.segments);
    for (size_t t = 0; t < p.T; t++) {
        p.ids[t] = doc->tokens.items[t].id;
        p.segments[t] = doc->tokens.items[t].segment;
    }
    if (aim->choice == AT_AIM_TOKEN && p.token < 0)
        rc = expect(&p, err);
    if (!rc)
        rc = ask(&p, options, err);
    if (!rc && aim->choice == AT_AIM_CLASS)
        rc = choose_class(&p, err);
    if (!rc)
        rc = at_probe_values(&p.value, &p, &as_it_is, 1, err);
    if (rc)
        at_probe_release(&p);
    else
        *out = p;
    return rc;
}
