/*
 * tensor_file.h - one mapped file of tensors and what its reader found in it; private to io.
 */
#ifndef IO_TENSOR_FILE_H
#define IO_TENSOR_FILE_H

#include "base/arena.h"
#include "base/array.h"
#include "base/error.h"
#include "base/mapfile.h"
#include "io/tensors.h"

struct at_json;

struct at_tensor_file {
    char *path;
    struct at_mapfile map;
    struct at_json *header;         /* safetensors: holds names and __metadata__; else NULL */
    struct at_arena arena;          /* names */
    struct AT_ARRAY(void *) copies; /* of tensors that do not lie in the file as a view wants */
    struct AT_ARRAY(struct at_tensor_view) views;
};

/* The readers: fill views from the map. AT_EFORMAT, AT_ERANGE; the path is the caller's to add. */
AT_MUST_USE int at_safetensors_parse(struct at_tensor_file *f, struct at_error *err);
AT_MUST_USE int at_torch_parse(struct at_tensor_file *f, struct at_error *err);

/* at_dtype_word - the word as a string that lives as long as the program, or NULL. */
const char *at_dtype_word(const char *dtype);

#endif
