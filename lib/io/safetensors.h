/*
 * safetensors.h - read tensors in place from a mapped file or shards, and write new files.
 *
 * Format: 8 bytes little-endian header length, a JSON object {name: {dtype, shape, data_offsets}},
 * then the data. Everything is checked before anything is believed: the header lies inside the
 * file and under 100 MB, no key is given twice, the tensors fill the data without holes and without
 * overlaps, the byte count matches dtype and shape. A model directory's shards are listed in
 * model.safetensors.index.json; a shard name with a slash or a leading dot is refused.
 */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { AT_MAX_RANK = 8 };

/*
 * One tensor as it lies in the file. dtype is the file's own word: "F32", "BF16", "I64", ...
 * The format does not promise alignment: data may lie at an odd address in a file that was not
 * padded, so check before reading it as anything but bytes.
 */
struct at_tensor_view {
    const char *name;
    const char *dtype;
    size_t rank, shape[AT_MAX_RANK];
    const void *data;
    size_t bytes;
};

/* at_dtype_bytes - bytes of one element, or 0 for a word that is not a dtype of the format. */
size_t at_dtype_bytes(const char *dtype);

struct at_safetensors; /* one file or all shards of a model */

/*
 * at_safetensors_open - map a file, or the model.safetensors / shards of a directory.
 *
 * Errors    AT_ENOTFOUND, AT_EIO, AT_EFORMAT; the message has the path and the tensor's name.
 * Memory    *out is the caller's, at_safetensors_close(); views die with it.
 */
AT_MUST_USE int at_safetensors_open(struct at_safetensors **out, const char *path,
                                    struct at_error *err);
void at_safetensors_close(struct at_safetensors *st); /* accepts NULL */

size_t at_safetensors_count(const struct at_safetensors *st);
/* at_safetensors_at - i-th tensor in order of name. */
const struct at_tensor_view *at_safetensors_at(const struct at_safetensors *st, size_t i);
/* at_safetensors_find - by name, or NULL. */
const struct at_tensor_view *at_safetensors_find(const struct at_safetensors *st, const char *name);
/* at_safetensors_meta - value of a key of __metadata__, or NULL. */
const char *at_safetensors_meta(const struct at_safetensors *st, const char *key);
/* at_safetensors_path - path of the i-th file (one, or one per shard); NULL past the last. */
const char *at_safetensors_path(const struct at_safetensors *st, size_t i);

/*
 * Writing: declare every tensor first (name, dtype, shape), then append the data piece by piece,
 * in any order of tensors and in order within one, so that a layer can be written as soon as it is
 * computed. Data are written as they come (little-endian hosts), aligned for their dtype.
 * A name given twice, a word that is no dtype and data beyond the shape are bugs.
 *
 *   struct at_safetensors_writer *w;
 *   at_safetensors_declare(w, "attentions", "F32", 4, shape);  -> tensor number, from 0
 *   at_safetensors_begin(w, err);
 *   at_safetensors_append(w, number, data, bytes, err);
 *   at_safetensors_commit(w, err);       appears under its name only now
 */
struct at_safetensors_writer;

AT_MUST_USE int at_safetensors_create(struct at_safetensors_writer **out, const char *path,
                                      struct at_error *err);
void at_safetensors_set_meta(struct at_safetensors_writer *w, const char *key, const char *value);
size_t at_safetensors_declare(struct at_safetensors_writer *w, const char *name, const char *dtype,
                              size_t rank, const size_t *shape);
AT_MUST_USE int at_safetensors_begin(struct at_safetensors_writer *w, struct at_error *err);
AT_MUST_USE int at_safetensors_append(struct at_safetensors_writer *w, size_t tensor,
                                      const void *data, size_t bytes, struct at_error *err);
/* at_safetensors_commit - AT_EIO; a tensor without all its bytes is a bug. Frees w either way. */
AT_MUST_USE int at_safetensors_commit(struct at_safetensors_writer *w, struct at_error *err);
void at_safetensors_abort(struct at_safetensors_writer *w); /* accepts NULL */

#endif
