/*
 * outputs.h - the files that a command writes, and what is in them: for `atlas help output`,
 * atlas-output(5) and the test that compares the two.
 */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include "io/record.h"

struct output {
    const char *file;  /* "heads.csv", "metrics.json"; a list ends with NULL */
    const char *about; /* "a row for each head" */
    const struct at_record *record;
};

#endif
