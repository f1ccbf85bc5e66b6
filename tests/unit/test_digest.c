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
    { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
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

/* Around the borders of a block and of the padding; the digests are from Python's hashlib. */
static void test_lengths(void **state)
{
    static const struct {
        size_t n;
        const char *hex;
    } lengths[] = {
        { 1, "084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5" },
        { 55, "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b" },
        { 56, "4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27" },
        { 63, "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055" },
        { 64, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241" },
        { 65, "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e" },
        { 119, "9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e" },
        { 120, "7836b787757e95e58b3ca5aec90b1b004e8deba1e50e9675af9cabf1a13a04b5" },
        { 127, "a8d23e75d936f303d248888d9b165ee543f4cbafcad3c9dd2a79bd84faa11d07" },
        { 128, "d2742f1f4ac6bb7ca2b239ee18402ba8b3f9f8e652d2a72973c2b9ba11c08cf6" },
        { 129, "307f8fc2c1622b92762e818d39a185d4d667ad49a4b07ceae1f4afa008a93ec4" },
        { 1000, "1e9bc38cbf860b9ec31918b065f9b52476c549a782e0e7990bed8ce3868d2371" },
    };
    unsigned char bytes[1000];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    for (size_t i = 0; i < AT_COUNTOF(lengths); i++)
        assert_string_equal(at_digest_bytes(bytes, lengths[i].n).hex, lengths[i].hex);
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
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
