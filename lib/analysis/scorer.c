/*
 * scorer.c - see scorer.h.
 */
#include "analysis/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/forward.h"
#include "model/lm_head.h"
#include "session/batch.h"

/* Row of a question about the lone start token, which is in no batch. */
#define LONE SIZE_MAX

void at_scorer_init(struct at_scorer *s, const struct at_model *m, const struct at_tokenizer *t,
                    struct at_pool *pool, size_t batch_tokens)
{
    *s = (struct at_scorer){ .model = m, .tokenizer = t, .pool = pool };
    s->batch_tokens = batch_tokens ? batch_tokens : AT_SCORER_ROWS;
    s->mask_id = m->config.is_causal ? -1 : at_tokenizer_role(t, AT_ROLE_MASK);
    *at_array_push(&s->start) = 0;
}

void at_scorer_release(struct at_scorer *s)
{
    at_array_release(&s->ids);
    at_array_release(&s->segments);
    at_array_release(&s->start);
    at_array_release(&s->prefix);
    at_array_release(&s->waiting);
    at_array_release(&s->variant);
    free(s->lone_state);
    s->lone_state = NULL;
}

/* What at_forward() would refuse is refused here, for this sequence and not for a whole batch. */
static int check_sequence(const struct at_config *c, const int *ids, const int *segments, size_t n,
                          struct at_error *err)
{
    if (n == 0)
        return at_fail(err, AT_ERANGE, "no tokens");
    if (n > c->max_positions)
        return at_fail(err, AT_ERANGE, "%zu tokens, the model takes %zu", n, c->max_positions);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < 0 || (size_t)ids[i] >= c->vocab)
            return at_fail(err, AT_ERANGE, "token id %d, the model has %zu", ids[i], c->vocab);
        if (segments && c->n_segments && (size_t)segments[i] >= c->n_segments)
            return at_fail(err, AT_ERANGE, "segment %d, the model has %zu", segments[i],
                           c->n_segments);
    }
    return 0;
}

/*
 * Tokens that a causal text shares with the last whole one of the batch, when it is worth while: a
 * quarter of the text. All of them when it begins exactly like that.
 */
static size_t shared_prefix(const struct at_scorer *s, const int *ids, size_t n)
{
    size_t start, length, k = 0;

    if (!s->model->config.is_causal || s->start.n < 2 || at_head_edit_needs_all(s->model->edit))
        return 0;
    start = s->start.items[s->whole];
    length = s->start.items[s->whole + 1] - start;
    while (k < n && k < length && ids[k] == s->ids.items[start + k])
        k++;
    return 4 * k >= n ? k : 0;
}

/* Put the tokens behind the shared ones into the batch. */
static void add_rows(struct at_scorer *s, const int *ids, const int *segments, size_t n,
                     size_t shared)
{
    if (shared == 0)
        s->whole = s->start.n - 1;
    for (size_t i = shared; i < n; i++) {
        *at_array_push(&s->ids) = ids[i];
        *at_array_push(&s->segments) = segments ? segments[i] : 0;
    }
    *at_array_push(&s->start) = s->ids.n;
    *at_array_push(&s->prefix) = shared;
}

int at_scorer_add(struct at_scorer *s, const int *ids, const int *segments, size_t n,
                  const struct at_question *questions, size_t n_questions, struct at_error *err)
{
    int rc = check_sequence(&s->model->config, ids, segments, n, err);
    size_t shared, first;

    if (rc || n_questions == 0)
        return rc;
    shared = shared_prefix(s, ids, n);
    if (s->ids.n > 0 && s->ids.n + n - shared > s->batch_tokens) {
        rc = at_scorer_run(s, err);
        if (rc)
            return rc;
        shared = 0;
    }
    first = s->ids.n;
    if (shared < n)
        add_rows(s, ids, segments, n, shared);
    for (size_t i = 0; i < n_questions; i++) {
        struct at_question q = questions[i];
        AT_BUG_IF(q.row >= n || (i > 0 && q.row <= questions[i - 1].row));
        q.row = q.row < shared ? s->start.items[s->whole] + q.row : first + q.row - shared;
        *at_array_push(&s->waiting) = q;
    }
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const struct at_question *x = a, *y = b;

    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

/* The waiting questions in order, without repeats. */
struct round {
    size_t n_rows, n_pairs;
    size_t *rows;   /* (n_rows) of the batch, ascending */
    size_t *row_of; /* (n_pairs) which of the rows a pair of row and token is about, or LONE */
    int *tokens;    /* (n_pairs) */
    double *values; /* (n_pairs) the answers */
};

static struct round plan_round(struct at_scorer *s)
{
    const struct at_question *q = s->waiting.items;
    size_t n = s->waiting.n;
    struct round r = { 0,
                       0,
                       at_malloc(n, sizeof *r.rows),
                       at_malloc(n, sizeof *r.row_of),
                       at_malloc(n, sizeof *r.tokens),
                       at_malloc(n, sizeof *r.values) };

    qsort(s->waiting.items, n, sizeof *q, by_row);
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || q[i].row != q[i - 1].row;
        if (is_new && q[i].row != LONE)
            r.rows[r.n_rows++] = q[i].row;
        if (!is_new && q[i].token == q[i - 1].token)
            continue;
        r.row_of[r.n_pairs] = q[i].row == LONE ? LONE : r.n_rows - 1;
        r.tokens[r.n_pairs++] = q[i].token;
    }
    return r;
}

static void round_release(struct round *r)
{
    free(r->rows);
    free(r->row_of);
    free(r->tokens);
    free(r->values);
}

/* Answers from hidden (n_pairs, C), in runs of one kind of question. */
static int answer(const struct at_scorer *s, struct round *r, const float *hidden,
                  struct at_error *err)
{
    size_t C = s->model->config.width;
    int rc = 0;

    for (size_t i = 0, end; i < r->n_pairs && !rc; i = end) {
        end = i + 1;
        if (r->tokens[i] == AT_ASK_NEXT_SENTENCE) {
            rc = at_next_sentence(&r->values[i], s->model, hidden + i * C, err);
            continue;
        }
        while (end < r->n_pairs && r->tokens[end] != AT_ASK_NEXT_SENTENCE)
            end++;
        rc = at_lm_log_probs(r->values + i, r->tokens + i, s->model, hidden + i * C, end - i,
                             s->pool, err);
    }
    return rc;
}

static int run_round(struct at_scorer *s, struct round *r, struct at_error *err)
{
    const struct at_batch batch = { s->start.n - 1, s->start.items, s->ids.items,
                                    s->model->config.n_segments ? s->segments.items : NULL };
    const struct at_forward_options options = {
        .final_rows = r->rows,
        .n_final_rows = r->n_rows,
        .prefix = s->model->config.is_causal ? s->prefix.items : NULL,
    };
    size_t C = s->model->config.width;
    void *block = NULL;
    int rc = at_try_alloc(&block, r->n_pairs * C, sizeof(float), "final states", err);
    float *hidden = block;

    if (!rc)
        rc = at_forward(hidden, s->model, &batch, &options, s->pool, err);
    for (size_t i = r->n_pairs; i-- > 0 && !rc;) { /* a row asked twice is there twice */
        const float *row = r->row_of[i] == LONE ? s->lone_state : hidden + r->row_of[i] * C;
        memmove(hidden + i * C, row, C * sizeof *hidden);
    }
    if (!rc)
        rc = answer(s, r, hidden, err);
    free(block);
    return rc;
}

int at_scorer_run(struct at_scorer *s, struct at_error *err)
{
    const struct at_question *q = s->waiting.items;
    struct round r;
    int rc;

    if (s->waiting.n == 0)
        return 0;
    r = plan_round(s);
    rc = run_round(s, &r, err);
    for (size_t i = 0, pair = 0; i < s->waiting.n && !rc; i++) {
        pair += i > 0 && by_row(&q[i - 1], &q[i]) != 0;
        *q[i].out = r.values[pair];
    }
    round_release(&r);
    s->n_rows_done += s->ids.n;
    at_scorer_drop(s);
    return rc;
}

void at_scorer_drop(struct at_scorer *s)
{
    s->ids.n = s->segments.n = s->prefix.n = s->waiting.n = 0;
    s->start.n = 1;
    s->whole = 0;
}

/* True when token j is hidden while token i of the same text is scored. */
static bool is_hidden(const struct at_token *t, size_t i, size_t j, enum at_pll pll)
{
    if (j == i)
        return true;
    if (pll == AT_PLL_ORIGINAL || t[i].word < 0 || t[j].word != t[i].word)
        return false;
    return pll == AT_PLL_WHOLE_WORD || j > i;
}

static int add_masked(struct at_scorer *s, double *log_p, const struct at_tokens *tokens,
                      const bool *wanted, enum at_pll pll, struct at_error *err)
{
    const struct at_token *t = tokens->items;
    size_t n = tokens->n;
    int *ids, *segments, rc = 0;

    if (s->mask_id < 0)
        return at_fail(err, AT_ENOTFOUND, "the vocabulary has no [MASK] token");
    at_array_reserve(&s->variant, 2 * n);
    ids = s->variant.items;
    segments = ids + n;
    for (size_t i = 0; i < n; i++)
        segments[i] = t[i].segment;
    for (size_t i = 0; i < n && !rc; i++) {
        struct at_question q = { i, t[i].id, &log_p[i] };
        if (t[i].is_special || (wanted && !wanted[i]))
            continue;
        for (size_t j = 0; j < n; j++)
            ids[j] = is_hidden(t, i, j, pll) ? s->mask_id : t[j].id;
        rc = at_scorer_add(s, ids, segments, n, &q, 1, err);
    }
    return rc;
}

/* The id that starts a text of a causal model: the tokenizer's bos, else its bos_token_id. */
static int start_id(const struct at_scorer *s)
{
    int bos = at_tokenizer_role(s->tokenizer, AT_ROLE_BOS);

    return bos >= 0 ? bos : s->model->config.bos_id;
}

/* Ask for the first token of a text after a lone start token, whose state is computed once. */
static int add_first(struct at_scorer *s, double *log_p, int token, int start, struct at_error *err)
{
    const size_t ends[2] = { 0, 1 };
    const struct at_batch batch = { 1, ends, &start, NULL };
    int rc = 0;

    if (!s->lone_state) {
        float *state = at_malloc(s->model->config.width, sizeof *state);
        rc = at_forward(state, s->model, &batch, NULL, s->pool, err);
        if (rc)
            free(state);
        else
            s->lone_state = state;
    }
    if (!rc)
        *at_array_push(&s->waiting) = (struct at_question){ LONE, token, log_p };
    return rc;
}

static int add_causal(struct at_scorer *s, double *log_p, const struct at_tokens *tokens,
                      const bool *wanted, enum at_bos bos, struct at_error *err)
{
    const struct at_token *t = tokens->items;
    struct at_questions questions = { 0 };
    int start = start_id(s), rc = 0;
    bool has_start = tokens->n && t[0].is_special && t[0].id == start;
    size_t n = tokens->n, shift = bos == AT_BOS_PREPEND && !has_start;

    if (bos != AT_BOS_NONE && start < 0)
        return at_fail(err, AT_ENOTFOUND, "the vocabulary has no <|endoftext|> token");
    at_array_reserve(&s->variant, n + 1);
    s->variant.items[0] = start;
    for (size_t i = 0; i < n; i++)
        s->variant.items[i + shift] = t[i].id;
    for (size_t i = shift ? 0 : 1; i < n; i++)
        if (!t[i].is_special && (!wanted || wanted[i]))
            *at_array_push(&questions) = (struct at_question){ i + shift - 1, t[i].id, &log_p[i] };
    rc = at_scorer_add(s, s->variant.items, NULL, n + shift, questions.items, questions.n, err);
    if (!rc && bos == AT_BOS_APART && !t[0].is_special && (!wanted || wanted[0]))
        rc = add_first(s, log_p, t[0].id, start, err);
    at_array_release(&questions);
    return rc;
}

int at_scorer_add_text(struct at_scorer *s, double *log_p, const struct at_tokens *tokens,
                       const bool *wanted, struct at_score_rule rule, struct at_error *err)
{
    for (size_t i = 0; i < tokens->n; i++)
        log_p[i] = NAN;
    if (s->model->config.is_causal)
        return add_causal(s, log_p, tokens, wanted, rule.bos, err);
    return add_masked(s, log_p, tokens, wanted, rule.pll, err);
}

struct at_text_score at_text_score(const double *log_p, size_t n)
{
    struct at_text_score score = { 0 };

    for (size_t i = 0; i < n; i++)
        if (!isnan(log_p[i])) {
            score.sum += log_p[i];
            score.n++;
        }
    score.mean = score.n ? score.sum / (double)score.n : NAN;
    return score;
}
