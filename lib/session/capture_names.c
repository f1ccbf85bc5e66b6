/*
 * capture_names.c - see capture_names.h.
 */
#include "session/capture_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"

/* Numbers by value, everything else by bytes: 2 before 10. */
static int by_id(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    unsigned long long m = strtoull(x, NULL, 10), n = strtoull(y, NULL, 10);

    if (m != n)
        return m < n ? -1 : 1;
    return strcmp(x, y);
}

void at_capture_names_list(struct at_capture_names *out, const char *dir)
{
    struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        char *path = at_asprintf("%s/%s/capture.safetensors", dir, e->d_name);
        if (e->d_name[0] != '.' && at_path_is_file(path))
            *at_array_push(out) = at_strdup(e->d_name);
        free(path);
    }
    if (d)
        closedir(d);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_id);
}

void at_capture_names_release(struct at_capture_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    at_array_release(names);
}
