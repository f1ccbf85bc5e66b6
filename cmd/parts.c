/*
 * parts.c - see parts.h.
 */
#include "cmd/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/run_note.h"

/* --- reading --- */

const char *part_option(const struct part *p, const char *name)
{
    return at_json_text(at_json_get(at_json_get(p->manifest, "options"), name), "");
}

const char *parts_command(const struct parts *p)
{
    return at_json_text(at_json_get(p->items[0].manifest, "command"), "?");
}

static int read_part(struct part *p, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, "manifest.json");
    const char *shard;
    int rc = 0;

    p->dir = dir;
    if (!at_path_is_file(path))
        rc = at_fail(err, AT_ENOTFOUND, "'%s' has no manifest.json: its run did not finish", dir);
    if (!rc)
        rc = at_json_read(&p->manifest, path, err);
    shard = rc ? "" : part_option(p, "shard");
    if (!rc && !shard_parse(&p->shard, *shard ? shard : NULL))
        rc = at_fail(err, AT_EFORMAT, "%s: unknown shard '%s'", path, shard);
    free(path);
    return rc;
}

/* One value as text, whatever its type. */
static char *value_text(const struct at_json *v)
{
    struct at_strbuf b = { 0 };

    at_json_dump(&b, v, 0, 0);
    return at_strbuf_take(&b);
}

/* The digests of the files that a part was computed from. */
static char *inputs_text(const struct part *p)
{
    const struct at_json *inputs = at_json_get(p->manifest, "inputs");
    struct at_strbuf b = { 0 };

    for (size_t i = 0; i < at_json_count(inputs); i++)
        at_strbuf_addf(&b, "%s ", at_json_text(at_json_get(at_json_at(inputs, i), "sha256"), "?"));
    at_strbuf_addc(&b, '\n');
    return at_strbuf_take(&b);
}

static int check_same(const struct part *a, const struct part *b, struct at_error *err)
{
    const struct at_json *options = at_json_get(a->manifest, "options"), *value;
    char *x = inputs_text(a), *y = inputs_text(b);
    int rc = 0;

    if (strcmp(at_json_text(at_json_get(a->manifest, "command"), "?"),
               at_json_text(at_json_get(b->manifest, "command"), "?")) != 0)
        rc = at_fail(err, AT_EFORMAT, "'%s' and '%s' are from different commands", a->dir, b->dir);
    else if (strcmp(x, y) != 0)
        rc = at_fail(err, AT_EFORMAT, "'%s' and '%s' are from different models or data", a->dir,
                     b->dir);
    free(x);
    free(y);
    for (const char *key = at_json_next(options, NULL, &value); key && !rc;
         key = at_json_next(options, key, &value)) {
        if (option_is_free(key))
            continue;
        x = value_text(value);
        y = value_text(at_json_get(at_json_get(b->manifest, "options"), key));
        if (strcmp(x, y) != 0)
            rc = at_fail(err, AT_EFORMAT, "--%s is %s in '%s' and %s in '%s'", key, x, a->dir, y,
                         b->dir);
        free(x);
        free(y);
    }
    return rc;
}

static int by_number(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return (x->shard.k > y->shard.k) - (x->shard.k < y->shard.k);
}

/* Every shard of the same run, each once; then in their order. */
static int check_parts(struct parts *p, struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < p->n && !rc; i++)
        if (p->items[i].shard.n != p->n)
            rc = at_fail(err, AT_EFORMAT, "'%s' is shard %zu/%zu, but %zu directories were given",
                         p->items[i].dir, p->items[i].shard.k, p->items[i].shard.n, p->n);
    if (rc)
        return rc;
    qsort(p->items, p->n, sizeof *p->items, by_number);
    for (size_t i = 0; i < p->n && !rc; i++) {
        if (p->items[i].shard.k != i + 1)
            rc = at_fail(err, AT_EFORMAT, "shard %zu/%zu is %s", i + 1, p->n,
                         p->items[i].shard.k <= i ? "missing; another is there twice" : "missing");
        else if (i > 0)
            rc = check_same(&p->items[0], &p->items[i], err);
    }
    return rc;
}

int parts_read(struct parts *out, char *const *dirs, size_t n, struct at_error *err)
{
    int rc = 0;

    *out = (struct parts){ .items = at_calloc(n, sizeof *out->items) };
    for (out->n = 0; out->n < n && !rc; out->n++)
        rc = read_part(&out->items[out->n], dirs[out->n], err);
    return rc ? rc : check_parts(out, err);
}

int parts_read_tables(struct parts *p, const char *table, struct sink *sink, struct at_error *err)
{
    int rc = 0;

    p->table = table;
    for (size_t i = 0; i < p->n && !rc; i++) {
        char *path = at_path_join(p->items[i].dir, table);
        rc = at_table_read(&p->items[i].table, path, ',', err);
        if (!rc)
            rc = sink_note_file(sink, "shard", path, err);
        free(path);
    }
    return rc;
}

void parts_release(struct parts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        at_json_free(p->items[i].manifest);
        at_table_release(&p->items[i].table);
    }
    free(p->items);
    *p = (struct parts){ 0 };
}

/* --- writing --- */

/* Where every table is read, and how its rows alternate. */
struct turns {
    const struct parts *p;
    size_t *next; /* (n) row of each */
    size_t rows_per_item, item;
    const char *number;
};

static size_t number_of(const struct turns *t, size_t part)
{
    const struct at_table *table = &t->p->items[part].table;
    long column = at_table_column(table, t->number);

    return column < 0 ? 0 : strtoul(at_table_cell(table, t->next[part], (size_t)column), NULL, 10);
}

/* The part whose rows are next; n at the end. */
static size_t next_part(struct turns *t)
{
    size_t n = t->p->n, found = n;

    if (!t->number && t->next[t->item % n] < t->p->items[t->item % n].table.n_rows)
        return t->item++ % n;
    for (size_t i = 0; i < n && t->number; i++)
        if (t->next[i] < t->p->items[i].table.n_rows &&
            (found == n || number_of(t, i) < number_of(t, found)))
            found = i;
    return found;
}

static int write_rows(struct turns *t, struct at_csv *csv, struct at_error *err)
{
    size_t i;

    while ((i = next_part(t)) < t->p->n) {
        const struct at_table *table = &t->p->items[i].table;
        for (size_t k = 0; k < t->rows_per_item; k++, t->next[i]++) {
            if (table->n_columns != csv->n_columns || t->next[i] >= table->n_rows)
                return at_fail(err, AT_EFORMAT, "'%s': %s is not of this version",
                               t->p->items[i].dir, t->p->table);
            for (size_t c = 0; c < table->n_columns; c++)
                at_csv_text(csv, at_table_cell(table, t->next[i], c));
            at_csv_end(csv);
        }
    }
    return 0;
}

int parts_write(const struct parts *p, struct sink *sink, const char *columns, size_t rows_per_item,
                const char *number, struct at_error *err)
{
    struct turns t = { p, at_calloc(p->n, sizeof *t.next), rows_per_item, 0, number };
    struct at_csv csv;
    int rc = manifest_csv_open(&csv, sink->manifest, p->table, columns, err);

    if (!rc) {
        rc = write_rows(&t, &csv, err);
        if (rc)
            at_csv_abort(&csv);
        else
            rc = manifest_csv_commit(&csv, sink->manifest, p->table, columns, err);
    }
    free(t.next);
    return rc;
}
