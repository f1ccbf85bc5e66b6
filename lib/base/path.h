/*
 * path.h - file names and safe replacement of files.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* at_path_join - "dir/name", the caller's to free; a NULL or empty dir gives a copy of name. */
AT_MUST_USE char *at_path_join(const char *dir, const char *name);

/* at_path_base - the part after the last slash, inside path. */
const char *at_path_base(const char *path);

/* at_path_absolute - the same file named from the root, its folder without links; a copy of path
   where that folder is none. The caller's to free. */
AT_MUST_USE char *at_path_absolute(const char *path);

bool at_path_is_dir(const char *path);
bool at_path_is_file(const char *path);
/* at_path_is_same - do both names lead to one file that is there? */
bool at_path_is_same(const char *a, const char *b);

/* at_mkdir_p - create path and its parents; fine when it is there already. AT_EIO. */
AT_MUST_USE int at_mkdir_p(const char *path, struct at_error *err);

/*
 * struct at_outfile - a file that appears under its name only when it is complete.
 *
 * Written as "<path>.tmp-<pid>" beside its place, flushed and renamed by at_outfile_commit().
 * Until then, and after a failure, nothing exists under the final name that was not there before.
 */
struct at_outfile {
    FILE *f;    /* write here */
    char *path; /* final name */
    char *tmp;
};

/* at_outfile_open - AT_EIO, "cannot write '...': ..."; *out is zeroed on failure. */
AT_MUST_USE int at_outfile_open(struct at_outfile *out, const char *path, struct at_error *err);
/* at_outfile_commit - close and rename. On failure (disk full shows up here) the file is gone. */
AT_MUST_USE int at_outfile_commit(struct at_outfile *out, struct at_error *err);
/* at_outfile_abort - drop the file; accepts a zeroed or committed struct. */
void at_outfile_abort(struct at_outfile *out);
/* at_outfile_abort_all - remove every unfinished file of this process; safe in a signal handler. */
void at_outfile_abort_all(void);

/* at_write_file - n bytes to path through an at_outfile. */
AT_MUST_USE int at_write_file(const char *path, const void *bytes, size_t n, struct at_error *err);

#endif
