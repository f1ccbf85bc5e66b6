/*
 * chance.c - see chance.h.
 */
#include "analysis/chance.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/multiple.h"
#include "stats/tails.h"

static const double SIGNIFICANT = 0.05;

static const struct at_field chance_fields[] = {
    AT_FIELD(struct at_chance, ratio, "ratio", NULL,
             "times what even attention over the same tokens gives, mean over texts"),
    AT_FIELD_INTERVAL(struct at_chance, ci, "ratio", NULL, "its interval over texts",
                      .json = "ratio_ci"),
    AT_FIELD(struct at_chance, p, "p", NULL, "of the ratio being 1"),
    AT_FIELD(struct at_chance, q, "q", NULL, "false discovery rate over heads"),
    AT_FIELD(struct at_chance, is_beyond, "beyond", NULL,
             "q is at most .05 and the interval wholly outside 0.8 to 1.25"),
    AT_FIELD_END
};
const struct at_record at_chance_record = AT_RECORD(struct at_chance, chance_fields);

void at_even_map(float *out, size_t T, bool is_causal)
{
    for (size_t i = 0; i < T; i++) {
        size_t visible = is_causal ? i + 1 : T;
        for (size_t j = 0; j < T; j++)
            out[i * T + j] = j < visible ? 1.0f / (float)visible : 0.0f;
    }
}

double at_chance_ratio(double score, double even)
{
    return even > 0.0 ? score / even : NAN;
}

void at_chance_init(struct at_chance_table *t, size_t n_heads, size_t n_values)
{
    *t = (struct at_chance_table){ n_heads, n_values, NULL };
    t->ratio = at_calloc(n_heads * n_values, sizeof *t->ratio);
}

void at_chance_release(struct at_chance_table *t)
{
    free(t->ratio);
    *t = (struct at_chance_table){ 0 };
}

void at_chance_add(struct at_chance_table *t, const double *ratio)
{
    for (size_t i = 0; i < t->n_heads * t->n_values; i++)
        at_moments_add(&t->ratio[i], ratio[i]);
}

static struct at_chance judge(const struct at_moments *m, double level)
{
    struct at_chance c = { m->n, at_moments_mean(m), { NAN, NAN }, NAN, NAN, false };
    double n = (double)m->n, error, half;

    if (m->n < 2 || !at_has_spread(m->min, m->max)) /* all alike: one text over and over */
        return c;
    error = sqrt(m->m2 / (n - 1.0) / n);
    half = error * at_student_quantile(0.5 * (1.0 + level), n - 1.0);
    c.ci[0] = fmax(m->mean - half, 0.0);
    c.ci[1] = m->mean + half;
    c.p = at_student_two_sided((m->mean - 1.0) / error, n - 1.0);
    return c;
}

void at_chance_finish(struct at_chance *out, const struct at_chance_table *t, double level)
{
    double *q = at_malloc(t->n_heads, sizeof *q);

    for (size_t i = 0; i < t->n_heads * t->n_values; i++)
        out[i] = judge(&t->ratio[i], level);
    for (size_t v = 0; v < t->n_values; v++) {
        for (size_t h = 0; h < t->n_heads; h++)
            q[h] = out[h * t->n_values + v].p;
        at_bh_q(q, q, t->n_heads);
        for (size_t h = 0; h < t->n_heads; h++) {
            struct at_chance *c = &out[h * t->n_values + v];
            c->q = q[h];
            c->is_beyond =
                q[h] <= SIGNIFICANT && (c->ci[0] > AT_CHANCE_HIGH || c->ci[1] < AT_CHANCE_LOW);
        }
    }
    free(q);
}
