/*
 * cmd.h - the commands, and what main() hands to them.
 *
 * To add a command: a file cmd_<name>.c, a prototype here, a row in the table of atlas.c, a page
 * man/atlas-<name>.1, a file tests/cli/<name>.bats, a golden output, a line in README.md.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/report.h"

/* Every command: argv[0] is its name; the answer is an exit status (cmd/report.h). */
typedef int (*command_fn)(int argc, char **argv);

struct command {
    const char *name;
    command_fn run;
    const char *brief; /* a line for `atlas help`; a row without a function is a heading */
};

/* commands - the table, ended by a row without a name. */
extern const struct command commands[];

int cmd_run(int argc, char **argv);
int cmd_cluster(int argc, char **argv);
int cmd_heads(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_isa(int argc, char **argv);
int cmd_model(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_bias(int argc, char **argv);

#endif
