/*
 * faith_print.c - explanations as a person reads them in a terminal.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/faith/faith.h"
#include "cmd/term.h"

static void print_number(double v, int width, int decimals)
{
    if (isnan(v))
        printf(" %*s", width, "n/a");
    else
        printf(" %*.*f", width, decimals, v);
}

static void print_target(const struct at_doc *doc, const struct at_faith_result *r)
{
    const struct at_faith_target *t = &r->target;

    printf("%s, %zu token%s: %s", doc->model_name, r->T, at_plural(r->T), t->kind);
    if (t->token)
        printf(" '%s'", t->token);
    if (t->foil)
        printf(" and not '%s'", t->foil);
    if (t->index != AT_NONE)
        printf(" at token %zu ('%s')", t->index, r->tokens[t->index].token);
    printf(", F = %.4f\n", t->value);
}

/* A line for each token, a column for each method. */
static void print_scores(const struct at_faith_result *r)
{
    printf("\n%6s %-16s", "", "token");
    for (size_t m = 0; m < r->n_methods; m++)
        printf(" %16s", r->attributions[m].method);
    printf("\n");
    for (size_t t = 0; t < r->T; t++) {
        printf("%6zu ", t);
        term_pad(stdout, r->tokens[t].label, 16);
        for (size_t m = 0; m < r->n_methods; m++)
            print_number(r->attributions[m].scores[t], 16, 4);
        printf("\n");
    }
}

void faith_print(const struct faith *f, const struct at_doc *doc, const struct at_faith_result *r)
{
    (void)f;
    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    print_target(doc, r);
    print_scores(r);
}
