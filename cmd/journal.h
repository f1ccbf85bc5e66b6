/*
 * journal.h - a table that survives the run being killed.
 *
 * DIR/items.csv, or texts.csv, grows row by row in place; DIR/journal.json says what it was started
 * with. A run with --resume checks that nothing has changed, keeps the rows that are whole and goes
 * on behind them; when all are there it has nothing left to do but tell.
 */
#ifndef CMD_JOURNAL_H
#define CMD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/csv.h"
#include "io/json.h"

struct journal {
    char *path, *note_path;
    char *note; /* what journal.json says, or will */
    const char *columns;
    bool has_old;         /* there is a journal to go on with */
    struct at_table done; /* rows of the interrupted run; empty for a new one */
    size_t *row_end;      /* (done.n_rows + 1) bytes of the file up to there, header first */
    struct at_csv csv;    /* after journal_begin() */
};

/*
 * journal_open - what there is to go on with, when resume is set; nothing is changed yet.
 *
 * note: what the rows depend on, an object of strings; it is borrowed.
 *
 * Edge      Rows count as far as they are whole: what a crash or a full disk left behind the last
 *           of them does not. Without a note that can be read there is nothing to go on with.
 * Errors    AT_EIO; AT_EFORMAT "cannot resume 'DIR': protocol was 'official', now it is
 *           'reference'", or a table with other columns.      Memory   journal_release().
 */
AT_MUST_USE int journal_open(struct journal *out, const char *dir, const char *name,
                             const char *columns, const struct at_json *note, bool resume,
                             struct at_error *err);
/* journal_cell - of a row of done, by one of the journal's columns. */
const char *journal_cell(const struct at_table *done, size_t row, const char *column);
/* journal_begin - forget the rows from n on (0..done.n_rows), or start anew, and open the file for
   more. Links in the place of the files are not followed. */
AT_MUST_USE int journal_begin(struct journal *j, size_t n, struct at_error *err);
/* journal_end - the table is complete. */
AT_MUST_USE int journal_end(struct journal *j, struct at_error *err);
void journal_release(struct journal *j); /* accepts a zeroed struct */

#endif
