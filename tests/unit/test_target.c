/*
 * test_target.c - values of targets and their gradients everywhere, against PyTorch's autograd in
 * double precision (fixtures/oracle/backward, made by scripts/outside/make-gradient-oracles.py).
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/lm_head.h"
#include "model/target.h"
#include "model_fixture.h"
#include "ops/precise.h"

enum { N_KINDS = 5 };

/* What the oracle's targets ask of a text of T tokens. */
static const struct asked {
    const char *name;
    enum at_target_kind kind;
    size_t n;
} asked[N_KINDS] = { { "tokens", AT_TARGET_TOKENS, 2 },
                     { "contrast", AT_TARGET_TOKENS, 2 },
                     { "labels", AT_TARGET_LABELS, 2 },
                     { "classes", AT_TARGET_CLASSES, 1 },
                     { "pooled", AT_TARGET_POOLED_NORM, 0 } };

static void terms_of(struct at_target_term terms[2], const struct asked *a, size_t T)
{
    const struct at_target_term all[N_KINDS][2] = {
        { { T - 1, 11, -0.5 }, { T / 2, 7, 1.0 } }, /* not by row */
        { { T / 2, 7, 1.0 }, { T / 2, 11, -1.0 } },
        { { 0, 1, 1.0 }, { T - 1, 4, 2.0 } },
        { { 0, 1, 1.0 } },
        { { 0 } },
    };

    memcpy(terms, all[a - asked], sizeof all[0]);
}

/* ---- the oracle ---- */

struct gradients {
    struct at_tensors *file;
    const struct model_fixture *f;
    const struct asked *asked;
    double tol;
    enum at_rule rule;
    size_t n_layers; /* seen */
};

static const double *oracle(const struct gradients *g, const char *what)
{
    char *key = at_asprintf("%zu/%s%s/%s", g->f->T, g->rule == AT_RULE_ATTNLRP ? "lrp-" : "",
                            g->asked->name, what);
    const struct at_tensor_view *t = at_tensors_find(g->file, key);

    free(key);
    return t ? (const double *)(const void *)t->data : NULL;
}

/* got against want within tol of the largest of want, which sets the scale of what is summed up. */
static void check(const struct gradients *g, const float *got, size_t lo, const double *want,
                  size_t n, double tol)
{
    double most = 0.0, *wide = at_malloc(n, sizeof *wide);

    (void)g;
    for (size_t i = 0; i < n; i++) {
        most = AT_MAX(most, fabs(want[i]));
        wide[i] = lo ? at_pair(got + i, lo) : (double)got[i];
    }
    ASSERT_CLOSE_D(wide, want, n, AT_MAX(most, 1e-3) * tol, 0);
    free(wide);
}

static int check_final(void *arg, const struct at_final_view *v, struct at_error *err)
{
    void **both = arg;
    struct at_targets *t = both[0];
    const struct gradients *g = both[1];
    const double *all = oracle(g, "d_final");
    double *want = at_malloc(v->N * v->C, sizeof *want);
    int rc = at_targets_gradient(t, v, err);

    for (size_t i = 0; i < v->N; i++)
        memcpy(want + i * v->C, all + (t->rows ? t->rows[i] : i) * v->C, v->C * sizeof *want);
    if (!rc)
        check(g, v->d_hidden, v->lo, want, v->N * v->C, g->tol);
    free(want);
    return rc;
}

static int check_layer(void *arg, const struct at_gradient_view *v, struct at_error *err)
{
    struct gradients *g = arg;
    size_t n = v->T * v->C, cells = v->T * v->T, D = v->D;
    double *want = at_malloc(AT_MAX(v->H * cells, n), sizeof *want);
    const double *maps = oracle(g, "d_attentions") + v->layer * v->H * cells;
    const double *context = oracle(g, "d_context") + v->layer * n;

    (void)err;
    for (size_t i = 0; i < v->H * cells; i++) /* PyTorch has them for what is masked, too */
        want[i] = g->f->m.config.is_causal && i % v->T > i / v->T % v->T ? 0.0 : maps[i];
    check(g, v->d_attention, 0, want, v->H * cells, AT_MAX(g->tol, 6e-8)); /* floats */
    for (size_t i = 0; i < n; i++)                                         /* (H,T,D) to rows */
        want[i] = context[(i % v->C / D * v->T + i / v->C) * D + i % D];
    check(g, v->d_context, v->lo, want, n, g->tol);
    check(g, v->d_input, v->lo, oracle(g, "d_states") + v->layer * n, n, g->tol);
    g->n_layers++;
    free(want);
    return 0;
}

/* ---- one text ---- */

static void check_text(struct gradients *g)
{
    const struct model_fixture *f = g->f;
    struct at_target_term terms[2];
    const struct at_target target = { terms, g->asked->n };
    const size_t start[] = { 0, f->T };
    const struct at_batch batch = { 1, start, f->ids, f->segments };
    size_t n = f->T * f->m.config.embed_width;
    float *d = at_malloc(n, sizeof *d);
    float *hidden = at_malloc(f->T * f->m.config.width, sizeof *hidden);
    struct at_targets t;
    struct at_error err;

    terms_of(terms, g->asked, f->T);
    must(at_targets_init(&t, &f->m, g->asked->kind, &batch, &target, NULL, &err), &err);
    t.rule = g->rule;
    void *both[] = { &t, g };
    const struct at_backward_options options = { .target = check_final,
                                                 .target_arg = both,
                                                 .d_input = d,
                                                 .on_layer = check_layer,
                                                 .arg = g,
                                                 .final_rows = t.rows,
                                                 .n_final_rows = t.n_rows,
                                                 .rule = g->rule };
    g->n_layers = 0;
    must(at_backward(&f->m, &batch, &options, NULL, &err), &err);
    assert_int_equal(g->n_layers, f->m.config.n_layers);
    ASSERT_NEAR(t.values[0], *oracle(g, "value"), AT_MAX(g->tol, 1e-10));
    check(g, d, 0, oracle(g, "d_words"), n, AT_MAX(g->tol, 6e-8)); /* floats */

    const struct at_forward_options there = { .final_rows = t.rows, .n_final_rows = t.n_rows };
    must(at_forward(hidden, &f->m, &batch, &there, NULL, &err), &err);
    must(at_targets_evaluate(&t, hidden, &err), &err);
    ASSERT_NEAR(t.values[0], *oracle(g, "value"), 1e-5); /* from floats */
    at_targets_release(&t);
    free(d);
    free(hidden);
}

static void check_model(const char *name, bool is_double, enum at_rule rule)
{
    static const size_t lengths[] = { 5, 9 };
    struct model_fixture f;
    struct at_error err;
    char *path = at_asprintf("fixtures/oracle/backward/%s.safetensors", name);
    struct gradients g = { .f = &f, .tol = is_double ? 1e-10 : 2e-5, .rule = rule };
    size_t n = 0;

    fixture_open(&f, name);
    f.m.is_double = is_double;
    must(at_tensors_open(&g.file, path, &err), &err);
    for (size_t i = 0; i < AT_COUNTOF(lengths); i++)
        for (size_t k = 0; k < N_KINDS; k++) {
            fixture_choose(&f, lengths[i]);
            g.asked = &asked[k];
            if (!oracle(&g, "value"))
                continue; /* no such head */
            check_text(&g);
            n++;
        }
    assert_true(n >= 2); /* the pooled norm at least */
    at_tensors_close(g.file);
    fixture_close(&f);
    free(path);
}

static void check_models(enum at_rule rule)
{
    for (size_t i = 0; i < 2 * N_FIXTURES; i++)
        check_model(fixture_names[i / 2], i % 2, rule);
}

static void test_gradients(void **state)
{
    (void)state;
    check_models(AT_RULE_GRADIENT);
}

/* The rules of AttnLRP, written for autograd as functions with other slopes. */
static void test_relevance(void **state)
{
    (void)state;
    check_models(AT_RULE_ATTNLRP);
}

/* ---- many texts ---- */

/* 150 texts whose targets differ, in groups and blocks, against each by itself. */
static void check_many(const char *name, bool is_double)
{
    enum { B = 150, T = 6 };
    struct model_fixture f;
    struct at_error err;
    size_t start[B + 1], one[] = { 0, T };
    int ids[B * T];
    struct at_target_term terms[B][3];
    struct at_target target[B];
    struct at_targets all, alone;

    fixture_open(&f, name);
    f.m.is_double = is_double;
    size_t C = f.m.config.width, V = f.m.config.vocab;
    float *want = at_malloc(B * T * C, sizeof *want), *got = at_malloc(T * C, sizeof *got);
    for (size_t b = 0; b <= B; b++)
        start[b] = b * T;
    for (size_t i = 0; i < B * T; i++)
        ids[i] = (int)(i * 31 % V);
    for (size_t b = 0; b < B; b++) {
        for (size_t i = 0; i < 3; i++)
            terms[b][i] = (struct at_target_term){ (b + 4 * i) % T, (int)((b * i + 3) % V),
                                                   i == 2 ? -1.0 : 0.5 };
        if (b >= 64 && b < 140)
            terms[b][1].row = terms[b][2].row = terms[b][0].row; /* contrasts */
        target[b] = (struct at_target){ terms[b], b % 7 == 0 ? 0 : 3 };
    }
    const struct at_batch batch = { B, start, ids, NULL };
    must(at_targets_init(&all, &f.m, AT_TARGET_TOKENS, &batch, target, NULL, &err), &err);
    struct at_backward_options options = { .target = at_targets_gradient,
                                           .target_arg = &all,
                                           .d_input = want,
                                           .final_rows = all.rows,
                                           .n_final_rows = all.n_rows,
                                           .batch_rows = 80 * T };
    must(at_backward(&f.m, &batch, &options, NULL, &err), &err);
    for (size_t b = 0; b < B; b++) {
        const struct at_batch single = { 1, one, ids + b * T, NULL };
        must(at_targets_init(&alone, &f.m, AT_TARGET_TOKENS, &single, &target[b], NULL, &err),
             &err);
        options.target_arg = &alone;
        options.d_input = got;
        options.final_rows = alone.rows;
        options.n_final_rows = alone.n_rows;
        must(at_backward(&f.m, &single, &options, NULL, &err), &err);
        ASSERT_NEAR(all.values[b], alone.values[0], is_double ? 1e-10 : 1e-5);
        assert_same(got, want + b * T * C, T * C, is_double ? 1e-6 : 1e-5);
        at_targets_release(&alone);
    }
    at_targets_release(&all);
    free(want);
    free(got);
    fixture_close(&f);
}

static void test_many_texts(void **state)
{
    (void)state;
    for (int is_double = 0; is_double < 2; is_double++) {
        check_many("tiny-bert", is_double);
        check_many("tiny-gpt2", is_double);
    }
}

/* A text's likelihood is what the language-model head says of its tokens. */
static void test_likelihood(void **state)
{
    struct model_fixture f;
    struct at_error err;

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    size_t T = f.T, C = f.m.config.width;
    const size_t start[] = { 0, T };
    const struct at_batch batch = { 1, start, f.ids, NULL };
    struct at_target_term terms[MAX_LENGTH];
    double log_p[MAX_LENGTH], sum = 0.0;
    float *hidden = at_malloc(T * C, sizeof *hidden);
    struct at_targets t;
    for (size_t i = 0; i + 1 < T; i++)
        terms[i] = (struct at_target_term){ i, f.ids[i + 1], 1.0 };
    const struct at_target target = { terms, T - 1 };
    must(at_forward(hidden, &f.m, &batch, NULL, NULL, &err), &err);
    must(at_lm_log_probs(log_p, f.ids + 1, &f.m, hidden, T - 1, NULL, &err), &err);
    for (size_t i = 0; i + 1 < T; i++)
        sum += log_p[i];
    must(at_targets_init(&t, &f.m, AT_TARGET_TOKENS, &batch, &target, NULL, &err), &err);
    assert_int_equal(t.n_rows, T - 1);
    must(at_targets_evaluate(&t, hidden, &err), &err);
    ASSERT_NEAR(t.values[0], sum, 1e-5);
    at_targets_release(&t);
    free(hidden);
    fixture_close(&f);
}

/* Hidden tokens are not in the mean; where all are, there is none. */
static void test_pooled_norm(void **state)
{
    struct model_fixture f;
    struct at_error err;
    unsigned char is_hidden[MAX_LENGTH] = { 0, 1, 0, 1 };

    (void)state;
    fixture_open(&f, "tiny-bert");
    size_t T = f.T, C = f.m.config.width, n = 0;
    const size_t start[] = { 0, T };
    const struct at_batch batch = { 1, start, f.ids, NULL };
    float *hidden = at_malloc(T * C, sizeof *hidden);
    double *mean = at_calloc(C, sizeof *mean), want = 0.0;
    struct at_targets t;
    must(at_forward(hidden, &f.m, &batch, NULL, NULL, &err), &err);
    for (size_t i = 0; i < T; i++) {
        n += !is_hidden[i];
        for (size_t c = 0; c < C && !is_hidden[i]; c++)
            mean[c] += (double)hidden[i * C + c];
    }
    for (size_t c = 0; c < C; c++)
        want += mean[c] / (double)n * mean[c] / (double)n;
    must(at_targets_init(&t, &f.m, AT_TARGET_POOLED_NORM, &batch, NULL, NULL, &err), &err);
    t.is_hidden = is_hidden;
    must(at_targets_evaluate(&t, hidden, &err), &err);
    ASSERT_NEAR(t.values[0], sqrt(want), 1e-12);
    memset(is_hidden, 1, sizeof is_hidden);
    must(at_targets_evaluate(&t, hidden, &err), &err);
    assert_true(isnan(t.values[0]));
    at_targets_release(&t);
    free(hidden);
    free(mean);
    fixture_close(&f);
}

static void test_refused(void **state)
{
    static const struct {
        const char *model;
        enum at_target_kind kind;
        int index, code;
        const char *says;
    } cases[] = {
        { "tiny-bert", AT_TARGET_TOKENS, 67, AT_ERANGE, "token id 67, the model has 0 to 66" },
        { "tiny-bert", AT_TARGET_TOKENS, -1, AT_ERANGE, "token id -1" },
        { "tiny-bert", AT_TARGET_LABELS, 0, AT_ENOTFOUND, "the model has no token classifier" },
        { "tiny-bert", AT_TARGET_CLASSES, 2, AT_ERANGE, "class 2, the model has 0 to 1" },
        { "tiny-bert-bare", AT_TARGET_TOKENS, 0, AT_ENOTFOUND, "no language-model head" },
        { "tiny-gpt2", AT_TARGET_CLASSES, 0, AT_ENOTFOUND, "no head for whole texts" },
        { "tiny-gpt2-labels", AT_TARGET_LABELS, 7, AT_ERANGE, "label 7, the model has 0 to 6" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct model_fixture f;
        struct at_error err;
        const size_t start[] = { 0, 2 };
        const struct at_target_term term = { 0, cases[i].index, 1.0 };
        const struct at_target target = { &term, 1 };
        struct at_targets t;
        fixture_open(&f, cases[i].model);
        const struct at_batch batch = { 1, start, f.ids, NULL };
        assert_int_equal(at_targets_init(&t, &f.m, cases[i].kind, &batch, &target, NULL, &err),
                         cases[i].code);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu says '%s'", i, err.text);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),   cmocka_unit_test(test_relevance),
        cmocka_unit_test(test_many_texts),  cmocka_unit_test(test_likelihood),
        cmocka_unit_test(test_pooled_norm), cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
