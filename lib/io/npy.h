/*
 * npy.h - a row of numbers from a file as numpy.save() writes it.
 *
 * Versions 1.0 and 2.0, floats of 4 or 8 bytes, little end first, one dimension. Everything else
 * that such a file may hold is refused: other types, records, pickled objects, other shapes.
 */
#ifndef IO_NPY_H
#define IO_NPY_H

#include <stddef.h>

#include "base/error.h"

/*
 * at_npy_read - the n values of an array.
 *
 * Source    NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
 * Shapes    out (n); the file's shape must be (n,).
 * Edge      NaN and infinities are values like others.
 * Errors    AT_EIO, AT_ENOTFOUND; AT_EFORMAT: what was found and wanted, the path in front.
 * Memory    writes only out.
 */
AT_MUST_USE int at_npy_read(double *out, size_t n, const char *path, struct at_error *err);

#endif
