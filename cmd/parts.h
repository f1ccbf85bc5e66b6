/*
 * parts.h - the directories that the shards of a run wrote, and their tables put together.
 */
#ifndef CMD_PARTS_H
#define CMD_PARTS_H

#include "cmd/shard.h"
#include "cmd/sink.h"
#include "io/csv.h"
#include "io/json.h"

/* One directory that a shard wrote. */
struct part {
    const char *dir;
    struct at_json *manifest;
    struct at_table table; /* its items or texts */
    struct shard shard;
};

struct parts {
    struct part *items; /* (n), by number of the shard */
    size_t n;
    const char *table; /* name of the table: "items.csv" */
};

/*
 * parts_read - the manifests: every shard of the same run, each once; then in their order. The name
 * of the table is not yet known, which the command decides (parts_command()).
 * parts_read_tables - that table of every part, noted as an input.
 *
 * Errors    AT_EIO, AT_EFORMAT; AT_ENOTFOUND: a run that did not finish.
 * Memory    parts_release(), also after a failure.
 */
AT_MUST_USE int parts_read(struct parts *out, char *const *dirs, size_t n, struct at_error *err);
AT_MUST_USE int parts_read_tables(struct parts *p, const char *table, struct sink *sink,
                                  struct at_error *err);
void parts_release(struct parts *p); /* accepts a zeroed struct */

/* parts_command - the command whose shards they are. part_option - "" when it is none. */
const char *parts_command(const struct parts *p);
const char *part_option(const struct part *p, const char *name);

/*
 * parts_write - all rows into the table of the same name in the output directory, cell by cell as
 * they were written: items of so many rows in turn, one of every shard; or, with a column of
 * numbers, by the number.
 *
 * Errors    AT_EFORMAT: a table that is not of this version; those of manifest_csv_open().
 */
AT_MUST_USE int parts_write(const struct parts *p, struct sink *sink, const char *columns,
                            size_t rows_per_item, const char *number, struct at_error *err);

#endif
