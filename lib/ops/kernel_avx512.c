/*
 * kernel_avx512.c - the kernels for AVX-512; the Makefile compiles them with the flags they need.
 */
#include "ops/kernel.h"

#ifdef __AVX512F__

#define KERNEL_NAME     "avx512"
#define KERNEL_FUNCTION at_kernel_avx512
#include "ops/vec_avx512.h"
#include "ops/kernel_body.h"

#else

const struct at_kernel *at_kernel_avx512(void)
{
    return NULL;
}

#endif
