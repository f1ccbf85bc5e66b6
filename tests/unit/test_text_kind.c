/*
 * test_text_kind.c - how files of records are written, by name and by content.
 */
#include "io/text_kind.h"

#include "base/attr.h"
#include "close.h"
#include "sandbox.h"

static void test_kinds(void **state)
{
    static const struct {
        const char *name, *text;
        enum at_text_kind want;
    } cases[] = {
        { "a.csv", "{\"a\": 1}", AT_TEXT_CSV }, /* the name counts */
        { "a.tsv", "a,b\n", AT_TEXT_TSV },
        { "a.json", "a,b\n", AT_TEXT_JSON },
        { "a.jsonl", "a,b\n", AT_TEXT_JSON },
        { "pipe", "a,b\n1\t2\n", AT_TEXT_CSV }, /* a tab further down is none of the header's */
        { "pipe", "a\tb\n1,2\n", AT_TEXT_TSV },
        { "pipe", " \n{\"a\": 1}\n", AT_TEXT_JSON },
        { "pipe", "\xEF\xBB\xBF[1]", AT_TEXT_JSON },
        { "pipe", "", AT_TEXT_CSV },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        assert_int_equal(at_text_kind(sandbox_text(cases[i].name, cases[i].text)), cases[i].want);
    assert_int_equal(at_text_kind("/nonexistent/pipe"), AT_TEXT_CSV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
