/*
 * compare_predictions.c - see compare_predictions.h.
 *
 * The logits of the first are kept; those of the second are compared as they come by.
 */
#include "analysis/compare_predictions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stats/summary.h"

static const struct at_field fields[] = {
    AT_FIELD(struct at_compare_prediction, text_id, "text_id", NULL, "of several, the text",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_compare_prediction, index_a, "index_a", NULL,
             "position that is predicted in the first, from 0"),
    AT_FIELD(struct at_compare_prediction, token_a, "token_a", NULL, "piece that stands there"),
    AT_FIELD(struct at_compare_prediction, p_a, "p_a", "probability", "its probability"),
    AT_FIELD(struct at_compare_prediction, rank_a, "rank_a", NULL,
             "its rank, 1 is the most probable"),
    AT_FIELD(struct at_compare_prediction, top_a, "top_a", NULL, "most probable piece"),
    AT_FIELD(struct at_compare_prediction, top_p_a, "top_p_a", "probability", "its probability"),
    AT_FIELD(struct at_compare_prediction, index_b, "index_b", NULL,
             "position that is predicted in the second, from 0"),
    AT_FIELD(struct at_compare_prediction, token_b, "token_b", NULL, "piece that stands there"),
    AT_FIELD(struct at_compare_prediction, p_b, "p_b", "probability", "its probability"),
    AT_FIELD(struct at_compare_prediction, rank_b, "rank_b", NULL,
             "its rank, 1 is the most probable"),
    AT_FIELD(struct at_compare_prediction, top_b, "top_b", NULL, "most probable piece"),
    AT_FIELD(struct at_compare_prediction, top_p_b, "top_p_b", "probability", "its probability"),
    AT_FIELD(struct at_compare_prediction, difference, "difference", "probability",
             "p_a - p_b, where the same token stands on both sides"),
    AT_FIELD(struct at_compare_prediction, is_changed, "top_changed", NULL,
             "are the most probable pieces different?"),
    AT_FIELD(struct at_compare_prediction, n_shared, "shared", NULL,
             "pieces that are among the most probable of both"),
    AT_FIELD(struct at_compare_prediction, kl, "kl", "nats",
             "Kullback-Leibler divergence of the second from the first"),
    AT_FIELD(struct at_compare_prediction, kl_reverse, "kl_reverse", "nats",
             "of the first from the second"),
    AT_FIELD(struct at_compare_prediction, label_a, "label_a", NULL, "token_a as people write it",
             .flags = AT_TERM_ONLY, .heading = "token a", .width = -12),
    AT_FIELD(struct at_compare_prediction, p_a, "p_a", NULL, "its probability",
             .flags = AT_TERM_ONLY, .heading = "p a", .width = 6, .decimals = 3),
    AT_FIELD(struct at_compare_prediction, top_label_a, "top_label_a", NULL,
             "top_a as people write it", .flags = AT_TERM_ONLY, .heading = "top a", .width = -12),
    AT_FIELD(struct at_compare_prediction, label_b, "label_b", NULL, "token_b as people write it",
             .flags = AT_TERM_ONLY, .heading = "token b", .width = -12),
    AT_FIELD(struct at_compare_prediction, p_b, "p_b", NULL, "its probability",
             .flags = AT_TERM_ONLY, .heading = "p b", .width = 6, .decimals = 3),
    AT_FIELD(struct at_compare_prediction, top_label_b, "top_label_b", NULL,
             "top_b as people write it", .flags = AT_TERM_ONLY, .heading = "top b", .width = -12),
    AT_FIELD(struct at_compare_prediction, kl, "kl", NULL, "its divergence", .flags = AT_TERM_ONLY,
             .heading = "kl", .width = 7, .decimals = 3),
    AT_FIELD_END,
};
const struct at_record at_compare_prediction_record =
    AT_RECORD(struct at_compare_prediction, fields);

struct work {
    const struct at_compare_predictor *a, *b;
    size_t V;
    size_t *partner;         /* (T_a+1) position of the second; AT_NONE */
    size_t *of_b;            /* (T_b+1) position of the first; AT_NONE */
    float *logits;           /* (T_a+1,V) of the first, or NULL */
    double *log_sum_exp;     /* (T_a+1); NaN for what was not predicted */
    double *kl, *kl_reverse; /* (T_a+1) */
};

static bool same_vocabulary(const struct at_session *a, const struct at_session *b)
{
    size_t n = at_tokenizer_vocab_size(a->tokenizer);

    if (a->model.config.vocab != b->model.config.vocab ||
        n != at_tokenizer_vocab_size(b->tokenizer))
        return false;
    if (a == b)
        return true;
    for (size_t id = 0; id < n; id++) {
        const char *x = at_tokenizer_piece(a->tokenizer, (int)id);
        const char *y = at_tokenizer_piece(b->tokenizer, (int)id);
        if (!x != !y || (x && strcmp(x, y) != 0))
            return false;
    }
    return true;
}

/* Which positions are compared: the first tokens of each unit, of causal models those behind. */
static void find_partners(struct work *w, const struct at_token_alignment *t, size_t T_a,
                          size_t T_b, size_t shift)
{
    size_t unit = 0;

    for (size_t i = 0; i <= T_a; i++)
        w->partner[i] = AT_NONE;
    for (size_t k = 0; k <= T_b; k++)
        w->of_b[k] = AT_NONE;
    for (size_t i = 0; i < T_a; i++) {
        size_t k = 0;
        if (t->unit_a[i] == AT_NONE || t->unit_a[i] < unit)
            continue; /* not the first of its unit */
        unit = t->unit_a[i] + 1;
        while (k < T_b && t->unit_b[k] != t->unit_a[i])
            k++;
        w->partner[i + shift] = k + shift;
        w->of_b[k + shift] = i + shift;
    }
}

static void keep(void *arg, size_t index, const float *logits, double log_sum_exp)
{
    struct work *w = arg;

    memcpy(w->logits + index * w->V, logits, w->V * sizeof *logits);
    w->log_sum_exp[index] = log_sum_exp;
}

static void diverge(void *arg, size_t index, const float *logits, double log_sum_exp)
{
    struct work *w = arg;
    size_t own = w->of_b[index];
    const float *other = w->logits + own * w->V;
    double there = 0.0, back = 0.0;

    if (own == AT_NONE || isnan(w->log_sum_exp[own]))
        return;
    for (size_t v = 0; v < w->V; v++) {
        double a = (double)other[v] - w->log_sum_exp[own], b = (double)logits[v] - log_sum_exp;
        there += exp(a) * (a - b);
        back += exp(b) * (b - a);
    }
    w->kl[own] = fmax(there, 0.0);
    w->kl_reverse[own] = fmax(back, 0.0);
}

/* Rows of a vocabulary that is padded have no token, and none of them is another's. */
static size_t shared_tops(const struct at_predicted *a, const struct at_predicted *b)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_top; i++)
        for (size_t k = 0; k < b->n_top; k++)
            n += a->top[i].token && b->top[k].token && !strcmp(a->top[i].token, b->top[k].token);
    return n;
}

static const char *kept(struct at_arena *arena, const char *s)
{
    return s ? at_arena_strdup(arena, s) : NULL;
}

/* A piece as people write it; "(end)" behind the last token. */
static const char *label_of(const struct at_compare_predictor *p, int id, struct at_arena *arena)
{
    struct at_strbuf b = { 0 };
    const char *label;

    if (id < 0)
        return "(end)";
    at_tokenizer_add_label(p->session->tokenizer, &b, id);
    label = at_arena_strdup(arena, at_strbuf_str(&b));
    at_strbuf_release(&b);
    return label;
}

static int id_at(const struct at_compare_predictor *p, size_t index)
{
    return index < p->doc->tokens.n ? p->doc->tokens.items[index].id : -1;
}

static struct at_compare_prediction beside(const struct at_predicted *a,
                                           const struct at_predicted *b, const struct work *w,
                                           struct at_arena *arena)
{
    const char *top_a = a->n_top ? a->top[0].token : NULL;
    const char *top_b = b->n_top ? b->top[0].token : NULL;
    bool is_same = a->token && b->token && !strcmp(a->token, b->token);

    return (struct at_compare_prediction){
        .text_id = *w->a->doc->in.id ? kept(arena, w->a->doc->in.id) : NULL,
        .index_a = a->index,
        .token_a = kept(arena, a->token),
        .p_a = a->token_p,
        .rank_a = a->token_rank,
        .top_a = kept(arena, top_a),
        .top_p_a = top_a ? a->top[0].p : NAN,
        .index_b = b->index,
        .token_b = kept(arena, b->token),
        .p_b = b->token_p,
        .rank_b = b->token_rank,
        .top_b = kept(arena, top_b),
        .top_p_b = top_b ? b->top[0].p : NAN,
        .difference = is_same ? a->token_p - b->token_p : NAN,
        .is_changed = !top_a || !top_b || strcmp(top_a, top_b) != 0,
        .n_shared = shared_tops(a, b),
        .kl = w->kl[a->index],
        .kl_reverse = w->kl_reverse[a->index],
        .label_a = label_of(w->a, id_at(w->a, a->index), arena),
        .top_label_a = label_of(w->a, top_a ? a->top[0].id : -1, arena),
        .label_b = label_of(w->b, id_at(w->b, b->index), arena),
        .top_label_b = label_of(w->b, top_b ? b->top[0].id : -1, arena),
    };
}

static void pair_up(struct at_compare_predictions *out, const struct at_predictions *a,
                    const struct at_predictions *b, const struct work *w)
{
    struct at_moments kl = { 0 }, changed = { 0 };

    out->items = at_arena_alloc(&out->arena, a->n, sizeof *out->items);
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (w->partner[a->items[i].index] == b->items[k].index) {
                struct at_compare_prediction *p = &out->items[out->n++];
                *p = beside(&a->items[i], &b->items[k], w, &out->arena);
                at_moments_add(&kl, p->kl);
                at_moments_add(&changed, p->is_changed);
                break;
            }
    out->mean_kl = at_moments_mean(&kl);
    out->top_changed = at_moments_mean(&changed);
}

/* The second side's options: the partners of the positions that were listed. */
static struct at_predict_options for_second(const struct at_predict_options *o,
                                            const struct work *w, bool is_masked,
                                            struct at_arena *arena)
{
    struct at_predict_options out = *o;
    size_t *positions, n = 0;

    if (o->mask.choice != AT_MASK_LIST || !is_masked)
        return out;
    positions = at_arena_alloc(arena, o->mask.n, sizeof *positions);
    for (size_t i = 0; i < o->mask.n; i++)
        if (w->partner[o->mask.positions[i]] != AT_NONE)
            positions[n++] = w->partner[o->mask.positions[i]];
    out.mask.positions = positions;
    out.mask.n = n;
    return out;
}

static int predict_both(struct at_compare_predictions *out, struct work *w,
                        const struct at_compare_predictor *a, const struct at_compare_predictor *b,
                        const struct at_predict_options *o, struct at_error *err)
{
    struct at_predict_options first = *o, second;
    struct at_predictions of_a = { 0 }, of_b = { 0 };
    int rc = 0;

    second = for_second(o, w, !b->session->model.config.is_causal, &out->arena);
    if (out->has_one_vocabulary) {
        first.see = keep;
        second.see = diverge;
        first.see_arg = second.see_arg = w;
    }
    rc = at_predict(&of_a, a->session, a->doc, a->final_hidden, &first, err);
    if (!rc)
        rc = at_predict(&of_b, b->session, b->doc, b->final_hidden, &second, err);
    if (!rc)
        pair_up(out, &of_a, &of_b, w);
    at_predictions_release(&of_a);
    at_predictions_release(&of_b);
    return rc;
}

int at_compare_predict(struct at_compare_predictions *out, const struct at_compare_predictor *a,
                       const struct at_compare_predictor *b, const struct at_token_alignment *t,
                       const struct at_predict_options *options, struct at_error *err)
{
    bool are_causal = a->session->model.config.is_causal && b->session->model.config.is_causal;
    size_t T_a = a->doc->tokens.n, T_b = b->doc->tokens.n;
    struct work w = { .a = a, .b = b, .V = a->session->model.config.vocab };
    struct at_arena scratch = { 0 };
    void *logits = NULL;
    int rc = 0;

    *out = (struct at_compare_predictions){ .mean_kl = NAN, .top_changed = NAN };
    out->has_one_vocabulary = same_vocabulary(a->session, b->session);
    w.partner = at_arena_alloc(&scratch, T_a + 1, sizeof *w.partner);
    w.of_b = at_arena_alloc(&scratch, T_b + 1, sizeof *w.of_b);
    w.log_sum_exp = at_arena_alloc(&scratch, T_a + 1, sizeof *w.log_sum_exp);
    w.kl = at_arena_alloc(&scratch, T_a + 1, sizeof *w.kl);
    w.kl_reverse = at_arena_alloc(&scratch, T_a + 1, sizeof *w.kl_reverse);
    for (size_t i = 0; i <= T_a; i++)
        w.log_sum_exp[i] = w.kl[i] = w.kl_reverse[i] = NAN;
    find_partners(&w, t, T_a, T_b, are_causal);
    if (out->has_one_vocabulary && options->mask.choice != AT_MASK_NONE)
        rc = at_try_alloc(&logits, (T_a + 1) * w.V, sizeof *w.logits, "logits", err);
    w.logits = logits;
    if (!rc)
        rc = predict_both(out, &w, a, b, options, err);
    free(logits);
    at_arena_release(&scratch);
    if (rc)
        at_compare_predictions_release(out);
    return rc;
}

void at_compare_predictions_release(struct at_compare_predictions *p)
{
    at_arena_release(&p->arena);
    *p = (struct at_compare_predictions){ 0 };
}
