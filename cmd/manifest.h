/*
 * manifest.h - where files go, and the record of a run, written last: its presence means the run
 * finished.
 */
#ifndef CMD_MANIFEST_H
#define CMD_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cmd/opt.h"
#include "io/csv.h"
#include "io/json.h"

struct manifest;

/*
 * manifest_new - a record for files under dir, which is created, and locked until
 * manifest_free(). What an earlier run of this command left there stays as it is until the first
 * file is written; then its files go (old_run.h), unless they are kept. A run that is to be
 * resumed is compared with by its journal, and only one that begins anew by its model.
 *
 * Errors    AT_EIO, also when another run holds dir; AT_EFORMAT: it has files of another command.
 */
AT_MUST_USE int manifest_new(struct manifest **out, const char *dir, const char *command,
                             bool is_resumed, struct at_error *err);
void manifest_free(struct manifest *m); /* accepts NULL; an empty dir of its own goes */

/* manifest_model - whose results these are; sha256 of the weights, NULL where they are not there.
   AT_EFORMAT: dir has files of another model. */
AT_MUST_USE int manifest_model(struct manifest *m, const char *name, const char *sha256,
                               struct at_error *err);
/* manifest_keep - this run goes on with the files of the earlier one, which are outputs of it;
   before the first is written. */
void manifest_keep(struct manifest *m);

/* manifest_value - of an option in its own type, so that readers need not parse it again. */
struct at_json *manifest_value(const struct opt *o);
/* manifest_options - every option of the table with its final value. */
void manifest_options(struct manifest *m, const struct opt *table);
/* manifest_input_file - a file that is read: its size and SHA-256 are noted, of a pipe only that
   it was. AT_EIO. */
AT_MUST_USE int manifest_input_file(struct manifest *m, const char *role, const char *path,
                                    struct at_error *err);
/* manifest_input_named - the same of one file of many; id "" is none. */
AT_MUST_USE int manifest_input_named(struct manifest *m, const char *role, const char *id,
                                     const char *path, struct at_error *err);
/* manifest_input_text - an input that is no file of its own (argument, pipe, line). */
void manifest_input_text(struct manifest *m, const char *role, const char *id, const char *text);
/* manifest_skipped - an input that was left out, and why. */
void manifest_skipped(struct manifest *m, const char *id, const char *why);
/* manifest_set - a text at the top. manifest_run - a value under "run", where everything lives that
   varies between equal runs. */
void manifest_set(struct manifest *m, const char *key, const char *text);
void manifest_run(struct manifest *m, const char *key, struct at_json *value);

/* manifest_expect - a file that is going to be written; AT_EIO. The functions below call it. */
AT_MUST_USE int manifest_expect(struct manifest *m, const char *rel, struct at_error *err);
/* manifest_path - "DIR/rel" with the directories in between created; the caller frees. */
AT_MUST_USE int manifest_path(char **out, struct manifest *m, const char *rel,
                              struct at_error *err);
/* manifest_output - note a finished file by its path inside DIR; its SHA-256 is taken now. */
AT_MUST_USE int manifest_output(struct manifest *m, const char *rel, struct at_error *err);

/* A table with a place in the record: rows and columns are noted. columns: "layer,head,weight". */
AT_MUST_USE int manifest_csv_open(struct at_csv *out, struct manifest *m, const char *rel,
                                  const char *columns, struct at_error *err);
AT_MUST_USE int manifest_csv_commit(struct at_csv *csv, struct manifest *m, const char *rel,
                                    const char *columns, struct at_error *err);
/* manifest_table - note a table that is complete, with its rows and columns. */
AT_MUST_USE int manifest_table(struct manifest *m, const char *rel, const char *columns,
                               size_t rows, struct at_error *err);
/* manifest_json - write a document; digits as in at_json_dump(). */
AT_MUST_USE int manifest_json(struct manifest *m, const char *rel, const struct at_json *doc,
                              int digits, struct at_error *err);

/* manifest_commit - write manifest.json. */
AT_MUST_USE int manifest_commit(struct manifest *m, struct at_error *err);

#endif
