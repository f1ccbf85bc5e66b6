/*
 * treebank_pictures.c - `atlas heads --conllu` as pictures: the best head of each relation beside
 * the best fixed offset, and every head's accuracy.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "cmd/head_map.h"
#include "cmd/heads/heads.h"
#include "draw/draw_bars.h"

static const char *direction_words(const char *direction)
{
    return strcmp(direction, "dependent_to_head") == 0 ? "dependents look at their heads"
                                                       : "heads look at their dependents";
}

/* A name of a file: whatever is no letter, digit or dash is an underscore. */
static char *file_name(struct at_arena *arena, const char *kind, const char *relation,
                       const char *direction)
{
    char *name = at_arena_printf(arena, "%s_%s_%s", kind, relation, direction);

    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-')
            *c = '_';
    return name;
}

/* Every head for one relation and direction. */
static int draw_relation(struct sink *sink, const char *model_name,
                         const struct at_head_syntax_row *row, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t heads = row->L * row->H, n_outlined = 0;
    const struct at_head_syntax_cell *cells = at_head_syntax_cells(row, &arena);
    size_t *outlined = at_arena_alloc(&arena, heads, sizeof *outlined);
    int rc;

    for (size_t i = 0; i < heads; i++)
        if (cells[i].beats_baseline)
            outlined[n_outlined++] = i;
    const struct head_map p = {
        .file = file_name(&arena, "syntax", row->relation, row->direction),
        .title = at_arena_printf(&arena, "%s: %s", row->relation, direction_words(row->direction)),
        .details = at_arena_printf(&arena, "%zu word%s; always the word at %+ld would find %.3f",
                                   row->n, at_plural(row->n), row->offset, row->baseline),
        .unit = "share of words whose head it finds",
        .model_name = model_name,
        .L = row->L,
        .H = row->H,
        .values = row->accuracies,
        .stride = 1,
        .covers = { 0.0, row->baseline },
        .outlined = outlined,
        .n_outlined = n_outlined,
        .outline_name = "above the best fixed offset, at 95 % for all heads together",
    };
    rc = picture_head_map(sink, NULL, &p, err);
    at_arena_release(&arena);
    return rc;
}

/* The best head of every relation in one direction. */
static int draw_best(struct sink *sink, const char *model_name, const struct at_head_syntax *r,
                     const char *direction, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_calloc(&arena, r->n, sizeof *bars);
    struct at_bars b = {
        .title = at_arena_printf(&arena, "Best head of each relation, %s", model_name),
        .subtitle = at_arena_printf(&arena, "%s; %zu sentence%s", direction_words(direction),
                                    r->n_sentences, at_plural(r->n_sentences)),
        .note = "offset: how often the word at the best fixed distance is the one",
        .value_name = "share of words whose head it finds",
        .bars = bars,
        .axis_lo = 0.0,
        .axis_hi = 1.0,
        .reference = NAN,
        .interval_name = "95 % Wilson interval",
        .width_mm = sink->call->width_mm,
    };
    int rc = 0;

    for (size_t i = 0; i < r->n; i++) {
        const struct at_head_syntax_row *x = &r->rows[i];
        if (strcmp(x->direction, direction) != 0)
            continue;
        bars[b.n++] = (struct at_bar){
            .label = at_arena_printf(&arena, "%s L%zuH%zu", x->relation, x->layer, x->head),
            .value = x->accuracy,
            .lo = x->ci[0],
            .hi = x->ci[1],
            .detail =
                at_arena_printf(&arena, "n = %zu, offset %+ld %.2f", x->n, x->offset, x->baseline),
        };
    }
    if (b.n)
        rc = sink_picture(sink, NULL, model_name, file_name(&arena, "syntax", "best", direction),
                          at_draw_bars(&b), err);
    at_arena_release(&arena);
    return rc;
}

int syntax_pictures(struct sink *sink, const char *model_name, const struct at_head_syntax *r,
                    struct at_error *err)
{
    int rc = draw_best(sink, model_name, r, "dependent_to_head", err);

    if (!rc)
        rc = draw_best(sink, model_name, r, "head_to_dependent", err);
    for (size_t i = 0; !rc && i < r->n; i++)
        rc = draw_relation(sink, model_name, &r->rows[i], err);
    return rc;
}
