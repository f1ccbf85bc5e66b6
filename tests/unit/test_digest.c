/*
 * test_digest.c - SHA-256 of the messages in FIPS 180-4's examples.
 */
#include "base/digest.h"

#include <string.h>

#include "close.h"
#include "sandbox.h"

static const struct {
    const char *text, *hex;
} cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void test_bytes_and_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_digest d = at_digest_bytes(cases[i].text, strlen(cases[i].text));
        struct at_error err;
        assert_string_equal(d.hex, cases[i].hex);
        memset(&d, 'x', sizeof d);
        assert_int_equal(at_digest_file(&d, sandbox_text("message", cases[i].text), &err), 0);
        assert_string_equal(d.hex, cases[i].hex);
    }
}

static void test_no_file(void **state)
{
    struct at_digest d;
    struct at_error err;

    (void)state;
    assert_int_equal(at_digest_file(&d, sandbox_path("none"), &err), AT_ENOTFOUND);
    assert_int_equal(at_digest_file(&d, "/", &err), AT_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_files),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
