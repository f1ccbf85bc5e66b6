/*
 * scorer.c - see scorer.h.
 */
#include "analysis/scorer.h"

#include <math.h>

#include "model/forward.h"
#include "model/lm_head.h"

void at_scorer_init(struct at_scorer *s, const struct at_model *m, const struct at_tokenizer *t,
                    struct at_pool *pool, size_t batch_tokens)
{
    *s = (struct at_scorer){ .model = m, .tokenizer = t, .pool = pool };
    s->batch_tokens = batch_tokens ? batch_tokens : AT_SCORER_BATCH;
    s->mask_id = m->config.is_causal ? -1 : at_tokenizer_id(t, "[MASK]");
    *at_array_push(&s->start) = 0;
}

void at_scorer_release(struct at_scorer *s)
{
    at_array_release(&s->ids);
    at_array_release(&s->segments);
    at_array_release(&s->start);
    at_array_release(&s->waiting);
    at_array_release(&s->variant);
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
        if (segments && segments[i] > 0 && (size_t)segments[i] >= c->n_segments)
            return at_fail(err, AT_ERANGE, "segment %d, the model has %zu", segments[i],
                           c->n_segments);
    }
    return 0;
}

int at_scorer_add(struct at_scorer *s, const int *ids, const int *segments, size_t n,
                  const struct at_question *questions, size_t n_questions, struct at_error *err)
{
    int rc = check_sequence(&s->model->config, ids, segments, n, err);
    size_t offset;

    if (rc || n_questions == 0)
        return rc;
    if (s->ids.n > 0 && s->ids.n + n > s->batch_tokens) {
        rc = at_scorer_run(s, err);
        if (rc)
            return rc;
    }
    offset = s->ids.n;
    for (size_t i = 0; i < n; i++) {
        *at_array_push(&s->ids) = ids[i];
        *at_array_push(&s->segments) = segments ? segments[i] : 0;
    }
    *at_array_push(&s->start) = s->ids.n;
    for (size_t i = 0; i < n_questions; i++) {
        struct at_question q = questions[i];
        AT_BUG_IF(q.row >= n || (i > 0 && q.row <= questions[i - 1].row));
        q.row += offset;
        *at_array_push(&s->waiting) = q;
    }
    return 0;
}

/* Answer questions first .. last-1, which all go through the language-model head. */
static int answer_tokens(const struct at_scorer *s, const float *hidden, size_t first, size_t last,
                         struct at_error *err)
{
    const struct at_question *q = s->waiting.items + first;
    size_t n = last - first, C = s->model->config.width;
    int *tokens = at_malloc(n, sizeof *tokens), rc;
    double *log_p = at_malloc(n, sizeof *log_p);

    for (size_t i = 0; i < n; i++)
        tokens[i] = q[i].token;
    rc = at_lm_log_probs(log_p, tokens, s->model, hidden + first * C, n, s->pool, err);
    for (size_t i = 0; i < n && !rc; i++)
        *q[i].out = log_p[i];
    free(tokens);
    free(log_p);
    return rc;
}

/* Runs of questions of one kind, in order; hidden has one row per question. */
static int answer(const struct at_scorer *s, const float *hidden, struct at_error *err)
{
    const struct at_question *q = s->waiting.items;
    size_t n = s->waiting.n, C = s->model->config.width;
    int rc = 0;

    for (size_t i = 0, end; i < n && !rc; i = end) {
        end = i + 1;
        if (q[i].token == AT_ASK_NEXT_SENTENCE) {
            rc = at_next_sentence(q[i].out, s->model, hidden + i * C, err);
            continue;
        }
        while (end < n && q[end].token != AT_ASK_NEXT_SENTENCE)
            end++;
        rc = answer_tokens(s, hidden, i, end, err);
    }
    return rc;
}

int at_scorer_run(struct at_scorer *s, struct at_error *err)
{
    struct at_forward_options options = { 0 };
    struct at_batch batch = { s->start.n - 1, s->start.items, s->ids.items, NULL };
    size_t n = s->waiting.n, *rows;
    void *hidden = NULL;
    int rc;

    if (n == 0)
        return 0;
    rows = at_malloc(n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = s->waiting.items[i].row;
    options.final_rows = rows;
    options.n_final_rows = n;
    if (s->model->config.n_segments > 0)
        batch.segments = s->segments.items;
    rc = at_try_alloc(&hidden, n * s->model->config.width, sizeof(float), "final states", err);
    if (!rc)
        rc = at_forward(hidden, s->model, &batch, &options, s->pool, err);
    if (!rc)
        rc = answer(s, hidden, err);
    free(hidden);
    free(rows);
    s->n_rows_done += s->ids.n;
    at_scorer_drop(s);
    return rc;
}

void at_scorer_drop(struct at_scorer *s)
{
    s->ids.n = s->segments.n = s->waiting.n = 0;
    s->start.n = 1;
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

/* The id that starts a text of a causal model: its bos_token_id, else <|endoftext|>. */
static int start_id(const struct at_scorer *s)
{
    int bos = s->model->config.bos_id;

    return bos >= 0 ? bos : at_tokenizer_id(s->tokenizer, "<|endoftext|>");
}

static int add_causal(struct at_scorer *s, double *log_p, const struct at_tokens *tokens,
                      const bool *wanted, enum at_bos bos, struct at_error *err)
{
    const struct at_token *t = tokens->items;
    size_t n = tokens->n, shift = bos == AT_BOS_PREPEND;
    bool wants_first = n > 0 && bos != AT_BOS_NONE && !t[0].is_special && (!wanted || wanted[0]);
    struct at_questions questions = { 0 };
    int start = start_id(s), rc = 0;

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
    if (!rc && bos == AT_BOS_APART && wants_first) {
        struct at_question first = { 0, t[0].id, &log_p[0] };
        rc = at_scorer_add(s, &start, NULL, 1, &first, 1, err);
    }
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
