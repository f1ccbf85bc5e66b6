/*
 * test_added.c - tokens that are found as they are written.
 */
#include "close.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/added.h"

static int lower(void *arg, struct at_strbuf *out, const char *s, struct at_error *err)
{
    (void)arg;
    (void)err;
    for (; *s; s++)
        at_strbuf_addc(out, (char)tolower((unsigned char)*s));
    return 0;
}

static void put(struct at_added *a, const char *content, struct at_added_token token)
{
    struct at_error err;

    assert_int_equal(at_added_put(a, content, token, &err), 0);
}

/* Matches as "id@start-end(written-written_end)". */
static char *find(const struct at_added *a, bool is_normalized, const char *text)
{
    struct at_added_scan s = {
        .a = a, .is_normalized = is_normalized, .text = text, .n = strlen(text)
    };
    struct at_added_match m;
    struct at_strbuf out = { 0 };

    while (at_added_next(&s, &m)) {
        at_strbuf_addf(&out, "%s%d@%zu-%zu", out.n ? " " : "", m.token->id, m.start, m.end);
        if (m.written != m.start || m.written_end != m.end)
            at_strbuf_addf(&out, "(%zu-%zu)", m.written, m.written_end);
        assert_int_equal(s.done, m.end);
    }
    return out.s ? at_strbuf_take(&out) : at_strdup("");
}

static void test_find(void **state)
{
    static const struct {
        bool is_normalized;
        const char *text, *want;
    } cases[] = {
        { false, "", "" },
        { false, "a<x>b<xy>", "1@1-4 2@5-9" },
        { false, "<x<x>", "1@2-5" },
        { false, "<xy", "" },
        { false, "ababab", "3@0-4 9@4-6" }, /* the longest that starts first */
        { false, "new\xc3\xa9 new snew new_ new", "4@6-9 4@20-23" },
        { false,
          "a  <m> \xe3\x80\x80"
          "b",
          "5@1-6(3-6)" },
        { false, "<m><m>", "5@0-3 5@3-6" },
        { false, "a <b>  <m>", "6@2-7(2-5) 5@7-10" }, /* what one took the other has not */
        { false, "a <b> ", "6@2-6(2-5)" },
        { false, "al+", "7@0-3" },
        { false,
          " al+ al+, xal+ al+x \xe6\x88\x91"
          "al+",
          "7@1-4 7@23-26" },
        { false, "covid", "" },
        { true, "covid COVID", "8@0-5" }, /* the text is lower case by then */
        { true, "<x>", "" },
    };
    struct at_added a = { 0 };
    struct at_error err;

    (void)state;
    put(&a, "<x>", (struct at_added_token){ .id = 1 });
    put(&a, "<xy>", (struct at_added_token){ .id = 2 });
    put(&a, "abab", (struct at_added_token){ .id = 3 });
    put(&a, "ab", (struct at_added_token){ .id = 9 });
    put(&a, "new", (struct at_added_token){ .id = 4, .single_word = true });
    put(&a, "<m>", (struct at_added_token){ .id = 5, .lstrip = true });
    put(&a, "<b>", (struct at_added_token){ .id = 6, .rstrip = true });
    put(&a, "al+", (struct at_added_token){ .id = 7, .stands_alone = true });
    put(&a, "COVID", (struct at_added_token){ .id = 8, .is_normalized = true });
    assert_int_equal(at_added_finish(&a, lower, NULL, &err), 0);
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *got = find(&a, cases[i].is_normalized, cases[i].text);

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("'%s': '%s', want '%s'", cases[i].text, got, cases[i].want);
        free(got);
    }
    assert_string_equal(at_added_by_id(&a, 8)->content, "COVID");
    assert_null(at_added_by_id(&a, 0));
    assert_null(at_added_by_id(&a, 10));
    assert_int_equal(at_added_by_content(&a, "<xy>")->token.id, 2);
    assert_null(at_added_by_content(&a, "<x"));
    at_added_release(&a);
    at_added_release(&a);
}

static void test_put(void **state)
{
    struct at_added a = { 0 };
    struct at_error err;
    char *got;

    (void)state;
    put(&a, "x", (struct at_added_token){ .id = 1 });
    put(&a, "y", (struct at_added_token){ .id = 1 });
    put(&a, "x", (struct at_added_token){ .id = 3, .lstrip = true }); /* replaces the first */
    assert_int_equal(a.n, 2);
    assert_int_equal(at_added_put(&a, "\xff", (struct at_added_token){ .id = 1 }, &err),
                     AT_EFORMAT);
    assert_int_equal(at_added_finish(&a, lower, NULL, &err), 0);
    assert_string_equal(at_added_by_id(&a, 1)->content, "y");
    got = find(&a, false, " xy");
    assert_string_equal(got, "3@0-2(1-2) 1@2-3");
    free(got);
    at_added_release(&a);
}

/* Many tokens that begin alike cost little. */
static void test_many(void **state)
{
    enum { N = 2000 };
    struct at_added a = { 0 };
    struct at_error err;
    char name[32], *got;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "<extra_%d>", i);
        put(&a, name, (struct at_added_token){ .id = i });
    }
    assert_int_equal(at_added_finish(&a, lower, NULL, &err), 0);
    for (int i = 0; i < N; i += 97) {
        struct at_strbuf want = { 0 };

        snprintf(name, sizeof name, "<extra_%d>", i);
        at_strbuf_addf(&want, "%d@0-%zu", i, strlen(name));
        got = find(&a, false, name);
        assert_string_equal(got, want.s);
        free(got);
        at_strbuf_release(&want);
    }
    at_added_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
