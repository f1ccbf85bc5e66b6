/*
 * target.c - see target.h. Rows of all texts go through a head together, block by block, in the
 * precision of the model, forward and back again.
 */
#include "model/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/classify.h"
#include "model/layer_ops.h"
#include "model/lm_head.h"
#include "ops/precise.h"
#include "ops/softmax.h"

/* Rows that go through a head together; the logits of so many stay small (model/lm_head.c). */
enum { BLOCK = 64 };

/* ---- heads ---- */

/* The last product of a head, whose outputs are what terms name. */
static const struct at_dense *last_product(const struct at_targets *t)
{
    const struct at_weights *w = &t->m->weights;

    return t->kind == AT_TARGET_TOKENS   ? &w->lm_decoder
           : t->kind == AT_TARGET_LABELS ? &w->classifier
           : w->text_classifier.w.data   ? &w->text_classifier
                                         : &w->next_sentence;
}

/* What stands before it: a transform with activation and norm, a pooler or its like, or NULL. */
static const struct at_dense *first_product(const struct at_targets *t)
{
    const struct at_weights *w = &t->m->weights;
    const struct at_dense *d = t->kind == AT_TARGET_TOKENS    ? &w->mlm_transform
                               : t->kind != AT_TARGET_CLASSES ? NULL
                               : w->text_classifier.w.data    ? &w->class_dense
                                                              : &w->pooler;

    return d && d->w.data ? d : NULL;
}

static enum at_epilogue activation_of(const struct at_targets *t)
{
    return t->kind == AT_TARGET_TOKENS            ? t->m->config.head_activation
           : t->m->weights.text_classifier.w.data ? t->m->config.family->class_activation
                                                  : AT_EPI_TANH;
}

/* ---- which rows ---- */

static int check_terms(const struct at_targets *t, const struct at_batch *batch,
                       const struct at_target *target, struct at_error *err)
{
    static const char *const heads[] = { "language-model head", "token classifier",
                                         "head for whole texts" };
    static const char *const things[] = { "token id", "label", "class" };
    const struct at_weight *w = &last_product(t)->w;

    if (!w->data)
        return at_fail(err, AT_ENOTFOUND, "the model has no %s", heads[t->kind]);
    for (size_t b = 0; b < batch->B; b++)
        for (size_t i = 0; i < target[b].n; i++) {
            const struct at_target_term *term = &target[b].terms[i];
            AT_BUG_IF(term->row >= batch->start[b + 1] - batch->start[b]);
            if (term->index < 0 || (size_t)term->index >= w->n_out)
                return at_fail(err, AT_ERANGE, "%s %d, the model has 0 to %zu", things[t->kind],
                               term->index, w->n_out - 1);
        }
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const struct at_target_term *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

/* Terms of all texts by row, and the rows they have. */
static void place_terms(struct at_targets *t, const struct at_batch *batch,
                        const struct at_target *target)
{
    size_t n = 0, N = batch->start[batch->B];

    for (size_t b = 0; b < batch->B; b++)
        n += target[b].n;
    t->terms = at_calloc(AT_MAX(n, (size_t)1), sizeof *t->terms);
    t->rows = at_malloc(AT_MAX(N, (size_t)1), sizeof *t->rows);
    t->row = at_calloc(AT_MAX(AT_MIN(n, N), (size_t)1), sizeof *t->row);
    n = 0;
    for (size_t b = 0; b < batch->B; b++) {
        size_t first = n;
        t->first[b] = t->n_rows;
        for (size_t i = 0; i < target[b].n; i++, n++) {
            t->terms[n] = target[b].terms[i];
            t->terms[n].row += batch->start[b];
        }
        qsort(t->terms + first, n - first, sizeof *t->terms, by_row);
        for (size_t i = first; i < n; i++) {
            bool is_new = i == first || t->terms[i].row != t->terms[i - 1].row;
            if (is_new) {
                t->rows[t->n_rows] = t->terms[i].row;
                t->row[t->n_rows++] = (struct at_target_row){ .text = b, .first = i };
            }
            t->row[t->n_rows - 1].n++;
            t->row[t->n_rows - 1].sum += t->terms[i].weight;
        }
    }
    t->first[batch->B] = t->n_rows;
}

int at_targets_init(struct at_targets *out, const struct at_model *m, enum at_target_kind kind,
                    const struct at_batch *batch, const struct at_target *target,
                    struct at_pool *pool, struct at_error *err)
{
    struct at_targets t = { .m = m,
                            .pool = pool,
                            .kind = kind,
                            .is_multi_label = m->config.is_multi_label,
                            .B = batch->B };
    int rc = kind == AT_TARGET_POOLED_NORM ? 0 : check_terms(&t, batch, target, err);

    if (rc)
        return rc;
    t.first = at_malloc(batch->B + 1, sizeof *t.first);
    t.values = at_calloc(AT_MAX(batch->B, (size_t)1), sizeof *t.values);
    if (kind == AT_TARGET_POOLED_NORM)
        memcpy(t.first, batch->start, (batch->B + 1) * sizeof *t.first);
    else
        place_terms(&t, batch, target);
    *out = t;
    return 0;
}

void at_targets_release(struct at_targets *t)
{
    free(t->rows);
    free(t->first);
    free(t->row);
    free(t->terms);
    free(t->values);
    *t = (struct at_targets){ 0 };
}

/* ---- values in the precision of a pass ---- */

static double get(const float *x, size_t lo)
{
    return lo ? at_pair(x, lo) : (double)*x;
}

static void set(float *x, size_t lo, double value)
{
    if (lo)
        at_set_pair(x, lo, value);
    else
        *x = (float)value;
}

/* ---- a block of rows in a head ---- */

/* Rows on their way through a head. Buffers are the block's own, and so are their low parts. */
struct block {
    struct at_targets *t;
    const struct at_layer_ops *ops;
    size_t lo, C, E, V; /* V logits for each row, from E values under the last product */
    float *room;
    float *x;         /* (BLOCK,C) hidden states */
    float *pre, *act; /* (BLOCK,E) before and after the activation, */
    float *top;       /* and under the last product; then the gradient there */
    float *logits;    /* (BLOCK,V); then the gradient at them */
    size_t *leader;   /* (V) first label of each one's group */
    bool wants_gradient;
    size_t first, n;     /* the rows in hand, */
    double value[BLOCK]; /* and what each adds to its text's number */
};

static int block_init(struct block *b, struct at_targets *t, struct at_error *err)
{
    const struct at_weight *last = &last_product(t)->w;
    size_t C = t->m->config.width, E = last->n_in, V = last->n_out;
    size_t n = BLOCK * (C + 3 * E + V);
    void *room;
    int rc;

    *b = (struct block){ .t = t, .ops = at_layer_ops(t->m->is_double), .C = C, .E = E, .V = V };
    b->lo = t->m->is_double ? n : 0;
    rc = at_try_alloc(&room, n + b->lo, sizeof(float), "logits", err);
    if (rc)
        return rc;
    b->room = b->x = room;
    b->pre = b->x + BLOCK * C;
    b->act = b->pre + BLOCK * E;
    b->top = b->act + BLOCK * E;
    b->logits = b->top + BLOCK * E;
    if (t->kind == AT_TARGET_LABELS)
        b->leader = at_label_leaders(&t->m->config);
    return 0;
}

static void block_release(struct block *b)
{
    free(b->room);
    free(b->leader);
}

/* x to what the last product takes; answers where that is. */
static float *rise(const struct block *b)
{
    const struct at_targets *t = b->t;
    const struct at_config *c = &t->m->config;
    const struct at_dense *d = first_product(t);

    if (!d)
        return b->x;
    b->ops->linear(b->pre, b->x, b->lo, d, b->n, AT_EPI_NONE, t->pool);
    b->ops->activate(b->act, b->pre, b->lo, b->n * b->E, activation_of(t), t->pool);
    if (t->kind == AT_TARGET_CLASSES)
        return b->act;
    b->ops->norm(b->top, b->act, NULL, b->lo, &t->m->weights.mlm_norm, c->norm_eps, b->n, b->E,
                 t->pool);
    return b->top;
}

/* And the gradient from there, in top, back to x. */
static void sink(const struct block *b)
{
    const struct at_targets *t = b->t;
    const struct at_dense *d = first_product(t);

    if (!d) {
        b->ops->copy(b->x, b->top, b->lo, b->n * b->C);
        return;
    }
    if (t->kind == AT_TARGET_TOKENS)
        b->ops->norm_back(b->top, b->top, b->act, NULL, b->lo, &t->m->weights.mlm_norm,
                          t->m->config.norm_eps, t->rule, b->n, b->E, t->pool);
    b->ops->activate_back(b->top, b->top, b->pre, b->lo, b->n * b->E, activation_of(t), t->rule,
                          t->pool);
    b->ops->linear_back(b->x, b->top, b->lo, &d->w, NULL, b->n, t->pool);
}

/* The row in hand number r, and its logits. */
static const struct at_target_row *row_at(const struct block *b, size_t r)
{
    return &b->t->row[b->first + r];
}

/* sum of weight ln p = weight (logit - lse). The gradient at a logit is its weights, less p times
   all of them. */
static double log_probability(const struct block *b, const struct at_target_row *row,
                              const double *logits, double *gradient)
{
    double max = -INFINITY, sum = 0.0, value = 0.0;

    for (size_t i = 0; i < b->V; i++)
        max = fmax(max, logits[i]);
    for (size_t i = 0; i < b->V; i++)
        sum += gradient[i] = exp(logits[i] - max);
    for (size_t i = 0; i < b->V; i++)
        gradient[i] *= -row->sum / sum;
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        value += term->weight * (logits[term->index] - max - log(sum));
        gradient[term->index] += term->weight;
    }
    return value;
}

/* sum of weight ln p, p a sigmoid: ln p = -ln(1 + exp(-logit)). */
static double log_sigmoid(const struct block *b, const struct at_target_row *row,
                          const double *logits, double *gradient)
{
    double value = 0.0;

    memset(gradient, 0, b->V * sizeof *gradient);
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        double x = logits[term->index];
        value += term->weight * (fmin(x, 0.0) - log1p(exp(-fabs(x))));
        gradient[term->index] += term->weight / (1.0 + exp(x));
    }
    return value;
}

/* sum of weight p, p a sigmoid or a softmax within a group of labels. */
static double label_probability(const struct block *b, const struct at_target_row *row,
                                const double *logits, double *gradient)
{
    double value = 0.0;

    memset(gradient, 0, b->V * sizeof *gradient);
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        size_t label = (size_t)term->index;
        double max = -INFINITY, sum = 0.0, p;
        if (b->t->is_multi_label) {
            p = 1.0 / (1.0 + exp(-logits[label]));
            gradient[label] += term->weight * p * (1.0 - p);
            value += term->weight * p;
            continue;
        }
        for (size_t j = 0; j < b->V; j++)
            if (b->leader[j] == b->leader[label])
                max = fmax(max, logits[j]);
        for (size_t j = 0; j < b->V; j++)
            if (b->leader[j] == b->leader[label])
                sum += exp(logits[j] - max);
        p = exp(logits[label] - max) / sum;
        value += term->weight * p;
        gradient[label] += term->weight * p;
        for (size_t j = 0; j < b->V; j++)
            if (b->leader[j] == b->leader[label])
                gradient[j] -= term->weight * p * exp(logits[j] - max) / sum;
    }
    return value;
}

/* sum of weight value of a regression. */
static double regression_value(const struct block *b, const struct at_target_row *row,
                               const double *logits, double *gradient)
{
    double value = 0.0;

    memset(gradient, 0, b->V * sizeof *gradient);
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        value += term->weight * logits[term->index];
        gradient[term->index] += term->weight;
    }
    return value;
}

/* Are classes the values of a regression? A next-sentence head has none. */
static bool is_regression(const struct at_targets *t)
{
    return t->kind == AT_TARGET_CLASSES && t->m->weights.text_classifier.w.data &&
           t->m->config.is_regression;
}

/* ln p in float for a vocabulary, where the time of exp would show. */
static double log_probability_f(const struct block *b, const struct at_target_row *row,
                                float *logits)
{
    double lse = at_log_sum_exp(logits, b->V), value = 0.0;

    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        value += term->weight * ((double)logits[term->index] - lse);
    }
    if (!b->wants_gradient)
        return value;
    at_softmax(logits, b->V);
    for (size_t i = 0; i < b->V; i++)
        logits[i] *= (float)-row->sum;
    for (size_t i = row->first; i < row->first + row->n; i++)
        logits[b->t->terms[i].index] += (float)b->t->terms[i].weight;
    return value;
}

/* Task: a row of logits, and its gradient in its place. */
static void one_row(void *arg, size_t task, size_t slot)
{
    struct block *b = arg;
    const struct at_target_row *row = row_at(b, task);
    float *at = b->logits + task * b->V;
    bool is_label = b->t->kind == AT_TARGET_LABELS;
    bool is_value = is_regression(b->t);
    bool is_sigmoid = b->t->kind == AT_TARGET_CLASSES && b->t->is_multi_label;

    (void)slot;
    if (!b->lo && !is_label && !is_sigmoid && !is_value) {
        b->value[task] = log_probability_f(b, row, at);
        return;
    }
    double *logits = at_malloc(2 * b->V, sizeof *logits), *gradient = logits + b->V;
    for (size_t i = 0; i < b->V; i++)
        logits[i] = get(at + i, b->lo);
    b->value[task] = is_label     ? label_probability(b, row, logits, gradient)
                     : is_value   ? regression_value(b, row, logits, gradient)
                     : is_sigmoid ? log_sigmoid(b, row, logits, gradient)
                                  : log_probability(b, row, logits, gradient);
    for (size_t i = 0; i < b->V; i++)
        set(at + i, b->lo, gradient[i]);
    free(logits);
}

/* Do the weights of every row in hand come to 0, so that the sum over the vocabulary cancels? */
static bool is_contrast(const struct block *b)
{
    size_t r = 0;

    while (r < b->n && row_at(b, r)->sum == 0.0)
        r++;
    return b->t->kind == AT_TARGET_TOKENS && r == b->n;
}

/* Task: such a row, from the logits of its tokens and no others; top gets the gradient. */
static void one_contrast(void *arg, size_t task, size_t slot)
{
    struct block *b = arg;
    const struct at_target_row *row = row_at(b, task);
    const struct at_dense *d = last_product(b->t);
    float *weights = at_malloc(b->E, sizeof *weights), *top = b->top + task * b->E;
    const float *below = first_product(b->t) ? top : b->x + task * b->E;
    double *gradient = at_calloc(b->E, sizeof *gradient);

    (void)slot;
    b->value[task] = 0.0;
    for (size_t i = row->first; i < row->first + row->n; i++) {
        const struct at_target_term *term = &b->t->terms[i];
        double logit = d->b.data ? (double)d->b.data[term->index] : 0.0;
        at_weight_row(weights, &d->w, (size_t)term->index);
        for (size_t c = 0; c < b->E; c++) {
            logit += get(below + c, b->lo) * (double)weights[c];
            gradient[c] += term->weight * (double)weights[c];
        }
        b->value[task] += term->weight * logit;
    }
    for (size_t c = 0; c < b->E; c++)
        set(top + c, b->lo, gradient[c]);
    free(gradient);
    free(weights);
}

/* Values of the rows in hand, and gradients in x when they are wanted. */
static void one_block(struct block *b)
{
    struct at_targets *t = b->t;
    const float *below = rise(b);

    if (is_contrast(b)) {
        at_pool_run(t->pool, b->n, one_contrast, b);
    } else {
        b->ops->linear(b->logits, below, b->lo, last_product(t), b->n, AT_EPI_NONE, t->pool);
        at_pool_run(t->pool, b->n, one_row, b);
        if (b->wants_gradient)
            b->ops->linear_back(b->top, b->logits, b->lo, &last_product(t)->w, NULL, b->n, t->pool);
    }
    for (size_t r = 0; r < b->n; r++)
        t->values[row_at(b, r)->text] += b->value[r];
    if (b->wants_gradient)
        sink(b);
}

static int by_blocks(struct at_targets *t, const struct at_final_view *view, struct at_error *err)
{
    size_t first = t->first[view->first], n = t->first[view->first + view->B] - first;
    struct block b;
    int rc = block_init(&b, t, err);

    if (rc)
        return rc;
    AT_BUG_IF(n != view->N);
    b.wants_gradient = view->d_hidden != NULL;
    for (size_t i = 0; i < n; i += BLOCK) {
        const float *hidden = view->hidden + i * b.C;
        b.first = first + i;
        b.n = AT_MIN(n - i, (size_t)BLOCK);
        memcpy(b.x, hidden, b.n * b.C * sizeof *b.x);
        if (b.lo && view->lo)
            memcpy(b.x + b.lo, hidden + view->lo, b.n * b.C * sizeof *b.x);
        else if (b.lo)
            memset(b.x + b.lo, 0, b.n * b.C * sizeof *b.x);
        one_block(&b);
        for (size_t k = 0; k < b.n * b.C && view->d_hidden; k++)
            set(view->d_hidden + i * b.C + k, view->lo, get(b.x + k, b.lo));
    }
    block_release(&b);
    return 0;
}

/* ---- the pooled norm ---- */

/* |mean of the rows|; its gradient at each is mean / (|mean| n). A mean of 0 has none, and no rows
   have no mean. */
static void pooled_norm(struct at_targets *t, const struct at_final_view *view, size_t b)
{
    size_t C = view->C, from = view->start[b], to = view->start[b + 1], n = 0;
    const unsigned char *is_hidden = t->is_hidden ? t->is_hidden + t->first[view->first + b] : NULL;
    double *mean = at_calloc(C, sizeof *mean), square = 0.0, length;

    for (size_t r = from; r < to; r++)
        for (size_t c = 0; c < C && !(is_hidden && is_hidden[r - from]); c++) {
            mean[c] += get(view->hidden + r * C + c, view->lo);
            n += c == 0;
        }
    for (size_t c = 0; c < C && n; c++) {
        mean[c] /= (double)n;
        square += mean[c] * mean[c];
    }
    length = n ? sqrt(square) : NAN;
    t->values[view->first + b] = length;
    for (size_t r = from; r < to && view->d_hidden && length > 0.0; r++)
        for (size_t c = 0; c < C && !(is_hidden && is_hidden[r - from]); c++)
            set(view->d_hidden + r * C + c, view->lo, mean[c] / length / (double)n);
    free(mean);
}

int at_targets_gradient(void *arg, const struct at_final_view *view, struct at_error *err)
{
    struct at_targets *t = arg;

    for (size_t b = 0; b < view->B; b++)
        t->values[view->first + b] = 0.0;
    if (t->kind != AT_TARGET_POOLED_NORM)
        return by_blocks(t, view, err);
    for (size_t b = 0; b < view->B; b++)
        pooled_norm(t, view, b);
    return 0;
}

int at_targets_evaluate(struct at_targets *t, const float *hidden, struct at_error *err)
{
    const struct at_final_view view = {
        .B = t->B, .start = t->first, .N = t->first[t->B], .C = t->m->config.width, .hidden = hidden
    };

    return at_targets_gradient(t, &view, err);
}
