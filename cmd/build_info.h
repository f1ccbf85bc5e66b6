/*
 * build_info.h - what this build is, for `atlas version`, documents and manifests.
 */
#ifndef CMD_BUILD_INFO_H
#define CMD_BUILD_INFO_H

#include <stdio.h>

#include "cmd/manifest.h"

const char *version_number(void); /* "0.1.0" */

/* version_print - one line, or with is_build compiler, flags, libraries, processor and kernels. */
void version_print(FILE *f, bool is_build);

/* version_note_run - the same block under the manifest's "run", with the call and its time. */
void version_note_run(struct manifest *m, int argc, char **argv, double seconds);

#endif
