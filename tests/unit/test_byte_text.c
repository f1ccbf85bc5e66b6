/*
 * test_byte_text.c - bytes as GPT-2 writes them.
 */
#include "close.h"

#include "text/byte_text.h"

static void test_bytes(void **state)
{
    struct at_strbuf out = { 0 };
    int seen[256] = { 0 };

    (void)state;
    for (unsigned c = 0; c < 0x400; c++)
        if (at_byte_of(c) >= 0) {
            seen[at_byte_of(c)]++;
            assert_int_equal(at_byte_character((unsigned char)at_byte_of(c)), c);
        }
    for (int byte = 0; byte < 256; byte++)
        assert_int_equal(seen[byte], 1);
    assert_int_equal(at_byte_of(0x120), ' ');
    assert_int_equal(at_byte_of(0x10A), '\n');
    assert_int_equal(at_byte_of(0x143), 0xAD);
    assert_int_equal(at_byte_of('a'), 'a');
    assert_int_equal(at_byte_of(' '), -1);
    assert_true(at_byte_text(&out, "\xc4\xa0x\xc3\xa2\xc4\xa2"));
    assert_string_equal(out.s, " x\xe2\x80");
    assert_false(at_byte_text(&out, "a b"));
    assert_string_equal(out.s, " x\xe2\x80");
    at_strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_bytes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
