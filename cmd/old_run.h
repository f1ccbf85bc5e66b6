/*
 * old_run.h - what an earlier run left in an output directory: its command, its model and its
 * files.
 *
 * A run that finished has a manifest.json. One that did not has unfinished.txt: a line of JSON with
 * command and model, then the path of every file that it has begun, a line each.
 */
#ifndef CMD_OLD_RUN_H
#define CMD_OLD_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/error.h"
#include "io/json.h"

#define UNFINISHED "unfinished.txt"

struct old_path {
    char *rel;       /* inside the directory */
    bool is_written; /* by the new run, too */
};
struct old_paths AT_ARRAY(struct old_path);

struct old_run {
    struct at_json *about;  /* keys "command" and "model" (old_run_model()); NULL: there is none */
    struct old_paths paths; /* sorted, each once */
};

/*
 * old_run_read - of dir; *out is zeroed where no run has left anything.
 *
 * Errors    AT_EIO; AT_EFORMAT: a manifest.json that atlas has not written.
 * Memory    old_run_release().
 */
AT_MUST_USE int old_run_read(struct old_run *out, const char *dir, struct at_error *err);
void old_run_release(struct old_run *o); /* accepts a zeroed struct */

/* old_run_find - one of its paths, or NULL. */
struct old_path *old_run_find(const struct old_run *o, const char *rel);

/* old_run_command - "" for none. Both names of `merge` are one command. */
const char *old_run_command(const struct old_run *o);
bool old_run_is_of(const struct old_run *o, const char *command);

/* old_run_model - an object of the model's name and the SHA-256 of its weights; NULL: not known.
   old_run_is_model - are both of one model? By the weights where both know them, else by name. */
struct at_json *old_run_model(const char *name, const char *sha256);
bool old_run_is_model(const struct old_run *o, const struct at_json *model);

/* old_run_file - "dir/rel" of a listed path that is still a file of that run, or NULL. Paths that
   lead out of dir are nobody's, nor are links on the way. */
char *old_run_file(const char *dir, const char *rel);

/* old_run_remove - its files, and the folders that are empty then. AT_EIO. */
AT_MUST_USE int old_run_remove(const struct old_run *o, const char *dir, struct at_error *err);

#endif
