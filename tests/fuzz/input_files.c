/*
 * input_files.c - inputs of fuzz targets as files, see fuzz.h.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FILES = 8 };

static char dir[] = "/tmp/atlas-fuzz-XXXXXX";
static char paths[MAX_FILES][64];

static void clean(void)
{
    for (size_t i = 0; i < MAX_FILES; i++)
        if (*paths[i])
            unlink(paths[i]);
    rmdir(dir);
}

const char *fuzz_dir(void)
{
    static int is_made;

    if (!is_made) {
        if (!mkdtemp(dir))
            abort();
        atexit(clean);
        is_made = 1;
    }
    return dir;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    char path[sizeof paths[0]];
    size_t i = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
    while (i + 1 < MAX_FILES && *paths[i] && strcmp(paths[i], path) != 0)
        i++;
    memcpy(paths[i], path, sizeof path);
    f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
    return paths[i];
}

void fuzz_no_file(const char *name)
{
    char path[sizeof paths[0]];

    snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
    unlink(path);
}
