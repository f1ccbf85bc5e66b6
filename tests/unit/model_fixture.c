/*
 * model_fixture.c - see model_fixture.h.
 */
#include "model_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"

const char *const fixture_names[N_FIXTURES] = {
    "tiny-bert",
    "tiny-bert-f16-sharded",
    "tiny-bert-bare",
    "tiny-bert-tagger",
    "tiny-gpt2",
    "tiny-gpt2-bf16",
    "tiny-gpt2-labels",
    "tiny-roberta",
    "tiny-camembert-classes",
    "tiny-electra",
    "tiny-electra-classes",
    "tiny-albert",
    "tiny-albert-classes",
    "tiny-distilbert",
    "tiny-distilbert-classes",
    "tiny-mpnet",
    "tiny-mpnet-classes",
};
const size_t fixture_lengths[N_LENGTHS] = { 1, 2, 5, MAX_LENGTH };

void must(int rc, const struct at_error *err)
{
    if (rc)
        fail_msg("%s", err->text);
}

void fixture_open(struct model_fixture *f, const char *name)
{
    struct at_error err;
    char *dir = at_asprintf("fixtures/%s", name);
    char *path = at_asprintf("fixtures/oracle/forward/%s.safetensors", name);

    *f = (struct model_fixture){ 0 };
    must(at_model_open(&f->m, dir, &err), &err);
    must(at_tensors_open(&f->oracle, path, &err), &err);
    fixture_choose(f, MAX_LENGTH);
    free(dir);
    free(path);
}

void fixture_close(struct model_fixture *f)
{
    at_tensors_close(f->oracle);
    at_model_close(&f->m);
}

static const void *find(const struct model_fixture *f, const char *name)
{
    char *key = at_asprintf("%zu/%s", f->T, name);
    const struct at_tensor_view *t = at_tensors_find(f->oracle, key);

    free(key);
    return t ? t->data : NULL;
}

void fixture_choose(struct model_fixture *f, size_t T)
{
    f->T = T;
    f->ids = find(f, "input_ids");
    f->segments = find(f, "token_type_ids");
    assert_true(f->ids && f->segments);
}

bool fixture_has(const struct model_fixture *f, const char *name)
{
    return find(f, name);
}

const double *fixture_oracle(const struct model_fixture *f, const char *name)
{
    const double *values = find(f, name);

    if (!values)
        fail_msg("the oracle has no '%s' for %zu tokens", name, f->T);
    return values;
}

struct at_trace fixture_run(const struct model_fixture *f, unsigned keep)
{
    struct at_error err;
    struct at_trace t;

    must(at_trace_run(&t, &f->m, f->ids, f->segments, f->T, keep, NULL, &err), &err);
    return t;
}

void assert_same(const float *got, const float *want, size_t n, double tol)
{
    double *wide = at_malloc(n, sizeof *wide);

    for (size_t i = 0; i < n; i++)
        wide[i] = (double)want[i];
    ASSERT_CLOSE(got, wide, n, tol, 0);
    free(wide);
}
