/*
 * leave_one_out.c - attributions by doing without: F(x) - F(without token i); see attribution.h.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/attribution.h"
#include "base/alloc.h"

/* Tokens are taken some at a time, so that what says which does not grow as T^2. */
enum { SOME = 64 };

static int take_differences(double *scores, struct at_probe *p, const struct at_variant *variants,
                            size_t n, struct at_error *err)
{
    int rc = at_probe_values(scores, p, variants, n, err);

    for (size_t i = 0; i < n && !rc; i++)
        scores[i] = p->value - scores[i];
    return rc;
}

/* No query sees the token; the others keep their positions. */
static int by_attention_mask(double *scores, struct at_explained *e, struct at_error *err)
{
    unsigned char *hidden = at_malloc(SOME * e->T, 1);
    struct at_variant variants[SOME] = { { 0 } };
    int rc = 0;

    for (size_t t = 0, n; t < e->T && !rc; t += n) {
        n = AT_MIN(e->T - t, (size_t)SOME);
        memset(hidden, 0, n * e->T);
        for (size_t i = 0; i < n; i++) {
            variants[i].is_hidden = hidden + i * e->T;
            hidden[i * e->T + t + i] = 1;
        }
        rc = take_differences(scores + t, e->probe, variants, n, err);
    }
    free(hidden);
    return rc;
}

static int by_mask_token(double *scores, struct at_explained *e, struct at_error *err)
{
    int mask = at_tokenizer_role(e->probe->s->tokenizer, AT_ROLE_MASK);
    int *ids = at_malloc(SOME * e->T, sizeof *ids);
    struct at_variant variants[SOME] = { { 0 } };
    int rc = 0;

    for (size_t t = 0, n; t < e->T && !rc; t += n) {
        n = AT_MIN(e->T - t, (size_t)SOME);
        for (size_t i = 0; i < n; i++) {
            variants[i].ids = ids + i * e->T;
            memcpy(ids + i * e->T, e->probe->ids, e->T * sizeof *ids);
            ids[i * e->T + t + i] = mask;
        }
        rc = take_differences(scores + t, e->probe, variants, n, err);
    }
    free(ids);
    return rc;
}

static const char *lacks_mask(const struct at_probe *p)
{
    return at_tokenizer_role(p->s->tokenizer, AT_ROLE_MASK) < 0 ? "the vocabulary has no mask token"
                                                                : NULL;
}

const struct at_attribution_method at_method_leave_one_out = {
    .key = "leave_one_out",
    .name = "leave one out, by attention mask",
    .stands_on = "keys of every layer",
    .run = by_attention_mask,
};

const struct at_attribution_method at_method_leave_one_out_mask = {
    .key = "leave_one_out_mask",
    .name = "leave one out, by the mask token",
    .stands_on = "tokens of the text",
    .lacks = lacks_mask,
    .run = by_mask_token,
};
