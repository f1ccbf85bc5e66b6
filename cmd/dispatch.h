/*
 * dispatch.h - from the words of a call to the command that answers it.
 */
#ifndef CMD_DISPATCH_H
#define CMD_DISPATCH_H

#include <stdio.h>

#include "cmd/cmd.h"

/* dispatch - argv[0] is a command's name; answers an exit status. */
int dispatch(int argc, char **argv);

/* print_overview - what `atlas help` prints. */
void print_overview(FILE *f);

#endif
