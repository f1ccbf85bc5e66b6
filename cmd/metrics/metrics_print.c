/*
 * metrics_print.c - metrics as a person reads them: the summary of a text, the page of a metric.
 */
#include <math.h>
#include <stdio.h>

#include "cmd/metrics/metrics.h"

static void print_number(double v, int width)
{
    if (isnan(v))
        printf("%*s", width, "n/a");
    else
        printf("%*.4f", width, v);
}

/* "Low" where the document says "low". */
static const char *band_label(const struct metrics *m, const struct at_text_metrics *t,
                              size_t metric, double v)
{
    const struct at_metric_text *text = &at_metric_texts[metric];
    enum at_band band =
        m->x->call->matrix == AT_RAW ? at_metric_band(&t->reference, metric, v) : AT_BAND_NONE;

    return band == AT_BAND_NONE ? "" : text->band_label[band];
}

static void print_extreme(const struct at_text_metrics *t, size_t metric, size_t head)
{
    print_number(at_metric_get(&t->heads[head].metrics, metric), 9);
    printf(" (L%zuH%zu)", t->heads[head].layer, t->heads[head].head);
}

static void print_metric(const struct metrics *m, const struct at_text_metrics *t, size_t i)
{
    double v = at_metric_get(&t->global, i);

    printf("  %-22s", at_metric_key(i));
    print_number(v, 9);
    printf("  %-9s", band_label(m, t, i, v));
    if (t->least[i] != AT_NONE) {
        print_extreme(t, i, t->least[i]);
        print_extreme(t, i, t->greatest[i]);
    }
    printf("\n");
}

/* One head beside its layer and what is ordinary for it. */
static void print_head(const struct metrics *m, const struct at_text_metrics *t,
                       const struct at_head_metrics *h)
{
    printf("\nL%zuH%zu\n", h->layer, h->head);
    printf("  %-22s%9s  %-9s%12s%12s%s\n", "metric", "value", "", "layer mean", "rank in it",
           h->baseline ? "    baseline" : "");
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        double v = at_metric_get(&h->metrics, i);
        printf("  %-22s", at_metric_key(i));
        print_number(v, 9);
        printf("  %-9s", band_label(m, t, i, v));
        print_number(at_metric_get(&t->layers[h->layer].head_means, i), 12);
        if (isnan(v))
            printf("%12s", "n/a");
        else
            printf("%10.0f %%", at_metric_get(&h->rank, i));
        if (h->baseline)
            print_number(at_metric_get(h->baseline, i), 12);
        printf("\n");
    }
}

static void print_layer(const struct at_layer_metrics *l)
{
    printf("\nlayer %zu, mean map of its heads\n", l->layer);
    for (size_t i = 0; i < AT_N_METRICS; i++) {
        printf("  %-22s", at_metric_key(i));
        print_number(at_metric_get(&l->metrics, i), 9);
        printf("\n");
    }
}

/* What --layer and --head chose, below the summary of all. */
static void print_chosen(const struct metrics *m, const struct at_text_metrics *t)
{
    const struct selection *s = &m->x->call->selection;

    for (size_t l = 0; l < t->L; l++) {
        if (selects_layer_mean(s, l))
            print_layer(&t->layers[l]);
        for (size_t k = l * t->H; t->n_heads && k < (l + 1) * t->H; k++)
            if (selects_head(s, l, t->heads[k].head))
                print_head(m, t, &t->heads[k]);
    }
}

void metrics_print(const struct metrics *m, const struct at_doc *doc,
                   const struct at_text_metrics *t)
{
    bool has_heads = t->n_heads > 0;

    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    printf("%s, %zu layer%s x %zu head%s, %zu %s%s\n", doc->model_name, t->L, at_plural(t->L), t->H,
           at_plural(t->H), doc->n, m->x->call->doc.by_words ? "word" : "token", at_plural(doc->n));
    printf("  %-22s%9s  %-9s%9s%14s\n", "metric", "mean map", "", has_heads ? "least head" : "",
           has_heads ? "greatest head" : "");
    for (size_t i = 0; i < AT_N_METRICS; i++)
        print_metric(m, t, i);
    printf("  %-22s", at_metric_key(AT_FLOW_CHANGE));
    print_number(t->flow_change, 9);
    printf("\n");
    print_chosen(m, t);
}

void metrics_explain(size_t metric)
{
    const struct at_metric_text *m = &at_metric_texts[metric];

    printf("%s - %s (%s)\n", at_metric_key(metric), m->title, m->unit);
    printf("  formula  %s\n", m->formula);
    if (m->formula_causal)
        printf("  causal   %s\n", m->formula_causal);
    printf("  range    %s\n  high     %s\n  low      %s\n", m->range, m->high, m->low);
    if (m->has_bands)
        printf("  bands    %s, %s, %s: thirds of the way between what even attention and\n"
               "           attention to one key give in a text of the same length\n",
               m->band_label[AT_BAND_LOW], m->band_label[AT_BAND_MIDDLE],
               m->band_label[AT_BAND_HIGH]);
    printf("  source   %s\n", m->source);
}
