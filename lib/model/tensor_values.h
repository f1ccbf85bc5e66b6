/*
 * tensor_values.h - the values of a tensor of a file as the kernels read them; private to
 * model/weights.c.
 */
#ifndef MODEL_TENSOR_VALUES_H
#define MODEL_TENSOR_VALUES_H

#include "base/arena.h"
#include "base/error.h"
#include "io/tensors.h"
#include "ops/tensor.h"

/* at_tensor_values - where the values lie, in the file or in the arena: they are copied only when
   they lie unaligned or are of a type that the kernels do not read. AT_EFORMAT for one that means
   nothing as a weight. */
AT_MUST_USE int at_tensor_values(const void **data, enum at_dtype *dtype,
                                 const struct at_tensor_view *t, struct at_arena *arena,
                                 struct at_error *err);

#endif
