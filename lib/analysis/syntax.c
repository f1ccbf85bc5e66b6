/*
 * syntax.c - see syntax.h.
 */
#include "analysis/syntax.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "stats/intervals.h"

enum { MAX_OFFSET = 40, N_OFFSETS = 2 * MAX_OFFSET + 1, NO_WORD = -1 };

void at_syntax_words_init(struct at_syntax_words *out, const struct at_conllu_sentence *s,
                          const struct at_tokens *tokens)
{
    struct at_syntax_words w = { .W = s->words.n, .T = tokens->n };
    size_t first = 0; /* words before it end before the token starts */

    w.word_of = at_malloc(w.T + 1, sizeof *w.word_of);
    w.has_tokens = at_calloc(w.W + 1, sizeof *w.has_tokens);
    for (size_t i = 0; i < w.T; i++) {
        const struct at_token *t = &tokens->items[i];
        size_t most = 0;
        w.word_of[i] = NO_WORD;
        if (t->is_special || t->start == AT_NO_OFFSET || t->source != 0)
            continue;
        while (first < w.W && s->words.items[first].end <= t->start)
            first++;
        for (size_t k = first; k < w.W && s->words.items[k].start < t->end; k++) {
            size_t start = AT_MAX(s->words.items[k].start, t->start);
            size_t end = AT_MIN(s->words.items[k].end, t->end);
            if (end > start && end - start > most) {
                most = end - start;
                w.word_of[i] = (int)k;
            }
        }
        if (w.word_of[i] != NO_WORD)
            w.has_tokens[w.word_of[i]] = true;
    }
    *out = w;
}

void at_syntax_words_release(struct at_syntax_words *w)
{
    free(w->word_of);
    free(w->has_tokens);
    *w = (struct at_syntax_words){ 0 };
}

struct relation {
    char name[32];
    size_t n;
    size_t offset[N_OFFSETS]; /* words whose head is that far to the right, MAX_OFFSET added */
    uint32_t *hits;           /* (directions, L, H) */
};

struct relations AT_ARRAY(struct relation);

/* A word whose head is looked for. */
struct question {
    size_t word, head, relation;
};

struct questions AT_ARRAY(struct question);

struct at_syntax {
    size_t L, H;
    bool subtypes;
    struct relations relations;
    struct questions questions; /* of the sentence at hand */
    size_t W;                   /* its words */
};

struct at_syntax *at_syntax_new(size_t n_layers, size_t n_heads, bool subtypes)
{
    struct at_syntax *s = at_calloc(1, sizeof *s);

    s->L = n_layers;
    s->H = n_heads;
    s->subtypes = subtypes;
    return s;
}

void at_syntax_free(struct at_syntax *s)
{
    if (!s)
        return;
    for (size_t r = 0; r < s->relations.n; r++)
        free(s->relations.items[r].hits);
    at_array_release(&s->relations);
    at_array_release(&s->questions);
    free(s);
}

static long find_relation(const struct at_syntax *s, const char *name, size_t length)
{
    for (size_t r = 0; r < s->relations.n; r++) {
        const char *have = s->relations.items[r].name;
        if (strncmp(have, name, length) == 0 && have[length] == '\0')
            return (long)r;
    }
    return -1;
}

/* Number of a relation, which is made when it is new. */
static size_t relation_of(struct at_syntax *s, const char *name)
{
    size_t length = s->subtypes ? strlen(name) : strcspn(name, ":");
    struct relation *made;
    long found;

    length = AT_MIN(length, sizeof made->name - 1);
    found = find_relation(s, name, length);
    if (found >= 0)
        return (size_t)found;
    made = at_array_push(&s->relations);
    *made = (struct relation){ .hits = at_calloc(AT_N_SYNTAX_DIRECTIONS * s->L * s->H,
                                                 sizeof *made->hits) };
    memcpy(made->name, name, length);
    return s->relations.n - 1;
}

void at_syntax_add_sentence(struct at_syntax *s, const struct at_conllu_sentence *sentence,
                            const struct at_syntax_words *w)
{
    s->questions.n = 0;
    s->W = w->W;
    for (size_t i = 0; i < w->W; i++) {
        const struct at_conllu_word *word = &sentence->words.items[i];
        long offset = (long)word->head - (long)i;
        size_t r;
        if (offset == 0 || !w->has_tokens[i] || !w->has_tokens[word->head])
            continue;
        r = relation_of(s, at_conllu_str(sentence, word->relation));
        s->relations.items[r].n++;
        if (labs(offset) <= MAX_OFFSET)
            s->relations.items[r].offset[offset + MAX_OFFSET]++;
        *at_array_push(&s->questions) = (struct question){ i, word->head, r };
    }
}

struct layer_job {
    struct at_syntax *s;
    size_t layer;
    const float *maps;
    const struct at_syntax_words *w;
    double *word_map; /* (slots, W, W) */
    double *n_tokens; /* (W) */
};

/* Sum over the pieces of the key word, mean over those of the query word; the diagonal is 0. */
static void make_word_map(double *out, const float *map, const struct layer_job *job)
{
    size_t W = job->w->W, T = job->w->T;

    memset(out, 0, W * W * sizeof *out);
    for (size_t i = 0; i < T; i++) {
        int query = job->w->word_of[i];
        for (size_t j = 0; j < T && query != NO_WORD; j++) {
            int key = job->w->word_of[j];
            if (key != NO_WORD && key != query)
                out[(size_t)query * W + (size_t)key] += map[i * T + j] / job->n_tokens[query];
        }
    }
}

/* The place of the greatest of W weights, step apart; W when all are 0. */
static size_t greatest(const double *x, size_t W, size_t step)
{
    size_t best = W;

    for (size_t k = 0; k < W; k++)
        if (x[k * step] > (best < W ? x[best * step] : 0.0))
            best = k;
    return best;
}

static void layer_task(void *arg, size_t head, size_t slot)
{
    struct layer_job *job = arg;
    struct at_syntax *s = job->s;
    size_t W = job->w->W, place = job->layer * s->H + head;
    double *map = job->word_map + slot * W * W;

    make_word_map(map, job->maps + head * job->w->T * job->w->T, job);
    for (size_t q = 0; q < s->questions.n; q++) {
        const struct question *ask = &s->questions.items[q];
        uint32_t *hits = s->relations.items[ask->relation].hits + place;
        hits[AT_DEPENDENT_TO_HEAD * s->L * s->H] +=
            greatest(map + ask->word * W, W, 1) == ask->head;
        hits[AT_HEAD_TO_DEPENDENT * s->L * s->H] += greatest(map + ask->word, W, W) == ask->head;
    }
}

void at_syntax_add_layer(struct at_syntax *s, size_t layer, const float *maps,
                         const struct at_syntax_words *w, struct at_pool *pool)
{
    struct layer_job job = { s, layer, maps, w, NULL, NULL };

    AT_BUG_IF(layer >= s->L || w->W != s->W);
    job.word_map = at_malloc(at_pool_size(pool) * w->W * w->W + 1, sizeof *job.word_map);
    job.n_tokens = at_calloc(w->W + 1, sizeof *job.n_tokens);
    for (size_t i = 0; i < w->T; i++)
        if (w->word_of[i] != NO_WORD)
            job.n_tokens[w->word_of[i]]++;
    at_pool_run(pool, s->H, layer_task, &job);
    free(job.word_map);
    free(job.n_tokens);
}

/* Sums over all relations, in the shape of one. */
static struct relation sum_up(const struct at_syntax *s)
{
    size_t cells = AT_N_SYNTAX_DIRECTIONS * s->L * s->H;
    struct relation all = { .name = "all", .hits = at_calloc(cells + 1, sizeof *all.hits) };

    for (size_t r = 0; r < s->relations.n; r++) {
        const struct relation *one = &s->relations.items[r];
        all.n += one->n;
        for (size_t o = 0; o < N_OFFSETS; o++)
            all.offset[o] += one->offset[o];
        for (size_t c = 0; c < cells; c++)
            all.hits[c] += one->hits[c];
    }
    return all;
}

static void add_results(struct at_syntax_results *out, const struct at_syntax *s,
                        const struct relation *r, const char *name)
{
    size_t heads = s->L * s->H, nearest = MAX_OFFSET + 1;

    /* From the nearest offset outwards, so that the shorter of equals wins. */
    for (size_t d = 1; d <= MAX_OFFSET; d++) {
        nearest = r->offset[MAX_OFFSET + d] > r->offset[nearest] ? MAX_OFFSET + d : nearest;
        nearest = r->offset[MAX_OFFSET - d] > r->offset[nearest] ? MAX_OFFSET - d : nearest;
    }
    for (int d = 0; d < AT_N_SYNTAX_DIRECTIONS; d++) {
        const uint32_t *hits = r->hits + (size_t)d * heads;
        struct at_interval wilson;
        size_t best = 0;
        for (size_t h = 1; h < heads; h++)
            best = hits[h] > hits[best] ? h : best;
        wilson = at_wilson(hits[best], (double)r->n, 1.96);
        *at_array_push(out) = (struct at_syntax_result){
            .relation = name,
            .direction = (enum at_syntax_direction)d,
            .n = r->n,
            .layer = best / s->H,
            .head = best % s->H,
            .accuracy = (double)hits[best] / (double)r->n,
            .low = wilson.low,
            .high = wilson.high,
            .offset = (long)nearest - MAX_OFFSET,
            .baseline = (double)r->offset[nearest] / (double)r->n,
        };
    }
}

/* Frequent ones first, equally frequent ones by name. */
static int by_frequency(const void *a, const void *b)
{
    const struct relation *x = *(const struct relation *const *)a;
    const struct relation *y = *(const struct relation *const *)b;

    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return strcmp(x->name, y->name);
}

void at_syntax_best(struct at_syntax_results *out, const struct at_syntax *s, size_t min_n)
{
    struct relation all = sum_up(s);
    const struct relation **order = at_malloc(s->relations.n + 1, sizeof *order);

    if (all.n > 0)
        add_results(out, s, &all, "all");
    for (size_t r = 0; r < s->relations.n; r++)
        order[r] = &s->relations.items[r];
    qsort(order, s->relations.n, sizeof *order, by_frequency);
    for (size_t r = 0; r < s->relations.n; r++)
        if (order[r]->n >= min_n)
            add_results(out, s, order[r], order[r]->name);
    free(order);
    free(all.hits);
}

double at_syntax_accuracy(const struct at_syntax *s, const char *relation,
                          enum at_syntax_direction direction, size_t layer, size_t head)
{
    size_t at = ((size_t)direction * s->L + layer) * s->H + head, hits = 0, n = 0;

    AT_BUG_IF(layer >= s->L || head >= s->H);
    for (size_t r = 0; r < s->relations.n; r++) {
        if (!relation || strcmp(s->relations.items[r].name, relation) == 0) {
            hits += s->relations.items[r].hits[at];
            n += s->relations.items[r].n;
        }
    }
    return n ? (double)hits / (double)n : NAN;
}
