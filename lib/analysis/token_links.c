/*
 * token_links.c - see token_links.h.
 */
#include "analysis/token_links.h"

#include <stdlib.h>

#include "analysis/chance.h"

static const struct at_field link_fields[] = {
    AT_FIELD(struct at_token_link, rank, "rank", NULL, "1 for the head that links them most"),
    AT_FIELD(struct at_token_link, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_token_link, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_token_link, weight, "weight", "fraction",
             "share of the attention of --from-token that goes to --to-token"),
    AT_FIELD(struct at_token_link, even, "even", "fraction",
             "the same of even attention over the keys in sight"),
    AT_FIELD(struct at_token_link, ratio, "ratio", NULL, "weight / even"),
    AT_FIELD_END,
};
const struct at_record at_token_link_record = AT_RECORD(struct at_token_link, link_fields);

struct at_token_link at_token_link(const float *map, size_t n, bool is_causal,
                                   const struct at_token_ends *ends, size_t layer, size_t head)
{
    struct at_token_link link = { .layer = layer, .head = head };

    for (size_t i = 0; i < ends->n_from; i++) {
        size_t query = ends->from[i], visible = is_causal ? query + 1 : n;
        for (size_t j = 0; j < ends->n_to; j++) {
            if (ends->to[j] >= visible)
                continue;
            link.weight += (double)map[query * n + ends->to[j]];
            link.even += 1.0 / (double)visible;
        }
    }
    link.weight /= (double)ends->n_from;
    link.even /= (double)ends->n_from;
    link.ratio = at_chance_ratio(link.weight, link.even);
    return link;
}

static int by_weight(const void *a, const void *b)
{
    const struct at_token_link *x = a, *y = b;

    if (x->weight < y->weight)
        return 1;
    if (x->weight > y->weight)
        return -1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->head > y->head) - (x->head < y->head);
}

void at_token_links_rank(struct at_token_link *links, size_t n)
{
    qsort(links, n, sizeof *links, by_weight);
    for (size_t i = 0; i < n; i++)
        links[i].rank = i + 1;
}
