/*
 * tree.c - see tree.h.
 */
#include "analysis/tree.h"

#include <math.h>

#include "base/attr.h"

struct grower {
    struct at_tree_nodes nodes;
    const float *map;
    size_t T;
    const float *q, *k;
    size_t qk_stride, D;
    const struct at_tree_options *o;
    size_t *best; /* (k) tokens, by weight descending */
};

static bool is_on_path(const struct grower *g, size_t node, size_t token)
{
    for (;; node = g->nodes.items[node].parent) {
        if (g->nodes.items[node].token == token)
            return true;
        if (node == 0)
            return false;
    }
}

/* The heaviest visible keys of a node's token that are not on its path, into g->best. */
static size_t pick_children(struct grower *g, size_t node)
{
    size_t token = g->nodes.items[node].token, n = 0;
    const float *row = g->map + token * g->T;
    float least = (float)g->o->min_weight;

    for (size_t j = 0; j < (g->o->is_causal ? token + 1 : g->T); j++) {
        size_t at = n;
        if (!(row[j] >= least) || (n == g->o->k && row[j] <= row[g->best[n - 1]]) ||
            is_on_path(g, node, j))
            continue;
        if (n < g->o->k)
            n++;
        else
            at--;
        for (; at > 0 && row[g->best[at - 1]] < row[j]; at--)
            g->best[at] = g->best[at - 1];
        g->best[at] = j;
    }
    return n;
}

static double scaled_product(const struct grower *g, size_t query, size_t key)
{
    const float *q = g->q + query * g->qk_stride, *k = g->k + key * g->qk_stride;
    double sum = 0.0;

    for (size_t d = 0; d < g->D; d++)
        sum += (double)q[d] * k[d];
    return sum / sqrt((double)g->D);
}

static void add_child(struct grower *g, size_t parent, size_t token)
{
    struct at_tree_node *child = at_array_push(&g->nodes);
    const struct at_tree_node *p = &g->nodes.items[parent];
    double weight = g->map[p->token * g->T + token];

    *child = (struct at_tree_node){
        .token = token,
        .parent = parent,
        .depth = p->depth + 1,
        .weight = weight,
        .product = p->product * weight,
        .qk = g->q && g->k ? scaled_product(g, p->token, token) : NAN,
    };
}

/* False when the node had more children than there was room for. */
static bool grow_node(struct grower *g, size_t node)
{
    size_t n = pick_children(g, node);

    for (size_t i = 0; i < n; i++) {
        if (g->nodes.n >= g->o->max_nodes)
            return false;
        add_child(g, node, g->best[i]);
    }
    return true;
}

bool at_tree_grow(struct at_tree_nodes *out, const float *map, size_t T, const float *q,
                  const float *k, size_t qk_stride, size_t D, const struct at_tree_options *o)
{
    struct grower g = { { 0 }, map, T, q, k, qk_stride, D, o, NULL };
    bool is_cut = false;

    AT_BUG_IF(o->root >= T);
    g.best = at_malloc(AT_MAX(o->k, (size_t)1), sizeof *g.best);
    *at_array_push(&g.nodes) =
        (struct at_tree_node){ .token = o->root, .weight = 1.0, .product = 1.0, .qk = NAN };
    /* Nodes are appended while the list is walked: that is breadth first. */
    for (size_t i = 0; i < g.nodes.n && !is_cut && o->k > 0; i++)
        if (g.nodes.items[i].depth + 1 < o->depth)
            is_cut = !grow_node(&g, i);
    free(g.best);
    *out = g.nodes;
    return is_cut;
}
