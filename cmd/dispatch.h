/*
 * dispatch.h - from the words of a call to the command that answers it.
 */
#ifndef CMD_DISPATCH_H
#define CMD_DISPATCH_H

#include <stdio.h>

#include "cmd/cmd.h"

/* dispatch - argv[0] is a command's name; answers an exit status. */
int dispatch(int argc, char **argv);

/* dispatch_to - the call of a command that is already found. argv[0], and of a subcommand argv[1]
   too, are its name. */
int dispatch_to(const struct command *c, int argc, char **argv);

/* print_overview - what `atlas help` prints. */
void print_overview(FILE *f);

#endif
