/*
 * ablation.c - see ablation.h.
 */
#include "analysis/ablation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/patching.h"
#include "base/alloc.h"
#include "stats/distance.h"
#include "stats/spearman.h"

/* A head that adds less than this share to the impact of those before it is past the elbow. */
#define ELBOW 0.05

/* What the questions about one text have in common. */
struct work {
    const struct at_head_ground *g;
    const struct at_ablation_options *o;
    const struct at_config *c;
    size_t n_heads; /* of the model */
    struct at_arena *arena;
    struct at_head_effect *single; /* (L,H) every head by itself */
    struct at_error *err;
};

static struct at_head head_at(const struct work *w, size_t i)
{
    return (struct at_head){ i / w->c->n_heads, i % w->c->n_heads };
}

/* Effects of n sets: set i is items[first[i]] .. items[first[i] + count[i] - 1]. */
static int remove_sets(struct at_head_effect *out, const struct work *w,
                       const struct at_removal_rule *rule, const struct at_head *const *sets,
                       const size_t *count, size_t n)
{
    float *gates = at_malloc(n * w->n_heads, sizeof *gates);
    struct at_head_edit *edits = at_malloc(n, sizeof *edits);
    int rc;

    for (size_t i = 0; i < n; i++) {
        at_removal_gates(gates + i * w->n_heads, sets[i], count[i], w->c);
        edits[i] = at_removal_edit(rule, gates + i * w->n_heads);
    }
    rc = at_head_effects(out, w->g, edits, n, w->err);
    free(gates);
    free(edits);
    return rc;
}

static int remove_each(struct work *w)
{
    size_t n = w->n_heads, *count = at_malloc(n, sizeof *count);
    struct at_head *heads = at_malloc(n, sizeof *heads);
    const struct at_head **sets = at_malloc(n, sizeof *sets);
    int rc;

    for (size_t i = 0; i < n; i++) {
        heads[i] = head_at(w, i);
        sets[i] = &heads[i];
        count[i] = 1;
    }
    w->single = at_arena_alloc(w->arena, n, sizeof *w->single);
    rc = remove_sets(w->single, w, &w->o->rule, sets, count, n);
    free(heads);
    free(sets);
    free(count);
    return rc;
}

static void add_row(struct at_ablation *r, const struct work *w, const struct at_head *heads,
                    size_t n, const struct at_head_effect *e)
{
    char *names = at_head_list_text(heads, n, "+", n);
    const char *kept = at_arena_strdup(w->arena, names);

    r->rows[r->n_rows] = (struct at_ablation_row){
        n == 1 ? heads->layer : AT_NONE,
        n == 1 ? heads->head : AT_NONE,
        at_removal_modes[w->o->rule.mode],
        e->change,
        e->impact,
        e->kl,
        kept,
    };
    r->proof[r->n_rows++] =
        (struct at_ablation_proof){ kept, e->norm, e->norm_left, e->norm_removed };
    free(names);
}

/* Rows of every head, or one of the list. */
static int tell_rows(struct at_ablation *r, const struct work *w)
{
    const struct at_head_list *l = w->o->heads;
    size_t n = l->n ? 1 : w->n_heads;
    struct at_head_effect together;
    const struct at_head *set = l->items;
    int rc = 0;

    r->rows = at_arena_alloc(w->arena, n, sizeof *r->rows);
    r->proof = at_arena_alloc(w->arena, n, sizeof *r->proof);
    if (l->n) {
        rc = remove_sets(&together, w, &w->o->rule, &set, &l->n, 1);
        if (!rc)
            add_row(r, w, l->items, l->n, &together);
        return rc;
    }
    for (size_t i = 0; i < n; i++) {
        struct at_head head = head_at(w, i);
        add_row(r, w, &head, 1, &w->single[i]);
    }
    return 0;
}

static int remove_layers(struct at_ablation *r, const struct work *w)
{
    static const struct at_removal_rule zero = { AT_REMOVE_ZERO, NULL, 0 };
    size_t L = w->c->n_layers, H = w->c->n_heads, *count = at_malloc(L, sizeof *count);
    struct at_head *heads = at_malloc(w->n_heads, sizeof *heads);
    const struct at_head **sets = at_malloc(L, sizeof *sets);
    struct at_head_effect *e = at_malloc(L, sizeof *e);
    int rc;

    for (size_t i = 0; i < w->n_heads; i++)
        heads[i] = head_at(w, i);
    for (size_t l = 0; l < L; l++) {
        sets[l] = heads + l * H;
        count[l] = H;
    }
    rc = remove_sets(e, w, &zero, sets, count, L);
    r->n_layers = rc ? 0 : L;
    r->layers = at_arena_alloc(w->arena, L, sizeof *r->layers);
    for (size_t l = 0; l < r->n_layers; l++)
        r->layers[l] = (struct at_layer_ablation){ l, e[l].change, e[l].impact, e[l].kl, e[l].gap };
    free(heads);
    free(sets);
    free(count);
    free(e);
    return rc;
}

/* ---- the first heads by a score ---- */

static double score_of(const struct work *w, size_t i)
{
    const struct at_head_effect *e = &w->single[i];

    if (w->o->scores)
        return w->o->scores[i];
    return !strcmp(w->o->by, "kl") ? e->kl : !strcmp(w->o->by, "change") ? e->change : e->impact;
}

struct scored {
    size_t i;
    double score;
};

/* Largest size first, what has no score last. */
static int by_size(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    double p = isnan(x->score) ? -1.0 : fabs(x->score);
    double q = isnan(y->score) ? -1.0 : fabs(y->score);

    if (p != q)
        return p > q ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

/* Shares, and where the next head adds little: at the earliest the first of two. */
static void find_elbow(struct at_elbow_row *rows, size_t n, const double *own)
{
    double total = 0.0, sum = 0.0;
    bool is_found = false;

    for (size_t k = 0; k < n; k++)
        total += own[k];
    for (size_t k = 0; k < n; k++) {
        sum += own[k];
        rows[k].share = total > 0.0 ? sum / total : NAN;
        rows[k].is_elbow = !is_found && k + 1 < n && own[k + 1] < ELBOW * total;
        is_found = is_found || rows[k].is_elbow;
    }
}

static int rank_heads(struct at_ablation *r, const struct work *w)
{
    size_t n = AT_MIN(w->o->n_top, w->n_heads), *count = at_malloc(n, sizeof *count);
    struct scored *order = at_malloc(w->n_heads, sizeof *order);
    struct at_head *heads = at_malloc(n, sizeof *heads);
    const struct at_head **sets = at_malloc(n, sizeof *sets);
    struct at_head_effect *e = at_malloc(n, sizeof *e);
    double *own = at_malloc(n, sizeof *own);
    int rc;

    for (size_t i = 0; i < w->n_heads; i++)
        order[i] = (struct scored){ i, score_of(w, i) };
    qsort(order, w->n_heads, sizeof *order, by_size);
    for (size_t k = 0; k < n; k++) {
        const struct at_head_effect *single = &w->single[order[k].i];
        heads[k] = head_at(w, order[k].i);
        sets[k] = heads;
        count[k] = k + 1;
        own[k] = fabs(w->c->is_causal && !isnan(single->kl) ? single->kl : single->impact);
    }
    rc = remove_sets(e, w, &w->o->rule, sets, count, n);
    r->elbow = at_arena_calloc(w->arena, n, sizeof *r->elbow);
    r->n_elbow = rc ? 0 : n;
    for (size_t k = 0; k < r->n_elbow; k++)
        r->elbow[k] = (struct at_elbow_row){ .rank = k + 1,
                                             .layer = heads[k].layer,
                                             .head = heads[k].head,
                                             .score = order[k].score,
                                             .change = e[k].change,
                                             .impact = e[k].impact,
                                             .kl = e[k].kl };
    find_elbow(r->elbow, r->n_elbow, own);
    free(order);
    free(heads);
    free(sets);
    free(count);
    free(e);
    free(own);
    return rc;
}

/* ---- the smallest set ---- */

/* The head that moves the target most beside those that are chosen; n_heads when none moves it
   further. */
static int best_next(size_t *best, struct at_head_effect *effect, const struct work *w,
                     struct at_head *trial, size_t n, const bool *is_taken)
{
    size_t N = w->n_heads, m = 0, *which = at_malloc(N, sizeof *which);
    size_t *count = at_malloc(N, sizeof *count);
    const struct at_head **sets = at_malloc(N, sizeof *sets);
    struct at_head_effect *e = at_malloc(N, sizeof *e);
    double sign = w->o->move < 0.0 ? -1.0 : 1.0, most = sign * effect->change;
    int rc;

    for (size_t i = 0; i < N; i++) {
        struct at_head *set = trial + m * AT_SMALLEST_MOST;
        if (is_taken[i])
            continue;
        memcpy(set, trial + N * AT_SMALLEST_MOST, n * sizeof *set);
        set[n] = head_at(w, i);
        sets[m] = set;
        count[m] = n + 1;
        which[m++] = i;
    }
    rc = remove_sets(e, w, &w->o->rule, sets, count, m);
    *best = N;
    for (size_t k = 0; k < m && !rc; k++)
        if (sign * e[k].change > most) {
            most = sign * e[k].change;
            *best = which[k];
            *effect = e[k];
        }
    free(which);
    free(count);
    free(sets);
    free(e);
    return rc;
}

static int seek_smallest(struct at_ablation *r, const struct work *w)
{
    size_t N = w->n_heads, most = AT_MIN((size_t)AT_SMALLEST_MOST, N), best = 0;
    struct at_head *trial = at_malloc((N + 1) * AT_SMALLEST_MOST, sizeof *trial);
    struct at_head *chosen = trial + N * AT_SMALLEST_MOST;
    bool *is_taken = at_calloc(N, sizeof *is_taken);
    struct at_head_effect e = { .change = 0.0 };
    int rc = 0;

    r->smallest = at_arena_alloc(w->arena, most, sizeof *r->smallest);
    while (r->n_smallest < most && fabs(e.change) < fabs(w->o->move)) {
        size_t n = r->n_smallest;
        rc = best_next(&best, &e, w, trial, n, is_taken);
        if (rc || best == N)
            break;
        is_taken[best] = true;
        chosen[n] = head_at(w, best);
        r->smallest[r->n_smallest++] = (struct at_smallest_row){
            n + 1,
            chosen[n].layer,
            chosen[n].head,
            e.change,
            e.impact,
            e.kl,
            fabs(e.change) >= fabs(w->o->move),
        };
    }
    free(trial);
    free(is_taken);
    return rc;
}

/* ---- gradients ---- */

/* Scores by gradient, and the true change of each: that of the ablation, or of patching. */
static int patch(struct at_ablation *r, const struct work *w)
{
    size_t n = w->n_heads;
    double *scores = at_arena_alloc(w->arena, 2 * n, sizeof *scores), *changes = scores + n;
    struct at_head_edit fill = at_removal_edit(&w->o->rule, NULL);
    float *rows = NULL;
    int rc = w->o->other ? at_patch_contexts(&rows, &fill, w->g->probe, w->o->other, w->err) : 0;

    if (!rc)
        rc = at_patch_scores(scores, w->g->probe, &fill, w->err);
    if (!rc && w->o->other)
        rc = at_patch_changes(changes, w->g, &fill, w->err);
    for (size_t i = 0; i < n && !w->o->other; i++)
        changes[i] = w->single[i].change;
    free(rows);
    if (rc)
        return rc;
    r->n_patching = n;
    r->patching = at_arena_alloc(w->arena, n, sizeof *r->patching);
    for (size_t i = 0; i < n; i++) {
        struct at_head head = head_at(w, i);
        r->patching[i] = (struct at_patching_row){ head.layer, head.head, scores[i], changes[i] };
    }
    r->patching_pearson = at_pearson(scores, changes, n);
    r->patching_rho = at_spearman(scores, changes, n).rho;
    return 0;
}

int at_ablation_run(struct at_ablation *out, const struct at_head_ground *ground,
                    const struct at_ablation_options *options, struct at_arena *arena,
                    struct at_error *err)
{
    const struct at_config *c = &ground->probe->s->model.config;
    struct work w = { ground, options, c, c->n_layers * c->n_heads, arena, NULL, err };
    struct at_ablation r = { .by = options->by };
    int rc = remove_each(&w);

    if (!rc)
        rc = tell_rows(&r, &w);
    if (!rc)
        rc = remove_layers(&r, &w);
    if (!rc && options->n_top && !options->heads->n)
        rc = rank_heads(&r, &w);
    if (!rc && !isnan(options->move))
        rc = seek_smallest(&r, &w);
    if (!rc)
        rc = patch(&r, &w);
    if (!rc)
        *out = r;
    return rc;
}
