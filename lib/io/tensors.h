/*
 * tensors.h - named tensors in place: a file, or all the files of a model directory, mapped.
 *
 * Two kinds of file are read, and nobody above has to know which: safetensors (io/safetensors.h)
 * and what torch.save() writes (io/torch_file.c), the latter by names that end in .bin. A directory
 * has one of model.safetensors, model.safetensors.index.json, pytorch_model.bin and
 * pytorch_model.bin.index.json; the first that is there counts. An index lists shards, of which
 * each is mapped once, whatever links lead to it; a shard name with a slash or a leading dot is
 * refused.
 */
#ifndef IO_TENSORS_H
#define IO_TENSORS_H

#include <stddef.h>

#include "base/error.h"

enum { AT_MAX_RANK = 8 };

/*
 * One tensor, row-major, as it lies in the file. dtype is the word of safetensors: "F32", "BF16",
 * "I64", ... Neither format promises alignment, so check before reading data as anything but bytes.
 */
struct at_tensor_view {
    const char *name;
    const char *dtype;
    size_t rank, shape[AT_MAX_RANK];
    const void *data;
    size_t bytes;
};

/* at_dtype_bytes - bytes of one element, or 0 for a word that is not a dtype. */
size_t at_dtype_bytes(const char *dtype);

struct at_tensors; /* one file or all shards of a model */

/*
 * at_tensors_open - map a file, or the files of a model directory.
 *
 * Errors    AT_ENOTFOUND, AT_EIO, AT_EFORMAT, AT_ERANGE; the message has the path and the tensor's
 *           name.
 * Memory    *out is the caller's, at_tensors_close(); views die with it.
 */
AT_MUST_USE int at_tensors_open(struct at_tensors **out, const char *path, struct at_error *err);
void at_tensors_close(struct at_tensors *ts); /* accepts NULL */

size_t at_tensors_count(const struct at_tensors *ts);
/* at_tensors_at - i-th tensor in order of name. */
const struct at_tensor_view *at_tensors_at(const struct at_tensors *ts, size_t i);
/* at_tensors_find - by name, or NULL. */
const struct at_tensor_view *at_tensors_find(const struct at_tensors *ts, const char *name);
/* at_tensors_meta - value of a key of a file's __metadata__, or NULL. */
const char *at_tensors_meta(const struct at_tensors *ts, const char *key);
/* at_tensors_path - path of the i-th file (one, or one per shard); NULL past the last. */
const char *at_tensors_path(const struct at_tensors *ts, size_t i);

/* A tensor that the index lists and its shard lacks: savers that drop the second name of one
   tensor leave it in the index. Whether the model can do without is the caller's to say. */
struct at_absent_tensor {
    const char *name, *file; /* file: the shard it should be in */
};

/* at_tensors_absent - the i-th of them, or NULL past the last. */
const struct at_absent_tensor *at_tensors_absent(const struct at_tensors *ts, size_t i);

#endif
