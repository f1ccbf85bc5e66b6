/*
 * test_tensors.c - which files of a directory are read, shards and the index that lists them.
 */
#include "io/tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "close.h"
#include "io/safetensors.h"
#include "sandbox.h"
#include "tensor_faults.h"

/* fixtures/hostile/shards, one per folder; the text is after the folder */
static const struct fault folders[] = {
    { "absolute", AT_EFORMAT,
      "/model.safetensors.index.json: '/etc/passwd' is not a file name that a shard may have" },
    { "dotdot", AT_EFORMAT,
      "/model.safetensors.index.json: '..' is not a file name that a shard may have" },
    { "index-not-json", AT_EFORMAT,
      "/model.safetensors.index.json: not JSON: line 8, column 1: '}' expected" },
    { "map-not-object", AT_EFORMAT, "/model.safetensors.index.json: no weight_map" },
    { "missing", AT_ENOTFOUND, "/2.safetensors': No such file or directory" },
    { "name-number", AT_EFORMAT,
      "/model.safetensors.index.json: the shard of 'b' is not a string" },
    { "no-map", AT_EFORMAT, "/model.safetensors.index.json: no weight_map" },
    { "parent", AT_EFORMAT,
      "/model.safetensors.index.json: '../2.safetensors' is not a file name that a shard may "
      "have" },
    { "pickle-only", AT_EFORMAT, "/pytorch_model.bin: the format of PyTorch before 1.6; " },
    { "shard-cut", AT_EFORMAT,
      "/2.safetensors: tensor 'b' ends at byte 8 of the data, but the file has only 7" },
    { "subfolder", AT_EFORMAT,
      "/model.safetensors.index.json: 'x/2.safetensors' is not a file name that a shard may have" },
    { "tensor-elsewhere", AT_EFORMAT,
      "/model.safetensors.index.json: tensor 'a' is not in '2.safetensors'" },
    { "tensor-twice", AT_EFORMAT, "/model.safetensors.index.json: tensor 'a' is in two shards" },
};

static void test_shards_with_a_fault(void **state)
{
    (void)state;
    assert_all_refused("fixtures/hostile/shards", "", folders, AT_COUNTOF(folders));
}

static const char *path_of(const char *folder, const char *file)
{
    char path[128];
    struct at_error err;

    assert_int_equal(at_mkdir_p(sandbox_path(folder), &err), 0);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return sandbox_path(path);
}

static const char *folder_of(const char *name, const char *file, const char *text)
{
    struct at_error err;

    assert_int_equal(at_write_file(path_of(name, file), text, strlen(text), &err), 0);
    return sandbox_path(name);
}

/* A file of one tensor, of one element. */
static const char *file_of(const char *folder, const char *file, const char *tensor, float value)
{
    const char *path = path_of(folder, file);
    struct at_safetensors_writer *w;
    struct at_error err;

    assert_int_equal(at_safetensors_create(&w, path, &err), 0);
    at_safetensors_declare(w, tensor, "F32", 0, NULL);
    assert_int_equal(at_safetensors_begin(w, &err), 0);
    assert_int_equal(at_safetensors_append(w, 0, &value, sizeof value, &err), 0);
    assert_int_equal(at_safetensors_commit(w, &err), 0);
    return path;
}

static struct at_tensors *opened(const char *path)
{
    struct at_tensors *ts;
    struct at_error err;

    if (at_tensors_open(&ts, path, &err) != 0)
        fail_msg("%s", err.text);
    return ts;
}

static float value_of(const struct at_tensors *ts, const char *name)
{
    const struct at_tensor_view *t = at_tensors_find(ts, name);
    float value;

    assert_non_null(t);
    memcpy(&value, t->data, sizeof value);
    return value;
}

static void test_folders_without_weights(void **state)
{
    static const char pointer[] = "version https://git-lfs.example/spec/v1\n"
                                  "oid sha256:0\nsize 17\n";

    (void)state;
    assert_refused(folder_of("list", "model.safetensors.index.json", "{\"weight_map\": [\"a\"]}"),
                   AT_EFORMAT, "/model.safetensors.index.json: weight_map is a list, want an");
    assert_refused(folder_of("empty-list", "model.safetensors.index.json", "{\"weight_map\": []}"),
                   AT_EFORMAT, "/model.safetensors.index.json: weight_map is a list, want an");
    assert_refused(folder_of("nothing", "config.json", "{}"), AT_ENOTFOUND,
                   "neither model.safetensors nor pytorch_model.bin nor an index of either in '");
    assert_refused(folder_of("adapter", "adapter_model.safetensors", "x"), AT_ENOTFOUND,
                   "', only adapter_model.safetensors, which is not read");
    assert_refused(folder_of("keras", "tf_model.h5", "x"), AT_ENOTFOUND, "', only tf_model.h5, ");
    assert_refused(folder_of("pickles", "pytorch_model.bin.index.json", "{}"), AT_EFORMAT,
                   "/pytorch_model.bin.index.json: no weight_map");
    assert_refused(folder_of("pointer", "model.safetensors", pointer), AT_EFORMAT,
                   "/model.safetensors: a git-lfs pointer, not the weights it stands for");
    assert_refused(folder_of("pointer-bin", "pytorch_model.bin", pointer), AT_EFORMAT,
                   "/pytorch_model.bin: a git-lfs pointer, not the weights it stands for");
}

static void test_no_file(void **state)
{
    struct at_tensors *ts = NULL;
    struct at_error err;

    (void)state;
    assert_int_equal(at_tensors_open(&ts, sandbox_path("none"), &err), AT_ENOTFOUND);
    assert_int_equal(at_tensors_open(&ts, "/dev/null", &err), AT_EIO);
    at_tensors_close(NULL);
}

/* A model directory in shards, as a model's maker writes one. */
static void test_shards(void **state)
{
    struct at_tensors *ts = opened("fixtures/tiny-bert-f16-sharded");

    (void)state;
    assert_non_null(at_tensors_path(ts, 1));
    for (size_t i = 1; i < at_tensors_count(ts); i++)
        assert_true(strcmp(at_tensors_at(ts, i - 1)->name, at_tensors_at(ts, i)->name) < 0);
    for (size_t i = 0; i < at_tensors_count(ts); i++) {
        const struct at_tensor_view *t = at_tensors_at(ts, i);
        assert_ptr_equal(at_tensors_find(ts, t->name), t);
    }
    assert_null(at_tensors_absent(ts, 0));
    at_tensors_close(ts);
}

/* The four places in their order: each is read until the one before it is there too. */
static void test_order_of_places(void **state)
{
    struct at_tensors *ts;
    const char *dir;

    (void)state;
    file_of("order", "one.safetensors", "a", 2.0f);
    dir = folder_of("order", "pytorch_model.bin.index.json",
                    "{\"weight_map\": {\"a\": \"one.safetensors\"}}");
    at_tensors_close(opened(dir));
    folder_of("order", "pytorch_model.bin", "x");
    assert_refused(sandbox_path("order"), AT_EFORMAT, "/pytorch_model.bin: no zip archive");
    folder_of("order", "model.safetensors.index.json",
              "{\"weight_map\": {\"a\": \"one.safetensors\"}}");
    ts = opened(sandbox_path("order"));
    ASSERT_NEAR(value_of(ts, "a"), 2.0, 0);
    at_tensors_close(ts);
    file_of("order", "model.safetensors", "a", 3.0f);
    ts = opened(sandbox_path("order"));
    ASSERT_NEAR(value_of(ts, "a"), 3.0, 0);
    at_tensors_close(ts);
}

/* Shards that lie elsewhere, two names of one file among them: it is mapped once. */
static void test_shards_that_are_links(void **state)
{
    struct at_tensors *ts;

    (void)state;
    file_of("blobs", "1f2e", "a", 1.0f);
    file_of("blobs", "3d4c", "b", 2.0f);
    folder_of("links", "model.safetensors.index.json",
              "{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\", "
              "\"c\": \"3.safetensors\"}}");
    assert_int_equal(symlink("../blobs/1f2e", path_of("links", "1.safetensors")), 0);
    assert_int_equal(symlink("../blobs/3d4c", path_of("links", "2.safetensors")), 0);
    assert_int_equal(symlink("../blobs/3d4c", path_of("links", "3.safetensors")), 0);
    ts = opened(sandbox_path("links"));
    assert_int_equal(at_tensors_count(ts), 2);
    ASSERT_NEAR(value_of(ts, "a"), 1.0, 0);
    ASSERT_NEAR(value_of(ts, "b"), 2.0, 0);
    assert_non_null(at_tensors_path(ts, 1));
    assert_null(at_tensors_path(ts, 2));
    assert_string_equal(at_tensors_absent(ts, 0)->name, "c");
    assert_string_equal(at_tensors_absent(ts, 0)->file, "3.safetensors");
    assert_null(at_tensors_absent(ts, 1));
    at_tensors_close(ts);
    assert_int_equal(unlink(path_of("links", "2.safetensors")), 0);
    assert_int_equal(symlink("../blobs/none", path_of("links", "2.safetensors")), 0);
    assert_refused(sandbox_path("links"), AT_ENOTFOUND, "/2.safetensors': No such file");
}

static void test_dtypes(void **state)
{
    (void)state;
    assert_int_equal(at_dtype_bytes("BF16"), 2);
    assert_int_equal(at_dtype_bytes("F64"), 8);
    assert_int_equal(at_dtype_bytes("BOOL"), 1);
    assert_int_equal(at_dtype_bytes("f32"), 0);
    assert_int_equal(at_dtype_bytes(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards_with_a_fault),
        cmocka_unit_test(test_folders_without_weights),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_order_of_places),
        cmocka_unit_test(test_shards_that_are_links),
        cmocka_unit_test(test_dtypes),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
