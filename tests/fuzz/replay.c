/*
 * replay.c - runs a fuzz target over saved inputs, with any compiler.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;
    int bad = !f || fseek(f, 0, SEEK_END) != 0;

    if (!bad) {
        long end = ftell(f);
        rewind(f);
        /* Exactly as large as the input: one byte read too many is seen by the sanitizer. */
        data = malloc(end > 0 ? (size_t)end : 1);
        bad = end < 0 || !data || (size = fread(data, 1, (size_t)end, f)) != (size_t)end;
    }
    if (bad)
        perror(path);
    else
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    if (f)
        fclose(f);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;

    for (int i = 1; i < argc; i++)
        bad |= replay(argv[i]);
    return bad;
}
