/*
 * attention_flow.c - see attention_flow.h.
 *
 * Most problems are settled by the first blocking flow, over paths that only lead down: then it
 * reaches an upper bound that is known from the source's and the sink's own edges. The way back
 * over edges in use is looked for only when it does not, and from the sink, near which the narrow
 * place usually is. A problem undoes its changes instead of copying the graph.
 */
#include "analysis/attention_flow.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const double UNIT = 0x1p-52;
enum { FAR = INT32_MAX };

/* Node (k, t) is number k * T + t: token t before layer k, or behind the last one. Edge (k, i, j)
   leads from node (k + 1, i) to node (k, j). */
struct flow {
    size_t T, n_edges;
    bool is_causal;
    const int64_t *capacity;  /* (L,T,T) */
    const int64_t *entering;  /* (T,T) [s][t]: into token t before layer 1 from tokens 0..s */
    int64_t *left;            /* (L,T,T) of the capacity */
    uint32_t *changed;        /* (n_edges) edges where left was changed, */
    size_t n_changed;         /* or too many to name */
    int32_t *distance;        /* (L+1,T) edges to the sink */
    uint32_t *arc;            /* (L+1,T) the next way out to try, 0..2T */
    uint32_t *queue;          /* (L+1,T) */
    size_t *live;             /* (L+1) nodes of each level with ways to try */
    int64_t *excess, *demand; /* (T) of greedy_flow() */
    size_t source_level, source, sink; /* the problem */
    uint32_t *path;                    /* nodes from the source on; ((L+1) T) */
};

static size_t edge(const struct flow *f, size_t k, size_t i, size_t j)
{
    return (k * f->T + i) * f->T + j;
}

/* Ways out of node (k, i): 0 is straight down, then the other tokens below, from T on those above.
   This is the token that way a leads to. */
static size_t token_of(const struct flow *f, size_t i, size_t a)
{
    if (a >= f->T)
        return a - f->T;
    return a == 0 ? i : a <= i ? a - 1 : a;
}

/* The next way out of (k, i) that is open and leads nearer to the sink: 2T when there is none. */
static size_t next_way(const struct flow *f, size_t k, size_t i, size_t end)
{
    size_t T = f->T, node = k * T + i, a = f->arc[node];
    const int64_t *down = f->left + edge(f, k - 1, i, 0);
    const int32_t *below = f->distance + (k - 1) * T, *above = below + 2 * T;
    int32_t want = f->distance[node] - 1;

    for (; a < T && k > 1; a++) {
        size_t t = token_of(f, i, a);
        if (below[t] == want && down[t] > 0)
            return a;
    }
    for (a = AT_MAX(a, T); a < end; a++) {
        size_t e = edge(f, k, a - T, i);
        if (above[a - T] == want && f->capacity[e] > f->left[e])
            return a;
    }
    return 2 * T;
}

/* One more step of the path's end, or false when it leads nowhere. */
static bool advance(struct flow *f, size_t *depth, bool only_down)
{
    size_t T = f->T, node = f->path[*depth], k = node / T, i = node % T, a;

    if (k == 1 && f->distance[node] == 1 && f->left[edge(f, 0, i, f->sink)] > 0) {
        f->path[++*depth] = (uint32_t)f->sink;
        return true;
    }
    a = next_way(f, k, i, only_down || k == f->source_level ? T : 2 * T);
    if (a < 2 * T) {
        f->arc[node] = (uint32_t)a;
        f->path[++*depth] = (uint32_t)((a < T ? k - 1 : k + 1) * T + token_of(f, i, a));
        return true;
    }
    f->distance[node] = FAR;
    f->live[k]--;
    return false;
}

/* The edge between two neighbours of a path, and whether the path goes down it. */
static size_t path_edge(const struct flow *f, size_t from, size_t to, bool *is_down)
{
    size_t T = f->T;

    *is_down = to < from && to / T + 1 == from / T;
    return *is_down ? edge(f, to / T, from % T, to % T) : edge(f, from / T, to % T, from % T);
}

/* Send what fits along the path; its length becomes that of the part before the first full edge. */
static int64_t augment(struct flow *f, size_t *depth)
{
    int64_t amount = INT64_MAX;
    size_t keep = *depth;

    for (size_t d = 0; d < *depth; d++) {
        bool is_down;
        size_t e = path_edge(f, f->path[d], f->path[d + 1], &is_down);
        int64_t room = is_down ? f->left[e] : f->capacity[e] - f->left[e];
        if (room < amount) {
            amount = room;
            keep = d;
        }
    }
    for (size_t d = 0; d < *depth; d++) {
        bool is_down;
        size_t e = path_edge(f, f->path[d], f->path[d + 1], &is_down);
        if (f->left[e] == f->capacity[e]) {
            if (f->n_changed < f->n_edges)
                f->changed[f->n_changed] = (uint32_t)e;
            f->n_changed++;
        }
        f->left[e] -= is_down ? amount : -amount;
    }
    *depth = keep;
    return amount;
}

/* A level that every path crosses and that has no way on left. */
static bool is_blocked(const struct flow *f)
{
    for (size_t k = 1; k <= f->source_level; k++)
        if (f->live[k] == 0)
            return true;
    return false;
}

/* What no flow exceeds: all that leaves the source, and all that enters the sink from tokens which
   can have no more than enters them. Most flows reach it, and then there is nothing to prove. */
static int64_t upper_bound(const struct flow *f)
{
    size_t T = f->T, first = f->is_causal ? f->sink : 0, end = f->is_causal ? f->source + 1 : T;
    const int64_t *row = f->capacity + edge(f, f->source_level - 1, f->source, 0);
    int64_t leaves = 0, enters = 0;

    for (size_t t = first; t < end; t++) {
        int64_t out = f->capacity[edge(f, 0, t, f->sink)];
        leaves += row[t];
        enters += f->source_level > 1 ? AT_MIN(out, f->entering[f->source * T + t]) : out;
    }
    return AT_MIN(leaves, enters);
}

/* Paths by the distances that are set, until there is none or they carry enough. */
static int64_t blocking_flow(struct flow *f, bool only_down, int64_t enough)
{
    int64_t sum = 0;
    size_t depth = 0;

    memset(f->arc, 0, (f->source_level + 1) * f->T * sizeof *f->arc);
    f->path[0] = (uint32_t)(f->source_level * f->T + f->source);
    for (;;) {
        if (f->path[depth] == f->sink) {
            sum += augment(f, &depth);
            if (sum == enough)
                return sum;
        } else if (!advance(f, &depth, only_down)) {
            if (depth == 0 || is_blocked(f))
                return sum;
            depth--;
        }
    }
}

/* Nobody looks back yet: every node that may be on the way is as far as its level. */
static void set_levels(struct flow *f)
{
    size_t first = f->is_causal ? f->sink : 0, last = f->is_causal ? f->source : f->T - 1;

    for (size_t k = 0; k <= f->source_level; k++) {
        f->live[k] = last + 1 > first ? last + 1 - first : 0;
        for (size_t t = 0; t < f->T; t++)
            f->distance[k * f->T + t] =
                t >= first && t <= last && (k || t == f->sink) ? (int32_t)k : FAR;
    }
}

static bool source_is_used_up(const struct flow *f)
{
    const int64_t *row = f->left + edge(f, f->source_level - 1, f->source, 0);

    for (size_t j = 0; j < f->T; j++)
        if (row[j] > 0)
            return false;
    return true;
}

static void reach(struct flow *f, size_t node, size_t from, size_t *n)
{
    if (f->distance[node] != FAR)
        return;
    f->distance[node] = f->distance[from] + 1;
    f->queue[(*n)++] = (uint32_t)node;
}

/* Distances to the sink over what is left; false when the source is cut off. */
static bool measure(struct flow *f)
{
    size_t T = f->T, n = 0, source = f->source_level * T + f->source;

    for (size_t i = 0; i < (f->source_level + 1) * T; i++)
        f->distance[i] = FAR;
    f->distance[f->sink] = 0;
    f->queue[n++] = (uint32_t)f->sink;
    for (size_t q = 0; q < n && f->distance[source] == FAR; q++) {
        size_t node = f->queue[q], k = node / T, i = node % T;
        for (size_t t = 0; t < T && k < f->source_level; t++)
            if (f->left[edge(f, k, t, i)] > 0)
                reach(f, (k + 1) * T + t, node, &n);
        for (size_t t = 0; t < T && k > 1; t++) {
            size_t e = edge(f, k - 1, i, t);
            if (f->capacity[e] > f->left[e])
                reach(f, (k - 1) * T + t, node, &n);
        }
    }
    for (size_t k = 0; k <= f->source_level; k++)
        f->live[k] = T; /* more than there are: never blocks too early */
    return f->distance[source] != FAR;
}

static void undo(struct flow *f)
{
    if (f->n_changed > f->n_edges)
        memcpy(f->left, f->capacity, f->n_edges * sizeof *f->left);
    for (size_t i = 0; i < f->n_changed && f->n_changed <= f->n_edges; i++)
        f->left[f->changed[i]] = f->capacity[f->changed[i]];
    f->n_changed = 0;
}

static int64_t max_flow(struct flow *f)
{
    int64_t sum, bound = upper_bound(f);

    set_levels(f);
    sum = blocking_flow(f, true, bound);
    while (sum < bound && !source_is_used_up(f) && measure(f))
        sum += blocking_flow(f, false, bound - sum);
    undo(f);
    return sum;
}

/* ---- many problems on one graph ---- */

struct problems {
    size_t L, T;
    int64_t *capacity, *entering;
    struct flow *slots; /* one for each thread of the pool */
    size_t n_slots;
    size_t layer, from; /* of a single row */
    double *row;        /* (T), or NULL: */
    float *maps;        /* (L,T,T) */
};

static void release(struct problems *p)
{
    for (size_t s = 0; s < p->n_slots; s++) {
        free(p->slots[s].left);
        free(p->slots[s].changed);
        free(p->slots[s].distance);
        free(p->slots[s].arc);
        free(p->slots[s].queue);
        free(p->slots[s].live);
        free(p->slots[s].path);
    }
    free(p->slots);
    free(p->capacity);
    free(p->entering);
}

/* Is nothing sent to a later token? */
static bool take_capacities(struct problems *p, const float *means)
{
    size_t T = p->T;
    bool is_causal = true;

    for (size_t e = 0; e < p->L * T * T; e++) {
        bool is_self = e / T % T == e % T;
        p->capacity[e] = llround((0.5 * (double)means[e] + (is_self ? 0.5 : 0.0)) / UNIT);
        is_causal &= p->capacity[e] == 0 || e / T % T >= e % T;
    }
    return is_causal;
}

/* Sums over the tokens behind layer 1; in a map that is not causal those of all tokens count. */
static void sum_entering(struct problems *p, bool is_causal)
{
    size_t T = p->T;
    const int64_t *layer = p->capacity + T * T;
    int64_t *sum = p->entering;

    memcpy(sum, layer, T * sizeof *sum);
    for (size_t s = 1; s < T; s++)
        for (size_t t = 0; t < T; t++)
            sum[s * T + t] = sum[(s - 1) * T + t] + layer[s * T + t];
    for (size_t s = 0; s < T && !is_causal; s++)
        memmove(sum + s * T, sum + (T - 1) * T, T * sizeof *sum);
}

static int prepare_slot(struct flow *f, const struct problems *p, struct at_error *err)
{
    size_t nodes = (p->L + 1) * p->T;
    void *left, *changed;
    int rc;

    f->T = p->T;
    f->n_edges = p->L * p->T * p->T;
    f->capacity = p->capacity;
    f->entering = p->entering;
    rc = at_try_alloc(&left, f->n_edges, sizeof *f->left, "attention flow", err);
    if (rc)
        return rc;
    f->left = left;
    rc = at_try_alloc(&changed, f->n_edges, sizeof *f->changed, "attention flow", err);
    if (rc)
        return rc;
    f->changed = changed;
    f->distance = at_malloc(nodes, sizeof *f->distance);
    f->arc = at_malloc(nodes, sizeof *f->arc);
    f->queue = at_malloc(nodes, sizeof *f->queue);
    f->live = at_malloc(p->L + 1, sizeof *f->live);
    f->path = at_malloc(nodes + 1, sizeof *f->path);
    memcpy(f->left, f->capacity, f->n_edges * sizeof *f->left);
    return 0;
}

static int prepare(struct problems *p, const float *means, struct at_pool *pool,
                   struct at_error *err)
{
    bool is_causal;
    void *room;
    int rc = at_try_alloc(&room, p->L * p->T * p->T, sizeof *p->capacity, "attention flow", err);

    if (rc)
        return rc;
    p->capacity = room;
    is_causal = take_capacities(p, means);
    p->entering = at_malloc(p->T * p->T, sizeof *p->entering);
    if (p->L > 1)
        sum_entering(p, is_causal);
    p->n_slots = at_pool_size(pool);
    p->slots = at_calloc(p->n_slots, sizeof *p->slots);
    for (size_t s = 0; s < p->n_slots && !rc; s++) {
        rc = prepare_slot(&p->slots[s], p, err);
        p->slots[s].is_causal = is_causal;
    }
    return rc;
}

static double solve(struct problems *p, size_t slot, size_t layer, size_t from, size_t to)
{
    struct flow *f = &p->slots[slot];

    f->source_level = layer + 1;
    f->source = from;
    f->sink = to;
    return (double)max_flow(f) * UNIT;
}

static void solve_cell(void *arg, size_t task, size_t slot)
{
    struct problems *p = arg;

    p->row[task] = solve(p, slot, p->layer, p->from, task);
}

static void solve_row(void *arg, size_t task, size_t slot)
{
    struct problems *p = arg;

    for (size_t j = 0; j < p->T; j++)
        p->maps[task * p->T + j] = (float)solve(p, slot, task / p->T, task % p->T, j);
}

int at_attention_flow(double *out, const float *means, size_t T, size_t layer, size_t from,
                      struct at_pool *pool, struct at_error *err)
{
    struct problems p = { .L = layer + 1, .T = T, .layer = layer, .from = from, .row = out };
    int rc = prepare(&p, means, pool, err);

    AT_BUG_IF(from >= T);
    if (!rc)
        at_pool_run(pool, T, solve_cell, &p);
    release(&p);
    return rc;
}

int at_attention_flow_maps(float *maps, const float *means, size_t L, size_t T,
                           struct at_pool *pool, struct at_error *err)
{
    struct problems p = { .L = L, .T = T, .maps = maps };
    int rc = prepare(&p, means, pool, err);

    if (!rc)
        at_pool_run(pool, L * T, solve_row, &p);
    release(&p);
    return rc;
}
