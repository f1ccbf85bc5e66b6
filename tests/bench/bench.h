/*
 * bench.h - time, and the limits of the machine, for the bench programs.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>

#include "base/pool.h"

/* Per second, all threads of the pool together. */
struct bench_limits {
    double flops; /* float multiply-adds in registers, counted as two */
    double bytes; /* read from memory */
};

/* bench_begin - what a main() does first, as atlas does: freed buffers are kept, and ATLAS_KERNELS
   names the kernels. Ends the program with a message when they are not there. */
void bench_begin(void);

double bench_now(void); /* seconds */
void bench_sort(double *x, size_t n);
struct bench_limits bench_measure_limits(struct at_pool *pool);

#endif
