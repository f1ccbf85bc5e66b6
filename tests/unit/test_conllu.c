/*
 * test_conllu.c - sentences with everything the format allows, and files that break it.
 */
#include "close.h"

#include <string.h>

#include "text/conllu.h"
#include "base/attr.h"
#include "sandbox.h"

/* Multi-word tokens, an empty node, no space after, an entity; CRLF as the last line's end. */
static const char TWO[] = "# sent_id = a-1\n"
                          "# text = I don't (10 000).\n"
                          "1\tI\tI\tPRON\tPRP\t_\t3\tnsubj\t_\tNER=B-PER\n"
                          "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                          "2\tdo\tdo\tAUX\tVBP\t_\t3\taux\t_\tA=b|NER=O|C=d\n"
                          "3\tn't\tnot\tPART\tRB\t_\t0\troot\t_\t_\n"
                          "3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t0:root\t_\n"
                          "4\t(\t(\tPUNCT\t-LRB-\t_\t5\tpunct\t_\tSpaceAfter=No\n"
                          "5\t10 000\t10000\tNUM\tCD\t_\t3\tobj\t_\tSpaceAfter=No\n"
                          "6\t)\t)\tPUNCT\t-RRB-\t_\t5\tpunct\t_\tSpaceAfter=No\n"
                          "7\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_\n"
                          "\n"
                          "\n"
                          "1\tAh\tah\tINTJ\tUH\t_\t0\troot\t_\tSpaceAfter=No\n"
                          "2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_\n"
                          "3\tYes\tyes\tINTJ\tUH\t_\t1\tparataxis:x\t_\t_\r\n";

static void check_word(const struct at_conllu_sentence *s, size_t i, const char *form,
                       const char *relation, size_t head, const char *bytes)
{
    const struct at_conllu_word *w = &s->words.items[i];

    assert_string_equal(at_conllu_str(s, w->form), form);
    assert_string_equal(at_conllu_str(s, w->relation), relation);
    assert_int_equal(w->head, head);
    assert_int_equal(w->end - w->start, strlen(bytes));
    assert_memory_equal(s->text.s + w->start, bytes, strlen(bytes));
}

static void test_two_sentences(void **state)
{
    struct at_conllu_sentence s = { 0 };
    struct at_conllu c;
    struct at_error err;

    (void)state;
    assert_int_equal(at_conllu_open(&c, sandbox_text("two.conllu", TWO), &err), 0);
    assert_int_equal(at_conllu_next(&s, &c, &err), 1);
    assert_int_equal(s.words.n, 7);
    assert_string_equal(at_conllu_str(&s, s.id), "a-1");
    assert_string_equal(s.text.s, "I don't (10 000).");
    assert_int_equal(s.line, 1);
    check_word(&s, 0, "I", "nsubj", 2, "I");
    check_word(&s, 1, "do", "aux", 2, "do");
    check_word(&s, 2, "n't", "root", 2, "n't");
    check_word(&s, 4, "10 000", "obj", 2, "10 000");
    check_word(&s, 6, ".", "punct", 2, ".");
    assert_string_equal(at_conllu_str(&s, s.words.items[0].entity), "B-PER");
    assert_string_equal(at_conllu_str(&s, s.words.items[1].entity), "O");
    assert_string_equal(at_conllu_str(&s, s.words.items[2].entity), "");
    assert_int_equal(s.words.items[6].line, 11);
    assert_int_equal(at_conllu_next(&s, &c, &err), 1);
    assert_string_equal(s.text.s, "Ah! Yes");
    assert_string_equal(at_conllu_str(&s, s.id), "");
    check_word(&s, 2, "Yes", "parataxis:x", 0, "Yes");
    assert_int_equal(at_conllu_next(&s, &c, &err), 0);
    assert_int_equal(at_conllu_next(&s, &c, &err), 0);
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
}

/* Parts that do not spell their token share its bytes; apostrophes are one, however written. */
static void test_ranges(void **state)
{
    static const char file[] = "# text = del can\xe2\x80\x99t gonna\n"
                               "1-2\tdel\t_\t_\t_\t_\t_\t_\t_\t_\n"
                               "1\tde\t_\tADP\t_\t_\t0\troot\t_\t_\n"
                               "2\tel\t_\tDET\t_\t_\t1\tdet\t_\t_\n"
                               "3-4\tcan\xe2\x80\x99t\t_\t_\t_\t_\t_\t_\t_\t_\n"
                               "3\tca\t_\tAUX\t_\t_\t1\taux\t_\t_\n"
                               "4\tn't\t_\tPART\t_\t_\t1\tadvmod\t_\t_\n"
                               "5-6\tgonna\t_\t_\t_\t_\t_\t_\t_\t_\n"
                               "5\tgon\t_\tVERB\t_\t_\t1\txcomp\t_\t_\n"
                               "6\tna\t_\tPART\t_\t_\t5\tmark\t_\t_\n";
    struct at_conllu_sentence s = { 0 };
    struct at_conllu c;
    struct at_error err;

    (void)state;
    assert_int_equal(at_conllu_open(&c, sandbox_text("ranges.conllu", file), &err), 0);
    assert_int_equal(at_conllu_next(&s, &c, &err), 1);
    check_word(&s, 0, "de", "root", 0, "del");
    check_word(&s, 1, "el", "det", 0, "del");
    check_word(&s, 2, "ca", "aux", 0, "ca");
    check_word(&s, 3, "n't", "advmod", 0, "n\xe2\x80\x99t");
    check_word(&s, 4, "gon", "xcomp", 0, "gon");
    check_word(&s, 5, "na", "mark", 4, "na");
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
}

#define WORD(id, form, head) id "\t" form "\t_\tX\t_\t_\t" head "\tdep\t_\t_\n"

static void test_broken_files(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "1\ta\n", "line 1: 2 columns, want 10" },
        { WORD("1", "a", "0") "x\n", "line 2: 1 columns, want 10" },
        { WORD("2", "a", "0"), "line 1: no word number, or not the next one: '2'" },
        { WORD("1", "a", "0") WORD("1", "b", "1"),
          "line 2: no word number, or not the next one: '1'" },
        { WORD("-1", "a", "0"), "line 1: no range of the next words, ending in '1'" },
        { WORD("3-2", "a", "_"), "line 1: no range of the next words, ending in '2'" },
        { WORD("1-3", "ab", "_") WORD("1", "a", "0") WORD("2", "b", "1"),
          "line 3: a range up to word 3, of 2 words" },
        { WORD("1", "a", "2"), "line 1: head 2 of a sentence of 1 word" },
        { WORD("1", "a", "-1"), "line 1: no head: '-1'" },
        { WORD("1", "a", "99999999999999999999"), "line 1: no head: '99999999999999999999'" },
        { "# text = a c\n" WORD("1", "a", "0") WORD("2", "b", "1"),
          "line 3: this is not how '# text' goes on: 'b'" },
        { "\xff\n", "line 1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_conllu_sentence s = { 0 };
        struct at_conllu c;
        struct at_error err = { 0 };
        const char *path = sandbox_text("broken.conllu", cases[i].text);
        assert_int_equal(at_conllu_open(&c, path, &err), 0);
        assert_int_equal(at_conllu_next(&s, &c, &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].error) || !strstr(err.text, "broken.conllu"))
            fail_msg("got \"%s\", want \"%s\"", err.text, cases[i].error);
        at_conllu_sentence_release(&s);
        at_conllu_sentence_release(&s);
        at_conllu_close(&c);
    }
}

static void test_nothing_in_it(void **state)
{
    struct at_conllu_sentence s = { 0 };
    struct at_conllu c;
    struct at_error err;

    (void)state;
    assert_int_equal(at_conllu_open(&c, sandbox_text("e.conllu", "\n# text = lost\n\n"), &err), 0);
    assert_int_equal(at_conllu_next(&s, &c, &err), 0);
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
    assert_int_equal(
        at_conllu_open(&c,
                       sandbox_text("head.conllu", "# sent_id = lost\n# text = lost\n\n"
                                                   "1\tAh\tah\tINTJ\tUH\t_\t0\troot\t_\t_\n"),
                       &err),
        0);
    assert_int_equal(at_conllu_next(&s, &c, &err), 1);
    assert_string_equal(s.text.s, "Ah");
    assert_string_equal(at_conllu_str(&s, s.id), "");
    assert_int_equal(s.line, 4);
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
    assert_int_not_equal(at_conllu_open(&c, sandbox_path("absent"), &err), 0);
}

/* A real treebank: 300 sentences, every surface token where "# text" has it. */
static void test_treebank(void **state)
{
    struct at_conllu_sentence s = { 0 };
    size_t n = 0, n_words = 0, n_roots = 0;
    struct at_conllu c;
    struct at_error err;
    int rc;

    (void)state;
    assert_int_equal(at_conllu_open(&c, "fixtures/data/treebank/en_ewt-ud-dev-300.conllu", &err),
                     0);
    while ((rc = at_conllu_next(&s, &c, &err)) == 1) {
        n++;
        n_words += s.words.n;
        for (size_t i = 0; i < s.words.n; i++)
            n_roots += s.words.items[i].head == i;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(n, 300);
    assert_int_equal(n_roots, 300);
    assert_int_equal(n_words, 5708);
    at_conllu_sentence_release(&s);
    at_conllu_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sentences), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_broken_files),  cmocka_unit_test(test_nothing_in_it),
        cmocka_unit_test(test_treebank),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
