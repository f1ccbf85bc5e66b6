/*
 * bias_attention_print.c - attention to flagged tokens as a person reads it in a terminal.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/bias/bias_attention.h"

static void print_heads(const struct at_bar_result *r)
{
    printf("  %-8s%8s%8s%9s%10s%10s\n", "head", "BAR", "BSR", "max", "p", "q");
    for (size_t i = 0; i < r->n_top; i++) {
        const struct at_bar_row *row = &r->top[i];
        const struct at_bar_head *h = &row->of;
        char name[48];
        snprintf(name, sizeof name, "L%zuH%zu", row->layer, row->head);
        printf("  %-8s%8.3f%8.3f%9.3f", name, h->bar, h->bsr, h->max_weight);
        if (isnan(h->p))
            printf("%10s%10s", "n/a", "n/a");
        else
            printf("%10.2g%10.2g", h->p, h->q);
        printf("%s%s\n", h->is_specialised ? "  specialised" : "",
               row->is_significant ? "  significant" : "");
    }
}

static void print_significance(const struct at_bar_result *r)
{
    const struct at_bar_test *t = &r->significance;

    if (t->outcome == AT_BAR_NO_ROOM) {
        printf("  every token is flagged: nothing to compare with\n");
        return;
    }
    printf("  heads at p <= %g: %zu uncorrected, %zu by false discovery rate, %zu by Bonferroni\n",
           t->alpha, t->n_uncorrected, t->n_fdr, t->n_bonferroni);
    printf("  null: %s%zu set%s of %zu of %zu token%s\n", t->is_exact ? "all " : "", t->n_draws,
           at_plural(t->n_draws), r->n_flagged, t->n_valid, at_plural(t->n_valid));
}

void attention_print(const struct at_doc *doc, const struct at_bar_result *r)
{
    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    printf("attention to %zu flagged of %zu token%s, %s, %zu layer%s x %zu head%s\n", r->n_flagged,
           doc->tokens.n, at_plural(doc->tokens.n), doc->model_name, r->L, at_plural(r->L), r->H,
           at_plural(r->H));
    if (r->n_flagged == 0) {
        printf("  nothing flagged: a valid result, and nothing to measure attention to\n");
        return;
    }
    printf(" ");
    for (size_t i = 0; i < r->n_flagged; i++)
        printf(" %s(%zu)", r->flagged[i].label, r->flagged[i].index);
    printf("\n");
    print_heads(r);
    print_significance(r);
    printf("  mean ratio %.3f; over the layers %s, highest in layer %zu\n", r->propagation.mean,
           r->propagation.pattern, r->propagation.peak_layer);
}
