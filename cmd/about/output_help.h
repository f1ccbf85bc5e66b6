/*
 * output_help.h - `atlas help output`: the files that commands write, and what is in each.
 */
#ifndef ABOUT_OUTPUT_HELP_H
#define ABOUT_OUTPUT_HELP_H

#include <stddef.h>
#include <stdio.h>

#include "cmd/outputs.h"

/* What one command writes. */
struct output_list {
    const char *command;          /* "metrics", "bias detect" */
    const struct output *outputs; /* ended by a row without a file; NULL for none */
};

enum output_form {
    OUTPUT_PLAIN, /* for people: the files, or with a name the columns and keys of one */
    /* For tests, a line for each column or key, TAB between, "-" for none: file, name, type, unit,
       command, help. */
    OUTPUT_LINES,
    OUTPUT_MDOC, /* for atlas-output(5): a marked block for each file */
};

/*
 * output_help - print what the lists declare, all of it or with a name the files of that name.
 *
 * A file "isa_pair_<a>_<b>.csv" is found as isa_pair_0_1.csv too. Answers an exit status: a name
 * that no command writes is bad usage, after a line that may name the nearest.
 */
int output_help(FILE *f, const struct output_list *lists, size_t n, const char *name,
                enum output_form form);

#endif
