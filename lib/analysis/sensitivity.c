/*
 * sensitivity.c - see sensitivity.h.
 */
#include "analysis/sensitivity.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/clusters.h"
#include "stats/effect.h"
#include "stats/multiple.h"
#include "stats/spearman.h"
#include "stats/summary.h"

static const double ROUNDING = 1e-5; /* two float32 passes over batches cut differently */
static const double STORAGE =
    2.4e-7; /* of a float's value: four times what its last bit is worth */
static const double SIGNIFICANT = 0.05;

int at_sensitivity_init(struct at_sensitivity *out, size_t n_items, size_t n_heads,
                        size_t n_categories, struct at_error *err)
{
    struct at_sensitivity s = { .n_items = n_items,
                                .n_heads = n_heads,
                                .n_categories = n_categories };
    void *room = NULL;
    size_t row = n_heads * AT_N_TRAITS;
    int rc = at_try_alloc(&room, n_items, 2 * row * sizeof(float), "traits of heads", err);

    if (rc)
        return rc;
    s.stereo = room;
    s.anti = s.stereo + n_items * row;
    for (size_t i = 0; i < 2 * n_items * row; i++)
        s.stereo[i] = NAN;
    s.term = at_malloc(n_items, sizeof *s.term);
    for (size_t i = 0; i < n_items; i++)
        s.term[i] = (int)i;
    s.category = at_calloc(n_items, sizeof *s.category);
    s.bias = at_calloc(n_items, sizeof *s.bias);
    s.margin = at_calloc(n_items, sizeof *s.margin);
    s.longer = at_calloc(n_items, sizeof *s.longer);
    *out = s;
    return 0;
}

void at_sensitivity_release(struct at_sensitivity *s)
{
    free(s->stereo);
    free(s->term);
    free(s->category);
    free(s->bias);
    free(s->margin);
    free(s->longer);
    *s = (struct at_sensitivity){ 0 };
}

double at_chance_link(size_t n)
{
    return n > 1 ? sqrt(2.0 / (AT_PI * (double)(n - 1))) : NAN;
}

static size_t place(const struct at_sensitivity *s, size_t item, size_t head, size_t trait)
{
    return (item * s->n_heads + head) * AT_N_TRAITS + trait;
}

/* A head's NaN is every head's: what makes a trait undefined is the text. */
static bool is_defined(const struct at_sensitivity *s, size_t item, size_t trait)
{
    for (size_t h = 0; h < s->n_heads; h++) {
        size_t at = place(s, item, h, trait);
        if (!isfinite(s->stereo[at]) || !isfinite(s->anti[at]))
            return false;
    }
    return isfinite(s->bias[item]) && isfinite(s->margin[item]);
}

static struct at_trait_pair pair_at(const struct at_sensitivity *s, size_t item, size_t at)
{
    double a = (double)s->stereo[at], b = (double)s->anti[at], delta = a - b;

    if (fabs(delta) <= ROUNDING * fmax(fabs(a), fabs(b)))
        delta = 0.0;
    return (struct at_trait_pair){ item, a, b, delta };
}

size_t at_trait_pairs(struct at_trait_pair *out, const struct at_sensitivity *s, size_t head,
                      size_t trait)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_items; i++)
        if (is_defined(s, i, trait))
            out[n++] = pair_at(s, i, place(s, i, head, trait));
    return n;
}

/* --- one trait of all heads --- */

struct trait_job {
    struct at_trait_effect *out; /* (n_heads, AT_N_TRAITS) */
    double *means;               /* (n_heads, AT_N_TRAITS, n_categories) or NULL */
    const struct at_sensitivity *s;
    size_t trait, n;
    size_t *items; /* (n) where the trait is defined */
    int *group;    /* (n) */
    int *unit;     /* (n) terms, numbered anew: one of two categories is two units */
    size_t n_units;
    int *unit_of; /* (terms, n_categories) scratch */
    double *bias, *margin;
    float *deltas; /* (n_heads, n) */
    double *room;  /* (slots, 2, n) */
};

static size_t n_terms(const struct at_sensitivity *s)
{
    int most = -1;

    for (size_t i = 0; i < s->n_items; i++)
        most = AT_MAX(most, s->term[i]);
    return (size_t)(most + 1);
}

static int unit_number(struct trait_job *job, size_t item)
{
    const struct at_sensitivity *s = job->s;
    int *u = &job->unit_of[(size_t)s->term[item] * s->n_categories + (size_t)s->category[item]];

    if (*u < 0)
        *u = (int)job->n_units++;
    return *u;
}

static void gather(struct trait_job *job, size_t trait)
{
    const struct at_sensitivity *s = job->s;

    job->trait = trait;
    job->n = job->n_units = 0;
    memset(job->unit_of, -1, n_terms(s) * s->n_categories * sizeof *job->unit_of);
    for (size_t i = 0; i < s->n_items; i++) {
        if (!is_defined(s, i, trait))
            continue;
        job->items[job->n] = i;
        job->group[job->n] = s->category[i];
        job->unit[job->n] = unit_number(job, i);
        job->bias[job->n] = s->bias[i];
        job->margin[job->n++] = s->margin[i];
    }
    for (size_t h = 0; h < s->n_heads; h++)
        for (size_t k = 0; k < job->n; k++) {
            size_t i = job->items[k];
            job->deltas[h * job->n + k] = (float)pair_at(s, i, place(s, i, h, trait)).delta;
        }
}

static bool is_constant(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0])
            return false;
    return true;
}

static void category_means(double *out, const struct trait_job *job, const double *delta)
{
    for (size_t c = 0; c < job->s->n_categories; c++) {
        double sum = 0.0;
        size_t n = 0;
        for (size_t k = 0; k < job->n; k++)
            if (job->group[k] == (int)c) {
                sum += delta[k];
                n++;
            }
        out[c] = n ? sum / (double)n : NAN;
    }
}

static void head_task(void *arg, size_t head, size_t slot)
{
    const struct trait_job *job = arg;
    size_t n = job->n;
    double *delta = job->room + slot * 2 * n, *middle = delta + n;
    struct at_trait_effect *e = &job->out[head * AT_N_TRAITS + job->trait];
    struct at_moments stereo = { 0 }, anti = { 0 };
    double greatest = 0.0;

    for (size_t k = 0; k < n; k++) {
        struct at_trait_pair p =
            pair_at(job->s, job->items[k], place(job->s, job->items[k], head, job->trait));
        delta[k] = p.delta;
        middle[k] = 0.5 * (p.stereo + p.anti);
        at_moments_add(&stereo, p.stereo);
        at_moments_add(&anti, p.anti);
        greatest = fmax(greatest, fmax(fabs(p.stereo), fabs(p.anti)));
    }
    e->mean_stereo = at_moments_mean(&stereo);
    e->mean_anti = at_moments_mean(&anti);
    e->mean_delta = at_mean(delta, n);
    e->sd_delta = at_sd(delta, n);
    if (job->means)
        category_means(job->means + (head * AT_N_TRAITS + job->trait) * job->s->n_categories, job,
                       delta);
    if (is_constant(delta, n))
        return;
    e->paired_p = at_signed_rank_clustered(delta, job->unit, n, job->n_units, STORAGE * greatest).p;
    e->rho_bias = at_spearman(delta, job->bias, n).rho;
    e->rho_bias_p = at_spearman_clustered(delta, job->bias, job->unit, n, job->n_units).p;
    e->rho_margin = at_spearman(middle, job->margin, n).rho;
    e->rho_margin_p = at_spearman_clustered(middle, job->margin, job->unit, n, job->n_units).p;
}

static void run_trait(struct trait_job *job, size_t trait, size_t n_draws, uint64_t seed,
                      struct at_pool *pool)
{
    const struct at_sensitivity *s = job->s;
    struct at_effect *effects;

    gather(job, trait);
    for (size_t h = 0; h < s->n_heads; h++)
        job->out[h * AT_N_TRAITS + trait] =
            (struct at_trait_effect){ job->n, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
                                      NAN,    NAN, NAN, NAN, NAN, NAN, NAN, NAN };
    if (job->n == 0)
        return;
    effects = at_malloc(s->n_heads, sizeof *effects);
    at_group_effects(effects, job->deltas, job->group, s->n_heads, job->n, s->n_categories,
                     job->unit, job->n_units, n_draws, seed, pool);
    for (size_t h = 0; h < s->n_heads; h++) {
        job->out[h * AT_N_TRAITS + trait].omega2 = effects[h].omega2;
        job->out[h * AT_N_TRAITS + trait].p = effects[h].p;
    }
    at_pool_run(pool, s->n_heads, head_task, job);
    free(effects);
}

/* --- all traits --- */

/* q of all p, which stand at these offsets in each effect. */
static void correct(struct at_trait_effect *e, size_t n, size_t p_at, size_t q_at)
{
    double *q = at_malloc(n, sizeof *q);

    for (size_t i = 0; i < n; i++)
        q[i] = *(const double *)((const char *)&e[i] + p_at);
    at_bh_q(q, q, n);
    for (size_t i = 0; i < n; i++)
        *(double *)((char *)&e[i] + q_at) = q[i];
    free(q);
}

static struct at_sensitivity_effect summarize(const struct at_trait_effect *traits)
{
    struct at_moments omega2 = { 0 }, bias = { 0 }, margin = { 0 };
    struct at_sensitivity_effect h = { .best = AT_N_TRAITS };

    for (size_t t = 0; t < AT_N_TRAITS; t++) {
        const struct at_trait_effect *e = &traits[t];
        if (isnan(e->omega2))
            continue;
        at_moments_add(&omega2, e->omega2);
        at_moments_add(&bias, fabs(e->rho_bias));
        at_moments_add(&margin, fabs(e->rho_margin));
        h.n_traits++;
        h.n_significant += e->q < SIGNIFICANT;
        if (h.best == AT_N_TRAITS || e->omega2 > traits[h.best].omega2)
            h.best = t;
    }
    h.omega2 = at_moments_mean(&omega2);
    h.bias_link = at_moments_mean(&bias);
    h.margin_link = at_moments_mean(&margin);
    return h;
}

static bool beats(const struct at_sensitivity_effect *a, const struct at_sensitivity_effect *b)
{
    return a->bias_link <= b->bias_link && a->margin_link >= b->margin_link &&
           (a->bias_link < b->bias_link || a->margin_link > b->margin_link);
}

/* Rank and frontier need all heads. Heads without an effect come last. */
static void compare_heads(struct at_sensitivity_effect *heads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct at_sensitivity_effect *a = &heads[i];
        double value = isnan(a->omega2) ? -INFINITY : a->omega2;
        a->rank = 0;
        a->is_pareto = isfinite(a->bias_link) && isfinite(a->margin_link);
        for (size_t j = 0; j < n; j++) {
            double other = isnan(heads[j].omega2) ? -INFINITY : heads[j].omega2;
            a->rank += other > value || (other == value && j < i);
            if (beats(&heads[j], a))
                a->is_pareto = false;
        }
    }
}

/* Natural logarithm of n!. */
static double log_factorial(size_t n)
{
    double sum = 0.0;

    for (size_t i = 2; i <= n; i++)
        sum += log((double)i);
    return sum;
}

struct at_sensitivity_reach at_sensitivity_reach(const struct at_sensitivity *s, size_t n_draws)
{
    size_t cells = n_terms(s) * s->n_categories, *units = at_calloc(s->n_categories, sizeof *units);
    unsigned char *seen = at_calloc(cells, 1);
    struct at_sensitivity_reach r = { 0, NAN, NAN };
    double log_ways;

    for (size_t i = 0; i < s->n_items; i++) {
        size_t c = (size_t)s->category[i];
        if (!seen[(size_t)s->term[i] * s->n_categories + c]++) {
            r.n_terms++;
            units[c]++;
        }
    }
    log_ways = log_factorial(r.n_terms);
    for (size_t c = 0; c < s->n_categories; c++)
        log_ways -= log_factorial(units[c]);
    r.least_p = fmax(1.0 / (1.0 + (double)n_draws), exp(-log_ways));
    r.least_paired = fmin(1.0, ldexp(2.0, -(int)AT_MIN(r.n_terms, (size_t)1000)));
    free(units);
    free(seen);
    return r;
}

void at_sensitivity_run(struct at_trait_effect *traits, struct at_sensitivity_effect *heads,
                        double *means, const struct at_sensitivity *s, size_t n_draws,
                        uint64_t seed, struct at_pool *pool)
{
    size_t n = s->n_items, n_all = s->n_heads * AT_N_TRAITS;
    struct trait_job job = { .out = traits, .means = means, .s = s };

    job.items = at_malloc(n, sizeof *job.items);
    job.group = at_malloc(n, sizeof *job.group);
    job.unit = at_malloc(n, sizeof *job.unit);
    job.unit_of = at_malloc(n_terms(s) * s->n_categories, sizeof *job.unit_of);
    job.bias = at_malloc(n, sizeof *job.bias);
    job.margin = at_malloc(n, sizeof *job.margin);
    job.deltas = at_malloc(s->n_heads * n, sizeof *job.deltas);
    job.room = at_malloc(at_pool_size(pool) * 2 * n, sizeof *job.room);
    for (size_t i = 0; means && i < n_all * s->n_categories; i++)
        means[i] = NAN;
    for (size_t t = 0; t < AT_N_TRAITS; t++)
        run_trait(&job, t, n_draws, seed, pool);
    correct(traits, n_all, offsetof(struct at_trait_effect, paired_p),
            offsetof(struct at_trait_effect, paired_q));
    correct(traits, n_all, offsetof(struct at_trait_effect, p),
            offsetof(struct at_trait_effect, q));
    correct(traits, n_all, offsetof(struct at_trait_effect, rho_bias_p),
            offsetof(struct at_trait_effect, rho_bias_q));
    correct(traits, n_all, offsetof(struct at_trait_effect, rho_margin_p),
            offsetof(struct at_trait_effect, rho_margin_q));
    for (size_t h = 0; h < s->n_heads; h++)
        heads[h] = summarize(traits + h * AT_N_TRAITS);
    compare_heads(heads, s->n_heads);
    free(job.items);
    free(job.group);
    free(job.unit);
    free(job.unit_of);
    free(job.bias);
    free(job.margin);
    free(job.deltas);
    free(job.room);
}
