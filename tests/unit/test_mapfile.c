/*
 * test_mapfile.c - what may be mapped, and that a slice never leaves the file.
 */
#include "base/mapfile.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "close.h"
#include "sandbox.h"

static void test_slices(void **state)
{
    static const struct {
        size_t offset, n;
        int inside;
    } cases[] = {
        { 0, 10, 1 },       { 0, 11, 0 },        { 10, 0, 1 },       { 10, 1, 0 },
        { 11, 0, 0 },       { 9, 1, 1 },         { SIZE_MAX, 1, 0 }, { 1, SIZE_MAX, 0 },
        { SIZE_MAX, 0, 0 }, { SIZE_MAX, 11, 0 },
    };
    struct at_mapfile m;
    struct at_error err;

    (void)state;
    assert_int_equal(at_mapfile_open(&m, sandbox_text("ten", "0123456789"), &err), 0);
    assert_int_equal(m.n, 10);
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        const void *p = at_mapfile_slice(&m, cases[i].offset, cases[i].n);
        assert_ptr_equal(p, cases[i].inside ? m.bytes + cases[i].offset : NULL);
        if (p)
            at_populate(p, cases[i].n);
    }
    assert_memory_equal(at_mapfile_slice(&m, 3, 4), "3456", 4);
    at_mapfile_close(&m);
    at_mapfile_close(&m);
    assert_null(at_mapfile_slice(&m, 0, 0));
}

static void test_empty_file(void **state)
{
    struct at_mapfile m;
    struct at_error err;

    (void)state;
    assert_int_equal(at_mapfile_open(&m, sandbox_text("empty", ""), &err), 0);
    assert_null(m.bytes);
    assert_int_equal(m.n, 0);
    assert_null(at_mapfile_slice(&m, 0, 0));
    at_mapfile_close(&m);
}

/* Two names of one file are one map, which the last user takes away. */
static void test_shared(void **state)
{
    char *path = at_strdup(sandbox_text("shared", "0123456789"));
    const char *link = sandbox_path("link");
    struct at_mapfile a, b, c;
    const void *bytes;
    struct at_error err;

    (void)state;
    assert_int_equal(symlink("shared", link), 0);
    assert_int_equal(at_mapfile_open(&a, path, &err), 0);
    assert_int_equal(at_mapfile_open(&b, link, &err), 0);
    assert_ptr_equal(a.bytes, b.bytes);
    at_mapfile_close(&a);
    assert_memory_equal(b.bytes, "0123456789", 10);
    assert_string_equal(at_mapfile_path_at(b.bytes), path);
    /* a longer one, and another one under the old name, are files of their own */
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(at_mapfile_open(&a, path, &err), 0);
    assert_ptr_not_equal(a.bytes, b.bytes);
    assert_int_equal(a.n, 20);
    assert_int_equal(unlink(path), 0);
    sandbox_text("shared", "abcdefghijklmnopqrst");
    assert_int_equal(at_mapfile_open(&c, link, &err), 0);
    assert_memory_equal(c.bytes, "abc", 3);
    assert_memory_equal(a.bytes, "012", 3);
    at_mapfile_close(&a);
    at_mapfile_close(&c);
    assert_memory_equal(b.bytes, "0123456789", 10);
    bytes = b.bytes;
    at_mapfile_close(&b);
    assert_null(at_mapfile_path_at(bytes));
    free(path);
}

static volatile unsigned char sink;

static void on_bus(int sig, siginfo_t *info, void *context)
{
    const char *path = at_mapfile_path_at(info->si_addr);

    (void)sig;
    (void)context;
    _Exit(path && strstr(path, "/short") ? 7 : 8);
}

/* Both files lose all pages but the first; the second is read beyond it. */
static void read_what_was_cut(void)
{
    struct sigaction on = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
    static const char bytes[100000];
    struct at_mapfile other, m;
    const char *path = sandbox_write("short", bytes, sizeof bytes);

    if (at_mapfile_open(&other, sandbox_write("other", bytes, sizeof bytes), NULL) != 0 ||
        at_mapfile_open(&m, path, NULL) != 0 || truncate(path, 10) != 0)
        _Exit(9);
    sigaction(SIGBUS, &on, NULL);
    sink = m.bytes[90000];
}

static void test_a_file_cut_short(void **state)
{
    struct at_mapfile m;

    (void)state;
    assert_int_equal(sandbox_status(read_what_was_cut), 7);
    assert_int_equal(at_mapfile_open(&m, sandbox_text("here", "0123456789"), NULL), 0);
    assert_non_null(strstr(at_mapfile_path_at(m.bytes + 9), "/here"));
    assert_null(at_mapfile_path_at(m.bytes + 10));
    assert_null(at_mapfile_path_at(NULL));
    at_mapfile_close(&m);
}

static void test_what_is_no_file(void **state)
{
    const char *fifo = sandbox_path("fifo");
    struct at_mapfile m;
    struct at_error err;

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(at_mapfile_open(&m, fifo, &err), AT_EIO); /* and does not wait for a writer */
    assert_non_null(strstr(err.text, "/fifo': not a regular file"));
    assert_int_equal(at_mapfile_open(&m, "/", &err), AT_EIO);
    assert_string_equal(err.text, "cannot open '/': not a regular file");
    assert_int_equal(at_mapfile_open(&m, "/dev/zero", &err), AT_EIO);
    assert_int_equal(at_mapfile_open(&m, sandbox_path("none"), &err), AT_ENOTFOUND);
    assert_non_null(strstr(err.text, "/none': No such file or directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),          cmocka_unit_test(test_a_file_cut_short),
        cmocka_unit_test(test_empty_file),      cmocka_unit_test(test_shared),
        cmocka_unit_test(test_what_is_no_file),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
