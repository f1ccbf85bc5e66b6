/*
 * tensor_names.h - a checkpoint's tensors by the names that the architecture gives them, without
 * what classes, wrappers and compilers put in front: "bert.", "module.", "_orig_mod.", nested too.
 */
#ifndef MODEL_TENSOR_NAMES_H
#define MODEL_TENSOR_NAMES_H

#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "io/tensors.h"

struct at_tensor_name {
    const char *name; /* the end of tensor->name */
    size_t n_before;  /* how many prefixes it has */
    const struct at_tensor_view *tensor;
};

struct at_tensor_names AT_ARRAY(struct at_tensor_name); /* in order of name */

/*
 * at_tensor_names_make - of one name the tensor counts that has the least in front of it. prefix is
 * the family's own, taken off like those of wrappers.
 *
 * Errors    AT_EFORMAT: two tensors for one name, as much in front of either.
 * Memory    at_tensor_names_release(), which may be called twice; views into files.
 */
AT_MUST_USE int at_tensor_names_make(struct at_tensor_names *out, const struct at_tensors *files,
                                     const char *prefix, struct at_error *err);
void at_tensor_names_release(struct at_tensor_names *names);

/* at_tensor_names_find - or NULL. */
const struct at_tensor_view *at_tensor_names_find(const struct at_tensor_names *names,
                                                  const char *name);

/* at_tensor_name_bare - the end of a name, without what stands before it. */
const char *at_tensor_name_bare(const char *name, const char *prefix);

/* at_tensor_names_common - how many bytes, up to a dot, all bare names begin with: 4 for those of
   "net.wte.weight" and "net.ln_f.bias"; what this module does not know to take off. */
size_t at_tensor_names_common(const struct at_tensor_names *names);

#endif
