/*
 * test_segments.c - where a text is cut in two; expected values worked by hand.
 */
#include "close.h"

#include <string.h>

#include "text/segments.h"

static void test_split(void **state)
{
    static const struct {
        const char *text;
        const char *second; /* what follows the cut, NULL for none */
    } cases[] = {
        { "", NULL },
        { "One sentence only.", NULL },
        { "First one. Second one.", " Second one." },
        { "A. B. C. D.", " C. D." }, /* 5 is nearest to 11 / 2 */
        { "Short. A much longer second sentence! Tail", " A much longer second sentence! Tail" },
        { "No capital needed? yes", " yes" },
        { "Number next. 12 more words here", NULL }, /* a digit is no letter */
        { "Version 3.5 is out", NULL },              /* no white space after the dot */
        { "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9. b", " b" },
        { "Hm...\n\nNext", "\n\nNext" },
        { "One.\xc2\xa0Two", "\xc2\xa0Two" }, /* a no-break space */
        { "One.\xe3\x80\x80 Two", "\xe3\x80\x80 Two" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t at = at_split_pair(cases[i].text);
        if (cases[i].second)
            assert_string_equal(cases[i].text + at, cases[i].second);
        else
            assert_int_equal(at, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_split) };

    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
