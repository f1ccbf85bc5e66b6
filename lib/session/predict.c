/*
 * predict.c - see predict.h.
 */
#include "session/predict.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/lm_head.h"
#include "session/batch.h"
#include "session/doc_window.h"

static const struct at_field guess_fields[] = {
    AT_FIELD(struct at_guess, rank, "rank", NULL, "1 is the most probable"),
    AT_FIELD(struct at_guess, token, "prediction", NULL, "predicted piece", .json = "token"),
    AT_FIELD(struct at_guess, id, "id", NULL, "id of the predicted piece"),
    AT_FIELD(struct at_guess, p, "p", "probability", "its probability over the vocabulary"),
    AT_FIELD(struct at_guess, logit, "logit", "nats", "its logit"),
    AT_FIELD_END
};
static const struct at_record guess_record = AT_RECORD(struct at_guess, guess_fields);

static const struct at_field predicted_fields[] = {
    AT_FIELD(struct at_predicted, index, "index", NULL, "position that is predicted, from 0"),
    AT_FIELD(struct at_predicted, token, "token", NULL, "piece that stands there"),
    AT_FIELD(struct at_predicted, token_rank, "token_rank", NULL,
             "rank of that piece, 1 is the most probable"),
    AT_FIELD(struct at_predicted, token_p, "token_p", "probability", "probability of that piece"),
    AT_FIELD(struct at_predicted, log_sum_exp, "log_sum_exp", "nats",
             "p is exp(logit - log_sum_exp)", .flags = AT_JSON_ONLY),
    AT_FIELD_LIST(struct at_predicted, top, n_top, "top", &guess_record, "most probable tokens"),
    AT_FIELD_END
};
const struct at_record at_predicted_record = AT_RECORD(struct at_predicted, predicted_fields);

static const struct at_field row_fields[] = {
    AT_FIELD_RECORD(struct at_prediction_row, position, NULL, &at_predicted_record, NULL),
    AT_FIELD_RECORD(struct at_prediction_row, guess, NULL, &guess_record, NULL),
    AT_FIELD(struct at_prediction_row, token_label, "token_label", NULL,
             "the piece that stands there as people write it"),
    AT_FIELD(struct at_prediction_row, prediction_label, "prediction_label", NULL,
             "the predicted one"),
    AT_FIELD_END
};
const struct at_record at_prediction_row_record = AT_RECORD(struct at_prediction_row, row_fields);

void at_predictions_release(struct at_predictions *p)
{
    at_arena_release(&p->arena);
    *p = (struct at_predictions){ 0 };
}

struct at_prediction_row *at_prediction_rows(size_t *n, const struct at_predictions *p,
                                             const struct at_session *s, const struct at_doc *doc,
                                             struct at_arena *arena)
{
    struct at_prediction_row *rows;
    size_t at = 0;

    *n = 0;
    for (size_t i = 0; i < p->n; i++)
        *n += p->items[i].n_top;
    rows = at_arena_alloc(arena, *n, sizeof *rows);
    for (size_t i = 0; i < p->n; i++) {
        const struct at_predicted *x = &p->items[i];
        const char *label =
            x->n_top && x->index < doc->tokens.n
                ? at_tokenizer_label(s->tokenizer, doc->tokens.items[x->index].id, arena)
                : NULL;
        for (size_t r = 0; r < x->n_top; r++)
            rows[at++] =
                (struct at_prediction_row){ *x, x->top[r], label,
                                            at_tokenizer_label(s->tokenizer, x->top[r].id, arena) };
    }
    return rows;
}

int at_predict_check(const struct at_session *s, const struct at_doc *doc,
                     const struct at_mask *mask, struct at_error *err)
{
    size_t T = doc->window.whole ? doc->window.whole->tokens.n : doc->tokens.n;

    if (!s || !at_session_takes_masks(s) || mask->choice != AT_MASK_LIST)
        return 0;
    for (size_t i = 0; i < mask->n; i++)
        if (mask->positions[i] >= T)
            return at_fail(err, AT_ERANGE, "position %zu is outside the text's %zu tokens",
                           mask->positions[i], T);
    return 0;
}

/* Is a token, by its number in the whole text, in the list? */
static bool is_listed(const struct at_mask *mask, size_t token)
{
    size_t i = 0;

    while (i < mask->n && mask->positions[i] != token)
        i++;
    return i < mask->n;
}

/*
 * Positions to mask, in order; the caller frees. Of a window those that it owns: the list, the
 * masks and the length that auto looks at are the whole text's.
 */
static size_t *choose(size_t *n_out, const struct at_doc *doc, const struct at_mask *mask,
                      int mask_id)
{
    const struct at_doc *whole = doc->window.whole;
    const struct at_tokens *t = &doc->tokens, *all = whole ? &whole->tokens : t;
    bool has_masks = false, is_list = mask->choice == AT_MASK_LIST;
    size_t n = 0, *list = at_malloc(AT_MAX(t->n, mask->n), sizeof *list);

    for (size_t i = 0; i < mask->n && is_list && !whole; i++)
        list[n++] = mask->positions[i];
    for (size_t i = 0; i < all->n; i++)
        has_masks |= all->items[i].id == mask_id;
    for (size_t i = 0; i < t->n && !(is_list && !whole); i++) {
        bool is_mask = t->items[i].id == mask_id;
        bool is_wanted = mask->choice == AT_MASK_ALL || (!has_masks && all->n <= AT_MASK_AUTO_MOST);
        if (whole && !at_doc_owns_token(doc, i))
            continue;
        if (is_list ? is_listed(mask, at_doc_whole_token(doc, i))
                    : is_mask || (!t->items[i].is_special && is_wanted))
            list[n++] = i;
    }
    *n_out = n;
    return list;
}

bool at_predict_leaves_out(const struct at_session *s, const struct at_doc *doc,
                           const struct at_mask *mask)
{
    const struct at_doc *whole = doc->window.whole ? doc->window.whole : doc;
    size_t n;

    if (!s || !at_session_takes_masks(s) || mask->choice != AT_MASK_AUTO)
        return false;
    free(choose(&n, whole, mask, at_tokenizer_role(s->tokenizer, AT_ROLE_MASK)));
    return n == 0 && whole->tokens.n > AT_MASK_AUTO_MOST;
}

/* Where rankings of a block of rows go before they are told. */
struct ranks {
    struct at_ranking *items;  /* (room) */
    struct at_prediction *top; /* (room,k) */
    size_t k;
};

static void ranks_new(struct ranks *r, size_t room, size_t k)
{
    *r =
        (struct ranks){ at_calloc(room, sizeof *r->items), at_calloc(room * k, sizeof *r->top), k };
    for (size_t i = 0; i < room; i++)
        r->items[i].top = r->top + i * k;
}

static void ranks_free(struct ranks *r)
{
    free(r->items);
    free(r->top);
}

static void tell(struct at_predictions *out, const struct at_session *s, const struct at_doc *doc,
                 size_t index, const struct at_ranking *r, size_t k)
{
    struct at_predicted *x = &out->items[out->n++];

    *x = (struct at_predicted){
        .index = index,
        .token = index < doc->tokens.n ? doc->pieces[index] : NULL,
        .token_rank = r->token_rank ? r->token_rank : AT_NONE,
        .token_p = exp(r->token_log_p),
        .log_sum_exp = r->log_sum_exp,
        .top = at_arena_alloc(&out->arena, k, sizeof *x->top),
    };
    for (; x->n_top < k && r->top[x->n_top].id >= 0; x->n_top++) {
        const struct at_prediction *t = &r->top[x->n_top];
        x->top[x->n_top] = (struct at_guess){ x->n_top + 1, at_tokenizer_piece(s->tokenizer, t->id),
                                              t->id, t->p, t->logit };
    }
}

/* Rows of a block for whoever wants to see their logits: which position each predicts. */
struct seen {
    const struct at_predict_options *options;
    const size_t *positions;
};

static void show_logits(void *arg, size_t row, const float *logits, double log_sum_exp)
{
    const struct seen *s = arg;

    s->options->see(s->options->see_arg, s->positions[row], logits, log_sum_exp);
}

static int rank(struct at_ranking *out, const struct at_predict_options *o, const size_t *positions,
                const struct at_session *s, const float *hidden, size_t N, struct at_error *err)
{
    struct seen seen = { o, positions };

    return at_lm_rank_seen(out, o->k, &s->model, hidden, N, o->see ? show_logits : NULL, &seen,
                           s->pool, err);
}

/* What one call of predict_masked() works with. */
struct masking {
    const struct at_doc *doc;
    const size_t *position;
    size_t n;
    int mask_id;
    int *ids, *segments; /* (T) of the text */
    size_t *rows;        /* of the batch, those that are masked */
    struct at_batcher batch;
    struct ranks ranks;
};

static void masking_init(struct masking *m, const struct at_tokens *t, size_t k)
{
    m->ids = at_tokens_ids(t);
    m->segments = at_malloc(t->n, sizeof *m->segments);
    m->rows = at_malloc(AT_BATCH_TEXTS, sizeof *m->rows);
    for (size_t i = 0; i < t->n; i++)
        m->segments[i] = t->items[i].segment;
    ranks_new(&m->ranks, AT_BATCH_TEXTS, k);
}

static void masking_release(struct masking *m)
{
    at_batcher_release(&m->batch);
    ranks_free(&m->ranks);
    free(m->ids);
    free(m->segments);
    free(m->rows);
}

/* Copies from position first on, as many as a batch holds: answers how many. */
static size_t fill(struct masking *m, size_t first)
{
    size_t T = m->doc->tokens.n, count = 0;

    at_batcher_clear(&m->batch);
    while (first + count < m->n && !at_batcher_is_full(&m->batch)) {
        size_t at = m->position[first + count];
        int id = m->ids[at];
        m->ids[at] = m->mask_id;
        at_batcher_add_ids(&m->batch, m->ids, m->segments, T);
        m->ids[at] = id;
        m->rows[count] = count * T + at;
        m->ranks.items[count].token =
            id == m->mask_id ? -1 : id; /* what stood there is not known */
        count++;
    }
    return count;
}

static int predict_masked(struct at_predictions *out, const struct at_session *s,
                          const struct at_doc *doc, const struct at_predict_options *o,
                          struct at_error *err)
{
    int mask_id = at_tokenizer_role(s->tokenizer, AT_ROLE_MASK), rc = 0;
    struct masking m = { .doc = doc, .mask_id = mask_id };
    size_t *position = choose(&m.n, doc, &o->mask, mask_id);

    m.position = position;
    masking_init(&m, &doc->tokens, o->k);
    out->items = at_arena_calloc(&out->arena, m.n, sizeof *out->items);
    for (size_t i = 0; !rc && i < m.n;) {
        size_t count = fill(&m, i);
        struct at_forward_options options = { .final_rows = m.rows, .n_final_rows = count };
        rc = at_batcher_run(&m.batch, &s->model, &options, true, s->pool, err);
        if (!rc)
            rc = rank(m.ranks.items, o, position + i, s, m.batch.hidden, count, err);
        for (size_t j = 0; !rc && j < count; j++)
            tell(out, s, doc, position[i + j], &m.ranks.items[j], o->k);
        i += count;
        if (o->progress)
            o->progress(o->arg, i, m.n);
    }
    masking_release(&m);
    free(position);
    return rc;
}

/* Does this doc, perhaps a window, predict what stands at a position, or behind the last one? */
static bool predicts(const struct at_doc *doc, size_t position)
{
    if (!doc->window.whole)
        return true;
    return position < doc->tokens.n ? at_doc_owns_token(doc, position) : at_doc_is_last_window(doc);
}

/* Row i of hidden predicts token i + 1; the last row predicts what would follow the text. What a
   window predicts are neighbours. */
static int predict_next(struct at_predictions *out, const struct at_session *s,
                        const struct at_doc *doc, const float *hidden,
                        const struct at_predict_options *o, struct at_error *err)
{
    size_t T = doc->tokens.n, C = s->model.config.width, first = 1, n = 0;
    size_t *positions = at_malloc(T + 1, sizeof *positions);
    struct ranks ranks;
    int rc = 0;

    while (first <= T && !predicts(doc, first))
        first++;
    for (; first + n <= T && predicts(doc, first + n); n++)
        positions[n] = first + n;
    ranks_new(&ranks, T, o->k);
    out->items = at_arena_calloc(&out->arena, T, sizeof *out->items);
    for (size_t i = 0; i < n; i++)
        ranks.items[i].token = first + i < T ? doc->tokens.items[first + i].id : -1;
    if (n)
        rc = rank(ranks.items, o, positions, s, hidden + (first - 1) * C, n, err);
    for (size_t i = 0; !rc && i < n; i++)
        tell(out, s, doc, first + i, &ranks.items[i], o->k);
    ranks_free(&ranks);
    free(positions);
    return rc;
}

int at_predict(struct at_predictions *out, const struct at_session *s, const struct at_doc *doc,
               const float *hidden, const struct at_predict_options *options, struct at_error *err)
{
    bool is_asked = s && options->mask.choice != AT_MASK_NONE;
    struct at_predictions p = { .next_sentence = NAN };
    int rc = 0;

    if (is_asked && s->model.config.is_causal && at_lm_head_present(&s->model))
        rc = predict_next(&p, s, doc, hidden, options, err);
    else if (is_asked && at_session_takes_masks(s))
        rc = predict_masked(&p, s, doc, options, err);
    if (!rc && s && hidden && doc->in.pair && s->model.weights.next_sentence.w.data)
        rc = at_next_sentence(&p.next_sentence, &s->model, hidden, err);
    if (rc)
        at_predictions_release(&p);
    else
        *out = p;
    return rc;
}
