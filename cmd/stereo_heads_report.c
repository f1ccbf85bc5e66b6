/*
 * stereo_heads_report.c - what `bias stereoset --heads` tells: sensitivity.json, sensitivity.csv,
 * features.csv, the table on standard output.
 */
#include "cmd/stereo_heads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "stats/spearman.h"
#include "stats/summary.h"

#define HEAD_COLUMNS                                                                               \
    "layer,head,rank,omega2,n_features,n_significant,best_feature,best_omega2,best_p,best_q,"      \
    "best_paired_p,best_paired_q,best_rho_bias,best_rho_bias_q,bias_link,margin_link,is_pareto"
#define FEATURE_COLUMNS                                                                            \
    "layer,head,feature,n,mean_stereo,mean_anti,mean_delta,sd_delta,paired_p,paired_q,"            \
    "omega2,p,q,rho_bias,rho_bias_p,rho_bias_q,rho_margin,rho_margin_p,rho_margin_q"

enum { TOP_FEATURES = 20, PRINTED_HEADS = 10 };

static const struct at_trait_effect *effect_of(const struct stereo_heads *h, size_t head,
                                               size_t trait)
{
    return &h->traits[head * AT_N_TRAITS + trait];
}

/* --- document --- */

/* Mean difference of a trait in each category. */
static struct at_json *category_means(const struct stereo_heads *h, size_t head, size_t trait)
{
    struct at_trait_pair *pairs = at_malloc(h->n_items, sizeof *pairs);
    size_t n = at_trait_pairs(pairs, &h->s, head, trait);
    struct at_json *o = at_json_object();

    for (size_t c = 0; c < h->set->n_categories; c++) {
        double sum = 0.0;
        size_t n_of = 0;
        for (size_t i = 0; i < n; i++)
            if (h->s.category[pairs[i].item] == (int)c) {
                sum += pairs[i].delta;
                n_of++;
            }
        at_json_set_real(o, h->set->categories[c], n_of ? sum / (double)n_of : NAN);
    }
    free(pairs);
    return o;
}

static struct at_json *trait_json(const struct stereo_heads *h, size_t head, size_t trait)
{
    const struct at_trait_effect *e = effect_of(h, head, trait);
    struct at_json *o = at_json_object();

    at_json_set_string(o, "feature", at_trait_key(trait));
    at_json_set_int(o, "n", (long long)e->n);
    at_json_set_real(o, "mean_stereo", e->mean_stereo);
    at_json_set_real(o, "mean_anti", e->mean_anti);
    at_json_set_real(o, "mean_delta", e->mean_delta);
    at_json_set_real(o, "sd_delta", e->sd_delta);
    at_json_set_real(o, "omega2", e->omega2);
    at_json_set_real(o, "p", e->p);
    at_json_set_real(o, "q", e->q);
    at_json_set_real(o, "paired_p", e->paired_p);
    at_json_set_real(o, "paired_q", e->paired_q);
    at_json_set_real(o, "rho_bias", e->rho_bias);
    at_json_set_real(o, "rho_bias_q", e->rho_bias_q);
    at_json_set_real(o, "rho_margin", e->rho_margin);
    at_json_set_real(o, "rho_margin_q", e->rho_margin_q);
    at_json_set(o, "category_means", category_means(h, head, trait));
    return o;
}

static struct at_json *place_json(const struct stereo_heads *h, size_t head)
{
    struct at_json *o = at_json_object();

    at_json_set_int(o, "layer", (long long)(head / h->H));
    at_json_set_int(o, "head", (long long)(head % h->H));
    return o;
}

static struct at_json *head_json(const struct stereo_heads *h, size_t head)
{
    const struct at_head_effect *e = &h->heads[head];
    struct at_json *o = place_json(h, head);

    at_json_set_int(o, "rank", (long long)e->rank);
    at_json_set_real(o, "omega2", e->omega2);
    at_json_set_int(o, "n_features", (long long)e->n_traits);
    at_json_set_int(o, "n_significant", (long long)e->n_significant);
    at_json_set(o, "best", e->best < AT_N_TRAITS ? trait_json(h, head, e->best) : at_json_null());
    at_json_set_real(o, "bias_link", e->bias_link);
    at_json_set_real(o, "margin_link", e->margin_link);
    at_json_set_bool(o, "is_pareto", e->is_pareto);
    return o;
}

static struct at_json *matrix_json(const struct stereo_heads *h)
{
    struct at_json *rows = at_json_array();
    double *row = at_malloc(h->H, sizeof *row);

    for (size_t l = 0; l < h->L; l++) {
        for (size_t k = 0; k < h->H; k++)
            row[k] = h->heads[l * h->H + k].omega2;
        at_json_append(rows, at_json_reals(row, h->H));
    }
    free(row);
    return rows;
}

/* Smallest p first, then the larger effect; what has none comes last. */
static int by_effect(const void *a, const void *b)
{
    const struct at_trait_effect *x = *(const struct at_trait_effect *const *)a;
    const struct at_trait_effect *y = *(const struct at_trait_effect *const *)b;
    double p = isnan(x->p) ? 2.0 : x->p, q = isnan(y->p) ? 2.0 : y->p;

    if (p != q)
        return p < q ? -1 : 1;
    if (p < 2.0 && x->omega2 != y->omega2)
        return x->omega2 > y->omega2 ? -1 : 1;
    return x < y ? -1 : x > y;
}

static struct at_json *top_features_json(const struct stereo_heads *h)
{
    size_t n = h->L * h->H * AT_N_TRAITS;
    const struct at_trait_effect **order = at_malloc(n, sizeof *order);
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < n; i++)
        order[i] = &h->traits[i];
    qsort(order, n, sizeof *order, by_effect);
    for (size_t i = 0; i < TOP_FEATURES && i < n && !isnan(order[i]->p); i++) {
        size_t at = (size_t)(order[i] - h->traits);
        struct at_json *o = trait_json(h, at / AT_N_TRAITS, at % AT_N_TRAITS);
        at_json_set_int(o, "layer", (long long)(at / AT_N_TRAITS / h->H));
        at_json_set_int(o, "head", (long long)(at / AT_N_TRAITS % h->H));
        at_json_append(list, o);
    }
    free(order);
    return list;
}

/* How many of the traits that were tested have a q below 0.05, by question. */
static struct at_json *significant_json(const struct stereo_heads *h)
{
    struct at_json *o = at_json_object();
    long long n[4] = { 0 };

    for (size_t i = 0; i < h->L * h->H * AT_N_TRAITS; i++) {
        n[0] += h->traits[i].q < 0.05;
        n[1] += h->traits[i].paired_q < 0.05;
        n[2] += h->traits[i].rho_bias_q < 0.05;
        n[3] += h->traits[i].rho_margin_q < 0.05;
    }
    at_json_set_int(o, "categories", n[0]);
    at_json_set_int(o, "paired", n[1]);
    at_json_set_int(o, "bias", n[2]);
    at_json_set_int(o, "margin", n[3]);
    return o;
}

/* Features and scores both move with the length of a text: how much there is of that. */
static struct at_json *length_json(const struct stereo_heads *h)
{
    double *longer = at_malloc(2 * h->n_items, sizeof *longer), *bias = longer + h->n_items;
    struct at_json *o = at_json_object();
    struct at_correlation c;
    size_t n = 0, n_equal = 0;

    for (size_t i = 0; i < h->n_items; i++) {
        if (isnan(h->longer[i]))
            continue;
        longer[n] = h->longer[i];
        bias[n++] = h->s.bias[i];
        n_equal += h->longer[i] == 0.0;
    }
    c = at_spearman(longer, bias, n);
    at_json_set_real(o, "mean_delta", at_mean(longer, n));
    at_json_set_int(o, "n_equal", (long long)n_equal);
    at_json_set_real(o, "rho_bias", c.rho);
    at_json_set_real(o, "rho_bias_p", c.p);
    free(longer);
    return o;
}

static struct at_json *document(const struct stereo_heads *h)
{
    struct at_json *doc = at_json_object(), *heads = at_json_array(), *top = at_json_array();
    struct at_json *meta = job_meta(h->job, NULL);

    at_json_set_string(meta, "tagger", tagger_name(&h->tagger));
    at_json_set(doc, "meta", meta);
    at_json_set_string(doc, "feature_version", AT_TRAITS_VERSION);
    at_json_set_string(doc, "scores", h->scores_name);
    at_json_set_string(doc, "part", at_stereo_part_name(h->part));
    at_json_set_int(doc, "n_items", (long long)(h->n_items - h->n_left_out));
    at_json_set_int(doc, "n_left_out", (long long)h->n_left_out);
    at_json_set_int(doc, "draws", h->n_draws);
    at_json_set_int(doc, "seed", h->job->seed);
    at_json_set_int(doc, "n_tested", (long long)h->n_tested);
    at_json_set(doc, "n_significant", significant_json(h));
    at_json_set(doc, "length", length_json(h));
    at_json_set_real(doc, "chance_link", at_chance_link(h->n_items - h->n_left_out));
    at_json_set(doc, "matrix", matrix_json(h));
    for (size_t i = 0; i < h->L * h->H; i++)
        at_json_append(heads, head_json(h, i));
    for (size_t i = 0; i < h->L * h->H && i < (size_t)h->n_top; i++)
        at_json_append(top, place_json(h, h->order[i]));
    at_json_set(doc, "heads", heads);
    at_json_set(doc, "top_heads", top);
    at_json_set(doc, "top_features", top_features_json(h));
    return doc;
}

/* --- tables --- */

static int write_heads(const struct stereo_heads *h, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, h->job, NULL, "sensitivity.csv", HEAD_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < h->L * h->H; i++) {
        const struct at_head_effect *e = &h->heads[i];
        const struct at_trait_effect none = { 0,   NAN, NAN, NAN, NAN, NAN, NAN, NAN,
                                              NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
        bool has_best = e->best < AT_N_TRAITS;
        const struct at_trait_effect *best = has_best ? effect_of(h, i, e->best) : &none;
        at_csv_int(&csv, (long long)(i / h->H));
        at_csv_int(&csv, (long long)(i % h->H));
        at_csv_int(&csv, (long long)e->rank);
        at_csv_real(&csv, e->omega2);
        at_csv_int(&csv, (long long)e->n_traits);
        at_csv_int(&csv, (long long)e->n_significant);
        at_csv_text(&csv, has_best ? at_trait_key(e->best) : NULL);
        at_csv_real(&csv, best->omega2);
        at_csv_real(&csv, best->p);
        at_csv_real(&csv, best->q);
        at_csv_real(&csv, best->paired_p);
        at_csv_real(&csv, best->paired_q);
        at_csv_real(&csv, best->rho_bias);
        at_csv_real(&csv, best->rho_bias_q);
        at_csv_real(&csv, e->bias_link);
        at_csv_real(&csv, e->margin_link);
        at_csv_int(&csv, e->is_pareto);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, h->job, NULL, "sensitivity.csv", HEAD_COLUMNS, err);
}

static void add_feature(struct at_csv *csv, const struct at_trait_effect *e)
{
    const double values[] = {
        e->mean_stereo, e->mean_anti,    e->mean_delta,   e->sd_delta,
        e->paired_p,    e->paired_q,     e->omega2,       e->p,
        e->q,           e->rho_bias,     e->rho_bias_p,   e->rho_bias_q,
        e->rho_margin,  e->rho_margin_p, e->rho_margin_q,
    };

    at_csv_int(csv, (long long)e->n);
    for (size_t i = 0; i < AT_COUNTOF(values); i++)
        at_csv_real(csv, values[i]);
    at_csv_end(csv);
}

static int write_features(const struct stereo_heads *h, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, h->job, NULL, "features.csv", FEATURE_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < h->L * h->H; i++)
        for (size_t t = 0; t < AT_N_TRAITS; t++) {
            at_csv_int(&csv, (long long)(i / h->H));
            at_csv_int(&csv, (long long)(i % h->H));
            at_csv_text(&csv, at_trait_key(t));
            add_feature(&csv, effect_of(h, i, t));
        }
    return job_csv_commit(&csv, h->job, NULL, "features.csv", FEATURE_COLUMNS, err);
}

/* --- standard output --- */

static void print_report(const struct stereo_heads *h)
{
    printf("heads of %s on %zu %s item%s, %zu feature%s tested\n", h->job->shown_model,
           h->n_items - h->n_left_out, at_stereo_part_name(h->part),
           at_plural(h->n_items - h->n_left_out), h->n_tested, at_plural(h->n_tested));
    printf("  %-8s%8s  %-26s%8s%8s%10s%10s\n", "head", "omega2", "best feature", "omega2", "q",
           "paired q", "rho bias");
    for (size_t i = 0; i < PRINTED_HEADS && i < h->L * h->H; i++) {
        size_t head = h->order[i];
        const struct at_head_effect *e = &h->heads[head];
        const struct at_trait_effect *best;
        char name[32];
        if (e->best == AT_N_TRAITS)
            break;
        best = effect_of(h, head, e->best);
        snprintf(name, sizeof name, "L%zu H%zu", head / h->H, head % h->H);
        printf("  %-8s%8.4f  %-26s%8.4f%8.3f%10.3f%10.3f\n", name, e->omega2, at_trait_key(e->best),
               best->omega2, best->q, best->paired_q, best->rho_bias);
    }
    printf("  omega2: share of the differences' variation between categories, 0 by chance; "
           "best of %d features\n",
           (int)AT_N_TRAITS);
}

int stereo_heads_report(const struct stereo_heads *h, struct at_error *err)
{
    struct job *job = h->job;
    int rc = 0;

    if (!job->manifest && !job->is_json)
        print_report(h);
    if (job->manifest && (job->formats & FORMAT_CSV)) {
        rc = write_heads(h, err);
        if (!rc)
            rc = write_features(h, err);
    }
    if (!rc && job_draws(job))
        rc = stereo_heads_pictures(h, err);
    if (!rc && job->manifest && (job->formats & FORMAT_JSON)) {
        struct at_json *doc = document(h);
        rc = manifest_json(job->manifest, "sensitivity.json", doc, (int)job->digits, err);
        at_json_free(doc);
    }
    return rc;
}
