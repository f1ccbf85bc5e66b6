/*
 * bias_merge.c - `atlas bias merge`: the shards of a scoring run put together. Tables and documents
 * are those of the run in one piece, byte for byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "cmd/bias_shared.h"
#include "cmd/journal.h"

/* One directory that a shard wrote. */
struct part {
    const char *dir;
    struct at_json *manifest, *scores;
    struct at_table items;
    struct shard shard;
};

struct call {
    struct job job;
    struct part *parts; /* (n), by number of the shard once checked */
    size_t n;
    size_t rows;  /* of one item: 3 for StereoSet, 1 for pairs */
    double level; /* of the intervals */
    bool is_stereoset;
};

static void call_release(struct call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        at_json_free(c->parts[i].manifest);
        at_json_free(c->parts[i].scores);
        at_table_release(&c->parts[i].items);
    }
    free(c->parts);
}

static const char *option(const struct part *p, const char *name)
{
    return at_json_text(at_json_get(at_json_get(p->manifest, "options"), name), "");
}

static int read_part(struct part *p, const char *dir, struct at_error *err)
{
    char *manifest = at_path_join(dir, "manifest.json"), *scores = at_path_join(dir, "scores.json");
    char *items = at_path_join(dir, "items.csv");
    int rc = 0;

    p->dir = dir;
    if (!at_path_is_file(manifest))
        rc = at_fail(err, AT_ENOTFOUND, "'%s' has no manifest.json: its run did not finish", dir);
    if (!rc)
        rc = at_json_read(&p->manifest, manifest, err);
    if (!rc)
        rc = at_json_read(&p->scores, scores, err);
    if (!rc)
        rc = at_table_read(&p->items, items, ',', err);
    if (!rc && !shard_parse(&p->shard, *option(p, "shard") ? option(p, "shard") : NULL))
        rc = at_fail(err, AT_EFORMAT, "%s: unknown shard '%s'", manifest, option(p, "shard"));
    free(manifest);
    free(scores);
    free(items);
    return rc;
}

/* Options that say how a run went, not what it computed. */
static bool is_free_option(const char *name)
{
    static const char *const names[] = { "shard",   "resume",   "threads", "quiet",
                                         "verbose", "progress", "json",    "format",
                                         "color",   "digits",   "dpi",     "width-mm" };

    for (size_t i = 0; i < AT_COUNTOF(names); i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
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
        if (is_free_option(key))
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

/* The confidence that was asked for: scores.json may have it rounded by --digits. */
static int read_level(struct call *c, struct at_error *err)
{
    const struct part *p = &c->parts[0];

    c->level = at_json_number(at_json_get(at_json_get(p->manifest, "options"), "level"), NAN);
    if (c->level > 0.0 && c->level < 1.0)
        return 0;
    return at_fail(err, AT_EFORMAT, "'%s': no --level between 0 and 1 in manifest.json", p->dir);
}

/* Every shard of the same run, each once; then in their order. */
static int check_parts(struct call *c, struct at_error *err)
{
    const char *command = at_json_text(at_json_get(c->parts[0].manifest, "command"), "");
    int rc = 0;

    c->is_stereoset = !strcmp(command, "bias stereoset");
    c->rows = c->is_stereoset ? AT_N_GOLD : 1;
    if (!c->is_stereoset && strcmp(command, "bias pairs") != 0)
        return at_fail(err, AT_EFORMAT, "'%s' is from 'atlas %s', want stereoset or pairs",
                       c->parts[0].dir, command);
    for (size_t i = 0; i < c->n && !rc; i++)
        if (c->parts[i].shard.n != c->n)
            rc = at_fail(err, AT_EFORMAT, "'%s' is shard %zu/%zu, but %zu directories were given",
                         c->parts[i].dir, c->parts[i].shard.k, c->parts[i].shard.n, c->n);
    if (rc)
        return rc;
    qsort(c->parts, c->n, sizeof *c->parts, by_number);
    for (size_t i = 0; i < c->n && !rc; i++) {
        size_t n = c->parts[i].items.n_rows / c->rows, first = c->parts[0].items.n_rows / c->rows;
        if (c->parts[i].shard.k != i + 1)
            rc = at_fail(err, AT_EFORMAT, "shard %zu/%zu is %s", i + 1, c->n,
                         c->parts[i].shard.k <= i ? "missing; another is there twice" : "missing");
        else if (n > first || n + 1 < first || c->parts[i].items.n_rows % c->rows)
            rc = at_fail(err, AT_EFORMAT, "'%s' has %zu items, '%s' has %zu", c->parts[i].dir, n,
                         c->parts[0].dir, first);
        else if (i > 0)
            rc = check_same(&c->parts[0], &c->parts[i], err);
    }
    return rc ? rc : read_level(c, err);
}

/* Items in turn, one of every shard, cell by cell as they were written. */
static int write_items(struct call *c, const char *columns, struct at_error *err)
{
    struct at_csv csv;
    size_t n_items = 0;
    int rc = manifest_csv_open(&csv, c->job.manifest, "items.csv", columns, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < c->n; i++)
        n_items += c->parts[i].items.n_rows / c->rows;
    for (size_t item = 0; item < n_items; item++) {
        const struct at_table *t = &c->parts[item % c->n].items;
        for (size_t row = item / c->n * c->rows; row < (item / c->n + 1) * c->rows; row++) {
            if (t->n_columns != csv.n_columns || row >= t->n_rows) {
                at_csv_abort(&csv);
                return at_fail(err, AT_EFORMAT, "'%s': items.csv is not of this version",
                               c->parts[item % c->n].dir);
            }
            for (size_t k = 0; k < t->n_columns; k++)
                at_csv_text(&csv, at_table_cell(t, row, k));
            at_csv_end(&csv);
        }
    }
    return manifest_csv_commit(&csv, c->job.manifest, "items.csv", columns, err);
}

/* What stood in front of the first shard's document, the parts that were computed again apart. */
static struct at_json *head_of(const struct part *p, double level)
{
    static const char *const computed[] = { "aggregation", "overall",   "by_part",
                                            "by_category", "by_target", "by_direction",
                                            "excluded",    "against" };
    struct at_json *head = at_json_object();
    const struct at_json *value;

    for (const char *key = at_json_next(p->scores, NULL, &value); key;
         key = at_json_next(p->scores, key, &value)) {
        struct at_json *copy = NULL;
        bool is_computed = false;
        char *text;
        for (size_t i = 0; i < AT_COUNTOF(computed); i++)
            is_computed |= !strcmp(computed[i], key);
        if (is_computed)
            continue;
        text = value_text(value);
        if (at_json_parse(&copy, text, strlen(text), NULL) == 0) {
            if (!strcmp(key, "interval"))
                at_json_set_real(copy, "level", level);
            at_json_set(head, key, copy);
        }
        free(text);
    }
    if (at_json_get(head, "level"))
        at_json_set_real(head, "level", level);
    return head;
}

/* Reasons of exclusion from a column of the merged table, one for every item. */
static char **read_excluded(const struct at_table *t, size_t rows)
{
    size_t n = t->n_rows / rows;
    long column = at_table_column(t, "excluded");
    char **excluded = at_calloc(n, sizeof *excluded);

    for (size_t i = 0; i < n; i++)
        if (*at_table_cell(t, i * rows, (size_t)column))
            excluded[i] = at_strdup(at_table_cell(t, i * rows, (size_t)column));
    return excluded;
}

static void free_excluded(char **excluded, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(excluded[i]);
    free(excluded);
}

/* Parts of the data that no shard could score, as the run in one piece notes them. */
static int note_unavailable(struct call *c, int status)
{
    const struct at_json *head = c->parts[0].scores, *why;
    const struct at_json *parts = at_json_get(head, "unavailable");

    if (strcmp(at_json_text(at_json_get(head, "protocol"), ""), "official") != 0)
        return status;
    for (const char *part = at_json_next(parts, NULL, &why); part;
         part = at_json_next(parts, part, &why)) {
        report_left_out("the %s items are left out: %s", part, at_json_text(why, ""));
        status = note_part(&c->job, part, at_json_text(why, ""), status);
    }
    return status;
}

static int report_stereoset(struct call *c, const char *path, char **excluded, int *status,
                            struct at_error *err)
{
    const struct at_json *head = c->parts[0].scores, *interval = at_json_get(head, "interval");
    struct at_stereoset set = { 0 };
    double *scores = NULL;
    bool has_part[AT_N_PARTS];
    int rc = at_stereoset_read(&set, path, err);

    if (!rc) {
        scores = at_malloc(AT_N_GOLD * set.n, sizeof *scores);
        rc = at_stereoset_rescore(scores, has_part, &set, path, err);
    }
    if (!rc) {
        const char **ids = at_malloc(set.n, sizeof *ids);
        struct stereo_report r = {
            .head = head_of(&c->parts[0], c->level),
            .set = &set,
            .scores = scores,
            .excluded = excluded,
            .has_part = has_part,
            .options = { strcmp(at_json_text(at_json_get(head, "aggregation"), ""), "micro") != 0,
                         { (size_t)at_json_integer(at_json_get(interval, "resamples"), 2000),
                           c->level,
                           (uint64_t)at_json_integer(at_json_get(interval, "seed"), 1) } },
        };
        for (size_t i = 0; i < set.n; i++)
            ids[i] = set.items[i].id;
        rc = stereo_report(&c->job, &r, err);
        *status = note_excluded(&c->job, ids, excluded, set.n, *status);
        *status = note_unavailable(c, *status);
        free(ids);
    }
    free(scores);
    at_stereoset_release(&set);
    return rc;
}

/* The other model's scores, if that file is still where the shards found it; else NULL. */
static int read_against(double **out, struct call *c, const struct at_pairs *pairs,
                        struct at_error *err)
{
    const char *path = option(&c->parts[0], "against");
    int rc;

    if (!*path)
        return 0;
    if (!at_path_is_file(path)) {
        report_warning("--against: '%s' is not there; the comparison with it is left out", path);
        return 0;
    }
    *out = at_malloc(2 * pairs->n, sizeof **out);
    rc = manifest_input_file(c->job.manifest, "against", path, err);
    return rc ? rc : at_pairs_rescore(*out, pairs, path, err);
}

static int report_pairs(struct call *c, const char *path, char **excluded, int *status,
                        struct at_error *err)
{
    struct at_pairs pairs = { 0 };
    double *scores = NULL, *against = NULL;
    int rc = at_pairs_read(&pairs, path, err);

    if (!rc) {
        scores = at_malloc(2 * pairs.n, sizeof *scores);
        rc = at_pairs_rescore(scores, &pairs, path, err);
    }
    if (!rc)
        rc = read_against(&against, c, &pairs, err);
    if (!rc) {
        const char **ids = at_malloc(pairs.n, sizeof *ids);
        struct pairs_report r = {
            .head = head_of(&c->parts[0], c->level),
            .pairs = &pairs,
            .scores = scores,
            .excluded = excluded,
            .against = against,
            .against_name = option(&c->parts[0], "against"),
            .level = c->level,
        };
        for (size_t i = 0; i < pairs.n; i++)
            ids[i] = pairs_name(&c->job, &pairs.items[i], i);
        rc = pairs_report(&c->job, &r, err);
        *status = note_excluded(&c->job, ids, excluded, pairs.n, *status);
        free(ids);
    }
    free(scores);
    free(against);
    at_pairs_release(&pairs);
    return rc;
}

static int report(struct call *c, int *status, struct at_error *err)
{
    char *path = at_path_join(c->job.out, "items.csv"), **excluded;
    struct at_table merged;
    int rc = at_table_read(&merged, path, ',', err);

    if (!rc) {
        excluded = read_excluded(&merged, c->rows);
        rc = c->is_stereoset ? report_stereoset(c, path, excluded, status, err)
                             : report_pairs(c, path, excluded, status, err);
        free_excluded(excluded, merged.n_rows / c->rows);
        at_table_release(&merged);
    }
    free(path);
    return rc;
}

/* The model's name stands in titles; documents carry it in their meta. */
static const char *model_name(const struct call *c)
{
    return at_json_text(at_json_get(at_json_get(c->parts[0].scores, "meta"), "model"), "?");
}

static bool is_same_directory(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int run(struct call *c, const struct opt *table, int argc, char **argv)
{
    struct at_error err;
    int status, rc = 0;

    if (argc < 1)
        return report_usage("want the directories of the shards");
    if (!c->job.out)
        return report_usage("merge writes files: it needs -o DIR");
    for (int i = 0; i < argc; i++)
        if (is_same_directory(argv[i], c->job.out))
            return report_usage("-o '%s' is one of the shards; merge into another directory",
                                c->job.out);
    status = job_start_bare(&c->job, table);
    if (status)
        return status;
    c->parts = at_calloc((size_t)argc, sizeof *c->parts);
    for (c->n = 0; c->n < (size_t)argc && !rc; c->n++)
        rc = read_part(&c->parts[c->n], argv[c->n], &err);
    if (!rc)
        rc = check_parts(c, &err);
    for (size_t i = 0; i < c->n && !rc; i++) {
        char *items = at_path_join(c->parts[i].dir, "items.csv");
        rc = manifest_input_file(c->job.manifest, "shard", items, &err);
        free(items);
    }
    if (!rc) {
        c->job.shown_model = model_name(c);
        rc = write_items(c, c->is_stereoset ? STEREO_COLUMNS : PAIR_COLUMNS, &err);
    }
    if (!rc)
        rc = report(c, &status, &err);
    return rc ? report_fault(&err) : status;
}

int bias_merge(int argc, char **argv)
{
    struct call c = { 0 };
    int status;

    job_init(&c.job, "bias merge", argc, argv);
    /* clang-format off */
    const struct opt table[] = {
        OPT_INCLUDE(c.job.output_options),
        OPT_INCLUDE(c.job.common_options),
        OPT_END,
    };
    /* clang-format on */
    argc--;
    switch (opt_parse(&argc, argv + 1, table, "atlas bias merge -o DIR [options] SHARD_DIR ...",
                      "Put together what 'atlas bias stereoset --shard' or 'atlas bias pairs "
                      "--shard' wrote, in any order of the directories. The tables are those of "
                      "the run in one piece.",
                      NULL)) {
    case OPT_DONE:
        return job_finish(&c.job, EXIT_DONE);
    case OPT_BAD_USE:
        return job_finish(&c.job, EXIT_USAGE);
    case OPT_GO_ON:
        break;
    }
    status = run(&c, table, argc, argv + 1);
    call_release(&c);
    return job_finish(&c.job, status);
}
