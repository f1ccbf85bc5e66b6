/*
 * cpu.c - see cpu.h.
 */
#include "ops/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ops/gemm_blas.h"
#include "ops/kernel.h"

/* The state that cpu.h speaks of: written by at_cpu_select(), or by the first product, which
   always writes the same value. */
static _Atomic int selected = AT_KERNELS_AUTO;

static const char *const names[] = { "auto", "portable", "avx2", "avx512", "openblas" };

static bool machine_runs(enum at_kernels kernels)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kernels == AT_KERNELS_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (kernels == AT_KERNELS_AVX2) /* every such processor has F16C as well */
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return kernels == AT_KERNELS_PORTABLE;
}

static const struct at_kernel *table_of(enum at_kernels kernels)
{
    if (!machine_runs(kernels))
        return NULL;
    return kernels == AT_KERNELS_AVX512 ? at_kernel_avx512()
           : kernels == AT_KERNELS_AVX2 ? at_kernel_avx2()
                                        : at_kernel_portable();
}

/* The best of our own. */
static enum at_kernels best_table(void)
{
    return table_of(AT_KERNELS_AVX512) ? AT_KERNELS_AVX512
           : table_of(AT_KERNELS_AVX2) ? AT_KERNELS_AVX2
                                       : AT_KERNELS_PORTABLE;
}

static enum at_kernels best(void)
{
    enum at_kernels own = best_table();

    return own == AT_KERNELS_PORTABLE && at_blas_is_usable() ? AT_KERNELS_OPENBLAS : own;
}

int at_cpu_select(enum at_kernels kernels, struct at_error *err)
{
    if (kernels == AT_KERNELS_AUTO)
        kernels = best();
    if (kernels == AT_KERNELS_OPENBLAS && !at_blas_is_usable()) {
        char why[96];
        at_blas_describe(why, sizeof why);
        return at_fail(err, AT_ENOTFOUND, "%s", why);
    }
    if (kernels != AT_KERNELS_OPENBLAS && !table_of(kernels))
        return at_fail(err, AT_ENOTFOUND, "this machine does not run the %s kernels",
                       names[kernels]);
    atomic_store(&selected, kernels);
    return 0;
}

int at_cpu_select_by_name(const char *name, struct at_error *err)
{
    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        if (!strcmp(name, names[i]))
            return at_cpu_select((enum at_kernels)i, err);
    return at_fail(err, AT_ENOTFOUND,
                   "no kernels '%s', want auto, portable, avx2, avx512 or openblas", name);
}

enum at_kernels at_cpu_selected(void)
{
    if (atomic_load(&selected) == AT_KERNELS_AUTO)
        atomic_store(&selected, best());
    return (enum at_kernels)atomic_load(&selected);
}

const char *at_cpu_kernels_name(enum at_kernels kernels)
{
    return names[kernels];
}

const struct at_kernel *at_kernel(void)
{
    enum at_kernels kernels = at_cpu_selected();

    return table_of(kernels == AT_KERNELS_OPENBLAS ? best_table() : kernels);
}

void at_cpu_describe(char *buf, size_t n)
{
    const char *features = "no vector instructions known";
    enum at_kernels kernels = at_cpu_selected();
    char blas[96] = "";

    if (machine_runs(AT_KERNELS_AVX512))
        features = "AVX-512 AVX2 FMA F16C";
    else if (machine_runs(AT_KERNELS_AVX2))
        features = "AVX2 FMA F16C";
    if (kernels == AT_KERNELS_OPENBLAS)
        at_blas_describe(blas, sizeof blas);
    snprintf(buf, n, "%s; kernels %s%s%s", features, names[kernels], *blas ? ", " : "", blas);
}

void at_cpu_describe_openblas(char *buf, size_t n)
{
    at_blas_describe(buf, n);
}
