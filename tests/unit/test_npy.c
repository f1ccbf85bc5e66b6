/*
 * test_npy.c - arrays as numpy writes them, and headers that nobody should write.
 */
#include "io/npy.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "sandbox.h"

#define NUMPY "fixtures/npy/"

enum { N = 7 };

static void assert_refused(const char *path, enum at_code code, const char *text)
{
    double out[N] = { 1, 2, 3, 4, 5, 6, 7 };
    struct at_error err;

    assert_int_equal(at_npy_read(out, N, path, &err), code);
    if (!strstr(err.text, path) || !strstr(err.text, text))
        fail_msg("found %s\nwant %s", err.text, text);
    for (size_t i = 0; i < N; i++)
        assert_true(out[i] == (double)(i + 1)); /* nothing is written */
}

static void test_arrays_of_numpy(void **state)
{
    static const char *const names[] = { "single", "double", "single-v2", "double-v2" };
    static const double want[N] = { 512, 100, 200, 300, 400, 600, 1023 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        char path[64];
        double out[N];
        struct at_error err;
        snprintf(path, sizeof path, NUMPY "%s.npy", names[i]);
        if (at_npy_read(out, N, path, &err))
            fail_msg("%s", err.text);
        for (size_t k = 0; k < N; k++)
            assert_true(out[k] == want[k] / 1024); /* both types hold them exactly */
    }
}

static void test_values_that_are_no_number(void **state)
{
    double out[3];
    struct at_error err;

    (void)state;
    assert_int_equal(at_npy_read(out, 3, NUMPY "values-that-are-no-number.npy", &err), 0);
    assert_true(isnan(out[0]));
    assert_true(isinf(out[1]) && out[1] > 0.0);
    assert_true(isinf(out[2]) && out[2] < 0.0);
}

static void test_no_values(void **state)
{
    double none = 0.5;
    struct at_error err;

    (void)state;
    assert_int_equal(at_npy_read(&none, 0, NUMPY "empty.npy", &err), 0);
    assert_true(none == 0.5);
}

static void test_other_arrays_of_numpy(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        { "version-3", "version 3.0 of the .npy format, want 1.0 or 2.0" },
        { "big-end-first", "values of type '>f4', want '<f4' or '<f8'" },
        { "half", "values of type '<f2', want '<f4' or '<f8'" },
        { "integers", "values of type '<i8', want '<f4' or '<f8'" },
        { "objects", "values of type '|O', want '<f4' or '<f8'" },
        { "records", "header: want the name of a type at byte 10" },
        { "matrix", "2 dimensions, want 1" },
        { "fortran", "values in Fortran's order, want C's" },
        { "scalar", "0 dimensions, want 1" },
        { "empty", "0 values, want 7" },
        { "five", "5 values, want 7" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char path[64];
        snprintf(path, sizeof path, NUMPY "%s.npy", cases[i].name);
        assert_refused(path, AT_EFORMAT, cases[i].text);
    }
}

/* A file of version 1.0 with that header and so many bytes of values. */
static const char *write_array(const char *header, size_t n_header, size_t n_values)
{
    unsigned char bytes[512] = "\x93NUMPY\x01";

    assert_true(10 + n_header + n_values <= sizeof bytes);
    bytes[8] = (unsigned char)(n_header & 255);
    bytes[9] = (unsigned char)(n_header >> 8);
    memcpy(bytes + 10, header, n_header);
    return sandbox_write("array.npy", bytes, 10 + n_header + n_values);
}

#define F4    "'descr':'<f4'"
#define C     "'fortran_order':False"
#define SHAPE "'shape':(7,)"

static void test_headers(void **state)
{
    static const struct {
        const char *header, *fault; /* NULL: it is read */
    } cases[] = {
        { "{" F4 "," C "," SHAPE "}", NULL },
        { "{" SHAPE "," C "," F4 ",}", NULL },
        { " { \"descr\" : \"<f4\" ,\n\t" C " , 'shape' : ( 7 , ) , } \n", NULL },
        { "{" F4 "," C ",'shape':(007,)}", NULL },
        { "", "header: want '{' at byte 0" },
        { "[1]", "header: want '{' at byte 0" },
        { "{", "header: want a key at byte 1" },
        { "{}", "header: no key 'descr'" },
        { "{,}", "header: want a key at byte 1" },
        { "{" F4 "," SHAPE "}", "header: no key 'fortran_order'" },
        { "{" F4 "," C "}", "header: no key 'shape'" },
        { "{" F4 "," F4 "," C "," SHAPE "}", "header: a second key 'descr'" },
        { "{" F4 "," C "," SHAPE ",'x':1}", "header: unknown key 'x'" },
        { "{" F4 "," C "," SHAPE ",,}", "header: want a key at byte 50" },
        { "{" F4 " " C "," SHAPE "}", "header: want ',' or '}' at byte 15" },
        { "{" F4 "," C "," SHAPE "} x", "header: want nothing more at byte 51" },
        { "{" F4 "," C "," SHAPE, "header: want ',' or '}' at byte 49" },
        { "{'descr' '<f4'," C "," SHAPE "}", "header: want ':' at byte 9" },
        { "{'descr", "header: want a key at byte 1" },
        { "{'", "header: want a key at byte 1" },
        { "{'descr\":'<f4'}", "header: unknown key 'descr\":'" },
        { "{'de\\scr':1}", "header: want a key at byte 1" },
        { "{'a key that is too long':1}", "header: want a key at byte 1" },
        { "{'d\xffscr':1}", "header: want a key at byte 1" },
        { "{'descr':<f4}", "header: want the name of a type at byte 9" },
        { "{'descr':", "header: want the name of a type at byte 9" },
        { "{'descr':''," C "," SHAPE "}", "values of type ''" },
        { "{'fortran_order':false}", "header: want True or False at byte 17" },
        { "{'fortran_order':", "header: want True or False at byte 17" },
        { "{'shape':7}", "header: want a tuple of sizes at byte 9" },
        { "{'shape':(7)}", "header: want a tuple, not a number, at byte 12" },
        { "{'shape':(,)}", "header: want a size at byte 10" },
        { "{'shape':(7 1)}", "header: want ',' at byte 12" },
        { "{'shape':(-7,)}", "header: want a size at byte 10" },
        { "{'shape':(7.0,)}", "header: want ',' at byte 11" },
        { "{'shape':(7,", "header: want a size at byte 12" },
        { "{'shape':(99999999999999999999,)}", "header: a dimension is too large" },
        { "{" F4 "," C ",'shape':(18446744073709551609,)}", "18446744073709551609 values, want 7" },
        { "{" F4 "," C ",'shape':(4611686018427387911,)}", "4611686018427387911 values, want 7" },
        { "{" F4 "," C ",'shape':(7,1,)}", "2 dimensions, want 1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        const char *path = write_array(cases[i].header, strlen(cases[i].header), 4 * N);
        double out[N];
        struct at_error err;
        if (cases[i].fault)
            assert_refused(path, AT_EFORMAT, cases[i].fault);
        else if (at_npy_read(out, N, path, &err))
            fail_msg("%s: %s", cases[i].header, err.text);
    }
}

static void test_nul_in_a_header(void **state)
{
    static const char header[] = "{'descr\0':'<f4'}";

    (void)state;
    assert_refused(write_array(header, sizeof header - 1, 4 * N), AT_EFORMAT,
                   "header: want a key at byte 1");
}

static void test_values_that_are_not_there(void **state)
{
    static const char header[] = "{" F4 "," C "," SHAPE "}";
    static const size_t bytes[] = { 0, 3, 27, 29, 32, 56 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(bytes); i++) {
        char text[64];
        snprintf(text, sizeof text, "array.npy: %zu bytes of values, want 28", bytes[i]);
        assert_refused(write_array(header, sizeof header - 1, bytes[i]), AT_EFORMAT, text);
    }
}

static void test_files_that_are_cut_or_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *text;
    } cases[] = {
        { "", 0, "not a .npy file" },
        { "\x93NUMPY\x01", 7, "not a .npy file" },
        { "\x93NUMPX\x01\0\2\0{}", 12, "not a .npy file" },
        { "\x93NUMPY\x01\x01\2\0{}", 12, "version 1.1 of the .npy format" },
        { "\x93NUMPY\0\0\2\0{}", 12, "version 0.0 of the .npy format" },
        { "\x93NUMPY\x01\0", 8, "the file ends inside the header's length" },
        { "\x93NUMPY\x02\0\2\0\0", 11, "the file ends inside the header's length" },
        { "\x93NUMPY\x01\0\3\0{}", 12, "a header of 3 bytes in a file of 12" },
        { "\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14, "a header of 4294967295 bytes in a file of 14" },
    };
    double out[N];
    struct at_error err;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        assert_refused(sandbox_write("cut.npy", cases[i].bytes, cases[i].n), AT_EFORMAT,
                       cases[i].text);
    assert_int_equal(at_npy_read(out, N, sandbox_path("none.npy"), &err), AT_ENOTFOUND);
    assert_non_null(strstr(err.text, "none.npy': No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays_of_numpy),
        cmocka_unit_test(test_values_that_are_no_number),
        cmocka_unit_test(test_no_values),
        cmocka_unit_test(test_other_arrays_of_numpy),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_nul_in_a_header),
        cmocka_unit_test(test_values_that_are_not_there),
        cmocka_unit_test(test_files_that_are_cut_or_none),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
