/*
 * test_path.c - names, folders, and files that appear only when they are complete.
 */
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "close.h"
#include "sandbox.h"

static void test_join_and_base(void **state)
{
    static const struct {
        const char *dir, *name, *joined, *base;
    } cases[] = {
        { "a", "b", "a/b", "b" },  { "a/", "b", "a/b", "b" }, { "/", "b.txt", "/b.txt", "b.txt" },
        { NULL, "b", "b", "b" },   { "", "b", "b", "b" },     { "a", "b/c", "a/b/c", "c" },
        { "a", "b/", "a/b/", "" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        char *joined = at_path_join(cases[i].dir, cases[i].name);
        assert_string_equal(joined, cases[i].joined);
        assert_string_equal(at_path_base(joined), cases[i].base);
        free(joined);
    }
}

static void test_mkdir_p(void **state)
{
    struct at_error err;

    (void)state;
    assert_int_equal(at_mkdir_p(sandbox_path("one/two//three"), &err), 0);
    assert_true(at_path_is_dir(sandbox_path("one/two/three")));
    assert_false(at_path_is_file(sandbox_path("one/two/three")));
    assert_int_equal(at_mkdir_p(sandbox_path("one/two/three/"), &err), 0);
    assert_int_equal(at_mkdir_p("/", &err), 0);
    sandbox_text("one/file", "");
    assert_true(at_path_is_file(sandbox_path("one/file")));
    assert_int_equal(at_mkdir_p(sandbox_path("one/file/four"), &err), AT_EIO);
    assert_non_null(strstr(err.text, "one/file': "));
}

static void test_commit_replaces(void **state)
{
    const char *path = sandbox_text("out.txt", "old");
    struct at_outfile o;
    struct at_error err;
    size_t before = sandbox_count();
    char *text;

    (void)state;
    assert_int_equal(at_outfile_open(&o, path, &err), 0);
    fputs("new", o.f);
    fflush(o.f);
    text = sandbox_read(path);
    assert_string_equal(text, "old"); /* not before the commit */
    free(text);
    assert_int_equal(at_outfile_commit(&o, &err), 0);
    text = sandbox_read(path);
    assert_string_equal(text, "new");
    free(text);
    assert_int_equal(sandbox_count(), before);
    at_outfile_abort(&o); /* nothing left to do */
}

static void test_abort_leaves_no_trace(void **state)
{
    const char *path = sandbox_path("never.txt");
    struct at_outfile o = { 0 };
    struct at_error err;
    size_t before = sandbox_count();

    (void)state;
    at_outfile_abort(&o);
    assert_int_equal(at_outfile_open(&o, path, &err), 0);
    fputs("half", o.f);
    assert_int_equal(sandbox_count(), before + 1);
    at_outfile_abort(&o);
    assert_int_equal(sandbox_count(), before);
}

static void test_abort_all_removes_what_is_unfinished(void **state)
{
    enum { REMEMBERED = 512, N = REMEMBERED + 6 };
    struct at_outfile files[N] = { 0 };
    struct at_error err;
    size_t before = sandbox_count();

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(files); i++) {
        char name[32];
        snprintf(name, sizeof name, "part-%zu", i);
        assert_int_equal(at_outfile_open(&files[i], sandbox_path(name), &err), 0);
    }
    assert_int_equal(at_outfile_commit(&files[3], &err), 0);
    at_outfile_abort_all();
    assert_int_equal(sandbox_count(), before + 1 + N - REMEMBERED);
    for (size_t i = 0; i < AT_COUNTOF(files); i++)
        at_outfile_abort(&files[i]);
    assert_int_equal(sandbox_count(), before + 1);
}

static void test_unwritable_places(void **state)
{
    struct at_outfile o;
    struct at_error err;
    const char *file = sandbox_text("plain", "");
    char *inside = at_path_join(file, "x");

    (void)state;
    assert_int_equal(at_outfile_open(&o, inside, &err), AT_EIO);
    assert_null(o.f);
    assert_null(o.path);
    assert_non_null(strstr(err.text, "cannot write '"));
    assert_non_null(strstr(err.text, "/plain/x': Not a directory"));
    free(inside);
    /* The place of a folder is taken: seen when the file is renamed. */
    assert_int_equal(at_mkdir_p(sandbox_path("taken/by"), &err), 0);
    assert_int_equal(at_write_file(sandbox_path("taken"), "x", 1, &err), AT_EIO);
    assert_true(at_path_is_dir(sandbox_path("taken/by")));
}

static void test_absolute(void **state)
{
    const char *file = sandbox_text("there", "");
    char here[512], *inside, *link, *full;

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    full = at_path_absolute("fixtures/../fixtures/text");
    inside = at_path_join(here, "fixtures/text");
    assert_string_equal(full, inside); /* need not be there, its folder must */
    free(full);
    free(inside);
    full = at_path_absolute("Makefile");
    inside = at_path_join(here, "Makefile");
    assert_string_equal(full, inside);
    free(full);
    free(inside);
    full = at_path_absolute(".");
    assert_string_equal(full, here);
    free(full);
    full = at_path_absolute("no/such/folder/x");
    assert_string_equal(full, "no/such/folder/x");
    free(full);
    link = at_strdup(sandbox_path("link")); /* its own name stays */
    assert_int_equal(symlink(file, link), 0);
    full = at_path_absolute(link);
    assert_string_equal(at_path_base(full), "link");
    assert_true(at_path_is_same(full, file));
    free(full);
    free(link);
}

/* A full disk: the stream is pointed at a device that takes nothing. */
static void test_full_disk(void **state)
{
    static const size_t sizes[] = { 1, 100000 }; /* in the buffer until the end; written at once */
    struct at_error err;
    size_t before = sandbox_count();

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
        struct at_outfile o;
        FILE *full = fopen("/dev/full", "wb");
        assert_non_null(full);
        assert_int_equal(at_outfile_open(&o, sandbox_path("full.txt"), &err), 0);
        assert_true(dup2(fileno(full), fileno(o.f)) >= 0);
        fclose(full);
        for (size_t k = 0; k < sizes[i]; k++)
            fputc('x', o.f);
        assert_int_equal(at_outfile_commit(&o, &err), AT_EIO);
        assert_non_null(strstr(err.text, "full.txt': No space left on device"));
        assert_null(o.f);
        assert_int_equal(sandbox_count(), before);
    }
}

static void test_write_file(void **state)
{
    struct at_error err;
    const char *path = sandbox_path("whole.bin");
    char *text;

    (void)state;
    assert_int_equal(at_write_file(path, "abc", 3, &err), 0);
    assert_int_equal(at_write_file(path, "xy", 2, &err), 0);
    text = sandbox_read(path);
    assert_string_equal(text, "xy");
    free(text);
    assert_int_equal(at_write_file(path, NULL, 0, &err), 0);
    text = sandbox_read(path);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join_and_base),
        cmocka_unit_test(test_mkdir_p),
        cmocka_unit_test(test_commit_replaces),
        cmocka_unit_test(test_abort_leaves_no_trace),
        cmocka_unit_test(test_abort_all_removes_what_is_unfinished),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_unwritable_places),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_write_file),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
