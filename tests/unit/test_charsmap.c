/*
 * test_charsmap.c - SentencePiece's table of characters, built here by hand, and broken ones.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "text/charsmap.h"

/*
 * A table of one-byte keys: unit 0 is the root, whose children lie at 256 + byte, the value of each
 * at 512 + byte. A unit has the label in its low byte, bit 8 for "an entry ends here" and, from bit
 * 10, how far the children are, xor the place of the unit.
 */
enum { N_UNITS = 1024, N_STRINGS = 24 };

struct blob {
    unsigned char bytes[4 + 4 * N_UNITS + N_STRINGS];
    size_t n;
};

static void put_u32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

static void put_unit(struct blob *b, size_t at, uint32_t unit)
{
    put_u32(b->bytes + 4 + 4 * at, unit);
}

static void put_key(struct blob *b, unsigned char key, uint32_t value)
{
    size_t node = 256 ^ key, leaf = 512 ^ key;

    put_unit(b, node, key | 1u << 8 | (uint32_t)(node ^ leaf) << 10);
    put_unit(b, leaf, value | 1u << 31);
}

/* 'a' becomes "xy", '\r' a space, 'd' nothing, 'e' "E". */
static void make(struct blob *b)
{
    static const char strings[N_STRINGS] = "xy\0 \0\0E\0\xc3\xa9";

    memset(b, 0, sizeof *b);
    put_u32(b->bytes, 4 * N_UNITS);
    put_unit(b, 0, 256u << 10);
    put_key(b, 'a', 0);
    put_key(b, '\r', 3);
    put_key(b, 'd', 5);
    put_key(b, 'e', 6);
    put_key(b, 'g', 9);      /* in the middle of a character: counts for nothing */
    put_key(b, 'h', 100000); /* beyond the strings */
    memcpy(b->bytes + 4 + 4 * N_UNITS, strings, sizeof strings);
    b->n = sizeof b->bytes;
}

static void check(const struct at_charsmap *m, const char *text, const char *want,
                  const char *places)
{
    struct at_normal normal = { 0 };
    struct at_part part = { .s = text, .n = strlen(text) };
    struct at_rewrite w;
    struct at_strbuf got = { 0 }, at = { 0 };
    struct at_error err;

    at_rewrite_begin(&w, &normal, &part);
    assert_int_equal(at_charsmap_apply(&w, m, &err), 0);
    part = at_rewrite_end(&w);
    at_strbuf_add(&got, part.s, part.n);
    for (size_t i = 0; i < part.n; i++) {
        size_t start, end;

        at_part_span(&start, &end, &part, i, i + 1);
        at_strbuf_addf(&at, "%s%zu-%zu", i ? " " : "", start, end);
    }
    assert_string_equal(at_strbuf_str(&got), want);
    assert_string_equal(at_strbuf_str(&at), places);
    at_strbuf_release(&got);
    at_strbuf_release(&at);
    at_normal_release(&normal);
}

static void test_apply(void **state)
{
    struct at_charsmap m = { 0 };
    struct at_error err;
    struct blob b;

    (void)state;
    make(&b);
    assert_int_equal(at_charsmap_read(&m, b.bytes, b.n, &err), 0);
    check(&m, "", "", "");
    check(&m, "ba", "bxy", "0-1 1-2 1-2");
    check(&m, "\r\nb", " b", "0-1 2-3"); /* a line break is one character to a reader */
    check(&m, "bdc", "bc", "0-1 2-3");
    check(&m, "e\xcc\x81z", "Ez", "0-1 3-4"); /* the beginning counts for the whole */
    check(&m, "gh", "gh", "0-1 1-2");
    check(&m, "add", "xy", "0-1 1-2"); /* places as the library counts them */
    at_charsmap_release(&m);
    at_charsmap_release(&m);
}

static void test_refused(void **state)
{
    struct at_charsmap m = { 0 };
    struct at_error err;
    struct blob b;

    (void)state;
    make(&b);
    assert_int_equal(at_charsmap_read(&m, b.bytes, 3, &err), AT_EFORMAT);
    assert_int_equal(at_charsmap_read(&m, b.bytes, 4000, &err), AT_EFORMAT);
    assert_string_equal(err.text, "precompiled_charsmap of 4000 bytes has a table of 4096");
    b.bytes[b.n - 1] = 0xFF;
    assert_int_equal(at_charsmap_read(&m, b.bytes, b.n, &err), AT_EFORMAT);
    assert_string_equal(err.text, "precompiled_charsmap has invalid UTF-8");
    put_u32(b.bytes, 0);
    assert_int_equal(at_charsmap_read(&m, b.bytes, b.n, &err), AT_EFORMAT);
    assert_int_equal(at_charsmap_read_base64(&m, "BAAAAA", &err), AT_EFORMAT);
    assert_int_equal(at_charsmap_read_base64(&m, "BAAA-AAAAAAA", &err), AT_EFORMAT);
    assert_int_equal(at_charsmap_read_base64(&m, "BA=AAAAAAAAA", &err), AT_EFORMAT);
    assert_int_equal(at_charsmap_read_base64(&m, "", &err), AT_EFORMAT);
    /* 4, a unit of zeros, and "x" */
    assert_int_equal(at_charsmap_read_base64(&m, "BAAAAAAAAAB4", &err), 0);
    assert_int_equal(m.n_units, 1);
    assert_string_equal(m.strings, "x");
    check(&m, "ab", "ab", "0-1 1-2");
    at_charsmap_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
