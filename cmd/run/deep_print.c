/*
 * deep_print.c - what is inside the layers, in a terminal.
 */
#include <math.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "cmd/run/run.h"
#include "cmd/term.h"

/* A capture may hold what is not a number; deep.json has null there. */
static void print_number(const char *before, double v, int width, int places)
{
    if (isfinite(v))
        printf("%s%*.*f", before, width, places, v);
    else
        printf("%s%*s", before, width, "n/a");
}

static void print_layers(const struct at_deep *d)
{
    printf("\nresidual stream, means over %s\n", d->by_words ? "words" : "tokens");
    printf("  layer    length  change by attention  by feed-forward  units above 0\n");
    printf("  %5s", "embed");
    print_number("  ", d->means[0].input_norm, 8, 3);
    printf("\n");
    for (size_t l = 0; l < d->L; l++) {
        const struct at_deep_means *x = &d->means[l];
        printf("  %5zu", l);
        print_number("  ", x->output_norm, 8, 3);
        print_number("  ", x->attention_change, 19, 3);
        print_number("  ", x->ffn_change, 15, 3);
        printf("  %11.1f %%\n", 100.0 * x->active);
    }
}

static void print_guess(const struct at_deep *d, const struct at_deep_lens_state *s, int cell)
{
    struct at_strbuf label = { 0 };

    if (s->n_top == 0) {
        printf("  %-*s", cell, "n/a");
        return;
    }
    at_tokenizer_add_label(d->tokenizer, &label, s->top[0].id);
    printf("  ");
    term_pad(stdout, at_strbuf_str(&label), (size_t)cell - 5);
    printf(" %.2f", s->top[0].p);
    at_strbuf_release(&label);
}

static void print_lens(const struct at_deep *d)
{
    enum { CELL = 13 };

    printf("\nlogit lens: what each state would predict %s\n  %5s",
           d->doc->shape->is_causal ? "next" : "at this place", "");
    for (size_t i = 0; i < d->n_lens; i++) {
        printf("  ");
        term_pad(stdout, d->doc->labels[d->lens[i].index].text, CELL);
    }
    printf("\n");
    for (size_t s = 0; s <= d->L; s++) {
        if (s)
            printf("  %5zu", s - 1);
        else
            printf("  %5s", "embed");
        for (size_t i = 0; i < d->n_lens; i++)
            print_guess(d, &d->lens[i].states[s], CELL);
        printf("\n");
    }
}

static void print_row(const struct at_deep_row *r)
{
    printf("\nL%zuH%zu, query %zu %s:", r->layer, r->head, r->row.query, r->query_token);
    print_number(" row maximum ", r->row.row_max, 0, 4);
    print_number(", log-sum-exp ", r->row.log_sum, 0, 4);
    printf("\n       key             %9s  %9s  %7s\n", "q.k", "scaled", "weight");
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct at_attention_step *s = &r->steps[i].step;
        printf("  %4zu ", s->key);
        term_pad(stdout, r->steps[i].key_token, 14);
        print_number("  ", s->dot, 9, 4);
        print_number("  ", s->scaled, 9, 4);
        print_number("  ", s->weight, 7, 4);
        printf("\n");
    }
}

void deep_print(const struct at_deep *d)
{
    print_layers(d);
    if (d->n_lens)
        print_lens(d);
    for (size_t k = 0; k < d->n_steps; k++)
        print_row(&d->steps[k]);
    for (size_t i = 0; i < d->omitted.n; i++)
        printf("%sleft out: %s; %s\n", i ? "" : "\n", d->omitted.items[i].what,
               d->omitted.items[i].why);
}
