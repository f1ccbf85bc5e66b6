/*
 * legacy.h - commands that still do the dispatcher's work themselves.
 */
#ifndef CMD_LEGACY_H
#define CMD_LEGACY_H

#include "cmd/report.h"

int cmd_completion(int argc, char **argv);
int cmd_bias(int argc, char **argv);

/* Subcommands of bias: argv[0] is "bias", argv[1] its name. */
int bias_detect(int argc, char **argv);
int bias_attention(int argc, char **argv);
int bias_calibrate(int argc, char **argv);
int bias_swap(int argc, char **argv);

#endif
