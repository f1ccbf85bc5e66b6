/*
 * model_fixture.h - a tiny checkpoint of fixtures/ beside what PyTorch made of it in double
 * precision (fixtures/oracle/forward, made by scripts/outside/make-model-fixtures.py).
 */
#ifndef UNIT_MODEL_FIXTURE_H
#define UNIT_MODEL_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/tensors.h"
#include "model/trace.h"

/* Every tiny checkpoint, and the lengths of the texts that the oracle has for each. */
enum { N_FIXTURES = 17, N_LENGTHS = 4, MAX_LENGTH = 9 };
extern const char *const fixture_names[N_FIXTURES];
extern const size_t fixture_lengths[N_LENGTHS];

enum {
    KEEP_ALL =
        AT_CAP_ATTENTION | AT_CAP_HIDDEN | AT_CAP_QKV | AT_CAP_CONTEXT | AT_CAP_MID | AT_CAP_FFN
};

struct model_fixture {
    struct at_model m;
    struct at_tensors *oracle;
    size_t T; /* the chosen text */
    const int *ids, *segments;
};

/* must - fail the running test with the error's text when rc is not 0. */
void must(int rc, const struct at_error *err);

/* fixture_open chooses the longest text, fixture_choose another. */
void fixture_open(struct model_fixture *f, const char *name);
void fixture_choose(struct model_fixture *f, size_t T);
void fixture_close(struct model_fixture *f);

/* fixture_has, fixture_oracle - PyTorch's array of that name for the chosen text. */
bool fixture_has(const struct model_fixture *f, const char *name);
const double *fixture_oracle(const struct model_fixture *f, const char *name);

/* fixture_run - the chosen text through the model; at_trace_release() what comes back. */
struct at_trace fixture_run(const struct model_fixture *f, unsigned keep);

/* assert_same - two float arrays agree within tol; 0 means bit for bit. */
void assert_same(const float *got, const float *want, size_t n, double tol);

#endif
