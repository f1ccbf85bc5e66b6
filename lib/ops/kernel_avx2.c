/*
 * kernel_avx2.c - the kernels for AVX2; the Makefile compiles them with the flags they need.
 */
#include "ops/kernel.h"

#ifdef __AVX2__

#define KERNEL_NAME     "avx2"
#define KERNEL_FUNCTION at_kernel_avx2
#include "ops/vec_avx2.h"
#include "ops/kernel_body.h"

#else

const struct at_kernel *at_kernel_avx2(void)
{
    return NULL;
}

#endif
