/*
 * classify_text.c - see classify_text.h.
 */
#include "session/classify_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "io/npy.h"
#include "model/classify.h"
#include "model/forward.h"
#include "text/windows.h"

static int run(float *hidden, const struct at_session *s, const struct at_tokens *tokens,
               struct at_error *err)
{
    size_t start[2] = { 0, tokens->n };
    int *ids = at_tokens_ids(tokens), rc;
    struct at_batch batch = { 1, start, ids, NULL };

    rc = at_forward(hidden, &s->model, &batch, NULL, s->pool, err);
    free(ids);
    return rc;
}

/* Window k of the tokens: the states of those that it owns. */
static int run_window(float *hidden, const struct at_session *s, const struct at_tokens *tokens,
                      const struct at_windows *w, size_t k, float *own, struct at_error *err)
{
    size_t n = at_windows_length(w), C = s->model.config.width;
    struct at_tokens part = { at_malloc(n, sizeof *part.items), n, n };
    int rc;

    for (size_t i = 0; i < n; i++)
        part.items[i] = tokens->items[at_windows_token(w, k, i)];
    rc = run(own, s, &part, err);
    for (size_t i = 0; !rc && i < n; i++) {
        size_t at = at_windows_token(w, k, i);
        if (at_windows_owner(w, at) == k)
            memcpy(hidden + at * C, own + i * C, C * sizeof *hidden);
    }
    at_tokens_release(&part);
    return rc;
}

/* The states of a text that is longer than the model. */
static int run_windows(float *hidden, const struct at_session *s, const struct at_tokens *tokens,
                       struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    struct at_windows w;
    float *own;
    int rc = at_windows_of_tokens(&w, tokens, c->max_positions, 0, c->is_causal, err);

    if (rc)
        return rc;
    own = at_malloc(at_windows_length(&w) * c->width, sizeof *own);
    for (size_t k = 0; !rc && k < w.n; k++)
        rc = run_window(hidden, s, tokens, &w, k, own, err);
    free(own);
    return rc;
}

int at_classify_tokens(float **out, const struct at_session *s, const struct at_tokens *tokens,
                       const float *hidden, bool is_multi_label, struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    float *own = NULL, *p;
    int rc = 0;

    if (!hidden) {
        own = at_malloc(tokens->n * c->width, sizeof *own);
        rc = tokens->n > c->max_positions ? run_windows(own, s, tokens, err)
                                          : run(own, s, tokens, err);
    }
    p = at_malloc(tokens->n * c->n_labels, sizeof *p);
    if (!rc)
        rc = at_classify(p, &s->model, hidden ? hidden : own, tokens->n, is_multi_label, s->pool,
                         err);
    free(own);
    if (rc)
        free(p);
    else
        *out = p;
    return rc;
}

int at_classify_text(struct at_classified *out, const struct at_session *s, const char *text,
                     const struct at_classify_options *options, struct at_error *err)
{
    struct at_classified c = { 0 };
    size_t max = s->model.config.max_positions;
    int rc = at_tokenize(&c.tokens, s->tokenizer, text, NULL, true, err);

    c.n_tokens_given = c.tokens.n;
    if (!rc && options->is_truncated)
        at_tokens_truncate(&c.tokens, max);
    if (!rc && (c.tokens.n == 0 || (c.tokens.n > max && !options->in_windows)))
        rc = at_fail(err, AT_ERANGE, "the text has %zu tokens, the %s takes 1 to %zu", c.tokens.n,
                     options->what ? options->what : "classifier", max);
    if (!rc)
        rc = at_classify_tokens(&c.p, s, &c.tokens, NULL, options->is_multi_label, err);
    if (rc)
        at_classified_release(&c);
    else
        *out = c;
    return rc;
}

void at_classified_release(struct at_classified *c)
{
    at_tokens_release(&c->tokens);
    free(c->p);
    *c = (struct at_classified){ 0 };
}

static bool has_same_ids(const struct at_tokens *a, const struct at_tokens *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (a->items[i].id != b->items[i].id)
            return false;
    return a->n == b->n;
}

int at_classify_agrees(const struct at_session *second, const struct at_tokens *tokens,
                       const char *text, bool in_windows, struct at_error *err)
{
    size_t max = second->model.config.max_positions;
    struct at_tokens other = { 0 };
    int rc = at_tokenize(&other, second->tokenizer, text, NULL, true, err);

    if (!rc && !has_same_ids(tokens, &other))
        rc = at_fail(err, AT_EFORMAT,
                     "the two classifiers cut the text in different ways (%zu and %zu tokens)",
                     tokens->n, other.n);
    if (!rc && tokens->n > max && !in_windows)
        rc = at_fail(err, AT_ERANGE, "%zu tokens, the second classifier takes %zu", tokens->n, max);
    at_tokens_release(&other);
    return rc;
}

int at_thresholds_read(double **out, char **path_out, const struct at_session *s,
                       struct at_error *err)
{
    char *path = at_path_join(s->model.dir, AT_THRESHOLDS_FILE);
    size_t n = s->model.config.n_labels;
    double *t;
    int rc;

    if (!at_path_is_file(path)) {
        free(path);
        return 0;
    }
    t = at_malloc(n, sizeof *t);
    rc = at_npy_read(t, n, path, err);
    for (size_t i = 0; i < n && !rc; i++)
        if (!(t[i] >= 0.0 && t[i] <= 1.0))
            rc = at_fail(err, AT_ERANGE, "%s: value %zu is %g, want 0 to 1", path, i, t[i]);
    if (rc) {
        free(t);
        free(path);
        return rc;
    }
    *out = t;
    *path_out = path;
    return 0;
}
