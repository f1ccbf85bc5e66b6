/*
 * test_token_alignment.c - tokens of two texts and of two tokenizers, and what the alignment does
 * to maps: worked by hand.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_maps.h"
#include "base/alloc.h"

/* A doc of tokens whose pieces and places are given; n -1 ends it. start -1: added. */
struct token {
    const char *piece;
    long start, end;
};

struct made {
    struct at_doc doc;
    struct at_token tokens[16];
    char *pieces[16];
    struct at_config shape;
};

static void make(struct made *m, const char *text, const struct token *tokens, bool is_causal)
{
    *m = (struct made){ 0 };
    m->shape.is_causal = is_causal;
    m->doc.shape = &m->shape;
    m->doc.in.text = at_strdup(text);
    m->doc.tokens.items = m->tokens;
    m->doc.pieces = m->pieces;
    for (; tokens->piece; tokens++) {
        size_t i = m->doc.tokens.n++;
        bool is_added = tokens->start < 0;
        m->pieces[i] = at_strdup(tokens->piece);
        m->tokens[i] = (struct at_token){
            .is_special = is_added,
            .start = is_added ? AT_NO_OFFSET : (size_t)tokens->start,
            .end = is_added ? AT_NO_OFFSET : (size_t)tokens->end,
            .source = is_added ? -1 : 0,
        };
    }
}

static void drop(struct made *m)
{
    for (size_t i = 0; i < m->doc.tokens.n; i++)
        free(m->pieces[i]);
    free(m->doc.in.text);
}

static const struct token wordpiece[] = { { "[CLS]", -1, 0 }, { "the", 0, 3 },    { "emb", 4, 7 },
                                          { "##ed", 7, 9 },   { "[SEP]", -1, 0 }, { 0 } };
static const struct token bytes[] = { { "The", 0, 3 },
                                      { "\xc4\xa0"
                                        "em",
                                        3, 6 },
                                      { "bed", 6, 9 },
                                      { 0 } };

static void test_by_characters(void **state)
{
    static const size_t unit_a[] = { AT_NONE, 0, 1, 1, AT_NONE }, unit_b[] = { 0, 1, 1 };
    struct at_token_alignment t, back;
    struct made a, b;

    (void)state;
    make(&a, "The embed", wordpiece, false);
    make(&b, "The embed", bytes, true);
    at_align_tokens(&t, &a.doc, &b.doc);
    at_align_tokens(&back, &b.doc, &a.doc);
    assert_int_equal(t.n_units, 2);
    assert_int_equal(t.n_only_a, 2);
    assert_int_equal(t.n_only_b, 0);
    assert_false(t.is_direct);
    assert_memory_equal(t.unit_a, unit_a, sizeof unit_a);
    assert_memory_equal(t.unit_b, unit_b, sizeof unit_b);
    assert_int_equal(t.n_rows, 6); /* [CLS], the, emb twice, ##ed, [SEP] */
    assert_int_equal(t.rows[0].index_b, AT_NONE);
    assert_null(t.rows[0].token_b);
    assert_int_equal(t.rows[3].index_a, 2);
    assert_int_equal(t.rows[3].index_b, 2);
    assert_int_equal(back.n_rows, t.n_rows);
    assert_memory_equal(back.unit_b, unit_a, sizeof unit_a);
    at_token_alignment_release(&t);
    at_token_alignment_release(&back);
    drop(&a);
    drop(&b);
}

static void test_by_words(void **state)
{
    static const struct token one[] = { { "[CLS]", -1, 0 }, { "a", 0, 1 },      { "cat", 2, 5 },
                                        { "sat", 6, 9 },    { "[SEP]", -1, 0 }, { 0 } };
    static const struct token two[] = {
        { "[CLS]", -1, 0 }, { "a", 0, 1 }, { "big", 2, 5 }, { "dog", 6, 9 }, { "sat", 10, 13 },
        { "[SEP]", -1, 0 }, { 0 }
    };
    struct at_token_alignment t;
    struct made a, b;

    (void)state;
    make(&a, "a cat sat", one, false);
    make(&b, "a big dog sat", two, false);
    at_align_tokens(&t, &a.doc, &b.doc);
    assert_int_equal(t.n_units, 4);
    assert_int_equal(t.n_words_a, 1);
    assert_int_equal(t.n_words_b, 2);
    assert_int_equal(t.n_rows, 7);
    assert_string_equal(t.rows[2].token_a, "cat");
    assert_int_equal(t.rows[2].index_b, AT_NONE);
    assert_string_equal(t.rows[3].token_b, "big");
    assert_int_equal(t.unit_b[4], 2);
    at_token_alignment_release(&t);
    at_align_tokens(&t, &a.doc, &a.doc);
    assert_true(t.is_direct);
    at_token_alignment_release(&t);
    drop(&a);
    drop(&b);
}

/* Two queries of a unit are averaged, its keys summed; what has no partner is the last column. */
static void test_unit_maps(void **state)
{
    static const float map[] = {
        0.1f, 0.2f, 0.3f, 0.3f, 0.1f, /* [CLS] */
        0.5f, 0.1f, 0.1f, 0.1f, 0.2f, /* the */
        0.0f, 0.4f, 0.4f, 0.2f, 0.0f, /* emb */
        0.2f, 0.2f, 0.2f, 0.2f, 0.2f, /* ##ed */
        0.2f, 0.2f, 0.2f, 0.2f, 0.2f,
    };
    static const double want[] = { 0.1, 0.2, 0.7, 0.3, 0.5, 0.2 };
    struct at_token_alignment t;
    struct at_unit_maps maps;
    struct made a, b;
    float means[4];
    const float x[] = { 9, 9, 1, 2, 3, 4, 5, 8, 9, 9 };
    const double want_means[] = { 1, 2, 4, 6 };

    (void)state;
    make(&a, "The embed", wordpiece, false);
    make(&b, "The embed", bytes, true);
    at_align_tokens(&t, &a.doc, &b.doc);
    at_unit_maps(&maps,
                 &(struct at_compare_side){ .doc = &a.doc, .attention = map, .L = 1, .H = 1 }, &t,
                 t.unit_a, NULL);
    assert_int_equal(maps.U, 2);
    assert_int_equal(maps.W, 3);
    ASSERT_CLOSE(maps.maps, want, 6, 1e-7, 0); /* sums of floats */
    at_unit_means(means, x, t.unit_a, 5, 2, 2);
    ASSERT_CLOSE(means, want_means, 4, 0, 0);
    at_unit_maps_release(&maps);
    at_token_alignment_release(&t);
    drop(&a);
    drop(&b);
}

static void test_depth(void **state)
{
    (void)state;
    assert_int_equal(at_depth(5, 12, 12), 5);
    assert_int_equal(at_depth(0, 2, 4), 0);
    assert_int_equal(at_depth(1, 2, 4), 0);
    assert_int_equal(at_depth(2, 2, 4), 1);
    assert_int_equal(at_depth(3, 2, 4), 1);
    assert_int_equal(at_depth(11, 6, 12), 5);
    assert_int_equal(at_depth(0, 1, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_characters),
        cmocka_unit_test(test_by_words),
        cmocka_unit_test(test_unit_maps),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
