/*
 * test_safetensors.c - sound files of several makers, files with one fault each, and writing.
 */
#include "io/safetensors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/path.h"
#include "close.h"
#include "io/tensors.h"
#include "sandbox.h"
#include "tensor_faults.h"

/* fixtures/hostile/safetensors, one per file */
static const struct fault files[] = {
    { "bytes-of-another-dtype", AT_EFORMAT, "tensor 'a' has 8 bytes of data, its shape wants 4" },
    { "bytes-too-few", AT_EFORMAT, "tensor 'a' has 8 bytes of data, its shape wants 12" },
    { "bytes-too-many", AT_EFORMAT, "tensor 'a' has 8 bytes of data, its shape wants 4" },
    { "data-cut", AT_EFORMAT, "tensor 'b' ends at byte 16 of the data, but the file has only 15" },
    { "data-left-over", AT_EFORMAT, "1 bytes at the end of the data belong to no tensor" },
    { "dtype-missing", AT_EFORMAT, "tensor 'a' has no dtype" },
    { "dtype-number", AT_EFORMAT, "tensor 'a' has no dtype" },
    { "dtype-unknown", AT_EFORMAT, "tensor 'a' has the unknown dtype 'Q4'" },
    { "duplicate-key", AT_EFORMAT,
      "header: not JSON: line 1, column 57: duplicate object key near '\"a\"'" },
    { "empty", AT_EFORMAT, "0 bytes are too few for a safetensors file" },
    { "entry-not-object", AT_EFORMAT, "header entry 'a' is not an object" },
    { "four-bytes", AT_EFORMAT, "4 bytes are too few for a safetensors file" },
    { "header-beyond-file", AT_EFORMAT, "a header of 10000 bytes in a file of 70" },
    { "header-cut", AT_EFORMAT, "a header of 54 bytes in a file of 30" },
    { "header-length-max", AT_EFORMAT,
      "not safetensors: a header of 18446744073709551615 bytes, at most 100000000" },
    { "header-over-100-mb", AT_EFORMAT,
      "not safetensors: a header of 100000001 bytes, at most 100000000" },
    { "hole-at-start", AT_EFORMAT, "4 bytes of data before tensor 'a' belong to no tensor" },
    { "hole-between", AT_EFORMAT, "4 bytes of data before tensor 'b' belong to no tensor" },
    { "length-zero", AT_EFORMAT, "header: not JSON: line 1, column 0: " },
    { "meta-not-object", AT_EFORMAT, "__metadata__ is not an object" },
    { "meta-not-string", AT_EFORMAT, "__metadata__ 'format' is not a string" },
    { "name-not-utf8", AT_EFORMAT,
      "header: not JSON: line 1, column 2: unable to decode byte 0xe9" },
    { "name-with-newline", AT_EFORMAT,
      "tensor 'a<U+000A>b<U+001B>[31m' has 8 bytes of data, its shape wants 12" },
    { "name-with-nul", AT_EFORMAT, "header: not JSON: line 1, column 11: NUL byte" },
    { "nested-deep", AT_EFORMAT, "header: not JSON: line 1, column 2053: maximum parsing depth" },
    { "no-data", AT_EFORMAT, "tensor 'a' ends at byte 8 of the data, but the file has only 0" },
    { "not-an-object", AT_EFORMAT, "the header is not a JSON object" },
    { "not-json", AT_EFORMAT, "header: not JSON: line 1, column 19: '}' expected" },
    { "not-safetensors", AT_EFORMAT, "not safetensors: a header of 5088219219985302144 bytes" },
    { "offsets-beyond-file", AT_EFORMAT,
      "tensor 'a' ends at byte 1008 of the data, but the file has only 8" },
    { "offsets-huge", AT_EFORMAT, "tensor 'a': data_offsets are not a begin and an end" },
    { "offsets-missing", AT_EFORMAT, "tensor 'a': data_offsets are not a begin and an end" },
    { "offsets-negative", AT_EFORMAT, "tensor 'a': data_offsets are not a begin and an end" },
    { "offsets-overlap", AT_EFORMAT, "tensors 'a' and 'b' overlap" },
    { "offsets-same-place", AT_EFORMAT, "tensors 'a' and 'b' overlap" },
    { "offsets-swapped", AT_EFORMAT, "tensor 'a': data_offsets are not a begin and an end" },
    { "offsets-three", AT_EFORMAT, "tensor 'a': data_offsets are not a begin and an end" },
    { "shape-fraction", AT_EFORMAT, "tensor 'a': dimension 0 of the shape is not a size" },
    { "shape-missing", AT_EFORMAT, "tensor 'a' has no shape" },
    { "shape-negative", AT_EFORMAT, "tensor 'a': dimension 0 of the shape is not a size" },
    { "shape-nine-dimensions", AT_ERANGE, "tensor 'a' has 9 dimensions, at most 8 are read" },
    { "shape-overflow", AT_ERANGE, "tensor 'a': the product of its shape overflows" },
    { "shape-overflow-bytes", AT_ERANGE, "tensor 'a': the product of its shape overflows" },
    { "shape-text", AT_EFORMAT, "tensor 'a' has no shape" },
};

static void test_files_with_a_fault(void **state)
{
    (void)state;
    assert_all_refused("fixtures/hostile/safetensors", ".safetensors", files, AT_COUNTOF(files));
}

/* A file written byte by byte here: names out of order, a scalar, an empty tensor, a padded header
   and data at an odd address. */
static void test_sound_file(void **state)
{
    static const char header[] =
        "{\"z\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
        "\"__metadata__\":{\"format\":\"pt\",\"by\":\"hand\"},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[3,3]},"
        "\"a\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[3,7]},"
        "\"s\":{\"dtype\":\"I16\",\"shape\":[],\"data_offsets\":[7,9]}}   ";
    char bytes[1024] = { 0 };
    size_t n = sizeof header - 1;
    struct at_tensors *st;
    const struct at_tensor_view *t;
    struct at_error err;

    (void)state;
    bytes[0] = (char)(n & 0xFF);
    bytes[1] = (char)(n >> 8);
    memcpy(bytes + 8, header, n);
    memcpy(bytes + 8 + n, "zzzaaaaxy", 9);
    assert_int_equal(at_tensors_open(&st, sandbox_write("m", bytes, 8 + n + 9), &err), 0);
    assert_int_equal(at_tensors_count(st), 4);
    assert_string_equal(at_tensors_at(st, 0)->name, "a");
    assert_string_equal(at_tensors_at(st, 1)->name, "none");
    assert_string_equal(at_tensors_at(st, 3)->name, "z");
    t = at_tensors_find(st, "a");
    assert_string_equal(t->dtype, "F16");
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[0], 1);
    assert_int_equal(t->shape[1], 2);
    assert_int_equal(t->bytes, 4);
    assert_memory_equal(t->data, "aaaa", 4);
    t = at_tensors_find(st, "s");
    assert_int_equal(t->rank, 0);
    assert_memory_equal(t->data, "xy", 2);
    assert_int_equal(at_tensors_find(st, "none")->bytes, 0);
    assert_null(at_tensors_find(st, "__metadata__"));
    assert_null(at_tensors_find(st, ""));
    assert_string_equal(at_tensors_meta(st, "by"), "hand");
    assert_null(at_tensors_meta(st, "missing"));
    assert_string_equal(at_path_base(at_tensors_path(st, 0)), "m");
    assert_null(at_tensors_path(st, 1));
    at_tensors_close(st);
}

static void test_file_without_tensors(void **state)
{
    struct at_tensors *st;
    struct at_error err;

    (void)state;
    assert_int_equal(at_tensors_open(&st, sandbox_write("m", "\2\0\0\0\0\0\0\0{}", 10), &err), 0);
    assert_int_equal(at_tensors_count(st), 0);
    assert_null(at_tensors_find(st, "a"));
    assert_null(at_tensors_meta(st, "a"));
    at_tensors_close(st);
}

/* Tensors in pieces, one in the middle of another, a narrow type declared before a wide one. */
static void test_writing(void **state)
{
    static const float maps[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
    static const size_t shape[] = { 2, 3 }, ids_shape[] = { 2 };
    static const int ids[] = { 7, -8 };
    const char *path = sandbox_path("out.safetensors");
    struct at_safetensors_writer *w;
    struct at_tensors *st;
    struct at_error err;
    size_t mask, map, id;
    const struct at_tensor_view *t;

    (void)state;
    assert_int_equal(at_safetensors_create(&w, path, &err), 0);
    at_safetensors_set_meta(w, "text", "caf\xC3\xA9 \"x\"");
    mask = at_safetensors_declare(w, "mask", "BOOL", 0, NULL);
    map = at_safetensors_declare(w, "attentions", "F32", 2, shape);
    id = at_safetensors_declare(w, "input_ids", "I32", 1, ids_shape);
    assert_int_equal(at_safetensors_begin(w, &err), 0);
    assert_int_equal(at_safetensors_append(w, map, maps[0], sizeof maps[0], &err), 0);
    assert_int_equal(at_safetensors_append(w, mask, "\1", 1, &err), 0);
    assert_int_equal(at_safetensors_append(w, id, ids, sizeof ids, &err), 0);
    assert_int_equal(at_safetensors_append(w, id, ids, 0, &err), 0);
    assert_null(sandbox_read(path)); /* nothing under the final name yet */
    assert_int_equal(at_safetensors_append(w, map, maps[1], sizeof maps[1], &err), 0);
    assert_int_equal(at_safetensors_commit(w, &err), 0);

    assert_int_equal(at_tensors_open(&st, path, &err), 0);
    assert_int_equal(at_tensors_count(st), 3);
    assert_string_equal(at_tensors_meta(st, "text"), "caf\xC3\xA9 \"x\"");
    t = at_tensors_find(st, "attentions");
    assert_string_equal(t->dtype, "F32");
    assert_int_equal((uintptr_t)t->data % 64, 0);
    assert_memory_equal(t->data, maps, sizeof maps);
    t = at_tensors_find(st, "input_ids");
    assert_int_equal((uintptr_t)t->data % 4, 0);
    assert_memory_equal(t->data, ids, sizeof ids);
    assert_memory_equal(at_tensors_find(st, "mask")->data, "\1", 1);
    at_tensors_close(st);
}

static void test_abort(void **state)
{
    struct at_safetensors_writer *w;
    struct at_error err;
    size_t before = sandbox_count();

    (void)state;
    at_safetensors_abort(NULL);
    assert_int_equal(at_safetensors_create(&w, sandbox_path("never"), &err), 0);
    at_safetensors_set_meta(w, "a", "b");
    at_safetensors_declare(w, "x", "F32", 0, NULL);
    at_safetensors_abort(w);
    assert_int_equal(sandbox_count(), before);
    assert_int_equal(at_safetensors_create(&w, "/no/such/folder/x", &err), AT_EIO);
}

/* The largest size a file may have stands for a disk that fills up half way. */
static void test_no_room_for_the_data(void **state)
{
    static const char data[8192];
    static const size_t shape[] = { sizeof data };
    struct at_safetensors_writer *w;
    struct at_error err;
    struct rlimit limit;
    size_t before = sandbox_count(), t;
    rlim_t was;
    int rc;

    (void)state;
    assert_int_equal(at_safetensors_create(&w, sandbox_path("full"), &err), 0);
    t = at_safetensors_declare(w, "x", "U8", 1, shape);
    assert_int_equal(at_safetensors_begin(w, &err), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    was = limit.rlim_cur;
    limit.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    rc = at_safetensors_append(w, t, data, sizeof data, &err);
    limit.rlim_cur = was;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, AT_EIO);
    assert_non_null(strstr(err.text, "/full': File too large"));
    at_safetensors_abort(w);
    assert_int_equal(sandbox_count(), before);
}

static struct at_safetensors_writer *begun(void)
{
    static const size_t shape[] = { 2 };
    struct at_safetensors_writer *w = NULL;

    if (at_safetensors_create(&w, sandbox_path("bug"), NULL) != 0)
        return NULL;
    at_safetensors_declare(w, "x", "F32", 1, shape);
    return at_safetensors_begin(w, NULL) == 0 ? w : NULL;
}

static void write_too_much(void)
{
    float x[3] = { 0 };

    if (at_safetensors_append(begun(), 0, x, sizeof x, NULL) != 0)
        return;
}

static void commit_too_early(void)
{
    if (at_safetensors_commit(begun(), NULL) != 0)
        return;
}

static void declare_twice(void)
{
    struct at_safetensors_writer *w;

    if (at_safetensors_create(&w, sandbox_path("bug"), NULL) != 0)
        return;
    at_safetensors_declare(w, "x", "F32", 0, NULL);
    at_safetensors_declare(w, "x", "F32", 0, NULL);
    if (at_safetensors_begin(w, NULL) != 0)
        return;
}

static void declare_nonsense(void)
{
    struct at_safetensors_writer *w;

    if (at_safetensors_create(&w, sandbox_path("bug"), NULL) == 0)
        at_safetensors_declare(w, "x", "float", 0, NULL);
}

static void test_misuse_stops(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(write_too_much));
    assert_true(sandbox_aborts(commit_too_early));
    assert_true(sandbox_aborts(declare_twice));
    assert_true(sandbox_aborts(declare_nonsense));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_with_a_fault),
        cmocka_unit_test(test_sound_file),
        cmocka_unit_test(test_file_without_tensors),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_no_room_for_the_data),
        cmocka_unit_test(test_misuse_stops),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
