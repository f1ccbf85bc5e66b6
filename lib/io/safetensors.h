/*
 * safetensors.h - the format, and writing new files of it. Reading is io/tensors.h.
 *
 * Format: 8 bytes little-endian header length, a JSON object {name: {dtype, shape, data_offsets}},
 * then the data. Everything is checked before anything is believed: the header lies inside the
 * file and under 100 MB, no key is given twice, the tensors fill the data without holes and without
 * overlaps, the byte count matches dtype and shape.
 */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include <stddef.h>

#include "base/error.h"

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
