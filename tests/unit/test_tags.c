/*
 * test_tags.c - tags from labels and files, brought to tokens by characters.
 */
#include "close.h"

#include <stdio.h>
#include <string.h>

#include "analysis/head_scores.h"
#include "text/tags.h"
#include "base/attr.h"
#include "sandbox.h"

/* Tokens with the given words and bytes; word -1 is a special token. */
static struct at_token token(int word, size_t start, size_t end)
{
    return (struct at_token){ .word = word,
                              .is_special = word < 0,
                              .start = word < 0 ? AT_NO_OFFSET : start,
                              .end = word < 0 ? AT_NO_OFFSET : end };
}

static void check_span(const struct at_tag_spans *v, size_t i, size_t start, size_t end,
                       enum at_upos upos, const char *entity)
{
    assert_true(i < v->n);
    assert_int_equal(v->items[i].start, start);
    assert_int_equal(v->items[i].end, end);
    assert_int_equal(v->items[i].upos, upos);
    assert_string_equal(v->items[i].entity, entity);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 1; i < AT_N_UPOS; i++)
        assert_int_equal(at_upos_of(at_upos_name((enum at_upos)i)), i);
    assert_int_equal(at_upos_of("NNS"), AT_UPOS_NOUN);
    assert_int_equal(at_upos_of("-LRB-"), AT_UPOS_PUNCT);
    assert_int_equal(at_upos_of("PERSON"), AT_UPOS_NONE);
    assert_int_equal(at_upos_of(""), AT_UPOS_NONE);
    assert_string_equal(at_upos_name(AT_UPOS_NONE), "");
}

static void test_entity_labels(void **state)
{
    static const char *const cases[][2] = {
        { "B-PER", "PER" }, { "I_LOC", "LOC" }, { "O", "" },
        { "_", "" },        { "BIRD", "BIRD" }, { "B-AVERYLONGENTITYNAME", "AVERYLONGENTITY" },
    };
    char got[AT_ENTITY_SIZE];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        at_entity_set(got, cases[i][0]);
        assert_string_equal(got, cases[i][1]);
    }
}

/* Two groups, each decided by itself; the first piece of a word speaks for it. */
static void test_groups_of_labels(void **state)
{
    static const char *const label[] = { "upos:NOUN", "ner:O", "upos:DET", "ner:B-PER" };
    struct at_token items[] = { token(-1, 0, 0), token(0, 0, 3),  token(1, 4, 7),
                                token(1, 7, 9),  token(2, 9, 10), token(-1, 0, 0) };
    struct at_tokens tokens = { items, AT_COUNTOF(items), 0 };
    const float p[] = { 1,    0,    0,    0,    0.1f, 0.9f, 0.9f, 0.1f, 0.8f, 0.3f, 0.2f, 0.7f,
                        0.1f, 0.9f, 0.9f, 0.1f, 0.6f, 0.6f, 0.4f, 0.4f, 1,    0,    0,    0 };
    struct at_tag_spans v = { 0 };

    (void)state;
    at_tags_from_probabilities(&v, p, label, 4, &tokens, 0);
    assert_int_equal(v.n, 3);
    check_span(&v, 0, 0, 3, AT_UPOS_DET, "");
    check_span(&v, 1, 4, 9, AT_UPOS_NOUN, "PER");
    check_span(&v, 2, 9, 10, AT_UPOS_NOUN, "");
    at_array_release(&v);
    at_tags_from_probabilities(&v, p, label, 4, &tokens, 1);
    assert_int_equal(v.n, 0);
}

/* Without groups the names of the labels say what they are. */
static void test_labels_without_groups(void **state)
{
    static const char *const pos[] = { "NN", "DT" }, *const ner[] = { "O", "B-MISC" };
    struct at_token items[] = { token(0, 0, 3) };
    struct at_tokens tokens = { items, 1, 0 };
    const float p[] = { 0.25f, 0.75f };
    struct at_tag_spans v = { 0 };

    (void)state;
    at_tags_from_probabilities(&v, p, pos, 2, &tokens, 0);
    at_tags_from_probabilities(&v, p, ner, 2, &tokens, 0);
    check_span(&v, 0, 0, 3, AT_UPOS_DET, "");
    check_span(&v, 1, 0, 3, AT_UPOS_NONE, "MISC");
    at_array_release(&v);
}

static const char TEXT[] = "Ann's dog\n isn't #1.";

static void test_table(void **state)
{
    static const char table[] = "# comment\nAnn\tNNP\tB-PER\n's\tPART\n\ndog\tNOUN\t_\textra\n"
                                "is\tAUX\tO\nn't\t_\t\n#\tSYM\n1\tCD\n.\tPUNCT\n";
    struct at_tag_spans v = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_tags_read(&v, sandbox_text("t.tsv", table), TEXT, &err), 0);
    assert_int_equal(v.n, 8);
    check_span(&v, 0, 0, 3, AT_UPOS_PROPN, "PER");
    check_span(&v, 1, 3, 5, AT_UPOS_PART, "");
    check_span(&v, 2, 6, 9, AT_UPOS_NOUN, "");
    check_span(&v, 3, 11, 13, AT_UPOS_AUX, "");
    check_span(&v, 4, 13, 16, AT_UPOS_NONE, "");
    check_span(&v, 5, 17, 18, AT_UPOS_SYM, "");
    check_span(&v, 7, 19, 20, AT_UPOS_PUNCT, "");
    at_array_release(&v);
}

static void test_conllu(void **state)
{
    static const char file[] = "# text = Ann's dog\n"
                               "1-2\tAnn's\t_\t_\t_\t_\t_\t_\t_\t_\n"
                               "1\tAnn\t_\tPROPN\t_\t_\t3\tnmod\t_\tNER=B-PER\n"
                               "2\t's\t_\tPART\t_\t_\t1\tcase\t_\t_\n"
                               "3\tdog\t_\tNOUN\t_\t_\t0\troot\t_\t_\n"
                               "\n"
                               "1\tisn't\t_\tAUX\t_\t_\t0\troot\t_\t_\n"
                               "2\t#1\t_\tNUM\t_\t_\t1\tdep\t_\tSpaceAfter=No\n"
                               "3\t.\t_\tPUNCT\t_\t_\t1\tpunct\t_\t_\n";
    struct at_tag_spans v = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_tags_read(&v, sandbox_text("t.conllu", file), TEXT, &err), 0);
    assert_int_equal(v.n, 6);
    check_span(&v, 0, 0, 3, AT_UPOS_PROPN, "PER");
    check_span(&v, 1, 3, 5, AT_UPOS_PART, "");
    check_span(&v, 2, 6, 9, AT_UPOS_NOUN, "");
    check_span(&v, 5, 19, 20, AT_UPOS_PUNCT, "");
    at_array_release(&v);
}

static void test_files_that_do_not_fit(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "dog\tNOUN\n", "line 1: the text does not go on with 'dog' at its start" },
        { "Ann\tX\n's\tX\ncat\tNOUN\n", "line 3: the text does not go on with 'cat' after ''s'" },
        { "Ann\tX\n", "the tokens end before the text, at ''s dog'" },
        { "", "the tokens end before the text, at 'Ann's dog'" },
        { "Ann\tNONSENSE\n", "line 1: 'NONSENSE' is no part-of-speech tag" },
        { "Ann\n", "line 1: 1 column, want token, tag and entity" },
        { "Ann\tX\n\tX\n", "line 2: no token" },
        { "1\tx\t_\tX\t_\t_\t0\troot\t_\t_\n",
          "line 1: the text does not go on with 'x' at its start" },
        { "1\tAnn\t_\tX\t_\t_\t7\troot\t_\t_\n", "line 1: head 7 of a sentence of 1 word" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tag_spans v = { 0 };
        struct at_error err = { 0 };
        const char *path = sandbox_text("bad.tsv", cases[i].text);
        assert_int_equal(at_tags_read(&v, path, TEXT, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].error) || !strstr(err.text, "bad.tsv"))
            fail_msg("got \"%s\", want \"%s\"", err.text, cases[i].error);
        assert_int_equal(v.n, 0);
    }
}

/* Pieces lie across the words of the tags in every way. */
static void test_align(void **state)
{
    struct at_tag_span items[] = { { 0, 3, AT_UPOS_DET, "" },
                                   { 4, 7, AT_UPOS_NOUN, "LOC" },
                                   { 7, 9, AT_UPOS_PART, "" } };
    struct at_tag_spans spans = { items, 3, 0 };
    struct at_token token_items[] = {
        token(-1, 0, 0), token(0, 0, 2),  token(0, 2, 3),  token(1, 3, 9),
        token(2, 6, 8),  token(3, 9, 12), token(-1, 0, 0),
    };
    struct at_tokens tokens = { token_items, AT_COUNTOF(token_items), 0 };
    static const enum at_upos want[] = { AT_UPOS_NONE, AT_UPOS_DET,  AT_UPOS_DET, AT_UPOS_NOUN,
                                         AT_UPOS_NOUN, AT_UPOS_NONE, AT_UPOS_NONE };
    struct at_token_tag got[AT_COUNTOF(token_items)] = { 0 };

    (void)state;
    at_tags_align(got, &spans, &tokens, 0);
    for (size_t i = 0; i < AT_COUNTOF(want); i++)
        assert_int_equal(got[i].upos, want[i]);
    assert_string_equal(got[3].entity, "LOC");
    assert_string_equal(got[1].entity, "");
}

static void test_marks(void **state)
{
    const struct at_token_tag tags[] = {
        { AT_UPOS_NONE, "" },  { AT_UPOS_DET, "" }, { AT_UPOS_PROPN, "PER" }, { AT_UPOS_PUNCT, "" },
        { AT_UPOS_PUNCT, "" }, { AT_UPOS_SYM, "" }, { AT_UPOS_INTJ, "" },     { AT_UPOS_NOUN, "X" },
    };
    const char *const label[] = { NULL, "the", "Ann", "...", "\xe2\x80\xa6", " $", "oh", "" };
    const unsigned char want[] = { 0,
                                   AT_MARK_SYNTAX,
                                   AT_MARK_SEMANTICS | AT_MARK_ENTITY,
                                   AT_MARK_PUNCT,
                                   0,
                                   AT_MARK_PUNCT,
                                   0,
                                   AT_MARK_SEMANTICS | AT_MARK_ENTITY };
    unsigned char got[AT_COUNTOF(want)];

    (void)state;
    at_token_marks(got, tags, label, AT_COUNTOF(want));
    assert_memory_equal(got, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_entity_labels),
        cmocka_unit_test(test_groups_of_labels),
        cmocka_unit_test(test_labels_without_groups),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_conllu),
        cmocka_unit_test(test_files_that_do_not_fit),
        cmocka_unit_test(test_align),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
