/*
 * embedding.c - see embedding.h.
 */
#include "session/embedding.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "session/batch.h"

static const struct at_field fields[] = {
    AT_FIELD(struct at_embedding, pooling, "pooling", NULL, "how states become one vector"),
    AT_FIELD(struct at_embedding, is_normalized, "normalized", NULL, "its length is made 1"),
    AT_FIELD(struct at_embedding, n, "dimensions", NULL, "how many numbers it has"),
    AT_FIELD(struct at_embedding, norm, "norm", NULL, "its length before that"),
    AT_FIELD(struct at_embedding, norm_pair, "norm_pair", NULL, "likewise of the second text",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_embedding, cosine, "cosine", NULL, "of both texts, each read alone",
             .flags = AT_LEAVE_OUT),
    AT_FIELD_REALS(struct at_embedding, values, n, "values", NULL, "of the text"),
    AT_FIELD_END
};
const struct at_record at_embedding_record = AT_RECORD(struct at_embedding, fields);

/* The vector of a text that goes through the model alone. */
static int embed(double *out, double *norm, const struct at_session *s, const char *text,
                 struct at_error *err)
{
    size_t C = s->model.config.width, max = s->model.config.max_positions;
    struct at_tokens tokens = { 0 };
    struct at_batcher b = { 0 };
    int rc = at_tokenize(&tokens, s->tokenizer, text, NULL, true, err);

    if (!rc && (tokens.n == 0 || tokens.n > max))
        rc = at_fail(err, AT_ERANGE, "a text of %zu tokens alone, the model takes 1 to %zu",
                     tokens.n, max);
    if (!rc) {
        at_batcher_add(&b, &tokens);
        rc = at_batcher_run(&b, &s->model, NULL, true, s->pool, err);
    }
    if (!rc)
        *norm = at_pool(out, &s->pooling, b.hidden, tokens.n, C);
    at_batcher_release(&b);
    at_tokens_release(&tokens);
    return rc;
}

static double cosine(const double *a, const double *b, size_t n)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;

    for (size_t i = 0; i < n; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}

int at_embedding_of(const struct at_embedding **out, const struct at_session *s,
                    const struct at_doc *doc, const float *hidden, struct at_arena *arena,
                    struct at_error *err)
{
    struct at_embedding *e;
    double *second;
    size_t C;
    int rc;

    *out = NULL;
    if (!s || !hidden || !s->pooling.modes || s->pooling.missing || doc->window.whole)
        return 0;
    C = s->model.config.width;
    e = at_arena_calloc(arena, 1, sizeof *e);
    *e = (struct at_embedding){ .pooling = s->pooling.name,
                                .is_normalized = s->pooling.normalizes,
                                .n = at_pooling_size(&s->pooling, C),
                                .norm_pair = NAN,
                                .cosine = NAN };
    e->values = at_arena_alloc(arena, e->n, sizeof *e->values);
    if (!doc->in.pair) {
        e->norm = at_pool(e->values, &s->pooling, hidden, doc->tokens.n, C);
        *out = e;
        return 0;
    }
    second = at_malloc(e->n, sizeof *second);
    rc = embed(e->values, &e->norm, s, doc->in.text, err);
    if (!rc)
        rc = embed(second, &e->norm_pair, s, doc->in.pair, err);
    if (!rc) {
        e->cosine = cosine(e->values, second, e->n);
        *out = e;
    }
    free(second);
    return rc;
}
