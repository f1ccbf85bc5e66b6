/*
 * test_forward.c - the forward pass and its heads against PyTorch in double precision
 * (fixtures/oracle/forward, made by scripts/make-model-fixtures.py), and its laws.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/safetensors.h"
#include "model/classify.h"
#include "model/forward.h"
#include "model/lm_head.h"
#include "model/trace.h"

/* What a float32 pass over a few narrow layers may be off by. */
static const double ATTENTION_TOL = 1e-5, HIDDEN_TOL = 1e-5;

static const char *const models[] = {
    "tiny-bert", "tiny-bert-f16-sharded", "tiny-bert-bare",   "tiny-bert-tagger",
    "tiny-gpt2", "tiny-gpt2-bf16",        "tiny-gpt2-labels",
};
static const size_t lengths[] = { 1, 2, 5, 9 };

/* A model, what PyTorch made of one text of T tokens, and what we make of it. */
struct fixture {
    struct at_model m;
    struct at_safetensors *oracle;
    size_t T;
    const int *ids, *segments;
    struct at_trace trace;
};

static const struct at_tensor_view *oracle_view(const struct fixture *f, const char *name)
{
    char *key = at_asprintf("%zu/%s", f->T, name);
    const struct at_tensor_view *t = at_safetensors_find(f->oracle, key);

    free(key);
    return t;
}

static const double *oracle(const struct fixture *f, const char *name)
{
    const struct at_tensor_view *t = oracle_view(f, name);

    if (!t)
        fail_msg("the oracle has no '%s' for %zu tokens", name, f->T);
    return t->data;
}

static void must(int rc, const struct at_error *err)
{
    if (rc)
        fail_msg("%s", err->text);
}

static void load(struct fixture *f, const char *name)
{
    struct at_error err;
    char *dir = at_asprintf("fixtures/%s", name);
    char *path = at_asprintf("fixtures/oracle/forward/%s.safetensors", name);

    memset(f, 0, sizeof *f);
    must(at_model_open(&f->m, dir, &err), &err);
    must(at_safetensors_open(&f->oracle, path, &err), &err);
    free(dir);
    free(path);
}

static void choose_text(struct fixture *f, size_t T)
{
    f->T = T;
    f->ids = oracle_view(f, "input_ids")->data;
    f->segments = oracle_view(f, "token_type_ids")->data;
}

static void run(struct fixture *f, unsigned keep)
{
    struct at_error err;

    must(at_trace_run(&f->trace, &f->m, f->ids, f->segments, f->T, keep, NULL, &err), &err);
}

static void unload(struct fixture *f)
{
    at_trace_release(&f->trace);
    at_safetensors_close(f->oracle);
    at_model_close(&f->m);
}

enum {
    ALL = AT_CAP_ATTENTION | AT_CAP_HIDDEN | AT_CAP_QKV | AT_CAP_CONTEXT | AT_CAP_MID | AT_CAP_FFN
};

/* ---- against PyTorch ---- */

static void check_trace(const struct fixture *f)
{
    const struct at_trace *t = &f->trace;
    const struct at_dims *d = &t->dims;
    size_t rows = d->L * d->T;

    ASSERT_CLOSE(t->attention, oracle(f, "attentions"), rows * d->H * d->T, ATTENTION_TOL, 0);
    ASSERT_CLOSE(t->hidden, oracle(f, "hidden_states"), rows * d->C + d->T * d->C, HIDDEN_TOL,
                 HIDDEN_TOL);
    ASSERT_CLOSE(t->final_hidden, oracle(f, "final_hidden"), d->T * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->q, oracle(f, "queries"), rows * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->k, oracle(f, "keys"), rows * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->v, oracle(f, "values"), rows * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->context, oracle(f, "context"), rows * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->mid, oracle(f, "mid"), rows * d->C, HIDDEN_TOL, HIDDEN_TOL);
    ASSERT_CLOSE(t->ffn_act, oracle(f, "ffn_act"), rows * d->F, HIDDEN_TOL, HIDDEN_TOL);
}

static void test_layers_match_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(models); i++) {
        struct fixture f;
        load(&f, models[i]);
        for (size_t k = 0; k < AT_COUNTOF(lengths); k++) {
            choose_text(&f, lengths[k]);
            run(&f, ALL);
            check_trace(&f);
            at_trace_release(&f.trace);
        }
        unload(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_match_pytorch),
    };

    return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
