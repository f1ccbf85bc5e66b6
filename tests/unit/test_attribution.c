/*
 * test_attribution.c - attributions, their agreement with attention, and deletion curves against
 * PyTorch in double precision (fixtures/oracle/faith.txt, by make-faith-oracles.py).
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/faith_text.h"
#include "base/alloc.h"
#include "model_fixture.h"
#include "oracle.h"
#include "text_fixture.h"

/* What the oracle was asked. */
static const struct {
    const char *model, *text, *kind;
    struct at_aim_options aim;
} cases[] = {
    { "tiny-bert", "the cat [MASK] on the mat", "token", { AT_AIM_TOKEN, NULL, NULL, NULL } },
    { "tiny-bert", "the cat [MASK] on the mat", "contrast", { AT_AIM_TOKEN, NULL, NULL, NULL } },
    { "tiny-bert",
      "the cat [MASK] on the mat",
      "likelihood",
      { AT_AIM_LIKELIHOOD, NULL, NULL, NULL } },
    { "tiny-bert", "the cat [MASK] on the mat", "class", { AT_AIM_CLASS, NULL, NULL, "is_next" } },
    { "tiny-bert",
      "the cat [MASK] on the mat",
      "pooled_norm",
      { AT_AIM_POOLED_NORM, NULL, NULL, NULL } },
    { "tiny-gpt2", "the cat sat the cat", "token", { AT_AIM_TOKEN, NULL, NULL, NULL } },
    { "tiny-gpt2", "the cat sat the cat", "contrast", { AT_AIM_TOKEN, NULL, NULL, NULL } },
    { "tiny-gpt2", "the cat sat the cat", "likelihood", { AT_AIM_LIKELIHOOD, NULL, NULL, NULL } },
    { "tiny-detector", "a cat sat.", "label", { AT_AIM_AUTO, NULL, NULL, NULL } },
    { "tiny-detector", "a cat sat.", "class", { AT_AIM_AUTO, NULL, NULL, NULL } },
};

struct rig {
    struct oracle *oracle;
    struct text_fixture f;
    struct at_arena arena;
    struct at_aim aim;
    struct at_faith_text text;
    struct at_faith_result r;
    char *at; /* "tiny-bert/token" */
};

static const double *oracle(const struct rig *r, const char *what)
{
    char *name = at_asprintf("%s/%s", r->at, what);
    const double *found = oracle_get(r->oracle, name, NULL);

    free(name);
    return found;
}

static void add(void *arg, const struct at_doc_layer *layer)
{
    struct at_error err;

    must(at_faith_text_add(arg, layer, &err), &err);
}

/* A classifier of tokens, as if it were one of whole texts. */
static void make_of_texts(struct at_weights *w)
{
    static const struct at_dense none;

    w->text_classifier = w->classifier;
    w->classifier = none;
}

static void rig_run(struct rig *r, size_t i, const struct at_faith_options *o)
{
    char *dir = at_asprintf("fixtures/%s", cases[i].model);
    struct at_error err;

    r->at = at_asprintf("%s/%s", cases[i].model, cases[i].kind);
    text_open(&r->f, dir, cases[i].text, NULL, false);
    if (!strcmp(r->at, "tiny-detector/class"))
        make_of_texts(&r->f.s.model.weights);
    must(at_aim_init(&r->aim, &r->f.s, &cases[i].aim, &r->arena, &err), &err);
    if (!strcmp(cases[i].kind, "contrast")) {
        r->aim.token = (int)oracle(r, "tokens")[0];
        r->aim.foil = (int)oracle(r, "tokens")[1];
    }
    must(at_faith_text_begin(&r->text, &r->f.s, &r->aim, &r->f.doc, o, &err), &err);
    text_run(&r->f, NULL, add, &r->text);
    must(at_faith_text_finish(&r->r, &r->text, &err), &err);
    free(dir);
}

static void rig_close(struct rig *r)
{
    at_faith_text_release(&r->text);
    at_arena_release(&r->arena);
    text_close(&r->f);
    free(r->at);
}

static void check_tokens(const struct rig *r, size_t i)
{
    char *name = at_asprintf("%s/ids", cases[i].model);
    size_t n;
    const double *ids = oracle_get(r->oracle, name, &n);

    assert_int_equal(r->f.doc.tokens.n, n);
    for (size_t t = 0; t < n; t++)
        assert_int_equal(r->f.doc.tokens.items[t].id, (int)ids[t]);
    if (r->aim.choice == AT_AIM_TOKEN)
        assert_int_equal(r->text.probe.token, (int)oracle(r, "tokens")[0]);
    free(name);
}

static const double *scores_of(const struct rig *r, const char *method)
{
    for (size_t m = 0; m < r->r.n_methods; m++)
        if (!strcmp(r->r.attributions[m].method, method))
            return r->r.attributions[m].scores;
    return NULL;
}

static void check_scores(const struct rig *r)
{
    static const char *const methods[] = { "ig",        "gradient_x_input",
                                           "relevance", "leave_one_out",
                                           "attnlrp",   "leave_one_out_mask" };
    bool has_mask = !r->f.s.model.config.is_causal;

    for (size_t m = 0; m < AT_COUNTOF(methods) - !has_mask; m++)
        ASSERT_CLOSE_D(scores_of(r, methods[m]), oracle(r, methods[m]), r->r.T, 2e-5, 1e-4);
    assert_true(has_mask == (scores_of(r, "leave_one_out_mask") != NULL));
    ASSERT_NEAR(r->r.target.value, *oracle(r, "value"), 1e-5);
    ASSERT_NEAR(r->r.completeness.residual, *oracle(r, "residual"), 1e-4);
    assert_int_equal(r->r.completeness.steps, 8);
}

/* heads, and the curve of the first method, which is ig. */
static void check_follow_ups(const struct rig *r)
{
    size_t n = r->f.s.model.config.n_layers * r->f.s.model.config.n_heads;

    for (size_t h = 0; h < n; h++) {
        const struct at_head_agreement *row = &r->r.heads[h];
        assert_string_equal(row->method, "ig");
        ASSERT_NEAR(row->all.rho, oracle(r, "heads/rho")[h], 1e-12);
        ASSERT_NEAR(row->all.p, oracle(r, "heads/p")[h], 1e-12);
        ASSERT_NEAR(row->all.q, oracle(r, "heads/q")[h], 1e-12);
        ASSERT_NEAR(row->all.jaccard, oracle(r, "heads/jaccard")[h], 1e-12);
        ASSERT_NEAR(row->all.rbo, oracle(r, "heads/rbo")[h], 1e-12);
    }
    for (size_t k = 0; k < 5; k++) {
        const struct at_curve_point *p = &r->r.curves[k];
        ASSERT_NEAR(p->comprehensiveness, oracle(r, "curves/comprehensiveness")[k], 2e-5);
        ASSERT_NEAR(p->sufficiency, oracle(r, "curves/sufficiency")[k], 2e-5);
    }
}

static void options_of(struct at_faith_options *o, const struct at_attribution_method **methods)
{
    for (; at_attribution_methods[o->n_methods]; o->n_methods++)
        methods[o->n_methods] = at_attribution_methods[o->n_methods];
    o->methods = methods;
}

static void test_oracle(void **state)
{
    const struct at_attribution_method *methods[64];
    struct at_faith_options o = { .attribution.n_steps = 8, .n_draws = 3 };

    (void)state;
    options_of(&o, methods);
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct rig r = { .oracle = oracle_open("fixtures/oracle/faith.txt") };
        rig_run(&r, i, &o);
        check_tokens(&r, i);
        check_scores(&r);
        if (!strcmp(cases[i].kind, "token") || !strcmp(cases[i].kind, "label"))
            check_follow_ups(&r);
        oracle_close(r.oracle);
        rig_close(&r);
    }
}

/* However few rows go through the model at a time, the numbers are the same. */
static void test_batch_rows(void **state)
{
    const struct at_attribution_method *methods[64];
    struct at_faith_options o = { .n_draws = 3 };

    (void)state;
    options_of(&o, methods);
    for (size_t i = 0; i < 3; i++) {
        struct rig a = { .oracle = oracle_open("fixtures/oracle/faith.txt") }, b = a;
        o.probe.batch_rows = 0;
        rig_run(&a, i, &o);
        o.probe.batch_rows = 11;
        rig_run(&b, i, &o);
        for (size_t m = 0; m < a.r.n_methods; m++)
            ASSERT_CLOSE_D(a.r.attributions[m].scores, b.r.attributions[m].scores, a.r.T, 0, 0);
        for (size_t m = 0; m < a.r.n_areas; m++)
            ASSERT_NEAR(a.r.areas[m].net_sufficiency, b.r.areas[m].net_sufficiency, 0);
        assert_int_equal(a.r.completeness.steps, b.r.completeness.steps);
        assert_true(a.r.completeness.residual < 0.05);
        oracle_close(a.oracle);
        rig_close(&a);
        rig_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_batch_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
