/*
 * pair_scoring.c - see pair_scoring.h.
 */
#include "analysis/pair_scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/align.h"
#include "base/alloc.h"

/* Shared tokens without the first and the last one, which are [CLS] and [SEP] for BERT. */
static void want_shared(bool *wanted_a, bool *wanted_b, const struct at_blocks *blocks)
{
    size_t n_shared = 0, k = 0;

    for (size_t i = 0; i < blocks->n; i++)
        n_shared += blocks->items[i].n;
    for (size_t i = 0; i < blocks->n; i++)
        for (size_t j = 0; j < blocks->items[i].n; j++, k++)
            if (k > 0 && k + 1 < n_shared)
                wanted_a[blocks->items[i].a + j] = wanted_b[blocks->items[i].b + j] = true;
}

static void want_diff(bool *wanted_a, bool *wanted_b, const struct at_blocks *blocks)
{
    for (size_t i = 0; i < blocks->n; i++)
        for (size_t j = 0; j < blocks->items[i].n; j++)
            wanted_a[blocks->items[i].a + j] = wanted_b[blocks->items[i].b + j] = false;
}

/* Which tokens a rule looks at; special ones may be among them, the scorer leaves them out. */
static void mark_wanted(bool *wanted_a, bool *wanted_b, const struct at_tokens *a,
                        const struct at_tokens *b, enum at_pair_tokens tokens)
{
    struct at_blocks blocks = { 0 };
    int *ids_a = at_tokens_ids(a), *ids_b = at_tokens_ids(b);

    at_matching_blocks(&blocks, ids_a, a->n, ids_b, b->n);
    memset(wanted_a, tokens != AT_PAIR_SHARED, a->n);
    memset(wanted_b, tokens != AT_PAIR_SHARED, b->n);
    if (tokens == AT_PAIR_SHARED)
        want_shared(wanted_a, wanted_b, &blocks);
    else if (tokens == AT_PAIR_DIFF)
        want_diff(wanted_a, wanted_b, &blocks);
    at_array_release(&blocks);
    free(ids_a);
    free(ids_b);
}

/* One pair on its way through the scorer. */
struct work {
    struct at_tokens tokens[2];
    bool *wanted[2];
    double *log_p[2];
};

static int prepare(struct work *w, const struct at_scorer *s, const struct at_pair *pair,
                   enum at_pair_tokens tokens, struct at_error *err)
{
    const char *text[2] = { pair->a, pair->b };

    for (size_t k = 0; k < 2; k++) {
        int rc = at_tokenize(&w->tokens[k], s->tokenizer, text[k], NULL, true, err);
        if (rc)
            return rc;
        w->wanted[k] = at_calloc(w->tokens[k].n, sizeof *w->wanted[k]);
        w->log_p[k] = at_malloc(w->tokens[k].n, sizeof *w->log_p[k]);
    }
    mark_wanted(w->wanted[0], w->wanted[1], &w->tokens[0], &w->tokens[1], tokens);
    return 0;
}

static void exclude(struct at_scored *r, size_t k, const char *why)
{
    if (!r->excluded)
        r->excluded = at_asprintf("sentence %c: %s", k == 0 ? 'a' : 'b', why);
}

/* Both sentences in line; one that is blank or that the model cannot take excludes the pair. */
static int ask(struct at_scored *r, struct work *w, struct at_scorer *s, const struct at_pair *pair,
               const struct at_pair_rule *rule, struct at_error *err)
{
    int rc;

    if (!*pair->a || !*pair->b) {
        r->excluded = at_asprintf("no %s sentence", *pair->a ? "second" : "first");
        return 0;
    }
    rc = prepare(w, s, pair, rule->tokens, err);

    for (size_t k = 0; k < 2 && !rc; k++) {
        rc = at_scorer_add_text(s, w->log_p[k], &w->tokens[k], w->wanted[k], rule->score, err);
        if (rc == AT_ERANGE) {
            exclude(r, k, err->text);
            rc = 0;
        }
    }
    return rc;
}

static void reduce(struct at_scored *r, const struct work *w, const struct at_pair_rule *rule)
{
    for (size_t k = 0; k < 2; k++) {
        struct at_text_score t = at_text_score(w->log_p[k], w->tokens[k].n);
        r->n[k] = t.n;
        r->score[k] = rule->is_mean ? t.mean : t.sum;
        if (rule->is_rounded)
            r->score[k] = at_round3(r->score[k]);
        if (t.n == 0)
            exclude(r, k, "no token to score");
    }
    if (r->excluded)
        r->score[0] = r->score[1] = NAN;
}

int at_pair_score(struct at_scored *out, struct at_scorer *s, const struct at_pair *pairs, size_t n,
                  const struct at_pair_rule *rule, struct at_error *err)
{
    struct work *work = at_calloc(n, sizeof *work);
    struct at_error ignored;
    int rc = 0;

    if (!err)
        err = &ignored; /* the reason of an exclusion is taken from it */
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < n && !rc; i++)
        rc = ask(&out[i], &work[i], s, &pairs[i], rule, err);
    if (!rc)
        rc = at_scorer_run(s, err);
    else
        at_scorer_drop(s);
    for (size_t i = 0; i < n; i++) {
        if (!rc)
            reduce(&out[i], &work[i], rule);
        for (size_t k = 0; k < 2; k++) {
            at_tokens_release(&work[i].tokens[k]);
            free(work[i].wanted[k]);
            free(work[i].log_p[k]);
        }
    }
    if (rc)
        at_scored_release(out, n);
    free(work);
    return rc;
}
