/*
 * cpu.h - which instruction sets this machine has, and which kernels do the work.
 *
 * The choice is made once per process, at the first product or by at_cpu_select(), and is the only
 * state in ops: everything else depends on its arguments alone.
 */
#ifndef OPS_CPU_H
#define OPS_CPU_H

#include <stddef.h>

#include "base/error.h"

enum at_kernels {
    AT_KERNELS_AUTO,     /* the fastest this machine runs */
    AT_KERNELS_PORTABLE, /* plain C */
    AT_KERNELS_AVX2,     /* AVX2, FMA and F16C */
    AT_KERNELS_AVX512,   /* AVX-512 F, BW, VL and DQ */
    AT_KERNELS_OPENBLAS, /* products by OpenBLAS, the rest by the best of our own */
};

/*
 * at_cpu_select - force a set of kernels; for tests, and for cmd, which passes on ATLAS_KERNELS.
 * Not to be called while another thread computes.
 *
 * Errors    AT_ENOTFOUND: the machine lacks the instructions, or the library is not there.
 */
AT_MUST_USE int at_cpu_select(enum at_kernels kernels, struct at_error *err);

/* at_cpu_select_by_name - the same for "auto", "portable", "avx2", "avx512", "openblas". */
AT_MUST_USE int at_cpu_select_by_name(const char *name, struct at_error *err);

/* at_cpu_selected - the kernels in use, never AUTO. */
enum at_kernels at_cpu_selected(void);
const char *at_cpu_kernels_name(enum at_kernels kernels);

/*
 * at_cpu_describe - "AVX-512 AVX2 FMA F16C; kernels avx512", for manifests. With OpenBLAS in use it
 * is named too.
 *
 * at_cpu_describe_openblas - "OpenBLAS 0.3.21 SkylakeX", or why there is none. Loads the library,
 * so it is for `atlas version --build` only.
 *
 * Memory    written to buf (n bytes, cut if it must be).
 */
void at_cpu_describe(char *buf, size_t n);
void at_cpu_describe_openblas(char *buf, size_t n);

#endif
