/*
 * integrated_gradients.c - what each word embedding adds to the target on the straight way from a
 * baseline (Sundararajan et al. 2017); see attribution.h.
 *
 *   score[t] = sum over nodes of w . sum over c of (x - x')[t][c] dF/dx[t][c] at x' + a (x - x')
 *
 * The way is cut into panels, each with a Gauss-Legendre rule of its own and with the values of F
 * at its ends: what the scores of a panel lack to their difference is the panel's error. Panels
 * with too much of it are halved, the others keep what they have.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/attribution.h"
#include "base/alloc.h"
#include "stats/quadrature.h"

enum { PANEL_NODES = 16, MOST_NODES = 256, MOST_PANELS = MOST_NODES / PANEL_NODES };
static const double TOLERANCE = 0.05;

struct panel {
    double low, high;    /* of the way, 0..1 */
    double from, to;     /* F there */
    double *scores, sum; /* (T) */
};

struct way {
    struct at_explained *e;
    size_t T, E, n_nodes;
    float *x, *base, *d, *points; /* (T,E) twice, (most,T,E) twice */
    size_t most;                  /* points at a time */
};

/* --- the baseline --- */

static int role_of(const struct at_explained *e)
{
    const struct at_tokenizer *t = e->probe->s->tokenizer;

    switch (e->options->baseline) {
    case AT_BASELINE_AUTO:
        return at_tokenizer_role(t, AT_ROLE_PAD) >= 0 ? AT_ROLE_PAD : AT_ROLE_EOS;
    case AT_BASELINE_MASK:
        return AT_ROLE_MASK;
    case AT_BASELINE_EOS:
        return AT_ROLE_EOS;
    default:
        return AT_ROLE_PAD;
    }
}

/* The id of a token with that part: the tokenizer's, else what the configuration names. */
static int id_of(const struct at_session *s, int role)
{
    int id = at_tokenizer_role(s->tokenizer, (enum at_token_role)role);

    if (id >= 0 || role == AT_ROLE_MASK)
        return id;
    return role == AT_ROLE_PAD ? s->model.config.pad_id : s->model.config.eos_id;
}

static int fill_baseline(struct way *w, struct at_error *err)
{
    static const char *const names[] = {
        [AT_ROLE_PAD] = "pad", [AT_ROLE_MASK] = "mask", [AT_ROLE_EOS] = "end-of-text"
    };
    const struct at_explained *e = w->e;
    bool is_zero = e->options->baseline == AT_BASELINE_ZERO;
    int role = role_of(e), id = id_of(e->probe->s, role);

    if (!is_zero && (id < 0 || (size_t)id >= e->probe->s->model.config.vocab))
        return at_fail(err, AT_ENOTFOUND,
                       "the vocabulary has no %s token for a baseline; another --baseline may do",
                       names[role]);
    for (size_t t = 0; t < w->T; t++) {
        float *row = w->base + t * w->E;
        if (e->options->keeps_special && e->doc->tokens.items[t].is_special)
            memcpy(row, w->x + t * w->E, w->E * sizeof *row);
        else if (is_zero)
            memset(row, 0, w->E * sizeof *row);
        else
            at_probe_embedding(row, e->probe, id);
    }
    return 0;
}

/* --- points on the way --- */

/* F and (T) scores that gradients at n places of the way give: values (n), scores (n,T). */
static int look(struct way *w, double *values, double *scores, const double *places, size_t n,
                struct at_error *err)
{
    size_t cells = w->T * w->E;
    const struct at_probe_gradient g = { .points = w->points, .values = values };
    int rc;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < cells; k++)
            w->points[i * cells + k] = w->base[k] + (float)places[i] * (w->x[k] - w->base[k]);
    rc = at_probe_gradients(w->d, w->e->probe, &g, n, err);
    for (size_t i = 0; i < n * w->T && !rc; i++) {
        size_t at = i % w->T * w->E;
        scores[i] = 0.0;
        for (size_t c = 0; c < w->E; c++)
            scores[i] +=
                ((double)w->x[at + c] - (double)w->base[at + c]) * (double)w->d[i * w->E + c];
    }
    return rc;
}

/*
 * A rule of n nodes from low to high into the panel, and F at another place of the way (value not
 * NULL), which goes through the model with them. Points are shared out evenly, since a small rest
 * takes as long as many.
 */
static int integrate(struct way *w, struct panel *p, size_t n, double *value, double elsewhere,
                     struct at_error *err)
{
    size_t all = n + (value != NULL), rounds = (all + w->most - 1) / w->most;
    size_t most = (all + rounds - 1) / rounds;
    double *x = at_malloc(3 * (n + 1) + most * (w->T + 1), sizeof *x), *weight = x + n + 1;
    double *place = weight + n + 1, *values = place + n + 1, *scores = values + most;
    int rc = 0;

    at_gauss_legendre(x, weight, n);
    for (size_t i = 0; i < n; i++)
        place[i] = p->low + (p->high - p->low) * x[i];
    place[n] = elsewhere;
    weight[n] = 0.0;
    memset(p->scores, 0, w->T * sizeof *p->scores);
    for (size_t i = 0, some; i < all && !rc; i += some) {
        some = AT_MIN(most, all - i);
        rc = look(w, values, scores, place + i, some, err);
        for (size_t k = 0; k < some * w->T && !rc; k++)
            p->scores[k % w->T] += (p->high - p->low) * weight[i + k / w->T] * scores[k];
        if (value && !rc && i + some == all)
            *value = values[some - 1];
    }
    p->sum = 0.0;
    for (size_t t = 0; t < w->T; t++)
        p->sum += p->scores[t];
    w->n_nodes += n;
    free(x);
    return rc;
}

/* --- refinement --- */

/* Sums over panels; answers what their errors together may be. */
static double add_up(double *scores, double *error, const struct panel *panels, size_t n, size_t T)
{
    double mass = 0.0;

    *error = 0.0;
    memset(scores, 0, T * sizeof *scores);
    for (size_t i = 0; i < n; i++) {
        *error += fabs(panels[i].sum - (panels[i].to - panels[i].from));
        for (size_t t = 0; t < T; t++)
            scores[t] += panels[i].scores[t];
    }
    for (size_t t = 0; t < T; t++)
        mass += fabs(scores[t]);
    return TOLERANCE * fmax(mass, fabs(panels[n - 1].to - panels[0].from));
}

/* The panel with most error, or n when none has any. */
static size_t worst(const struct panel *panels, size_t n)
{
    size_t found = n;
    double most = 0.0;

    for (size_t i = 0; i < n; i++) {
        double error = fabs(panels[i].sum - (panels[i].to - panels[i].from));
        if (error > most) {
            most = error;
            found = i;
        }
    }
    return found;
}

/* Halve panel i; the second half follows it. */
static int halve(struct way *w, struct panel *panels, size_t *n, size_t i, struct at_error *err)
{
    double *scores = panels[*n].scores;
    struct panel *p = &panels[i];
    int rc;

    memmove(p + 2, p + 1, (*n - i - 1) * sizeof *p);
    p[1] = *p;
    p[1].scores = scores;
    p[0].high = p[1].low = 0.5 * (p->low + p->high);
    ++*n;
    rc = integrate(w, p, PANEL_NODES, &p->to, p->high, err);
    p[1].from = p->to;
    return rc ? rc : integrate(w, p + 1, PANEL_NODES, NULL, 0.0, err);
}

static int follow(struct way *w, double *scores, struct panel *panels, struct at_error *err)
{
    size_t n_steps = w->e->options->n_steps, n = 1, i;
    double error, allowed;
    int rc = integrate(w, &panels[0], n_steps ? n_steps : PANEL_NODES, &panels[0].from, 0.0, err);

    panels[0].to = w->e->probe->value;
    allowed = add_up(scores, &error, panels, n, w->T);
    while (!rc && !n_steps && error > allowed && n < MOST_PANELS &&
           w->n_nodes + 2 * PANEL_NODES <= MOST_NODES && (i = worst(panels, n)) < n) {
        rc = halve(w, panels, &n, i, err);
        allowed = add_up(scores, &error, panels, n, w->T);
    }
    if (!rc) {
        double sum = 0.0, mass = 0.0, change = panels[n - 1].to - panels[0].from;
        for (size_t t = 0; t < w->T; t++) {
            sum += scores[t];
            mass += fabs(scores[t]);
        }
        w->e->ig_residual = fabs(sum - change) / (fmax(fabs(change), mass) + 1e-12);
        w->e->ig_steps = w->n_nodes;
    }
    return rc;
}

static int integrated_gradients(double *scores, struct at_explained *e, struct at_error *err)
{
    struct at_probe *p = e->probe;
    size_t cells = e->T * p->E, rows = e->T * p->n_copies;
    struct panel panels[MOST_PANELS + 1] = { { .low = 0.0, .high = 1.0 } };
    struct way w = { .e = e, .T = e->T, .E = p->E };
    double *room = at_malloc((MOST_PANELS + 1) * e->T, sizeof *room);
    int rc;

    w.most = AT_MAX(p->batch_rows / rows, (size_t)1);
    w.x = at_malloc((2 + 2 * w.most) * cells, sizeof *w.x);
    w.base = w.x + cells;
    w.points = w.base + cells;
    w.d = w.points + w.most * cells;
    for (size_t i = 0; i <= MOST_PANELS; i++)
        panels[i].scores = room + i * e->T;
    at_probe_embeddings(w.x, p);
    rc = fill_baseline(&w, err);
    if (!rc)
        rc = follow(&w, scores, panels, err);
    free(w.x);
    free(room);
    return rc;
}

const struct at_attribution_method at_method_ig = {
    .key = "ig",
    .name = "integrated gradients",
    .stands_on = "word embeddings",
    .sums_to = "F(x) - F(baseline)",
    .run = integrated_gradients,
};
