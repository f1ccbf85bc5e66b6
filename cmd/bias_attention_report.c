/*
 * bias_attention_report.c - what `atlas bias attention` tells: bar.json, bar.csv, propagation.csv,
 * the summary.
 */
#include "cmd/bias_attention.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define BAR_COLUMNS                                                                                \
    "layer,head,bar,bsr,bar_visible,bsr_visible,max_weight,specialised,p,mc_error,q,"              \
    "p_bonferroni,bar_gen,bar_unfair,bar_stereo"
#define PROPAGATION_COLUMNS "layer,mean,min,max,n_specialised"

static const char *const status_words[] = { "tested", "nothing flagged", "no token left" };
static const char *const correction_names[] = { "uncorrected", "false discovery rate",
                                                "Bonferroni" };

/* Mean, least and greatest ratio of a layer's heads. */
struct layer_range {
    double mean, min, max;
    size_t n_specialised;
};

static struct layer_range range_of(const struct attention_state *s, size_t layer)
{
    struct layer_range r = { s->layer_mean[layer], NAN, NAN, 0 };

    for (size_t h = 0; h < s->H; h++) {
        const struct at_bar_head *head = &s->ratios[0].heads[layer * s->H + h];
        r.min = fmin(r.min, head->bar); /* passes over a NaN */
        r.max = fmax(r.max, head->bar);
        r.n_specialised += head->is_specialised;
    }
    return r;
}

/* --- document --- */

static struct at_json *head_json(const struct attention_state *s, size_t i)
{
    const struct at_bar_head *h = &s->ratios[0].heads[i];
    struct at_json *o = at_json_object(), *by_category = at_json_object();

    at_json_set_int(o, "layer", (long long)(i / s->H));
    at_json_set_int(o, "head", (long long)(i % s->H));
    at_json_set_real(o, "bar", h->bar);
    at_json_set_real(o, "bsr", h->bsr);
    at_json_set_real(o, "bar_visible", h->bar_visible);
    at_json_set_real(o, "bsr_visible", h->bsr_visible);
    at_json_set_real(o, "max_weight", h->max_weight);
    at_json_set_bool(o, "specialised", h->is_specialised);
    at_json_set_real(o, "p", h->p);
    at_json_set_real(o, "mc_error", h->mc_error);
    at_json_set_real(o, "q", h->q);
    at_json_set_real(o, "p_bonferroni", h->p_bonferroni);
    for (size_t c = 0; c < AT_N_BIAS; c++)
        at_json_set_real(by_category, at_bias_key((enum at_bias_category)c),
                         s->ratios[1 + c].heads[i].bar);
    at_json_set(o, "by_category", by_category);
    return o;
}

static struct at_json *propagation_json(const struct attention_state *s)
{
    const struct at_bar_propagation *p = &s->propagation;
    struct at_json *o = at_json_object();

    at_json_set_string(o, "pattern", at_bar_pattern_name(p->pattern));
    if (s->ratios[0].n_flagged)
        at_json_set_int(o, "peak_layer", (long long)p->peak_layer);
    else
        at_json_set(o, "peak_layer", at_json_null());
    at_json_set_real(o, "mean", p->mean);
    at_json_set(o, "layers", at_json_reals(s->layer_mean, s->L));
    at_json_set_real(o, "early", p->third[0]);
    at_json_set_real(o, "middle", p->third[1]);
    at_json_set_real(o, "late", p->third[2]);
    return o;
}

static struct at_json *significance_json(const struct attention_state *s)
{
    const struct at_bar_significance *g = &s->significance;
    struct at_json *o = at_json_object(), *list = at_json_array();

    at_json_set_string(o, "status", status_words[g->status]);
    at_json_set_int(o, "n_valid", (long long)g->n_valid);
    at_json_set_int(o, "n_draws", (long long)g->n_draws);
    at_json_set_bool(o, "exact", g->is_exact);
    at_json_set_int(o, "seed", (long long)g->seed);
    at_json_set_real(o, "alpha", g->alpha);
    at_json_set_int(o, "n_uncorrected", (long long)g->n_raw);
    at_json_set_int(o, "n_fdr", (long long)g->n_fdr);
    at_json_set_int(o, "n_bonferroni", (long long)g->n_bonferroni);
    at_json_set_string(o, "correction", correction_names[s->call->correction]);
    for (size_t h = 0; h < s->L * s->H; h++)
        if (attention_is_significant(s, h)) {
            struct at_json *head = at_json_object();
            at_json_set_int(head, "layer", (long long)(h / s->H));
            at_json_set_int(head, "head", (long long)(h % s->H));
            at_json_append(list, head);
        }
    at_json_set(o, "heads", list);
    return o;
}

static struct at_json *flagged_json(const struct attention_state *s)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < s->T; i++) {
        struct at_json *o, *labels;
        if (!s->flagged[0][i])
            continue;
        o = at_json_object();
        labels = at_json_array();
        at_json_set_int(o, "index", (long long)i);
        at_json_set_string(o, "token", s->doc->pieces[i]);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            if (s->flagged[1 + c][i])
                at_json_append(labels, at_json_string(at_bias_key((enum at_bias_category)c)));
        at_json_set(o, "labels", labels);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *document(const struct attention_state *s)
{
    struct at_json *doc = at_json_object(), *heads = at_json_array(), *ranked = at_json_array();
    size_t n, *top = attention_top(s, &n);

    for (size_t i = 0; i < s->L * s->H; i++)
        at_json_append(heads, head_json(s, i));
    for (size_t i = 0; i < n; i++)
        at_json_append(ranked, head_json(s, top[i]));
    at_json_set(doc, "meta", job_meta(s->job, s->doc));
    at_json_set(doc, "rule", detector_rule(&s->call->detector));
    at_json_set_real(doc, "threshold", s->call->threshold);
    at_json_set(doc, "flagged", flagged_json(s));
    at_json_set(doc, "heads", heads);
    at_json_set(doc, "top", ranked);
    at_json_set(doc, "propagation", propagation_json(s));
    at_json_set(doc, "significance", significance_json(s));
    free(top);
    return doc;
}

/* --- tables --- */

static int write_heads(struct attention_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "bar.csv", BAR_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < s->L * s->H; i++) {
        const struct at_bar_head *h = &s->ratios[0].heads[i];
        at_csv_int(&csv, (long long)(i / s->H));
        at_csv_int(&csv, (long long)(i % s->H));
        at_csv_real(&csv, h->bar);
        at_csv_real(&csv, h->bsr);
        at_csv_real(&csv, h->bar_visible);
        at_csv_real(&csv, h->bsr_visible);
        at_csv_real(&csv, h->max_weight);
        at_csv_int(&csv, h->is_specialised);
        at_csv_real(&csv, h->p);
        at_csv_real(&csv, h->mc_error);
        at_csv_real(&csv, h->q);
        at_csv_real(&csv, h->p_bonferroni);
        for (size_t c = 0; c < AT_N_BIAS; c++)
            at_csv_real(&csv, s->ratios[1 + c].heads[i].bar);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, s->doc, "bar.csv", BAR_COLUMNS, err);
}

static int write_layers(struct attention_state *s, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, s->job, s->doc, "propagation.csv", PROPAGATION_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t l = 0; l < s->L; l++) {
        struct layer_range r = range_of(s, l);
        at_csv_int(&csv, (long long)l);
        at_csv_real(&csv, r.mean);
        at_csv_real(&csv, r.min);
        at_csv_real(&csv, r.max);
        at_csv_int(&csv, (long long)r.n_specialised);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, s->job, s->doc, "propagation.csv", PROPAGATION_COLUMNS, err);
}

/* --- the summary --- */

static void print_heads(const struct attention_state *s)
{
    size_t n, *top = attention_top(s, &n);

    printf("  %-8s%8s%8s%9s%10s%10s\n", "head", "BAR", "BSR", "max", "p", "q");
    for (size_t i = 0; i < n; i++) {
        const struct at_bar_head *h = &s->ratios[0].heads[top[i]];
        char name[48];
        snprintf(name, sizeof name, "%zu-%zu", top[i] / s->H, top[i] % s->H);
        printf("  %-8s%8.3f%8.3f%9.3f", name, h->bar, h->bsr, h->max_weight);
        if (isnan(h->p))
            printf("%10s%10s", "n/a", "n/a");
        else
            printf("%10.2g%10.2g", h->p, h->q);
        printf("%s%s\n", h->is_specialised ? "  specialised" : "",
               attention_is_significant(s, top[i]) ? "  significant" : "");
    }
    free(top);
}

static void print_significance(const struct attention_state *s)
{
    const struct at_bar_significance *g = &s->significance;

    if (g->status == AT_BAR_NO_ROOM) {
        printf("  every token is flagged: nothing to compare with\n");
        return;
    }
    printf("  heads at p <= %g: %zu uncorrected, %zu by false discovery rate, %zu by Bonferroni\n",
           g->alpha, g->n_raw, g->n_fdr, g->n_bonferroni);
    printf("  null: %s%zu set%s of %zu of %zu token%s\n", g->is_exact ? "all " : "", g->n_draws,
           at_plural(g->n_draws), s->ratios[0].n_flagged, g->n_valid, at_plural(g->n_valid));
}

static void print_summary(const struct attention_state *s)
{
    const struct at_bar_propagation *p = &s->propagation;

    if (*s->doc->in.id)
        printf("%s%s: ", s->doc->number ? "\n" : "", s->doc->in.id);
    printf("attention to %zu flagged of %zu token%s, %s, %zu layer%s x %zu head%s\n",
           s->ratios[0].n_flagged, s->T, at_plural(s->T), s->job->shown_model, s->L,
           at_plural(s->L), s->H, at_plural(s->H));
    if (s->ratios[0].n_flagged == 0) {
        printf("  nothing flagged: a valid result, and nothing to measure attention to\n");
        return;
    }
    printf(" ");
    for (size_t i = 0; i < s->T; i++)
        if (s->flagged[0][i])
            printf(" %s(%zu)", s->doc->labels[i].text, i);
    printf("\n");
    print_heads(s);
    print_significance(s);
    printf("  mean ratio %.3f; over the layers %s, highest in layer %zu\n", p->mean,
           at_bar_pattern_name(p->pattern), p->peak_layer);
}

int attention_report(struct attention_state *s, struct at_error *err)
{
    struct job *job = s->job;
    int rc = 0;

    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_heads(s, err);
    if (!rc && job->manifest && (job->formats & FORMAT_CSV))
        rc = write_layers(s, err);
    if (!rc && job_draws(job))
        rc = attention_pictures(s, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, s->doc, "bar.json", document(s), err);
    if (!rc && !job->is_json && !job->manifest)
        print_summary(s);
    return rc;
}
