/*
 * found.h - the pieces that a model finds in a part of a text.
 */
#ifndef TEXT_FOUND_H
#define TEXT_FOUND_H

#include <stddef.h>

#include "base/array.h"

/* Bytes [from, to) of the part; what a model loses of it may let the places run off the end. */
struct at_found {
    int id;
    size_t from, to;
};

struct at_founds AT_ARRAY(struct at_found);

#endif
