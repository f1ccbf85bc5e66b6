/*
 * legacy.h - commands that still do the dispatcher's work themselves.
 */
#ifndef CMD_LEGACY_H
#define CMD_LEGACY_H

#include "cmd/report.h"

int cmd_completion(int argc, char **argv);
int cmd_bias(int argc, char **argv);

struct legacy_command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *brief;
};

#endif
