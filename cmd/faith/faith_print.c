/*
 * faith_print.c - explanations as a person reads them in a terminal.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/faith/faith.h"
#include "cmd/guard.h"
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
        printf(" '%s'", t->token_label);
    if (t->foil)
        printf(" and not '%s'", t->foil_label);
    if (t->index != AT_NONE)
        printf(" at token %zu ('%s')", t->index, r->tokens[t->index].label);
    printf(", F = %.4f\n", t->value);
}

/* Deepest tints of what raises and what lowers F, and those of a half and a quarter of it. */
static const char *const raising[] = { OWN_ESC "[48;5;166m" OWN_ESC "[97m",
                                       OWN_ESC "[48;5;215m" OWN_ESC "[30m",
                                       OWN_ESC "[48;5;223m" OWN_ESC "[30m" };
static const char *const lowering[] = { OWN_ESC "[48;5;25m" OWN_ESC "[97m",
                                        OWN_ESC "[48;5;75m" OWN_ESC "[30m",
                                        OWN_ESC "[48;5;153m" OWN_ESC "[30m" };

/* The text, every token coloured by its share of the largest score of the first method. */
static void print_colored(const struct at_doc *doc, const struct at_faith_result *r)
{
    const double *scores = r->attributions[0].scores;
    size_t room = term_width(stdout), used = 0;
    double largest = 0.0;

    for (size_t t = 0; t < r->T; t++)
        largest = fmax(largest, fabs(scores[t]));
    printf("\n%s:\n", r->methods[0].name);
    for (size_t t = 0; t < r->T; t++) {
        bool is_part = doc->labels[t].is_continuation;
        const char *text = doc->labels[t].text;
        size_t width, tint;
        double share = fabs(scores[t]) / largest;
        if (is_part && text[0] == '#' && text[1] == '#')
            text += 2;
        text += text[0] == ' ';
        width = term_columns(text) + !is_part;
        if (used && used + width > room)
            printf("\n");
        else if (used && !is_part)
            printf(" ");
        used = used + width > room ? width : used + width;
        tint = share > 0.5 ? 0 : share > 0.25 ? 1 : share > 0.1 ? 2 : 3;
        if (tint < 3)
            printf("%s%s" OWN_ESC "[0m", (scores[t] > 0 ? raising : lowering)[tint], text);
        else
            printf("%s", text);
    }
    printf("\n");
}

/* Columns are as wide as the name above them. */
static int column_width(const struct at_attribution *a)
{
    int n = (int)term_columns(a->method);

    return n < 8 ? 8 : n;
}

/* Methods from first on that fit beside the tokens; at least one. */
static size_t fitting(const struct at_faith_result *r, size_t first)
{
    size_t room = term_width(stdout), used = 24, n = first;

    while (n < r->n_methods) {
        used += (size_t)column_width(&r->attributions[n]) + 1;
        if (n > first && used > room)
            break;
        n++;
    }
    return n;
}

/* A line for each token, a column for each method; what does not fit follows below. */
static void print_scores(const struct at_faith_result *r)
{
    for (size_t first = 0, end; first < r->n_methods; first = end) {
        end = fitting(r, first);
        printf("\n%6s %-16s", "", "token");
        for (size_t m = first; m < end; m++)
            printf(" %*s", column_width(&r->attributions[m]), r->attributions[m].method);
        printf("\n");
        for (size_t t = 0; t < r->T; t++) {
            printf("%6zu ", t);
            term_pad(stdout, r->tokens[t].label, 16);
            for (size_t m = first; m < end; m++)
                print_number(r->attributions[m].scores[t], column_width(&r->attributions[m]), 4);
            printf("\n");
        }
    }
}

static void print_sums(const struct at_faith_result *r)
{
    if (r->completeness.steps != AT_NONE)
        printf("\nintegrated gradients: %zu nodes miss %.2g %% of what they add up to\n",
               r->completeness.steps, 100.0 * r->completeness.residual);
    if (!isnan(r->conservation))
        printf("AttnLRP: %.2g %% of the relevance went to biases and positions\n",
               100.0 * r->conservation);
}

static void print_summary(const struct at_faith_result *r)
{
    printf("\nagreement with the attention of heads, mean over heads with 95 %% interval\n");
    at_record_heading(stdout, &at_mean_rho_record);
    for (size_t m = 0; m < r->n_methods; m++)
        at_record_line(stdout, &at_mean_rho_record, &r->mean_rho[m]);
    if (!r->n_areas)
        return;
    printf("\nF without the highest scores, and with them alone, beside random orders\n");
    at_record_heading(stdout, &at_curve_area_record);
    for (size_t m = 0; m < r->n_areas; m++)
        at_record_line(stdout, &at_curve_area_record, &r->areas[m]);
}

static void print_sanity(const struct at_faith_result *r)
{
    if (!r->n_sanity)
        return;
    printf("\nscores against those before layers were made random, from the last one on\n");
    at_record_heading(stdout, &at_sanity_row_record);
    for (size_t m = 0; m < r->n_methods; m++)
        for (size_t i = m; i < r->n_sanity; i += r->n_methods)
            at_record_line(stdout, &at_sanity_row_record, &r->sanity[i]);
}

void faith_print_summary(const struct at_faith_summary *s)
{
    printf("\n%zu texts: agreement with the attention of heads, mean over heads and texts with "
           "95 %% interval over texts\n",
           s->n_texts);
    at_record_heading(stdout, &at_mean_rho_record);
    for (size_t m = 0; m < s->n_methods; m++)
        at_record_line(stdout, &at_mean_rho_record, &s->mean_rho[m]);
}

void faith_print(const struct faith *f, const struct at_doc *doc, const struct at_faith_result *r)
{
    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    print_target(doc, r);
    if (r->n_methods && term_has_color((enum color_mode)f->x->call->color, stdout))
        print_colored(doc, r);
    print_scores(r);
    print_sums(r);
    print_summary(r);
    print_sanity(r);
    faith_ablation_print(r->heads_removed);
}
