/*
 * paths.h - run a test on every set of kernels this machine has.
 */
#ifndef UNIT_PATHS_H
#define UNIT_PATHS_H

#include <stdio.h>

#include "ops/cpu.h"

/* for_each_path - body(arg) under each set in turn, then back to the machine's own choice. */
static inline void for_each_path(void (*body)(void *arg), void *arg)
{
    static const enum at_kernels paths[] = { AT_KERNELS_PORTABLE, AT_KERNELS_AVX2,
                                             AT_KERNELS_AVX512, AT_KERNELS_OPENBLAS };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (at_cpu_select(paths[i], NULL) != 0)
            continue;
        body(arg);
    }
    if (at_cpu_select(AT_KERNELS_AUTO, NULL) != 0)
        fprintf(stderr, "no kernels\n");
}

#endif
