/*
 * attention_flow.c - see attention_flow.h.
 *
 * Most problems are settled by the first blocking flow, over paths that only lead down: then what
 * leaves the source or what enters the sink is used up. The way back over edges in use is looked
 * for only when it is not, and from the sink, near which the narrow place usually is. A problem
 * undoes its changes instead of copying the graph.
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
    const int64_t *capacity;           /* (L,T,T) */
    int64_t *left;                     /* (L,T,T) of the capacity */
    uint32_t *changed;                 /* (n_edges) edges where left was changed, */
    size_t n_changed;                  /* or too many to name */
    int32_t *distance;                 /* (L+1,T) edges to the sink */
    uint32_t *arc;                     /* (L+1,T) the next way out to try, 0..2T */
    uint32_t *queue;                   /* (L+1,T) */
    size_t *live;                      /* (L+1) nodes of each level with ways to try */
    size_t source_level, source, sink; /* the problem */
    uint32_t *path;                    /* nodes from the source on; ((L+1) T) */
};

static size_t edge(const struct flow *f, size_t k, size_t i, size_t j)
{
    return (k * f->T + i) * f->T + j;
}

/* Ways out of node (k, i): 0 is straight down, then the other tokens below, then those above. The
   node that way a leads to, and what can still be sent there. */
static size_t way(const struct flow *f, size_t node, size_t a, int64_t *room)
{
    size_t T = f->T, k = node / T, i = node % T;
    bool is_up = a >= T;
    size_t t = is_up ? a - T : a == 0 ? i : a <= i ? a - 1 : a;

    if (is_up) {
        size_t e = edge(f, k, t, i);
        *room = f->capacity[e] - f->left[e];
        return (k + 1) * T + t;
    }
    *room = f->left[edge(f, k - 1, i, t)];
    return (k - 1) * T + t;
}

/* One more step of the path's end, or false when it leads nowhere. */
static bool advance(struct flow *f, size_t *depth, bool only_down)
{
    size_t T = f->T, node = f->path[*depth], k = node / T, level = f->source_level;
    size_t end = k == 1 && only_down ? 1 : only_down || k == level ? T : 2 * T;

    if (k == 1 && f->left[edge(f, 0, node % T, f->sink)] > 0 && f->distance[node] == 1) {
        f->path[++*depth] = (uint32_t)f->sink;
        return true;
    }
    for (size_t a = k == 1 ? AT_MAX(f->arc[node], (uint32_t)(only_down ? 1 : T)) : f->arc[node];
         a < end; a++) {
        int64_t room;
        size_t next = way(f, node, a, &room);
        if (room > 0 && f->distance[next] + 1 == f->distance[node]) {
            f->arc[node] = (uint32_t)a;
            f->path[++*depth] = (uint32_t)next;
            return true;
        }
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

/* Paths by the distances that are set, until there is none. */
static int64_t blocking_flow(struct flow *f, bool only_down)
{
    int64_t sum = 0;
    size_t depth = 0;

    memset(f->arc, 0, (f->source_level + 1) * f->T * sizeof *f->arc);
    f->path[0] = (uint32_t)(f->source_level * f->T + f->source);
    for (;;) {
        if (f->path[depth] == f->sink)
            sum += augment(f, &depth);
        else if (!advance(f, &depth, only_down)) {
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
    int64_t sum;

    set_levels(f);
    sum = blocking_flow(f, true);
    while (!source_is_used_up(f) && measure(f))
        sum += blocking_flow(f, false);
    undo(f);
    return sum;
}

/* ---- many problems on one graph ---- */

struct problems {
    size_t L, T;
    int64_t *capacity;
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

static int prepare_slot(struct flow *f, const struct problems *p, struct at_error *err)
{
    size_t nodes = (p->L + 1) * p->T;
    void *left, *changed;
    int rc;

    f->T = p->T;
    f->n_edges = p->L * p->T * p->T;
    f->capacity = p->capacity;
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
