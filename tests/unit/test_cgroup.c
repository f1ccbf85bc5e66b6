/*
 * test_cgroup.c - quotas of control groups of both versions, read from folders as the kernel
 * shows them.
 */
#include "base/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/path.h"
#include "close.h"
#include "sandbox.h"

/* A folder NAME of the sandbox that looks like "/"; "file=text" for each file, up to a NULL. */
static const char *make_root(const char *name, const char *const *files)
{
    struct at_error err;

    for (; *files; files++) {
        char file[512], dir[512];
        const char *text = strchr(*files, '=');
        assert_non_null(text);
        snprintf(file, sizeof file, "%s/%.*s", name, (int)(text - *files), *files);
        snprintf(dir, sizeof dir, "%s", sandbox_path(file));
        *strrchr(dir, '/') = '\0';
        assert_int_equal(at_mkdir_p(dir, &err), 0);
        sandbox_text(file, text + 1);
    }
    return sandbox_path(name);
}

static void test_quotas(void **state)
{
#define V2 "sys/fs/cgroup/"
#define V1 "sys/fs/cgroup/cpu/"
    static const struct {
        const char *name, *files[6];
        size_t want;
    } cases[] = {
        { "own", { "proc/self/cgroup=0::/a/b\n", V2 "a/b/cpu.max=400000 100000\n" }, 4 },
        { "no_limit", { "proc/self/cgroup=0::/a/b\n", V2 "a/b/cpu.max=max 100000\n" }, 0 },
        { "rounds_up", { "proc/self/cgroup=0::/\n", V2 "cpu.max=150000 100000\n" }, 2 },
        { "exact", { "proc/self/cgroup=0::/\n", V2 "cpu.max=200000 100000\n" }, 2 },
        { "below_one", { "proc/self/cgroup=0::/\n", V2 "cpu.max=5000 100000\n" }, 1 },
        { "parent",
          { "proc/self/cgroup=0::/a/b/c\n", V2 "a/cpu.max=300000 100000\n",
            V2 "a/b/cpu.max=max 100000\n", V2 "a/b/c/cpu.max=800000 100000\n" },
          3 },
        { "unseen_parents",
          { "proc/self/cgroup=0::/system.slice/x.scope\n", V2 "cpu.max=600000 100000\n" },
          6 },
        { "v1",
          { "proc/self/cgroup=7:memory:/m\n4:cpu,cpuacct:/a\n", V1 "a/cpu.cfs_quota_us=250000\n",
            V1 "a/cpu.cfs_period_us=50000\n" },
          5 },
        { "v1_no_limit",
          { "proc/self/cgroup=4:cpu:/a\n", V1 "a/cpu.cfs_quota_us=-1\n",
            V1 "a/cpu.cfs_period_us=100000\n" },
          0 },
        { "v1_and_v2",
          { "proc/self/cgroup=3:cpuset:/\n2:cpuacct,cpu:/a\n0::/a\n",
            V1 "a/cpu.cfs_quota_us=700000\n", V1 "a/cpu.cfs_period_us=100000\n",
            V2 "a/cpu.max=900000 100000\n" },
          7 },
        { "other_controllers",
          { "proc/self/cgroup=3:cpuset:/a\n2:cpuacct:/a\n", V1 "a/cpu.cfs_quota_us=100000\n",
            V1 "a/cpu.cfs_period_us=100000\n" },
          0 },
        { "rubbish",
          { "proc/self/cgroup=\n:\n::\n0:\n0::\n0::a\n4:cpu\n0::/a\n", V2 "a/cpu.max=-3 0\n",
            V2 "cpu.max=100000\n" },
          0 },
        { "no_period", { "proc/self/cgroup=0::/\n", V2 "cpu.max=100000 0\n" }, 0 },
        { "no_files", { "proc/self/cgroup=0::/a\n4:cpu:/b\n" }, 0 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        size_t got = at_cgroup_processors(make_root(cases[i].name, cases[i].files));
        if (got != cases[i].want)
            fail_msg("%s: %zu, want %zu", cases[i].name, got, cases[i].want);
    }
    assert_int_equal(at_cgroup_processors(sandbox_path("nowhere")), 0);
}

/* Longer than any path may be: nothing is read, nothing overflows. */
static void test_long(void **state)
{
    static char line[12000];
    const char *files[] = { line, NULL };

    (void)state;
    memset(line, 'a', sizeof line - 1);
    memcpy(line, "proc/self/cgroup=0::/", 21);
    assert_int_equal(at_cgroup_processors(make_root("long", files)), 0);
    memmove(line, line + 17, 5000);
    line[5000] = '\0';
    assert_int_equal(at_cgroup_processors(line), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
