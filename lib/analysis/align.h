/*
 * align.h - which stretches two token sequences share.
 */
#ifndef ANALYSIS_ALIGN_H
#define ANALYSIS_ALIGN_H

#include <stddef.h>

#include "base/array.h"

/* a[a .. a+n) equals b[b .. b+n). */
struct at_block {
    size_t a, b, n;
};

struct at_blocks AT_ARRAY(struct at_block);

/*
 * at_matching_blocks - longest common stretch, then the same left and right of it.
 *
 * Blocks come in ascending order, neighbours merged, none empty.
 *
 * Source    Ratcliff and Metzener 1988; ties (earliest in a, then in b) as Python's difflib without
 *           its junk heuristic, which starts at 200 items only. CrowS-Pairs aligns this way.
 * Memory    appends to *out, at_array_release().      Cost   O(n m) per block, O(m) memory.
 */
void at_matching_blocks(struct at_blocks *out, const int *a, size_t n, const int *b, size_t m);

#endif
