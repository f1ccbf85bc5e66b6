/*
 * test_protobuf.c - fields of a message, and messages that are cut or wrong.
 */
#include "close.h"

#include <string.h>

#include "base/array.h"
#include "text/protobuf.h"

static void test_fields(void **state)
{
    /* 1: 300, 2: "ab", 3: 1.5f, 4: eight bytes, 16: 0 (a key of two bytes), 5: "" */
    static const unsigned char bytes[] = "\x08\xac\x02\x12\x02"
                                         "ab\x1d\x00\x00\xc0\x3f\x21\x01\x02\x03\x04\x05\x06\x07"
                                         "\x08\x80\x01\x00\x2a\x00";
    struct at_protobuf m = { .bytes = bytes, .n = sizeof bytes - 1 };
    struct at_protobuf_field f;
    struct at_error err;

    (void)state;
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 1 && f.type == AT_WIRE_VARINT && f.value == 300);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 2 && f.type == AT_WIRE_BYTES && f.n == 2 && f.base == 5);
    assert_memory_equal(f.bytes, "ab", 2);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 3 && f.type == AT_WIRE_32 && at_protobuf_float(&f) == 1.5f);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 4 && f.type == AT_WIRE_64 && f.value == 0x0807060504030201u);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 16 && f.type == AT_WIRE_VARINT && f.value == 0);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 1);
    assert_true(f.number == 5 && f.type == AT_WIRE_BYTES && f.n == 0);
    assert_int_equal(at_protobuf_next(&m, &f, &err), 0);
}

static void test_broken(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *text;
    } cases[] = {
        { "\x80", 1, "a number does not end at byte 101" },
        { "\x08", 1, "a number does not end at byte 101" },
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11,
          "a number of more than 64 bits at byte 111" },
        { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12,
          "a number of more than 64 bits at byte 111" },
        { "\x12\x03"
          "ab",
          4, "a field is longer than the file at byte 102" },
        { "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
          "a field is longer than the file at byte 111" },
        { "\x1d\x00\x00\x00", 4, "a number does not end at byte 101" },
        { "\x21\x00\x00\x00\x00\x00\x00\x00", 8, "a number does not end at byte 101" },
        { "\x00\x01", 2, "a field without a number at byte 101" },
        { "\x0b\x0c", 2, "a field of a type that is not known at byte 101" },
        { "\x0e", 1, "a field of a type that is not known at byte 101" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_protobuf m = { (const unsigned char *)cases[i].bytes, cases[i].n, 0, 100 };
        struct at_protobuf_field f;
        struct at_error err;
        int rc = at_protobuf_next(&m, &f, &err);
        if (rc != AT_EFORMAT || strcmp(err.text, cases[i].text) != 0)
            fail_msg("case %zu: %d '%s', want '%s'", i, rc, err.text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
