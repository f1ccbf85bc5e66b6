/*
 * tensor_faults.c - see tensor_faults.h.
 */
#include "tensor_faults.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "close.h"
#include "io/tensors.h"

void assert_refused(const char *path, enum at_code code, const char *text)
{
    struct at_tensors *ts = NULL;
    struct at_error err;
    int rc = at_tensors_open(&ts, path, &err);

    if (rc != (int)code)
        fail_msg("%s: answered %d (%s), want %d", path, rc, rc ? err.text : "", (int)code);
    assert_null(ts);
    assert_null(strchr(err.text, '\n'));
    if (!strstr(err.text, path) || !strstr(err.text, text))
        fail_msg("found %s\nwant %s", err.text, text);
}

static size_t entries(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

void assert_all_refused(const char *folder, const char *suffix, const struct fault *faults,
                        size_t n)
{
    assert_int_equal(entries(folder), n);
    for (size_t i = 0; i < n; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s%s", folder, faults[i].name, suffix);
        assert_refused(path, faults[i].code, faults[i].text);
    }
}
