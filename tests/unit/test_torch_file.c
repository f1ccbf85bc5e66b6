/*
 * test_torch_file.c - files of torch.save() itself (scripts/outside/make-torch-fixtures.py), and
 * files like them with one fault each (scripts/outside/make-hostile-torch.py).
 */
#include "io/tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "close.h"
#include "io/pickle.h"
#include "ops/tensor.h"
#include "sandbox.h"
#include "tensor_faults.h"

/* fixtures/hostile/torch, one per file */
static const struct fault files[] = {
    { "bare-pickle", AT_EFORMAT, "a bare pickle, not what torch.save() writes" },
    { "big-endian", AT_EFORMAT, "the numbers are big-endian, want little-endian" },
    { "calls-a-string", AT_EFORMAT, "pickle: a call of what is no name at byte 10" },
    { "compressed", AT_EFORMAT,
      "zip: 'archive/data.pkl' is compressed (method 8), want it stored" },
    { "cut-by-one", AT_EFORMAT, "zip: no end record; the file is cut or no zip archive" },
    { "cut", AT_EFORMAT, "zip: no end record; the file is cut or no zip archive" },
    { "dict-of-numbers", AT_EFORMAT,
      "pickle: an OrderedDict of something else than pairs at byte 32" },
    { "directory-outside", AT_EFORMAT, "zip: the directory is not inside the file" },
    { "empty", AT_EFORMAT, "no zip archive, as torch.save() writes one" },
    { "encrypted", AT_EFORMAT, "zip: 'archive/data/0' is encrypted" },
    { "end-64-outside", AT_EFORMAT, "zip: the 64-bit end record is not where it should be" },
    { "entries-too-many", AT_EFORMAT, "zip: 60000 entries in a directory of 122 bytes" },
    { "entry-damaged", AT_EFORMAT, "zip: no directory entry at byte 273" },
    { "header-damaged", AT_EFORMAT, "zip: 'archive/data.pkl' is not where the directory says" },
    { "integer-of-nine-bytes", AT_ERANGE, "pickle: a number of 9 bytes, at most 8 are read" },
    { "list-at-the-top", AT_EFORMAT, "the pickle is no dictionary of tensors" },
    { "marks-deep", AT_EFORMAT, "pickle: too many marks at byte 1003" },
    { "member-elsewhere", AT_EFORMAT, "zip: where 'archive/data/0' should be is another member" },
    { "member-twice", AT_EFORMAT, "zip: 'archive/data/0' is there twice" },
    { "memo-empty", AT_EFORMAT, "pickle: a memo that is not right at byte 4" },
    { "memo-huge", AT_EFORMAT, "pickle: a memo that is not right at byte 8" },
    { "module-object", AT_EFORMAT,
      "pickle: 'torch.nn.modules.linear.Linear' is no name that weights mention; it was not run" },
    { "name-is-number", AT_EFORMAT, "a tensor whose name is no string" },
    { "name-not-utf8", AT_EFORMAT, "pickle: a string that is not UTF-8 or has a NUL at byte 10" },
    { "name-with-nul", AT_EFORMAT, "pickle: a string that is not UTF-8 or has a NUL at byte 12" },
    { "no-mark", AT_EFORMAT, "pickle: no mark at byte 5" },
    { "no-pickle", AT_EFORMAT, "a zip archive without data.pkl: not of torch.save()" },
    { "no-type", AT_EFORMAT, "tensor 'a': it has no type" },
    { "numpy-array", AT_EFORMAT,
      "pickle: 'numpy.core.multiarray._reconstruct' is no name that weights mention; it was not "
      "run" },
    { "odd-items", AT_EFORMAT, "pickle: values for what is not there at byte 7" },
    { "offset-negative", AT_EFORMAT, "tensor 'a': its offset is no size" },
    { "offset-out", AT_EFORMAT, "tensor 'a' leaves its storage of 6 elements" },
    { "only-PK", AT_EFORMAT, "zip: no end record; the file is cut or no zip archive" },
    { "opcode-of-protocol-0", AT_EFORMAT, "pickle: opcode 0x53 at byte 2 is not read" },
    { "opcode-unknown", AT_EFORMAT, "pickle: opcode 0xff at byte 3 is not read" },
    { "pickle-cut", AT_EFORMAT, "pickle: no name at byte 129" },
    { "pickle-damaged", AT_EFORMAT, "data.pkl is damaged: its checksum does not fit" },
    { "protocol-9", AT_EFORMAT, "pickle: protocol 9, want 2 to 5" },
    { "quantised", AT_EFORMAT,
      "pickle: 'torch._utils._rebuild_qtensor' is no name that weights mention; it was not run" },
    { "runs-by-stack", AT_EFORMAT,
      "pickle: 'os.system' is no name that weights mention; it was not run" },
    { "runs-eval", AT_EFORMAT,
      "pickle: 'builtins.eval' is no name that weights mention; it was not run" },
    { "runs-system", AT_EFORMAT,
      "pickle: 'posix.system' is no name that weights mention; it was not run" },
    { "shape-is-list", AT_EFORMAT, "tensor 'a': its sizes and strides do not go together" },
    { "shape-negative", AT_EFORMAT, "tensor 'a': its sizes or strides are no sizes" },
    { "shape-nine-dimensions", AT_ERANGE, "tensor 'a' has 9 dimensions, at most 8 are read" },
    { "shape-out", AT_EFORMAT, "tensor 'a' leaves its storage of 6 elements" },
    { "shape-overflow", AT_EFORMAT, "tensor 'a' leaves its storage of 6 elements" },
    { "sizes-differ", AT_EFORMAT, "zip: the sizes of 'archive/data/0' are not right" },
    { "sizes-too-large", AT_EFORMAT, "zip: the sizes of 'archive/data/0' are not right" },
    { "sparse", AT_EFORMAT,
      "pickle: 'torch._utils._rebuild_sparse_tensor' is no name that weights mention; it was not "
      "run" },
    { "stack-empty", AT_EFORMAT, "pickle: too few values on the stack at byte 3" },
    { "storage-as-tensor", AT_EFORMAT, "tensor 'a': it is made by a call that makes no tensor" },
    { "storage-compressed", AT_EFORMAT,
      "zip: 'archive/data/0' is compressed (method 8), want it stored" },
    { "storage-elsewhere", AT_EFORMAT, "tensor 'a': no member data/../data.pkl in the archive" },
    { "storage-huge", AT_EFORMAT,
      "tensor 'a': its storage has 24 bytes, want 4611686018427387904 elements of 4" },
    { "storage-key-long", AT_EFORMAT,
      "tensor 'a': no member data/kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk "
      "in the archive" },
    { "storage-missing", AT_EFORMAT, "tensor 'a': no member data/7 in the archive" },
    { "storage-not-persistent", AT_EFORMAT, "tensor 'a': its storage is not described as one" },
    { "storage-of-another-class", AT_EFORMAT, "tensor 'a': it has no type" },
    { "storage-of-words", AT_EFORMAT, "tensor 'a': its storage is not described as one" },
    { "storage-short", AT_EFORMAT, "tensor 'a': its storage has 24 bytes, want 7 elements of 4" },
    { "stride-missing", AT_EFORMAT, "tensor 'a': its sizes and strides do not go together" },
    { "stride-out", AT_EFORMAT, "tensor 'a' leaves its storage of 6 elements" },
    { "stride-overflow", AT_EFORMAT, "tensor 'a' leaves its storage of 6 elements" },
    { "stride-zero", AT_EFORMAT, "tensor 'a': its strides repeat elements of the storage" },
    { "string-too-long", AT_EFORMAT,
      "pickle: a string that is longer than what is left at byte 7" },
    { "text", AT_EFORMAT, "no zip archive, as torch.save() writes one" },
    { "two-of-one-name", AT_EFORMAT, "tensor 'a': it is there twice" },
    { "two-pickles", AT_EFORMAT, "two pickles in the archive, want one" },
    { "two-values", AT_EFORMAT, "pickle: more than one value at the end at byte 7" },
};

static void test_files_with_a_fault(void **state)
{
    (void)state;
    assert_all_refused("fixtures/hostile/torch", ".bin", files, AT_COUNTOF(files));
}

static struct at_tensors *opened(const char *path)
{
    struct at_tensors *ts;
    struct at_error err;

    if (at_tensors_open(&ts, path, &err) != 0)
        fail_msg("%s", err.text);
    return ts;
}

/* What the maker promises of each tensor: its type, its sizes, and element i is i / 2 or i. */
static const struct kind {
    const char *name, *dtype;
    size_t rank, shape[3];
} kinds[] = {
    { "bf16", "BF16", 2, { 2, 3 } },       { "bool", "BOOL", 2, { 2, 3 } },
    { "empty", "F32", 2, { 0, 5 } },       { "every_second", "F32", 1, { 4 } },
    { "f16", "F16", 2, { 2, 3 } },         { "f32", "F32", 2, { 2, 3 } },
    { "f64", "F64", 2, { 2, 3 } },         { "i16", "I16", 2, { 2, 3 } },
    { "i32", "I32", 2, { 2, 3 } },         { "i64", "I64", 2, { 2, 3 } },
    { "i8", "I8", 2, { 2, 3 } },           { "in_the_middle", "F32", 2, { 2, 2 } },
    { "ones", "F32", 3, { 6, 1, 1 } },     { "parameter", "F32", 1, { 4 } },
    { "permuted", "F32", 3, { 2, 3, 4 } }, { "row_of_tied", "F32", 1, { 3 } },
    { "scalar", "F32", 0, { 0 } },         { "tied", "F32", 2, { 2, 3 } },
    { "transposed", "F32", 2, { 3, 5 } },  { "u16", "U16", 2, { 2, 3 } },
    { "u8", "U8", 2, { 2, 3 } },
};

/* Element i of a tensor of any type, in units that make it i. */
static double element(const struct at_tensor_view *t, size_t i)
{
    size_t size = at_dtype_bytes(t->dtype);
    const char *at = (const char *)t->data + i * size;
    int64_t whole = 0;
    float value = 0.0f;
    double wide;

    if (t->dtype[0] == 'I' || t->dtype[0] == 'U') {
        memcpy(&whole, at, size); /* little-endian, and not negative */
        return (double)whole;
    }
    if (!strcmp(t->dtype, "F64")) {
        memcpy(&wide, at, sizeof wide);
        return 2 * wide;
    }
    at_to_f32(&value, at, *t->dtype == 'B' ? AT_BF16 : size == 2 ? AT_F16 : AT_F32, 1);
    return 2 * (double)value;
}

static void check_kinds(const char *path)
{
    struct at_tensors *ts = opened(path);

    assert_int_equal(at_tensors_count(ts), AT_COUNTOF(kinds));
    for (size_t k = 0; k < AT_COUNTOF(kinds); k++) {
        const struct at_tensor_view *t = at_tensors_find(ts, kinds[k].name);
        size_t n = 1;
        assert_non_null(t);
        assert_string_equal(t->dtype, kinds[k].dtype);
        assert_int_equal(t->rank, kinds[k].rank);
        for (size_t i = 0; i < t->rank; i++) {
            assert_int_equal(t->shape[i], kinds[k].shape[i]);
            n *= t->shape[i];
        }
        assert_int_equal(t->bytes, n * at_dtype_bytes(t->dtype));
        for (size_t i = 0; i < n; i++)
            if (!strcmp(t->dtype, "BOOL"))
                assert_int_equal(((const char *)t->data)[i], i % 2);
            else
                ASSERT_NEAR(element(t, i), (double)i, 0);
    }
    assert_ptr_equal(at_tensors_find(ts, "tied")->data, at_tensors_find(ts, "f32")->data);
    at_tensors_close(ts);
}

static void test_kinds_of_tensors(void **state)
{
    (void)state;
    check_kinds("fixtures/torch/kinds.bin");
    check_kinds("fixtures/torch/protocol-4.bin");
}

/* A checkpoint of a training program: the weights are one of several things. */
static void test_state_dict_within(void **state)
{
    struct at_tensors *ts = opened("fixtures/torch/nested.bin");

    (void)state;
    assert_int_equal(at_tensors_count(ts), 1);
    ASSERT_NEAR(element(at_tensors_find(ts, "a"), 2), 2.0, 0);
    at_tensors_close(ts);
}

static void test_format_before_1_6(void **state)
{
    (void)state;
    assert_refused(
        "fixtures/torch/before-1.6.bin", AT_EFORMAT,
        "the format of PyTorch before 1.6; to convert it: python3 -c \"import torch; f = "
        "'fixtures/torch/before-1.6.bin'; torch.save(torch.load(f, 'cpu', "
        "weights_only=True), f)\"");
}

/* Tensors beside those of a safetensors file with the same values, in two shards, one of them tied
   to another. */
static void test_shards(void **state)
{
    struct at_tensors *ours = opened("fixtures/torch/tiny-gpt2");
    struct at_tensors *theirs = opened("fixtures/tiny-gpt2");
    char name[128];

    (void)state;
    assert_int_equal(at_tensors_count(ours), at_tensors_count(theirs) + 1);
    for (size_t i = 0; i < at_tensors_count(theirs); i++) {
        const struct at_tensor_view *want = at_tensors_at(theirs, i), *got;
        snprintf(name, sizeof name, "transformer.%s", want->name);
        got = at_tensors_find(ours, name);
        assert_non_null(got);
        assert_int_equal(got->bytes, want->bytes);
        assert_memory_equal(got->data, want->data, want->bytes);
    }
    assert_ptr_equal(at_tensors_find(ours, "lm_head.weight")->data,
                     at_tensors_find(ours, "transformer.wte.weight")->data);
    at_tensors_close(theirs);
    at_tensors_close(ours);
}

/* A small file that would make a large answer: one byte for every value. */
static void test_too_many_values(void **state)
{
    enum { N = 1 << 21 };
    static const char *const no_names[] = { NULL };
    unsigned char *bytes = at_malloc(N, 1);
    struct at_pickle p = { 0 };
    struct at_error err;

    (void)state;
    memset(bytes, 'N', N);
    assert_int_equal(at_pickle_read(&p, bytes, N, no_names, &err), AT_EFORMAT);
    assert_string_equal(err.text, "pickle: more than 1048576 values");
    at_pickle_release(&p);
    free(bytes);
}

/* A list that is its own item, numbers of either sign, strings of both lengths. */
static void test_pickle_values(void **state)
{
    static const unsigned char bytes[] =
        "\x80\x02]q\x01(h\x01J\xff\xff\xff\xff\x8a\x02\x00\x80M\x01\x02"
        "\x8c\x02hi\x88G\x40\x00\x00\x00\x00\x00\x00\x00"
        "e.";
    static const char *const no_names[] = { NULL };
    struct at_pickle p;
    struct at_error err;

    (void)state;
    assert_int_equal(at_pickle_read(&p, bytes, sizeof bytes - 1, no_names, &err), 0);
    assert_true(at_pickle_is(p.top, AT_PICKLE_LIST));
    assert_ptr_equal(at_pickle_item(p.top, 0), p.top);
    assert_int_equal(at_pickle_item(p.top, 1)->number, -1);
    assert_int_equal(at_pickle_item(p.top, 2)->number, -32768);
    assert_int_equal(at_pickle_item(p.top, 3)->number, 513);
    assert_string_equal(at_pickle_item(p.top, 4)->text, "hi");
    assert_int_equal(at_pickle_item(p.top, 5)->number, 1);
    assert_true(at_pickle_is(at_pickle_item(p.top, 6), AT_PICKLE_REAL));
    assert_null(at_pickle_item(p.top, 7));
    at_pickle_release(&p);
    at_pickle_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_with_a_fault),
        cmocka_unit_test(test_kinds_of_tensors),
        cmocka_unit_test(test_state_dict_within),
        cmocka_unit_test(test_format_before_1_6),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_pickle_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
