/*
 * shard.h - one of n equal parts of the work.
 */
#ifndef CMD_SHARD_H
#define CMD_SHARD_H

#include <stdbool.h>
#include <stddef.h>

/* Item i belongs to part i % n + 1. */
struct shard {
    size_t k, n; /* 1..n; n = 1: everything */
};

/* shard_parse - "2/8"; NULL is everything. false when it is nothing of the kind. */
bool shard_parse(struct shard *out, const char *text);
bool shard_has(struct shard s, size_t item);

#endif
