/* test_page.c - the page of atlas view: packed numbers, safe data, what is left out to fit. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/base64.h"
#include "paths.h"
#include "view/page.h"
#include "view/page_maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After what it needs. */
#include <cmocka.h>

static void test_base64(void **state)
{
    /* RFC 4648, section 10 */
    static const char *const known[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "fo", "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" } };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(known); i++) {
        struct at_strbuf b = { 0 };
        at_base64_add(&b, known[i][0], strlen(known[i][0]));
        assert_string_equal(at_strbuf_str(&b), known[i][1]);
        at_strbuf_release(&b);
    }
}

static int digit(char c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(all, c) : NULL;

    return at ? (int)(at - all) : 0;
}

/* What is packed in text, n bytes; the caller frees. */
static unsigned char *unpack(const char *text, size_t n)
{
    size_t length = strlen(text), m = 0;
    unsigned char *small = at_malloc(length + 3, 1), *out = at_malloc(n, 1);
    uLongf got = n;

    for (size_t i = 0; i < length; i += 4) {
        unsigned b = 0;
        for (size_t k = 0; k < 4; k++)
            b = b << 6 | (unsigned)digit(text[i + k]);
        small[m++] = (unsigned char)(b >> 16);
        small[m++] = (unsigned char)(b >> 8);
        small[m++] = (unsigned char)b;
    }
    assert_int_equal(uncompress(out, &got, small, m), Z_OK);
    assert_int_equal(got, n);
    free(small);
    return out;
}

static void test_maps(void **state)
{
    enum { H = 2, N = 300, K = 2, CELLS = H * N * N };
    float *maps = at_malloc(CELLS, sizeof *maps);
    unsigned char *bytes;
    char *packed;

    (void)state;
    assert_int_equal(at_page_top_k(N), K);
    for (size_t i = 0; i < CELLS; i++)
        maps[i] = (float)((i * 2654435761u % 1000003) / 1000003.0);
    maps[0] = 1.0f;
    maps[1] = 0.0f;
    packed = at_page_pack_maps(maps, H, N, false);
    bytes = unpack(packed, CELLS + H * N * K * 6);
    for (size_t i = 0; i < CELLS; i++) {
        double w = pow(bytes[i] / 255.0, 2.0);
        /* and what float arithmetic adds at the edge of two steps */
        assert_true(fabs(w - (double)maps[i]) <= at_page_map_error((double)maps[i], false) + 1e-7);
    }
    for (size_t r = 0; r < H * N; r++) {
        const unsigned char *key = bytes + CELLS + r * K * 2;
        float w[K];
        size_t best = 0;
        memcpy(w, bytes + CELLS + H * N * K * 2 + r * K * 4, sizeof w);
        for (size_t j = 0; j < N; j++)
            best = maps[r * N + j] > maps[r * N + best] ? j : best;
        assert_int_equal(key[0] | key[1] << 8, best);
        assert_true(w[0] == maps[r * N + best] && w[1] <= w[0]);
        assert_true(w[1] == maps[r * N + (size_t)(key[2] | key[3] << 8)]);
    }
    free(bytes);
    free(packed);
    free(maps);
}

static void test_halves(void **state)
{
    /* IEEE 754 binary16: one, its neighbours' middle goes to even, subnormal, least, too small */
    static const struct {
        float v;
        unsigned half;
    } known[] = { { 1.0f, 0x3c00 },
                  { -2.5f, 0xc100 },
                  { 1.00048828125f, 0x3c00 },
                  { 1.00146484375f, 0x3c02 },
                  { 6.103515625e-5f, 0x0400 },
                  { 5.9604644775e-8f, 0x0001 },
                  { 2e-8f, 0x0000 },
                  { 65504.0f, 0x7bff },
                  { 1e6f, 0x7c00 },
                  { 0.0f, 0x0000 } };
    enum { N = AT_COUNTOF(known) };
    float v[N];
    char *packed;
    unsigned char *bytes;

    (void)state;
    for (size_t i = 0; i < N; i++)
        v[i] = known[i].v;
    packed = at_page_pack_halves(v, N);
    bytes = unpack(packed, 2 * N);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(bytes[i] | bytes[N + i] << 8, known[i].half);
    free(bytes);
    free(packed);
}

/* A page of one text with maps of L layers. */
static struct at_page small_page(struct at_page_text *t, size_t L, const char *text)
{
    enum { H = 2, N = 8 };
    float maps[12 * H * N * N] = { 0 };
    struct at_page p = { .title = "a <page>", .about = at_json_object(), .texts = t, .n_texts = 1 };

    *t = (struct at_page_text){ .about = at_json_object(), .n = N, .L = L, .H = H, .D = 4 };
    t->maps = at_calloc(L, sizeof *t->maps);
    t->vectors = at_calloc(L, sizeof *t->vectors);
    for (size_t i = 0; i < AT_COUNTOF(maps); i++)
        maps[i] = (float)((i * 40503u) % 997) / 997.0f;
    for (size_t l = 0; l < L; l++) {
        t->maps[l] = at_page_pack_maps(maps, H, N, false);
        t->vectors[l] = at_page_pack_halves(maps, 64);
    }
    t->means = at_page_pack_maps(maps, L, N, false);
    t->rollouts = at_page_pack_maps(maps, L, N, false);
    at_json_set_string(t->about, "text", text);
    return p;
}

static void release(struct at_page *p)
{
    at_page_text_release(p->texts);
    at_json_free(p->about);
}

static void test_hostile(void **state)
{
    struct at_page_text t;
    struct at_page p =
        small_page(&t, 1, "</script><!-- <img onerror=x> & \xe2\x80\xa8\xe2\x80\xa9 '\"");
    struct at_strbuf html = { 0 };
    struct at_error err;
    const char *data, *end;

    (void)state;
    assert_int_equal(at_page_fit(&p, 0, &err), 0);
    at_page_write(&html, &p);
    assert_non_null(strstr(html.s, "<title>a &lt;page&gt;</title>"));
    assert_non_null(strstr(html.s, "&lt;/script&gt;&lt;!-- &lt;img onerror=x&gt; &amp; "));
    data = strstr(html.s, "id=\"atlas-data\">");
    assert_non_null(data);
    data += strlen("id=\"atlas-data\">");
    end = strchr(data, '<');
    assert_memory_equal(end, "</script>", 9);
    assert_null(strstr(html.s, "<img"));
    assert_non_null(
        strstr(data, "\\u003c/script\\u003e\\u003c!-- \\u003cimg onerror=x\\u003e \\u0026"));
    assert_non_null(strstr(data, "\\u2028\\u2029"));
    at_strbuf_release(&html);
    release(&p);
}

static void test_fit(void **state)
{
    struct at_page_text t;
    struct at_page p = small_page(&t, 12, "a");
    struct at_strbuf whole = { 0 }, cut = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_page_fit(&p, 0, &err), 0);
    at_page_write(&whole, &p);
    assert_int_equal(p.n_kept, 12);
    /* Vectors go first. */
    assert_int_equal(at_page_fit(&p, whole.n - 1, &err), 0);
    assert_true(p.leaves_out_vectors && p.n_kept == 12);
    /* Then layers. */
    for (size_t layers = 10; layers > 0; layers -= 5) {
        size_t max =
            whole.n - 12 * (strlen(t.vectors[0]) + strlen(t.maps[0])) + layers * strlen(t.maps[0]);
        assert_int_equal(at_page_fit(&p, max, &err), 0);
        assert_int_equal(p.n_kept, layers);
        at_strbuf_clear(&cut);
        at_page_write(&cut, &p);
        assert_true(cut.n <= max);
    }
    assert_int_equal(at_page_fit(&p, 100, &err), AT_ERANGE);
    at_strbuf_release(&whole);
    at_strbuf_release(&cut);
    release(&p);
}

static void test_layers(void **state)
{
    (void)state;
    for (size_t L = 1; L < 50; L++)
        for (size_t kept = 1; kept <= L; kept++) {
            assert_int_equal(at_page_layer(kept - 1, kept, L), L - 1);
            assert_int_equal(at_page_layer(0, kept, L), kept == 1 ? L - 1 : 0);
            for (size_t i = 1; i < kept; i++)
                assert_true(at_page_layer(i, kept, L) > at_page_layer(i - 1, kept, L));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),  cmocka_unit_test(test_maps), cmocka_unit_test(test_halves),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_fit),  cmocka_unit_test(test_layers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
