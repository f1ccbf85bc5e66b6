/*
 * unigram.c - see unigram.h.
 */
#include "text/unigram.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"

enum { UNKNOWN_PENALTY = 10 };

/* The best way to the end of a piece: which one, and where it starts. */
struct at_unigram_node {
    double score;
    size_t start; /* NOT_REACHED: no piece ends here */
    int id;
};

#define NOT_REACHED SIZE_MAX

void at_unigram_init(struct at_unigram *u)
{
    double least = INFINITY;

    for (size_t id = 0; id < u->scores.n; id++) {
        const char *piece = at_vocab_piece(u->vocab, (long long)id);
        size_t *longest = &u->longest[(unsigned char)piece[0]];

        least = u->scores.items[id] < least ? u->scores.items[id] : least;
        *longest = AT_MAX(*longest, strlen(piece));
    }
    u->unk_score = least - UNKNOWN_PENALTY;
    at_vocab_bytes(u->vocab, u->byte_id);
}

void at_unigram_release(struct at_unigram *u)
{
    at_array_release(&u->scores);
}

static void offer(struct at_unigram_node *node, size_t start, int id, double score)
{
    if (node->start == NOT_REACHED || score > node->score)
        *node = (struct at_unigram_node){ score, start, id };
}

/* Offer every piece that starts at at; true when the character there, n_first bytes, is one. */
static bool offer_pieces(const struct at_unigram *u, struct at_unigram_node *nodes,
                         const char *text, size_t n, size_t at, size_t n_first)
{
    size_t longest = AT_MIN(u->longest[(unsigned char)text[at]], n - at);
    double score = nodes[at].start == NOT_REACHED ? 0.0 : nodes[at].score;
    uint32_t hash = AT_HASH_START;
    bool has_first = false;

    for (size_t i = 1; i <= longest; i++) {
        int id;

        hash = at_vocab_hash(hash, text + at + i - 1, 1);
        id = at_vocab_find_hashed(u->vocab, hash, text + at, i);
        if (id < 0)
            continue;
        offer(&nodes[at + i], at, id, u->scores.items[id] + score);
        has_first |= i == n_first;
    }
    return has_first;
}

static int unknown(const char *text, size_t n, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "the vocabulary has no token for the unknown '%.*s'",
                   at_shown(text, AT_MIN(n, (size_t)100)), text);
}

/* The best path to each place. */
static int find_paths(const struct at_unigram *u, struct at_unigram_node *nodes, const char *text,
                      size_t n, struct at_error *err)
{
    for (size_t at = 0, next; at < n; at = next) {
        double score = nodes[at].start == NOT_REACHED ? 0.0 : nodes[at].score;

        next = at;
        at_utf8_next(text, &next);
        if (offer_pieces(u, nodes, text, n, at, next - at))
            continue;
        score += u->unk_score;
        if (u->unk < 0 && (nodes[next].start == NOT_REACHED || score > nodes[next].score))
            return unknown(text + at, next - at, err);
        offer(&nodes[next], at, u->unk, score);
    }
    return 0;
}

/* The pieces of the best path, from the end; unknown ones in a row are one. */
static void walk_back(struct at_founds *path, const struct at_unigram *u,
                      const struct at_unigram_node *nodes, size_t n)
{
    path->n = 0;
    for (size_t at = n; at > 0; at = nodes[at].start) {
        const struct at_unigram_node *node = &nodes[at];

        if (node->id == u->unk && path->n && path->items[path->n - 1].id == u->unk)
            path->items[path->n - 1].from = node->start;
        else
            *at_array_push(path) = (struct at_found){ node->id, node->start, at };
    }
}

/* What was unknown: a piece after all, its bytes, or the unknown token. */
static int add_unknown(struct at_founds *out, const struct at_unigram *u, const char *text,
                       struct at_found f, struct at_error *err)
{
    size_t first = out->n;

    f.id = at_vocab_find(u->vocab, text + f.from, f.to - f.from);
    for (size_t i = f.from; f.id < 0 && u->byte_fallback && i < f.to; i++) {
        int id = u->byte_id[(unsigned char)text[i]];

        if (id < 0) {
            out->n = first;
            break;
        }
        *at_array_push(out) = (struct at_found){ id, f.from, f.to };
    }
    if (out->n > first)
        return 0;
    if (f.id < 0)
        f.id = u->unk;
    if (f.id < 0)
        return unknown(text + f.from, f.to - f.from, err);
    *at_array_push(out) = f;
    return 0;
}

int at_unigram_encode(struct at_founds *out, const struct at_unigram *u,
                      struct at_unigram_work *work, const char *text, size_t n,
                      struct at_error *err)
{
    int rc;

    at_array_reserve(&work->nodes, n + 1);
    for (size_t i = 0; i <= n; i++)
        work->nodes.items[i].start = NOT_REACHED;
    rc = find_paths(u, work->nodes.items, text, n, err);
    if (rc)
        return rc;
    walk_back(&work->path, u, work->nodes.items, n);
    for (size_t i = work->path.n; !rc && i-- > 0;) {
        struct at_found f = work->path.items[i];

        if (f.id == u->unk)
            rc = add_unknown(out, u, text, f, err);
        else
            *at_array_push(out) = f;
    }
    return rc;
}

void at_unigram_work_release(struct at_unigram_work *work)
{
    at_array_release(&work->nodes);
    at_array_release(&work->path);
}
