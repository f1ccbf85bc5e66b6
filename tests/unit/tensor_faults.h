/*
 * tensor_faults.h - files and folders of tensors with one fault each, and what is said of them.
 */
#ifndef UNIT_TENSOR_FAULTS_H
#define UNIT_TENSOR_FAULTS_H

#include <stddef.h>

#include "base/error.h"

struct fault {
    const char *name;
    enum at_code code;
    const char *text; /* part of the message, which has the path too */
};

/* assert_refused - at_tensors_open() answers code and one line with the path and the text. */
void assert_refused(const char *path, enum at_code code, const char *text);

/* assert_all_refused - so is "<folder>/<name><suffix>" of each, and nothing else is there. */
void assert_all_refused(const char *folder, const char *suffix, const struct fault *faults,
                        size_t n);

#endif
