/*
 * cgroup.c - see cgroup.h. The files are described in cgroups(7) and the kernel's manual.
 */
#include "base/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

enum { LINE_ROOM = 4096 }; /* the kernel's PATH_MAX; a longer path is not looked at */

/* The first numbers of the file "dir/name", as many as there are of the two wanted. */
static int read_numbers(long long *a, long long *b, const char *dir, const char *name)
{
    char path[LINE_ROOM];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    int n = fscanf(f, "%lld %lld", a, b);
    fclose(f);
    return n;
}

/* Of one group alone; 0 for no limit, which is "max" in version 2 and -1 in version 1. */
static size_t group_processors(const char *dir, bool is_v2)
{
    long long quota = 0, period = 0, unused;

    if (is_v2) {
        if (read_numbers(&quota, &period, dir, "cpu.max") != 2)
            return 0;
    } else if (read_numbers(&quota, &unused, dir, "cpu.cfs_quota_us") < 1 ||
               read_numbers(&period, &unused, dir, "cpu.cfs_period_us") < 1) {
        return 0;
    }
    return quota > 0 && period > 0 ? (size_t)((quota - 1) / period + 1) : 0;
}

/* Of the group at mount + path and those above it. */
static size_t least_processors(const char *mount, const char *path, bool is_v2)
{
    size_t least = 0, top = strlen(mount);
    char dir[LINE_ROOM];

    if (snprintf(dir, sizeof dir, "%s%s", mount, path) >= (int)sizeof dir)
        return 0;
    for (;;) {
        size_t n = group_processors(dir, is_v2);
        if (n > 0 && (least == 0 || n < least))
            least = n;
        char *slash = strrchr(dir + top, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether "cpu" is one of the names, which commas divide. */
static bool has_cpu(const char *names)
{
    for (const char *p = names; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == 3 && !strncmp(p, "cpu", 3))
            return true;
    return false;
}

size_t at_cgroup_processors(const char *root)
{
    char name[LINE_ROOM], mount[LINE_ROOM], line[LINE_ROOM];
    size_t least = 0;

    if (snprintf(name, sizeof name, "%s/proc/self/cgroup", root) >= (int)sizeof name)
        return 0;
    FILE *f = fopen(name, "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f)) { /* "4:cpu,cpuacct:/path", in version 2 "0::/path" */
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        bool is_v2 = *++names == '\0';
        if (!is_v2 && !has_cpu(names))
            continue;
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, is_v2 ? "" : "/cpu");
        size_t n = least_processors(mount, path, is_v2);
        if (n > 0 && (least == 0 || n < least))
            least = n;
    }
    fclose(f);
    return least;
}
