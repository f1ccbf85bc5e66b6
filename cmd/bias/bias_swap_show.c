/*
 * bias_swap_show.c - a counterfactual as a person reads it, and the picture of its heads.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/bias/bias_swap.h"
#include "cmd/head_map.h"

/* The picture's colours span at least this much, so that heads which all stay do not look apart. */
static const double LITTLE_CHANGE = 0.9;

static void print_heads(const struct at_comparison *c, const char *model_name)
{
    printf("  attention of %s: mean cosine %.3f, concentration %.3f; %zu token%s aligned, "
           "%zu and %zu piece%s swapped\n",
           model_name, c->mean_cosine, c->mean_concentration, c->n_aligned, at_plural(c->n_aligned),
           c->n_pieces_a, c->n_pieces_b, at_plural(c->n_pieces_b));
    if (c->n_pieces_a != c->n_pieces_b)
        printf("  later tokens stand at other positions, which moves attention by itself\n");
    printf("  %-10s%8s%15s%14s\n", "most moved", "cosine", "concentration", "total change");
    for (size_t i = 0; i < c->n_top; i++) {
        const struct at_consistency_row *row = &c->top[i];
        char name[48];
        snprintf(name, sizeof name, "L%zuH%zu", row->layer, row->head);
        printf("  %-10s%8.3f%15.3f%14.3f\n", name, row->of.cosine, row->of.concentration,
               row->of.total_delta);
    }
}

static void print_swap(const struct at_swap_row *s)
{
    printf("  %4zu-%-4zu ", s->start, s->end);
    if (s->replacement)
        printf("%s -> %s (%s)\n", s->original, s->replacement, s->category);
    else
        printf("%s left alone (%s): not clearly about a person\n", s->original, s->category);
}

void swap_print(const struct at_doc *doc, const struct at_counterfactual_result *r)
{
    if (*doc->in.id)
        printf("%s: ", doc->in.id);
    printf("%s\n", r->swapped);
    if (r->n_swaps == 0)
        printf("  no term of the list in it\n");
    for (size_t i = 0; i < r->n_swaps; i++)
        print_swap(&r->swaps[i]);
    if (r->n_articles)
        printf("  %zu article%s corrected\n", r->n_articles, at_plural(r->n_articles));
    if (r->consistency)
        print_heads(r->consistency, doc->model_name);
}

int swap_picture(struct sink *sink, const struct at_doc *doc,
                 const struct at_counterfactual_result *r, struct at_error *err)
{
    const struct at_comparison *c = r->consistency;
    struct at_scale scale = { .kind = AT_SEQUENTIAL, .lo = LITTLE_CHANGE, .hi = 1.0 };
    struct at_arena arena = { 0 };
    const struct head_map p = {
        .file = "consistency",
        .title = "Attention consistency",
        .details = at_arena_printf(
            &arena, "%zu term%s swapped, %zu token%s aligned, %zu and %zu piece%s swapped",
            r->n_replaced, at_plural(r->n_replaced), c->n_aligned, at_plural(c->n_aligned),
            c->n_pieces_a, c->n_pieces_b, at_plural(c->n_pieces_b)),
        .unit = "cosine of received attention",
        .L = c->L,
        .H = c->H,
        .values = &c->heads->of.cosine,
        .stride = sizeof *c->heads / sizeof(double),
        .scale = &scale,
    };
    int rc;

    _Static_assert(sizeof *c->heads % sizeof(double) == 0, "rows are whole doubles");
    for (size_t i = 0; i < c->n_heads; i++)
        scale.lo = fmin(scale.lo, c->heads[i].of.cosine);
    rc = picture_head_map(sink, doc, &p, err);
    at_arena_release(&arena);
    return rc;
}
