/*
 * test_compare_heads.c - laws of a comparison, on random maps: equal sides differ in nothing,
 * exchanged ones in every sign, heads that changed places are found again, and over texts an effect
 * that is there has a small p and one that is not has none.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_heads.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "model_fixture.h"

enum { L = 3, H = 4, T = 7, C = 5, N_MAPS = L * H, CELLS = T * T };

/* One side: random maps and states over tokens that are words of their own. */
struct made {
    struct at_doc doc;
    struct at_config shape;
    struct at_token tokens[T];
    char *pieces[T];
    float maps[N_MAPS * CELLS], states[(L + 1) * T * C];
    struct at_compare_side view;
};

static void make(struct made *m, uint64_t seed, double sharpness)
{
    static char text[] = "a b c d e f g";
    static char names[T][2] = { "a", "b", "c", "d", "e", "f", "g" };
    struct at_rng rng;

    memset(m, 0, sizeof *m);
    at_rng_init(&rng, seed, 0);
    m->shape = (struct at_config){ .n_layers = L, .n_heads = H };
    m->doc.shape = &m->shape;
    m->doc.n = m->doc.tokens.n = T;
    m->doc.tokens.items = m->tokens;
    m->doc.pieces = m->pieces;
    m->doc.in.text = text;
    m->doc.model_name = "made";
    for (size_t i = 0; i < T; i++) {
        m->tokens[i] = (struct at_token){ .start = 2 * i, .end = 2 * i + 1 };
        m->pieces[i] = names[i];
    }
    for (size_t r = 0; r < N_MAPS * T; r++) {
        double sum = 0.0, w[T];
        for (size_t j = 0; j < T; j++)
            sum += w[j] = exp(sharpness * at_rng_normal(&rng));
        for (size_t j = 0; j < T; j++)
            m->maps[r * T + j] = (float)(w[j] / sum);
    }
    for (size_t i = 0; i < sizeof m->states / sizeof *m->states; i++)
        m->states[i] = (float)at_rng_normal(&rng);
    m->view = (struct at_compare_side){
        .doc = &m->doc, .attention = m->maps, .hidden = m->states, .L = L, .H = H, .C = C
    };
}

static void add(struct at_compare *c, const struct made *a, const struct made *b)
{
    struct at_token_alignment t;
    struct at_error err;

    at_align_tokens(&t, &a->doc, &b->doc);
    assert_true(t.is_direct);
    must(at_compare_add(c, &a->view, &b->view, &t, NULL, &err), &err);
    at_token_alignment_release(&t);
}

static struct made a, b;

static void test_equal(void **state)
{
    struct at_compare c = { .has_matches = true };
    struct at_arena arena = { 0 };
    struct at_compare_result r;

    (void)state;
    make(&a, 1, 1.0);
    make(&b, 1, 1.0);
    add(&c, &a, &b);
    r = at_compare_finish(&c, 1, NULL, &arena);
    for (size_t i = 0; i < r.n_heads; i++)
        assert_true(isnan(r.heads[i].difference) ||
                    r.heads[i].difference == (i % AT_N_COMPARED == AT_COMPARE_COSINE));
    for (size_t l = 0; l < L; l++)
        assert_true(r.cka[l] == 1.0);
    for (size_t i = 0; i < r.n_matches; i++)
        assert_true(r.matches[i].score == 1.0 && r.matches[i].head_a == r.matches[i].head_b);
    assert_int_equal(r.most_changed_layer, AT_NONE);
    assert_int_equal(r.n_changed, 0);
    at_compare_release(&c);
    at_arena_release(&arena);
}

/* Two seeds of one random model. */
static void test_exchanged(void **state)
{
    struct at_compare ab = { .has_matches = true }, ba = { .has_matches = true };
    struct at_arena arena = { 0 };
    struct at_compare_result r, s;

    (void)state;
    for (uint64_t text = 0; text < 3; text++) {
        make(&a, 10 + text, 1.0);
        make(&b, 20 + text, 1.0);
        add(&ab, &a, &b);
        add(&ba, &b, &a);
    }
    r = at_compare_finish(&ab, 1, NULL, &arena);
    s = at_compare_finish(&ba, 1, NULL, &arena);
    for (size_t i = 0; i < r.n_heads; i++) {
        const struct at_compare_row *x = &r.heads[i], *y = &s.heads[i];
        if (i % AT_N_COMPARED >= AT_N_METRICS) {
            assert_true(x->difference == y->difference);
            assert_true(isnan(x->a) && isnan(x->p) && isnan(x->effect));
            continue;
        }
        assert_true(x->a == y->b || isnan(x->a));
        assert_true(x->difference == -y->difference || isnan(x->difference));
        assert_true((x->low == -y->high && x->p == y->p && x->q == y->q) || isnan(x->p));
        assert_true(x->effect == -y->effect || isnan(x->effect));
    }
    for (size_t l = 0; l < L; l++) {
        assert_true(r.cka[l] == s.cka[l]);
        assert_true(fabs(r.cka[l]) < 0.9); /* unrelated states */
        assert_true(r.layers[l].js_distance > 0.1);
    }
    assert_true(r.match_score < 0.9);
    at_compare_release(&ab);
    at_compare_release(&ba);
    at_arena_release(&arena);
}

/* Heads that changed places: each is found where it went, as itself. */
static void test_moved_heads(void **state)
{
    struct at_compare c = { .has_matches = true };
    struct at_arena arena = { 0 };
    struct at_compare_result r;

    (void)state;
    make(&a, 3, 1.0);
    make(&b, 3, 1.0);
    for (size_t k = 0; k < N_MAPS; k++) /* 5 and 12 have no common factor */
        memcpy(b.maps + (k * 5 + 2) % N_MAPS * CELLS, a.maps + k * CELLS, CELLS * sizeof *a.maps);
    add(&c, &a, &b);
    r = at_compare_finish(&c, 1, NULL, &arena);
    assert_int_equal(r.n_matches, N_MAPS);
    for (size_t k = 0; k < N_MAPS; k++) {
        assert_int_equal(r.matches[k].layer_b * H + r.matches[k].head_b, (k * 5 + 2) % N_MAPS);
        assert_true(r.matches[k].score == 1.0);
    }
    at_compare_release(&c);
    at_arena_release(&arena);
}

/* Sharper maps on one side have less entropy in every text: 2 / 2^8 is the least p there is. */
static void test_many_texts(void **state)
{
    struct at_compare c = { 0 };
    struct at_arena arena = { 0 };
    struct at_compare_result r;

    (void)state;
    for (uint64_t text = 0; text < 8; text++) {
        make(&a, 30 + text, 3.0);
        make(&b, 40 + text, 0.5);
        add(&c, &a, &b);
    }
    r = at_compare_finish(&c, 1, NULL, &arena);
    for (size_t k = 0; k < N_MAPS; k++) {
        const struct at_compare_row *row = &r.heads[k * AT_N_COMPARED + AT_METRIC_row_entropy];
        assert_int_equal(row->n, 8);
        assert_true(row->difference < 0.0 && row->high < 0.0);
        assert_true(row->p == 2.0 / 256.0 && row->q == row->p);
        assert_true(row->effect_interval[0] < row->effect && row->effect_interval[1] < 0.0);
    }
    assert_int_equal(r.n_matches, 0);
    assert_non_null(r.correction);
    at_compare_release(&c);
    at_arena_release(&arena);
}

static void test_other_shape(void **state)
{
    struct at_compare c = { 0 };
    struct at_token_alignment t;
    struct at_error err;

    (void)state;
    make(&a, 1, 1.0);
    make(&b, 2, 1.0);
    add(&c, &a, &b);
    at_align_tokens(&t, &a.doc, &b.doc);
    b.view.L = 2;
    assert_int_equal(at_compare_add(&c, &a.view, &b.view, &t, NULL, &err), AT_EFORMAT);
    at_token_alignment_release(&t);
    at_compare_release(&c);
}

/* Numbers of the caller's own stand behind the usual ones, with their differences. */
static void test_more(void **state)
{
    static const char *const heads[] = { "one", "two" }, *const texts[] = { "whole" };
    static double of_a[N_MAPS * 2], of_b[N_MAPS * 2];
    const double whole_a = 3.0, whole_b = 1.0;
    struct at_compare c = { .more = heads, .n_more = 2, .of_text = texts, .n_of_text = 1 };
    struct at_arena arena = { 0 };
    struct at_compare_result r;
    const struct at_compare_row *last;

    (void)state;
    make(&a, 1, 1.0);
    make(&b, 2, 1.0);
    for (size_t i = 0; i < N_MAPS * 2; i++) {
        of_a[i] = (double)i;
        of_b[i] = 1.0;
    }
    a.view.more = of_a;
    b.view.more = of_b;
    a.view.of_text = &whole_a;
    b.view.of_text = &whole_b;
    add(&c, &a, &b);
    at_compare_predicted(&c, 0.25, NAN);
    r = at_compare_finish(&c, 0, NULL, &arena);
    assert_int_equal(r.n_numbers, AT_N_COMPARED + 2);
    last = &r.heads[5 * r.n_numbers + AT_N_COMPARED + 1];
    assert_string_equal(last->metric, "two");
    assert_true(last->a == 11.0 && last->b == 1.0 && last->difference == 10.0);
    assert_int_equal(r.n_global, AT_N_METRICS + 3); /* flow change, ours, kl */
    assert_string_equal(r.global[r.n_global - 2].metric, "whole");
    assert_true(r.global[r.n_global - 2].difference == 2.0);
    assert_string_equal(r.global[r.n_global - 1].metric, "kl");
    assert_true(r.global[r.n_global - 1].difference == 0.25 && r.mean_kl == 0.25);
    assert_null(at_compare_key(&c, r.n_numbers));
    at_compare_release(&c);
    at_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),      cmocka_unit_test(test_more),
        cmocka_unit_test(test_exchanged),  cmocka_unit_test(test_moved_heads),
        cmocka_unit_test(test_many_texts), cmocka_unit_test(test_other_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
