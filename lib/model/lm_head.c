/*
 * lm_head.c - see lm_head.h.
 */
#include "model/lm_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/numbers.h"
#include "ops/gemm.h"
#include "ops/layernorm.h"
#include "ops/softmax.h"

/* Rows that go through the decoder together: enough to make one pass over its weights worth it,
   few enough that a block's logits stay small (64 x 50,257 floats are 13 MB). */
enum { BLOCK = 64 };

/* The head and its scratch for one block of rows. */
struct head {
    const struct at_model *m;
    struct at_pool *pool;
    size_t C, V;
    float *transformed; /* (BLOCK,E), BERT only */
    float *logits;      /* (BLOCK,V), unless the caller has room for all */
};

bool at_lm_head_present(const struct at_model *m)
{
    return m->weights.lm_decoder.w.data != NULL;
}

static int head_init(struct head *h, const struct at_model *m, size_t n_logit_rows,
                     struct at_pool *pool, struct at_error *err)
{
    void *logits = NULL;
    int rc;

    *h = (struct head){ m, pool, m->config.width, m->config.vocab, NULL, NULL };
    if (!at_lm_head_present(m))
        return at_fail(err, AT_ENOTFOUND, "the model has no language-model head");
    if (n_logit_rows &&
        (rc = at_try_alloc(&logits, n_logit_rows * h->V, sizeof(float), "logits", err)))
        return rc;
    h->logits = logits;
    h->transformed = at_malloc(BLOCK * m->config.embed_width, sizeof *h->transformed);
    return 0;
}

static void head_release(struct head *h)
{
    free(h->transformed);
    free(h->logits);
}

/* Logits (n,V) of up to BLOCK rows. Devlin et al. 2019, appendix; GPT-2 has the decoder alone. */
static void decode(const struct head *h, float *logits, const float *hidden, size_t n)
{
    const struct at_config *c = &h->m->config;
    const struct at_weights *w = &h->m->weights;

    if (w->mlm_transform.w.data) {
        at_linear(h->transformed, hidden, &w->mlm_transform.w, w->mlm_transform.b.data, n,
                  c->head_activation, h->pool);
        at_layernorm(h->transformed, h->transformed, NULL, w->mlm_norm.gain.data,
                     w->mlm_norm.bias.data, c->norm_eps, n, c->embed_width, h->pool);
        hidden = h->transformed;
    }
    at_linear(logits, hidden, &w->lm_decoder.w, w->lm_decoder.b.data, n, AT_EPI_NONE, h->pool);
}

static int no_logits(const struct at_model *m, struct at_error *err)
{
    return at_no_numbers(m, "the logits of its language-model head are not finite", err);
}

int at_lm_logits(float *logits, const struct at_model *m, const float *hidden, size_t N,
                 struct at_pool *pool, struct at_error *err)
{
    struct head h;
    int rc = head_init(&h, m, 0, pool, err);

    for (size_t i = 0; i < N && !rc; i += BLOCK)
        decode(&h, logits + i * h.V, hidden + i * h.C, AT_MIN(N - i, (size_t)BLOCK));
    if (!rc && !at_all_finite(logits, N * h.V))
        rc = no_logits(m, err);
    head_release(&h);
    return rc;
}

/* Block after block of rows: decode, then row(arg, its number, its slot) for each in parallel. */
struct rows {
    struct head head;
    size_t first; /* row of the block's first logits */
    size_t k;
    struct at_ranking *rankings;
    at_logits_fn see; /* or NULL */
    void *arg;
    double *log_probs;
    const int *tokens;
};

static void each_row(struct rows *r, const float *hidden, size_t N, at_task_fn row)
{
    for (r->first = 0; r->first < N; r->first += BLOCK) {
        size_t n = AT_MIN(N - r->first, (size_t)BLOCK);
        decode(&r->head, r->head.logits, hidden + r->first * r->head.C, n);
        at_pool_run(r->head.pool, n, row, r);
    }
}

/* The k largest of V logits, largest first: ids ascend, so a later equal one never goes ahead. */
static void select_top(struct at_prediction *top, size_t k, const float *logits, size_t V)
{
    size_t n = 0;

    for (size_t id = 0; id < V && k; id++) {
        size_t at = n;
        if (n == k && !(logits[id] > top[k - 1].logit))
            continue;
        if (n < k)
            n++;
        else
            at--;
        for (; at && logits[id] > top[at - 1].logit; at--)
            top[at] = top[at - 1];
        top[at] = (struct at_prediction){ (int)id, logits[id], 0.0 };
    }
    for (; n < k; n++)
        top[n] = (struct at_prediction){ -1, NAN, NAN };
}

static void rank_row(void *arg, size_t task, size_t slot)
{
    struct rows *r = arg;
    struct at_ranking *out = &r->rankings[r->first + task];
    size_t V = r->head.V;
    const float *logits = r->head.logits + task * V;

    (void)slot;
    out->log_sum_exp = at_log_sum_exp(logits, V);
    if (!isfinite(out->log_sum_exp)) /* -inf when none is a number */
        return;
    if (r->see)
        r->see(r->arg, r->first + task, logits, out->log_sum_exp);
    select_top(out->top, r->k, logits, V);
    for (size_t i = 0; i < r->k; i++)
        out->top[i].p = exp((double)out->top[i].logit - out->log_sum_exp);
    out->token_rank = 0;
    out->token_log_p = NAN;
    if (out->token >= 0) {
        size_t token = (size_t)out->token, ahead = 0;
        for (size_t id = 0; id < V; id++)
            ahead += logits[id] > logits[token] || (logits[id] == logits[token] && id < token);
        out->token_rank = ahead + 1;
        out->token_log_p = (double)logits[token] - out->log_sum_exp;
    }
}

static int check_token(const struct at_model *m, int token, struct at_error *err)
{
    if (token >= 0 && (size_t)token < m->config.vocab)
        return 0;
    return at_fail(err, AT_ERANGE, "token id %d is outside the model's vocabulary of %zu", token,
                   m->config.vocab);
}

int at_lm_rank(struct at_ranking *rankings, size_t k, const struct at_model *m, const float *hidden,
               size_t N, struct at_pool *pool, struct at_error *err)
{
    return at_lm_rank_seen(rankings, k, m, hidden, N, NULL, NULL, pool, err);
}

int at_lm_rank_seen(struct at_ranking *rankings, size_t k, const struct at_model *m,
                    const float *hidden, size_t N, at_logits_fn see, void *arg,
                    struct at_pool *pool, struct at_error *err)
{
    struct rows r = { .k = k, .rankings = rankings, .see = see, .arg = arg };
    int rc = head_init(&r.head, m, AT_MIN(N, (size_t)BLOCK), pool, err);

    for (size_t i = 0; i < N && !rc; i++)
        if (rankings[i].token != -1)
            rc = check_token(m, rankings[i].token, err);
    if (!rc)
        each_row(&r, hidden, N, rank_row);
    for (size_t i = 0; i < N && !rc; i++)
        if (!isfinite(rankings[i].log_sum_exp))
            rc = no_logits(m, err);
    head_release(&r.head);
    return rc;
}

static void log_prob_row(void *arg, size_t task, size_t slot)
{
    struct rows *r = arg;
    const float *logits = r->head.logits + task * r->head.V;
    size_t i = r->first + task;

    (void)slot;
    r->log_probs[i] = (double)logits[r->tokens[i]] - at_log_sum_exp(logits, r->head.V);
}

int at_lm_log_probs(double *out, const int *tokens, const struct at_model *m, const float *hidden,
                    size_t N, struct at_pool *pool, struct at_error *err)
{
    struct rows r = { .log_probs = out, .tokens = tokens };
    int rc = head_init(&r.head, m, AT_MIN(N, (size_t)BLOCK), pool, err);

    for (size_t i = 0; i < N && !rc; i++)
        rc = check_token(m, tokens[i], err);
    if (!rc)
        each_row(&r, hidden, N, log_prob_row);
    for (size_t i = 0; i < N && !rc; i++)
        if (!isfinite(out[i]))
            rc = no_logits(m, err);
    head_release(&r.head);
    return rc;
}

int at_next_sentence(double *p_out, const struct at_model *m, const float *cls_hidden,
                     struct at_error *err)
{
    const struct at_weights *w = &m->weights;
    float logits[2], *pooled;

    if (!w->next_sentence.w.data)
        return at_fail(err, AT_ENOTFOUND, "the model has no next-sentence head");
    pooled = at_malloc(m->config.width, sizeof *pooled);
    at_linear(pooled, cls_hidden, &w->pooler.w, w->pooler.b.data, 1, AT_EPI_TANH, NULL);
    at_linear(logits, pooled, &w->next_sentence.w, w->next_sentence.b.data, 1, AT_EPI_NONE, NULL);
    free(pooled);
    if (!at_all_finite(logits, 2))
        return at_no_numbers(m, "the logits of its next-sentence head are not finite", err);
    *p_out = 1.0 / (1.0 + exp((double)logits[1] - (double)logits[0])); /* softmax of two */
    return 0;
}
