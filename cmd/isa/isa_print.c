/*
 * isa_print.c - attention between sentences as a person reads it in a terminal.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/isa/isa.h"
#include "cmd/term.h"

static void print_number(double v)
{
    if (isnan(v))
        printf("%8s", "n/a");
    else
        printf("%8.4f", v);
}

static void print_place(int sentence)
{
    if (sentence < 0)
        printf("%6s", "n/a");
    else
        printf("%6d", sentence);
}

static void print_matrix(const struct at_isa_result *r, bool is_causal)
{
    size_t room = term_width(stdout);

    if (r->S * 8 + 14 > room) {
        printf("\n%zu x %zu cells do not fit here: -o DIR or --json\n", r->S, r->S);
        return;
    }
    printf("\nlooks at");
    for (size_t b = 0; b < r->S; b++)
        printf("%*zu", b ? 8 : 4, b);
    printf("  outside\n");
    for (size_t a = 0; a < r->S; a++) {
        printf("%4zu", a);
        for (size_t b = 0; b < r->S; b++)
            if (b > a && is_causal)
                printf("%8s", "-");
            else
                print_number(r->matrix[a * r->S + b]);
        printf(" ");
        print_number(r->outside[a]);
        printf("\n");
    }
}

static void print_dependencies(const struct at_isa_result *r)
{
    printf("\n%8s  %22s  %22s\n", "", "looks most at", "is looked at most by");
    printf("sentence  %6s%8s%8s  %6s%8s%8s%8s\n", "", "weight", "average", "", "weight", "average",
           "span");
    for (size_t a = 0; a < r->S; a++) {
        const struct at_isa_summary *x = &r->rows[a].summary;
        printf("%4zu      ", a);
        print_place(x->top_dependency);
        print_number(x->top_weight);
        print_number(x->avg_dependency);
        printf("  ");
        print_place(x->top_influenced);
        print_number(x->max_influence);
        print_number(x->avg_influence);
        print_number(x->avg_span);
        printf("\n");
    }
}

static void print_pair(const struct at_isa_drill *d)
{
    printf("\nsentence %zu looks at %zu: %.4f\n", d->query, d->key, d->weight);
    for (size_t k = 0; k < d->n_strongest; k++) {
        size_t i = d->strongest[k] / d->n_key, j = d->strongest[k] % d->n_key;
        printf("  %.4f  %3zu %s -> %zu %s\n", d->map[d->strongest[k]], d->query_index[i],
               d->query_tokens[i], d->key_index[j], d->key_tokens[j]);
    }
}

static void print_sentences(const struct at_isa_result *r)
{
    size_t width = term_width(stdout), room = width > 40 ? width - 6 : 34;

    for (size_t i = 0; i < r->S; i++) {
        printf("%4zu  ", i);
        if (term_columns(r->sentences[i].text) > room)
            term_pad(stdout, r->sentences[i].text, room);
        else
            printf("%s", r->sentences[i].text);
        printf("\n");
    }
}

void isa_print(const struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r)
{
    static const char *const of[] = { "mass, mean over layers and heads", "greatest weight",
                                      "mass in the last layer" };
    const struct call *c = isa->x->call;

    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    printf("%s, %zu sentence%s, %zu %s%s, %s", doc->model_name, r->S, at_plural(r->S), doc->n,
           c->doc.by_words ? "word" : "token", at_plural(doc->n),
           c->matrix == AT_ROLLOUT ? "mass in the rollout" : of[isa->method]);
    if (r->layer != AT_NONE)
        printf(", layer %zu", r->layer);
    if (r->head != AT_NONE)
        printf(", head %zu", r->head);
    printf("\n");
    print_sentences(r);
    if (r->S == 1)
        printf("\none sentence: its share is 1 by definition\n");
    if (r->S > 1) {
        print_matrix(r, doc->shape->is_causal);
        print_dependencies(r);
    }
    for (size_t i = 0; i < r->n_pairs; i++)
        print_pair(&r->pairs[i]);
}
