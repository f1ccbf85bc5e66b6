/*
 * cpu.c - see cpu.h.
 */
#include "ops/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "ops/kernel.h"

/* The one piece of process-wide state in ops: written by at_cpu_select(), or by the first product,
   which always writes the same value. */
static _Atomic int selected = AT_KERNELS_AUTO;

static const char *const names[] = { "auto", "portable", "avx2", "avx512", "openblas" };

static bool machine_has(enum at_kernels kernels)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kernels == AT_KERNELS_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (kernels == AT_KERNELS_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return kernels == AT_KERNELS_PORTABLE;
}

static const struct at_kernel *table_of(enum at_kernels kernels)
{
    if (!machine_has(kernels))
        return NULL;
    return kernels == AT_KERNELS_AVX512 ? at_kernel_avx512()
           : kernels == AT_KERNELS_AVX2 ? at_kernel_avx2()
                                        : at_kernel_portable();
}

static enum at_kernels best(void)
{
    if (table_of(AT_KERNELS_AVX512))
        return AT_KERNELS_AVX512;
    return table_of(AT_KERNELS_AVX2) ? AT_KERNELS_AVX2 : AT_KERNELS_PORTABLE;
}

int at_cpu_select(enum at_kernels kernels, struct at_error *err)
{
    if (kernels == AT_KERNELS_AUTO)
        kernels = best();
    if (!table_of(kernels))
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
                   "no kernels '%s'; want auto, portable, avx2, avx512, openblas", name);
}

enum at_kernels at_cpu_selected(void)
{
    if (atomic_load(&selected) == AT_KERNELS_AUTO)
        atomic_store(&selected, best());
    return (enum at_kernels)atomic_load(&selected);
}

const struct at_kernel *at_kernel(void)
{
    return table_of(at_cpu_selected());
}
