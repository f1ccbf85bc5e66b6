/*
 * shard.c - see shard.h.
 */
#include "cmd/shard.h"

#include <stdlib.h>

bool shard_parse(struct shard *out, const char *text)
{
    char *end;
    unsigned long k, n;

    *out = (struct shard){ 1, 1 };
    if (!text)
        return true;
    k = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '/' || end[1] < '0' || end[1] > '9')
        return false;
    n = strtoul(end + 1, &end, 10);
    if (*end || k < 1 || k > n)
        return false;
    *out = (struct shard){ k, n };
    return true;
}

bool shard_has(struct shard s, size_t item)
{
    return item % s.n + 1 == s.k;
}
