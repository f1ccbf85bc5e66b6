/*
 * merge.c - `atlas merge`: the shards of a run put together. Tables are those of the run in one
 * piece, byte for byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/many.h"
#include "cmd/parts.h"

struct merge {
    struct parts parts;
    struct many many;
};

/* --- the texts of a corpus --- */

static int add_sums(struct many *m, const struct part *p, struct at_error *err)
{
    char *path = at_path_join(p->dir, "sums.csv");
    struct at_table t = { 0 };
    int rc = at_table_read(&t, path, ',', err);

    if (!rc)
        rc = at_corpus_merge(&m->corpus, &t, m->keys, m->way->n_values, m->way->has_ratios, err);
    if (rc)
        at_error_in(err, "%s", path);
    at_table_release(&t);
    free(path);
    return rc;
}

/* Texts that a shard left out, in the manifest of all; answers how many. */
static size_t note_skipped(struct sink *sink, const struct part *p)
{
    const struct at_json *skipped = at_json_get(p->manifest, "skipped");
    size_t n = at_json_count(skipped);

    for (size_t i = 0; i < n; i++) {
        const struct at_json *o = at_json_at(skipped, i);
        sink_note_skipped(sink, at_json_text(at_json_get(o, "id"), ""),
                          at_json_text(at_json_get(o, "why"), ""));
    }
    return n;
}

/* Rows and sums of the shards; *n_skipped texts were left out. */
static int merge_texts(struct merge *g, size_t *n_skipped, struct at_error *err)
{
    struct many *m = &g->many;
    struct sink *sink = m->x->sink;
    struct at_strbuf columns = { 0 };
    int rc = parts_read_tables(&g->parts, "texts.csv", sink, err);

    at_record_columns(&columns, m->way->texts);
    if (!rc)
        rc = parts_write(&g->parts, sink, at_strbuf_str(&columns), 1, "number", err);
    at_strbuf_release(&columns);
    *n_skipped = 0;
    for (size_t i = 0; i < g->parts.n && !rc; i++) {
        const struct part *p = &g->parts.items[i];
        rc = add_sums(m, p, err);
        *n_skipped += note_skipped(sink, p);
        if (!rc && !m->model_name && p->table.n_rows)
            m->model_name = at_strdup(at_table_cell(&p->table, 0, 0));
    }
    return rc ? rc : many_save(m, err);
}

static int merge_corpus(struct merge *g, const struct context *x, const struct corpus_way *way)
{
    struct at_error err;
    size_t n_skipped = 0;
    int rc;

    g->many = (struct many){ .x = x };
    many_keys(&g->many, way);
    rc = sink_take_run(x->sink, g->parts.items[0].manifest, &err);
    if (!rc)
        rc = merge_texts(g, &n_skipped, &err);
    if (!rc && g->many.corpus.cells)
        rc = many_show(&g->many, &err);
    if (rc)
        return report_fault(&err);
    if (n_skipped)
        report_left_out("%zu text%s had been skipped", n_skipped, at_plural(n_skipped));
    return n_skipped ? EXIT_SKIPPED : EXIT_DONE;
}

/* --- the command --- */

static bool is_same_directory(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check(void *own, struct call *c)
{
    (void)own;
    if (c->n_operands < 1)
        return report_usage("want the directories of the shards");
    if (!c->out)
        return report_usage("merge writes files: it needs -o DIR");
    for (int i = 0; i < c->n_operands; i++)
        if (is_same_directory(c->operands[i], c->out))
            return report_usage("-o '%s' is one of the shards; merge into another directory",
                                c->out);
    return EXIT_DONE;
}

static int run(void *own, const struct context *x)
{
    struct merge *g = own;
    struct at_error err;
    const char *name;

    if (parts_read(&g->parts, x->call->operands, (size_t)x->call->n_operands, &err))
        return report_fault(&err);
    name = parts_command(&g->parts);
    for (size_t i = 0; commands[i]; i++) {
        const struct command *c = commands[i];
        if (!c->name || strcmp(c->name, name) != 0)
            continue;
        if (c->merge)
            return c->merge(x, &g->parts);
        if (c->corpus)
            return merge_corpus(g, x, c->corpus);
    }
    return report_error("'%s' is from 'atlas %s', which has no shards", g->parts.items[0].dir,
                        name);
}

static void release(void *own)
{
    struct merge *g = own;

    many_release(&g->many);
    parts_release(&g->parts);
}

static const struct opt *options(void *own, struct call *call)
{
    const struct opt table[] = {
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    (void)own;
    return CALL_TABLE(call, table);
}

static const struct output outputs[] = {
    { "texts.csv", "that of the run in one piece", NULL },
    { "corpus.csv", "that of the run in one piece", NULL },
    { "items.csv", "that of the run in one piece", NULL },
    { "categories.csv", "that of the run in one piece", NULL },
    { "directions.csv", "that of the run in one piece", NULL },
    { "targets.csv", "that of the run in one piece", NULL },
    { "scores.json", "that of the run in one piece", NULL },
    { 0 },
};

/* Two names for the same: `bias merge` is where scores are looked for. */
#define MERGE_COMMAND(its_name)                                                                    \
    {                                                                                              \
        .name = (its_name), .brief = "put the shards of a run together",                           \
        .synopsis = "-o DIR [options] SHARD_DIR ...",                                              \
        .about = "Put together what a command with --shard wrote, in any order of the "            \
                 "directories. The tables are those of the run in one piece; files of single "     \
                 "texts stay with their shards.",                                                  \
        .size = sizeof(struct merge), .options = options, .check = check, .run = run,              \
        .release = release, .outputs = outputs,                                                    \
    }

const struct command merge_command = MERGE_COMMAND("merge");
const struct command bias_merge_command = MERGE_COMMAND("bias merge");
