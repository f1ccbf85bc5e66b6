/*
 * kernel_portable.c - the kernels in plain C: for other machines, and what tests compare with.
 */
#define KERNEL_NAME     "portable"
#define KERNEL_FUNCTION at_kernel_portable
#include "ops/vec_portable.h"
#include "ops/kernel_body.h"
