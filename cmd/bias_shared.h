/*
 * bias_shared.h - what the subcommands of `atlas bias` need that do the dispatcher's work
 * themselves.
 */
#ifndef CMD_BIAS_SHARED_H
#define CMD_BIAS_SHARED_H

#include "cmd/job.h"
#include "cmd/legacy.h"

#endif
