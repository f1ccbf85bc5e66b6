/*
 * job_predict.c - see job_predict.h.
 */
#include "cmd/job_predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BATCH_ROWS = 2048 }; /* rows of masked copies in one pass */

void predictions_release(struct predictions *p)
{
    free(p->items);
    free(p->top);
    *p = (struct predictions){ 0 };
}

static void make_room(struct predictions *out, size_t n, size_t k)
{
    out->items = at_calloc(n, sizeof *out->items);
    out->top = at_calloc(n * k, sizeof *out->top);
    out->n = n;
    out->k = k;
    for (size_t i = 0; i < n; i++)
        out->items[i].ranking.top = out->top + i * k;
}

static bool names_positions(const char *mask)
{
    return strcmp(mask, "auto") != 0 && strcmp(mask, "all") != 0 && strcmp(mask, "none") != 0;
}

bool predict_takes_mask(const char *mask)
{
    size_t *list = NULL, n;
    bool is_list;

    if (!names_positions(mask))
        return true;
    is_list = opt_number_list(&list, &n, mask, 1000000);
    free(list);
    return is_list;
}

/* Does the model say what a masked position may hold? */
static bool predicts_masked(const struct job *job)
{
    return job->tokenizer && !job->shape.is_causal && at_lm_head_present(&job->model) &&
           at_tokenizer_role(job->tokenizer, AT_ROLE_MASK) >= 0;
}

int predict_check(const struct job *job, const struct doc *doc, const char *mask,
                  struct at_error *err)
{
    size_t T = doc->tokens.n, *list, n;
    int rc = 0;

    if (!predicts_masked(job) || !names_positions(mask))
        return 0;
    AT_BUG_IF(!opt_number_list(&list, &n, mask, 1000000));
    for (size_t i = 0; i < n && !rc; i++)
        if (list[i] >= T)
            rc = at_fail(err, AT_ERANGE, "--mask %zu is outside the text's %zu tokens", list[i], T);
    free(list);
    return rc;
}

/* Positions to mask, in order; the caller frees. */
static size_t *masked_positions(size_t *n_out, const struct job *job, const struct doc *doc,
                                const char *mask)
{
    const struct at_tokens *t = &doc->tokens;
    int mask_id = at_tokenizer_role(job->tokenizer, AT_ROLE_MASK);
    bool has_masks = false;
    size_t n = 0, *list;

    if (names_positions(mask)) {
        AT_BUG_IF(!opt_number_list(&list, n_out, mask, 1000000));
        return list;
    }
    for (size_t i = 0; i < t->n; i++)
        has_masks |= t->items[i].id == mask_id;
    list = at_malloc(t->n, sizeof *list);
    for (size_t i = 0; i < t->n; i++) {
        bool is_mask = t->items[i].id == mask_id;
        if (is_mask || (!t->items[i].is_special && (!has_masks || !strcmp(mask, "all"))))
            list[n++] = i;
    }
    *n_out = n;
    return list;
}

/* Rows of hidden states of n copies, copy i with position[i] masked; out (n,C). */
static int masked_rows(float *out, const struct job *job, const struct doc *doc,
                       const size_t *position, size_t n, int mask_id, struct at_error *err)
{
    size_t T = doc->tokens.n;
    struct at_arena arena = { 0 };
    int *ids = at_arena_alloc(&arena, n * T, sizeof *ids);
    int *segments = at_arena_alloc(&arena, n * T, sizeof *segments);
    size_t *start = at_arena_alloc(&arena, n + 1, sizeof *start);
    size_t *rows = at_arena_alloc(&arena, n, sizeof *rows);
    struct at_batch batch = { n, start, ids, segments };
    struct at_forward_options options = { .final_rows = rows, .n_final_rows = n };
    int rc;

    for (size_t i = 0; i < n; i++) {
        start[i] = i * T;
        rows[i] = i * T + position[i];
        for (size_t j = 0; j < T; j++) {
            ids[i * T + j] = doc->tokens.items[j].id;
            segments[i * T + j] = doc->tokens.items[j].segment;
        }
        ids[rows[i]] = mask_id;
    }
    start[n] = n * T;
    rc = at_forward(out, &job->model, &batch, &options, job->pool, err);
    at_arena_release(&arena);
    return rc;
}

static int predict_masked(struct predictions *out, const struct job *job, const struct doc *doc,
                          const char *mask, size_t k, struct at_error *err)
{
    size_t T = doc->tokens.n, C = job->shape.width, n;
    size_t *position = masked_positions(&n, job, doc, mask);
    size_t per_batch = AT_MAX((size_t)1, BATCH_ROWS / T);
    int mask_id = at_tokenizer_role(job->tokenizer, AT_ROLE_MASK);
    struct at_ranking *rankings;
    struct progress progress;
    void *rows = NULL;
    int rc;

    make_room(out, n, k);
    rankings = at_calloc(per_batch, sizeof *rankings);
    rc = at_try_alloc(&rows, per_batch * C, sizeof(float), "masked rows", err);
    progress_start(&progress, (enum progress_mode)(job->is_quiet ? PROGRESS_NEVER : job->progress),
                   "predicting", "positions", n);
    for (size_t i = 0; !rc && i < n; i += per_batch) {
        size_t m = AT_MIN(per_batch, n - i);
        rc = masked_rows(rows, job, doc, position + i, m, mask_id, err);
        for (size_t j = 0; j < m; j++) {
            rankings[j] = out->items[i + j].ranking;
            rankings[j].token = doc->tokens.items[position[i + j]].id;
            if (rankings[j].token == mask_id)
                rankings[j].token = -1; /* what stood there before is not known */
        }
        if (!rc)
            rc = at_lm_rank(rankings, k, &job->model, rows, m, job->pool, err);
        for (size_t j = 0; j < m; j++)
            out->items[i + j] = (struct predicted){ position[i + j], rankings[j] };
        progress_show(&progress, i + m);
    }
    progress_end(&progress);
    free(rows);
    free(rankings);
    free(position);
    return rc;
}

/* Row i of hidden predicts token i + 1; the last row predicts what would follow the text. */
static int predict_next(struct predictions *out, const struct job *job, const struct doc *doc,
                        const float *hidden, size_t k, struct at_error *err)
{
    size_t T = doc->tokens.n;
    struct at_ranking *rankings = at_calloc(T, sizeof *rankings);
    int rc;

    make_room(out, T, k);
    for (size_t i = 0; i < T; i++) {
        rankings[i] = out->items[i].ranking;
        rankings[i].token = i + 1 < T ? doc->tokens.items[i + 1].id : -1;
    }
    rc = at_lm_rank(rankings, k, &job->model, hidden, T, job->pool, err);
    for (size_t i = 0; i < T; i++)
        out->items[i] = (struct predicted){ i + 1, rankings[i] };
    free(rankings);
    return rc;
}

int predict(struct predictions *out, const struct job *job, const struct doc *doc,
            const float *hidden, const char *mask, size_t k, struct at_error *err)
{
    bool is_next = job->shape.is_causal && job->tokenizer && at_lm_head_present(&job->model);
    int rc = 0;

    *out = (struct predictions){ .next_sentence = NAN };
    if (strcmp(mask, "none") != 0 && is_next)
        rc = predict_next(out, job, doc, hidden, k, err);
    else if (strcmp(mask, "none") != 0 && predicts_masked(job))
        rc = predict_masked(out, job, doc, mask, k, err);
    if (!rc && hidden && doc->in.pair && job->model.weights.next_sentence.w.data)
        rc = at_next_sentence(&out->next_sentence, &job->model, hidden, err);
    if (rc)
        predictions_release(out);
    return rc;
}
