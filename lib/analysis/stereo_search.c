/*
 * stereo_search.c - see stereo_search.h.
 */
#include "analysis/stereo_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

static const struct at_field step_fields[] = {
    AT_FIELD(struct at_stereo_step, n, "n", NULL, "heads of the set so far"),
    AT_FIELD(struct at_stereo_step, layer, "layer", NULL, "layer of the head that joined, from 0"),
    AT_FIELD(struct at_stereo_step, head, "head", NULL, "head that joined, from 0"),
    AT_FIELD(struct at_stereo_step, ss, "ss", "percent", "stereotype score without the set"),
    AT_FIELD(struct at_stereo_step, change, "change", "points", "less that of the model as it is"),
    AT_FIELD(struct at_stereo_step, mean_bias, "mean_bias", NULL,
             "mean of stereotype minus anti-stereotype"),
    AT_FIELD(struct at_stereo_step, reaches, "reaches", NULL, "the change that was asked for"),
    AT_FIELD_END
};
const struct at_record at_stereo_step_record = AT_RECORD(struct at_stereo_step, step_fields);

static const struct at_field search_fields[] = {
    AT_FIELD(struct at_stereo_search, move, "move", "points", "change of SS asked for"),
    AT_FIELD(struct at_stereo_search, ss, "ss", "percent",
             "stereotype score of the model as it is"),
    AT_FIELD(struct at_stereo_search, mean_bias, "mean_bias", NULL,
             "mean of stereotype minus anti-stereotype"),
    AT_FIELD(struct at_stereo_search, n_items, "n_items", NULL, "items scored each time"),
    AT_FIELD(struct at_stereo_search, mode, "mode", NULL, "what took a removed head's place"),
    AT_FIELD(struct at_stereo_search, reaches, "reaches", NULL, "did the set move SS so far"),
    AT_FIELD_LIST(struct at_stereo_search, steps, n_steps, "steps", &at_stereo_step_record,
                  "heads in the order in which they joined"),
    AT_FIELD_END
};
const struct at_record at_stereo_search_record = AT_RECORD(struct at_stereo_search, search_fields);

/* Items that go through the model together. */
enum { WINDOW = 64 };

/* A set's score. */
struct outcome {
    double ss, bias;
};

/* A head and what it does by itself, or with the set. */
struct candidate {
    struct at_head head;
    struct outcome gain; /* in the wanted direction */
    bool is_taken;
};

struct search {
    const struct at_session *s;
    const struct at_stereoset *set;
    const struct at_stereo_search_options *o;
    struct at_model model; /* the session's, without heads */
    struct at_head_edit edit;
    float *gates;             /* (L,H) */
    struct at_scored *scored; /* (n) */
    struct outcome plain;
    size_t n_done, n_total;
};

/* All items by the model without n heads. */
static int score(struct outcome *out, struct search *k, const struct at_head *heads, size_t n,
                 struct at_error *err)
{
    const struct at_stereo_origin origin = { .is_macro = k->o->is_macro,
                                             .interval = { .level = 0.95 } };
    const struct at_stereoset *set = k->set;
    struct at_stereo_result r;
    struct at_scorer scorer;
    int rc = 0;

    at_removal_gates(k->gates, heads, n, &k->model.config);
    k->edit = at_removal_edit(&k->o->removal, k->gates);
    k->model.edit = n ? &k->edit : NULL;
    at_scorer_init(&scorer, &k->model, k->s->tokenizer, k->s->pool, 0);
    at_scored_clear(k->scored, set->n);
    for (size_t i = 0; i < set->n && !rc; i += WINDOW)
        rc = at_stereo_score(k->scored + i, &scorer, set->items + i,
                             AT_MIN((size_t)WINDOW, set->n - i), k->o->protocol, k->o->rule, err);
    at_scorer_release(&scorer);
    if (!rc) {
        at_stereo_summarize(&r, &origin, set, k->scored, k->o->has_part);
        *out = (struct outcome){ r.overall.ss, r.overall.mean_bias };
        at_stereo_result_release(&r);
    }
    at_scored_release(k->scored, set->n);
    if (k->o->progress)
        k->o->progress(k->o->arg, ++k->n_done, k->n_total);
    return rc;
}

/* What an outcome has more than the model as it is, in the wanted direction. */
static struct outcome gain_of(const struct search *k, struct outcome x)
{
    double sign = k->o->move < 0.0 ? -1.0 : 1.0;

    return (struct outcome){ sign * (x.ss - k->plain.ss), sign * (x.bias - k->plain.bias) };
}

static bool is_more(struct outcome a, struct outcome b)
{
    return a.ss > b.ss || (a.ss == b.ss && a.bias > b.bias);
}

static int by_gain(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (is_more(x->gain, y->gain) || is_more(y->gain, x->gain))
        return is_more(x->gain, y->gain) ? -1 : 1;
    if (x->head.layer != y->head.layer)
        return x->head.layer < y->head.layer ? -1 : 1;
    return (x->head.head > y->head.head) - (x->head.head < y->head.head);
}

/* Every head by itself, those that gain most first. */
static int first_round(struct search *k, struct candidate *c, size_t n, struct at_error *err)
{
    struct outcome x;
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++) {
        c[i] = (struct candidate){ .head = { i / k->model.config.n_heads,
                                             i % k->model.config.n_heads } };
        rc = score(&x, k, &c[i].head, 1, err);
        if (!rc)
            c[i].gain = gain_of(k, x);
    }
    if (!rc)
        qsort(c, n, sizeof *c, by_gain);
    return rc;
}

static void join(struct at_stereo_search *r, const struct search *k, struct candidate *c,
                 struct at_head *chosen)
{
    double sign = k->o->move < 0.0 ? -1.0 : 1.0;
    size_t n = r->n_steps;

    c->is_taken = true;
    chosen[n] = c->head;
    r->reaches = c->gain.ss >= fabs(k->o->move);
    r->steps[r->n_steps++] = (struct at_stereo_step){
        n + 1,
        c->head.layer,
        c->head.head,
        k->plain.ss + sign * c->gain.ss,
        sign * c->gain.ss,
        k->plain.bias + sign * c->gain.bias,
        r->reaches,
    };
}

/* Candidates join as long as one of them moves the score further. */
static int grow(struct at_stereo_search *r, struct search *k, struct candidate *c, size_t n,
                struct at_error *err)
{
    struct at_head *chosen = at_malloc(k->o->n_most, sizeof *chosen);
    struct outcome best = { 0.0, 0.0 }, x;
    int rc = 0;

    while (r->n_steps < k->o->n_most && !r->reaches && !rc) {
        struct candidate *next = NULL;
        for (size_t i = 0; i < n && !rc; i++) {
            if (c[i].is_taken)
                continue;
            chosen[r->n_steps] = c[i].head;
            if (r->n_steps) /* alone they are known */
                rc = score(&x, k, chosen, r->n_steps + 1, err);
            if (!rc && r->n_steps)
                c[i].gain = gain_of(k, x);
            if (!rc && is_more(c[i].gain, best)) {
                best = c[i].gain;
                next = &c[i];
            }
        }
        if (rc || !next)
            break;
        join(r, k, next, chosen);
    }
    free(chosen);
    return rc;
}

int at_stereo_search(struct at_stereo_search *out, const struct at_session *s,
                     const struct at_stereoset *set, const struct at_stereo_search_options *o,
                     struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    size_t n = c->n_layers * c->n_heads, few = AT_MIN(o->n_candidates, n);
    struct at_stereo_search r = { .move = o->move,
                                  .n_items = set->n,
                                  .mode = at_removal_modes[o->removal.mode] };
    struct search k = { .s = s, .set = set, .o = o, .model = s->model };
    struct candidate *candidates = at_malloc(n, sizeof *candidates);
    int rc;

    AT_BUG_IF(s->model.edit);
    k.n_total = 1 + n + few * (AT_MIN(o->n_most, few) - 1) / 2;
    k.gates = at_malloc(n, sizeof *k.gates);
    k.scored = at_malloc(set->n, sizeof *k.scored);
    r.steps = at_arena_alloc(&r.arena, o->n_most, sizeof *r.steps);
    rc = score(&k.plain, &k, NULL, 0, err);
    if (!rc)
        rc = first_round(&k, candidates, n, err);
    if (!rc)
        rc = grow(&r, &k, candidates, few, err);
    r.ss = k.plain.ss;
    r.mean_bias = k.plain.bias;
    free(candidates);
    free(k.gates);
    free(k.scored);
    if (rc)
        at_stereo_search_release(&r);
    else
        *out = r;
    return rc;
}

void at_stereo_search_release(struct at_stereo_search *s)
{
    at_arena_release(&s->arena);
    *s = (struct at_stereo_search){ .n_steps = 0 };
}
