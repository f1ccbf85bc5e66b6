/*
 * compare_directories.c - two directories that one command wrote: their tables, and their captures
 * when they have any.
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/compare/compare.h"

/* manifest.json of a directory; *out stays NULL where there is none. */
static int read_manifest(struct at_json **out, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, "manifest.json");
    int rc = at_path_is_file(path) ? at_json_read(out, path, err) : 0;

    free(path);
    return rc;
}

static const char *command_of(const struct at_json *manifest)
{
    return at_json_text(at_json_get(manifest, "command"), "");
}

static bool is_output(const struct at_json *manifest, const char *rel)
{
    const struct at_json *outputs = at_json_get(manifest, "outputs");

    for (size_t i = 0; i < at_json_count(outputs); i++)
        if (!strcmp(at_json_text(at_json_get(at_json_at(outputs, i), "path"), ""), rel))
            return true;
    return false;
}

static int read_table(struct at_table *out, struct compare *c, const char *dir, const char *rel,
                      const char *role, struct at_error *err)
{
    char *path = at_path_join(dir, rel);
    int rc = at_table_read(out, path, ',', err);

    if (!rc)
        rc = sink_note_file(c->x->sink, role, path, err);
    free(path);
    return rc;
}

static int compare_table(struct compare *c, const char *rel, struct at_error *err)
{
    struct at_table a = { 0 }, b = { 0 };
    bool is_of_heads = !c->has_captures && !strchr(rel, '/');
    int rc = read_table(&a, c, c->dir_a, rel, "table", err);

    if (!rc)
        rc = read_table(&b, c, c->dir_b, rel, "table_b", err);
    if (!rc)
        at_compare_tables(&c->tables, rel, &a, &b, is_of_heads);
    at_table_release(&a);
    at_table_release(&b);
    return rc;
}

/* Tables of one side whose like the other has not, for a note. */
static void list_missing(struct at_strbuf *out, const struct at_json *has,
                         const struct at_json *lacks)
{
    const struct at_json *outputs = at_json_get(has, "outputs");

    for (size_t i = 0; i < at_json_count(outputs); i++) {
        const struct at_json *o = at_json_at(outputs, i);
        const char *rel = at_json_text(at_json_get(o, "path"), "");
        if (!strcmp(at_json_text(at_json_get(o, "kind"), ""), "csv") && !is_output(lacks, rel))
            at_strbuf_addf(out, "%s%s", out->n ? ", " : "tables that one side lacks: ", rel);
    }
}

/* What captures are compared by is not compared once more cell by cell. */
static bool is_compared_elsewhere(const struct compare *c, const char *rel)
{
    return c->has_captures && !strcmp(at_path_base(rel), "attention.csv");
}

static int compare_all_tables(struct compare *c, const struct at_json *a, const struct at_json *b,
                              struct at_error *err)
{
    const struct at_json *outputs = at_json_get(a, "outputs");
    struct at_strbuf missing = { 0 };
    int rc = 0;

    for (size_t i = 0; i < at_json_count(outputs) && !rc; i++) {
        const struct at_json *o = at_json_at(outputs, i);
        const char *rel = at_json_text(at_json_get(o, "path"), "");
        if (!strcmp(at_json_text(at_json_get(o, "kind"), ""), "csv") && is_output(b, rel) &&
            !is_compared_elsewhere(c, rel))
            rc = compare_table(c, rel, err);
    }
    list_missing(&missing, a, b);
    list_missing(&missing, b, a);
    if (missing.n)
        c->missing_tables = at_arena_strdup(&c->arena, missing.s);
    at_strbuf_release(&missing);
    return rc;
}

/* The option --model of a run, of several the first. */
static const char *model_of(struct compare *c, const struct at_json *manifest)
{
    const struct at_json *model = at_json_get(at_json_get(manifest, "options"), "model");

    if (at_json_is_array(model))
        model = at_json_at(model, 0);
    return at_arena_strdup(&c->arena, at_path_base(at_json_text(model, "")));
}

/* Do the two belong together, and is there anything to compare? */
static int check_both(const struct compare *c, const struct at_json *a, const struct at_json *b,
                      struct at_error *err)
{
    if (a && b && strcmp(command_of(a), command_of(b)) != 0)
        return at_fail(err, AT_EFORMAT, "'%s' is of 'atlas %s', '%s' of 'atlas %s'", c->dir_a,
                       command_of(a), c->dir_b, command_of(b));
    if (c->has_captures || (a && b))
        return 0;
    return at_fail(err, AT_ENOTFOUND,
                   "no 'manifest.json' in '%s', and not in both a 'capture.safetensors'",
                   a ? c->dir_b : c->dir_a);
}

int compare_directories(struct compare *c)
{
    struct at_json *a = NULL, *b = NULL;
    struct at_error err;
    int rc = read_manifest(&a, c->dir_a, &err);

    c->has_captures = compare_has_captures(c->dir_a) && compare_has_captures(c->dir_b);
    if (!rc)
        rc = read_manifest(&b, c->dir_b, &err);
    if (!rc)
        rc = check_both(c, a, b, &err);
    if (!rc && a && b) {
        c->command = at_arena_strdup(&c->arena, command_of(a));
        c->name_a = model_of(c, a);
        c->name_b = model_of(c, b);
        rc = compare_all_tables(c, a, b, &err);
    }
    at_json_free(a);
    at_json_free(b);
    if (rc)
        return report_fault(&err);
    return c->has_captures ? compare_captures(c) : compare_sums(c);
}
