/*
 * compare_print.c - a comparison as a person reads it in a terminal.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/compare/compare.h"
#include "cmd/term.h"

enum { N_SHOWN = 8 };

static void print_number(double v)
{
    if (isnan(v))
        printf("%10s", "n/a");
    else
        printf("%10.4f", v);
}

static void print_sides(const struct at_compare_result *r, const struct couple *p)
{
    printf("a  %s, %zu layer%s of %zu head%s", r->model_a, r->L_a, at_plural(r->L_a), r->H_a,
           at_plural(r->H_a));
    if (p)
        printf(", %zu tokens: %s", p->a.doc.tokens.n, r->text_a);
    printf("\nb  %s, %zu layer%s of %zu head%s", r->model_b, r->L_b, at_plural(r->L_b), r->H_b,
           at_plural(r->H_b));
    if (p)
        printf(", %zu tokens: %s", p->b.doc.tokens.n, r->text_b);
    if (!p)
        printf("\n%zu pair%s of texts", r->n_texts, at_plural(r->n_texts));
    printf(
        "\n%zu unit%s of tokens on both sides, %zu token%s of a and %zu of b without a partner\n",
        r->n_aligned, at_plural(r->n_aligned), r->n_only_a, at_plural(r->n_only_a), r->n_only_b);
    for (size_t i = 0; i < r->n_notes; i++)
        printf("note: %s\n", r->notes[i]);
}

static void print_alone(const struct couple *p)
{
    const struct at_token_alignment *t = &p->tokens;

    if (!t->n_only_a && !t->n_only_b)
        return;
    printf("without a partner:");
    for (size_t i = 0; i < t->n_rows; i++) {
        if (t->rows[i].index_b == AT_NONE)
            printf(" a:%s", t->rows[i].token_a);
        else if (t->rows[i].index_a == AT_NONE)
            printf(" b:%s", t->rows[i].token_b);
    }
    printf("\n");
}

static void print_row(const struct at_compare_row *g)
{
    printf("%-22s", g->metric);
    print_number(g->a);
    print_number(g->b);
    print_number(g->difference);
    if (!isnan(g->low))
        printf("  [%.4f, %.4f]", g->low, g->high);
    if (!isnan(g->p))
        printf("  p %.2g", g->p);
    printf("\n");
}

/* Predictions of a single pair of texts are told below. */
static void print_global(const struct at_compare_result *r)
{
    size_t n_maps = AT_N_METRICS + 1, n_shown = 0; /* and the flow change */

    printf("\nmean of all maps      %10s%10s%10s\n", "a", "b", "a - b");
    for (size_t i = 0; i < n_maps; i++)
        print_row(&r->global[i]);
    for (size_t i = n_maps; i < r->n_global; i++) {
        if (r->n_predictions && isnan(r->global[i].a) && isnan(r->global[i].b))
            continue;
        if (!n_shown++)
            printf("\nwhole texts           %10s%10s%10s\n", "a", "b", "a - b");
        print_row(&r->global[i]);
    }
}

static void print_layers(const struct at_compare_result *r)
{
    printf("\nlayer  js_distance       cka\n");
    for (size_t l = 0; l < r->n_layers; l++) {
        printf("%5zu   ", r->layers[l].layer);
        print_number(r->layers[l].js_distance);
        print_number(r->layers[l].cka);
        printf("\n");
    }
    if (r->most_changed_layer == AT_NONE)
        printf("no layer changes\n");
    else
        printf("layer %zu changes most: mean Jensen-Shannon distance %.4f\n", r->most_changed_layer,
               r->most_changed_distance);
}

/* The partner of a head of the first. */
static const struct at_compare_match *match_of(const struct at_compare_result *r, size_t layer,
                                               size_t head)
{
    for (size_t i = 0; i < r->n_matches; i++)
        if (r->matches[i].layer_a == layer && r->matches[i].head_a == head)
            return &r->matches[i];
    return NULL;
}

/* The heads that changed most: the result has them in that order in r->changed. */
static void print_heads(const struct at_compare_result *r)
{
    printf("\nheads that change most\n head  js_distance    cosine  most like in b\n");
    for (size_t i = 0; i < r->n_changed && i < N_SHOWN; i++) {
        const struct at_compare_row *js = &r->heads[r->changed[i]];
        const struct at_compare_match *m = match_of(r, js->layer_a, js->head);
        printf(" L%zuH%-3zu", js->layer, js->head);
        print_number(js->difference);
        print_number(js[1].difference); /* cosine_received stands behind js_distance */
        if (m && m->layer_b != AT_NONE)
            printf("  L%zuH%-2zu  score %.3f", m->layer_b, m->head_b, m->score);
        printf("\n");
    }
    if (r->n_matches)
        printf("mean score of the matches: %.4f\n", r->match_score);
    if (r->n_clusters && !isnan(r->adjusted_rand))
        printf("adjusted Rand index of the groups of heads: %.4f\n", r->adjusted_rand);
}

static void print_predictions(const struct at_compare_result *r)
{
    size_t n = 0;

    if (!r->n_predictions)
        return;
    for (size_t i = 0; i < r->n_predictions; i++)
        n += r->predictions[i].is_changed;
    printf("\npredictions: the most probable piece differs at %zu of %zu positions", n,
           r->n_predictions);
    if (!isnan(r->mean_kl))
        printf(", mean KL %.4f nats", r->mean_kl);
    printf("\n");
    at_record_heading(stdout, &at_compare_prediction_record);
    for (size_t i = 0; i < r->n_predictions && i < 2 * N_SHOWN; i++)
        at_record_line(stdout, &at_compare_prediction_record, &r->predictions[i]);
    if (r->n_predictions > 2 * N_SHOWN)
        printf("... %zu more: -o DIR or --json\n", r->n_predictions - 2 * N_SHOWN);
}

static void print_classes(const struct at_compare_result *r)
{
    if (!r->n_classes)
        return;
    printf("\nclasses of the text\n");
    at_record_heading(stdout, &at_compare_class_record);
    for (size_t i = 0; i < r->n_classes; i++)
        at_record_line(stdout, &at_compare_class_record, &r->classes[i]);
}

static void print_tables(const struct at_compare_result *r)
{
    if (!r->n_columns)
        return;
    if (r->command)
        printf("\ntables of atlas %s in both directories\n", r->command);
    else
        printf("\nother analyses of both sides\n");
    at_record_heading(stdout, &at_table_column_record);
    for (size_t i = 0; i < r->n_columns; i++)
        at_record_line(stdout, &at_table_column_record, &r->columns[i]);
    if (!isnan(r->adjusted_rand) && r->command)
        printf("adjusted Rand index of the clusters: %.4f\n", r->adjusted_rand);
}

/* Of tables alone. */
static void print_runs(const struct at_compare_result *r)
{
    printf("a  %s\nb  %s\n", r->model_a, r->model_b);
    for (size_t i = 0; i < r->n_notes; i++)
        printf("note: %s\n", r->notes[i]);
    print_tables(r);
}

void compare_print(const struct compare *c, const struct at_compare_result *r,
                   const struct couple *p)
{
    (void)c;
    if (!r->n_texts) {
        print_runs(r);
        return;
    }
    print_sides(r, p);
    if (p)
        print_alone(p);
    print_global(r);
    print_layers(r);
    print_heads(r);
    print_predictions(r);
    print_classes(r);
    print_tables(r);
}
