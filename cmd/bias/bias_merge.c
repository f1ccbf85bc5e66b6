/*
 * bias_merge.c - `atlas bias merge`: the shards of a scoring run put together. Tables and documents
 * are those of the run in one piece, byte for byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/stereo_rescore.h"
#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/bias/bias_pairs.h"
#include "cmd/bias/bias_stereoset.h"

/* One directory that a shard wrote. */
struct part {
    const char *dir;
    struct at_json *manifest, *scores;
    struct at_table items;
    struct shard shard;
};

struct merge {
    struct part *parts; /* (n), by number of the shard once checked */
    size_t n;
    size_t rows;  /* of one item: 3 for StereoSet, 1 for pairs */
    double level; /* of the intervals */
    bool is_stereoset;
    const struct context *x;
};

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
static int read_level(struct merge *m, struct at_error *err)
{
    const struct part *p = &m->parts[0];

    m->level = at_json_number(at_json_get(at_json_get(p->manifest, "options"), "level"), NAN);
    if (m->level > 0.0 && m->level < 1.0)
        return 0;
    return at_fail(err, AT_EFORMAT, "'%s': no --level between 0 and 1 in manifest.json", p->dir);
}

/* Every shard of the same run, each once; then in their order. */
static int check_parts(struct merge *m, struct at_error *err)
{
    const char *command = at_json_text(at_json_get(m->parts[0].manifest, "command"), "");
    int rc = 0;

    m->is_stereoset = !strcmp(command, "bias stereoset");
    m->rows = m->is_stereoset ? AT_N_GOLD : 1;
    if (!m->is_stereoset && strcmp(command, "bias pairs") != 0)
        return at_fail(err, AT_EFORMAT, "'%s' is from 'atlas %s', want stereoset or pairs",
                       m->parts[0].dir, command);
    for (size_t i = 0; i < m->n && !rc; i++)
        if (m->parts[i].shard.n != m->n)
            rc = at_fail(err, AT_EFORMAT, "'%s' is shard %zu/%zu, but %zu directories were given",
                         m->parts[i].dir, m->parts[i].shard.k, m->parts[i].shard.n, m->n);
    if (rc)
        return rc;
    qsort(m->parts, m->n, sizeof *m->parts, by_number);
    for (size_t i = 0; i < m->n && !rc; i++) {
        size_t n = m->parts[i].items.n_rows / m->rows, first = m->parts[0].items.n_rows / m->rows;
        if (m->parts[i].shard.k != i + 1)
            rc = at_fail(err, AT_EFORMAT, "shard %zu/%zu is %s", i + 1, m->n,
                         m->parts[i].shard.k <= i ? "missing; another is there twice" : "missing");
        else if (n > first || n + 1 < first || m->parts[i].items.n_rows % m->rows)
            rc = at_fail(err, AT_EFORMAT, "'%s' has %zu items, '%s' has %zu", m->parts[i].dir, n,
                         m->parts[0].dir, first);
        else if (i > 0)
            rc = check_same(&m->parts[0], &m->parts[i], err);
    }
    return rc ? rc : read_level(m, err);
}

/* --- tables --- */

/* Items in turn, one of every shard, cell by cell as they were written. */
static int write_merged(struct merge *m, struct at_csv *csv, struct at_error *err)
{
    size_t n_items = 0;

    for (size_t i = 0; i < m->n; i++)
        n_items += m->parts[i].items.n_rows / m->rows;
    for (size_t item = 0; item < n_items; item++) {
        const struct part *p = &m->parts[item % m->n];
        const struct at_table *t = &p->items;
        for (size_t row = item / m->n * m->rows; row < (item / m->n + 1) * m->rows; row++) {
            if (t->n_columns != csv->n_columns || row >= t->n_rows)
                return at_fail(err, AT_EFORMAT, "'%s': items.csv is not of this version", p->dir);
            for (size_t k = 0; k < t->n_columns; k++)
                at_csv_text(csv, at_table_cell(t, row, k));
            at_csv_end(csv);
        }
    }
    return 0;
}

static int merge_items(struct merge *m, struct at_error *err)
{
    struct manifest *manifest = m->x->sink->manifest;
    struct at_strbuf columns = { 0 };
    struct at_csv csv;
    int rc;

    at_record_columns(&columns, m->is_stereoset ? &at_stereo_row_record : &at_pair_row_record);
    rc = manifest_csv_open(&csv, manifest, "items.csv", at_strbuf_str(&columns), err);
    if (!rc) {
        rc = write_merged(m, &csv, err);
        if (rc)
            at_csv_abort(&csv);
        else
            rc = manifest_csv_commit(&csv, manifest, "items.csv", at_strbuf_str(&columns), err);
    }
    at_strbuf_release(&columns);
    return rc;
}

/* Why items are left out, from a column of the merged table. */
static int read_excluded(struct at_scored *scored, const char *path, size_t rows,
                         struct at_error *err)
{
    struct at_table t;
    int rc = at_table_read(&t, path, ',', err);
    long column;

    if (rc)
        return rc;
    column = at_table_column(&t, "excluded");
    for (size_t i = 0; i < t.n_rows / rows; i++) {
        const char *why = at_table_cell(&t, i * rows, (size_t)column);
        if (*why)
            scored[i].excluded = at_strdup(why);
    }
    at_table_release(&t);
    return 0;
}

/* --- documents --- */

/* What the first shard's document says of how the scores were made. */
static const char *origin_text(const struct merge *m, const char *key)
{
    return at_json_text(at_json_get(m->parts[0].scores, key), NULL);
}

static struct at_json *copy_meta(const struct merge *m)
{
    char *text = value_text(at_json_get(m->parts[0].scores, "meta"));
    struct at_json *meta = NULL;

    if (at_json_parse(&meta, text, strlen(text), NULL))
        meta = NULL;
    free(text);
    return meta;
}

/* The model's name stands in titles; documents carry it in their meta. */
static const char *model_name(const struct merge *m)
{
    return at_json_text(at_json_get(at_json_get(m->parts[0].scores, "meta"), "model"), "?");
}

static struct at_stereo_origin stereo_origin(const struct merge *m, struct at_stereo_gap *gaps)
{
    const struct at_json *scores = m->parts[0].scores, *why;
    const struct at_json *interval = at_json_get(scores, "interval");
    const struct at_json *unavailable = at_json_get(scores, "unavailable");
    const char *aggregation = origin_text(m, "aggregation");
    size_t n = 0;

    for (const char *part = at_json_next(unavailable, NULL, &why); part && n < AT_N_PARTS;
         part = at_json_next(unavailable, part, &why))
        gaps[n++] = (struct at_stereo_gap){ part, at_json_text(why, "") };
    return (struct at_stereo_origin){
        .protocol = origin_text(m, "protocol"),
        .pll = origin_text(m, "pll"),
        .bos = origin_text(m, "bos"),
        .is_macro = !aggregation || strcmp(aggregation, "micro") != 0,
        .interval = { m->level, (long)at_json_integer(at_json_get(interval, "resamples"), 2000),
                      (long)at_json_integer(at_json_get(interval, "seed"), 1) },
        .unavailable = gaps,
        .n_unavailable = n,
    };
}

static int tell_stereoset(struct merge *m, const char *path, int *status, struct at_error *err)
{
    struct at_stereo_gap gaps[AT_N_PARTS];
    const struct at_stereo_origin origin = stereo_origin(m, gaps);
    struct sink *sink = m->x->sink;
    struct at_stereoset set = { 0 };
    struct at_scored *scored = NULL;
    struct at_stereo_result r = { 0 };
    bool has_part[AT_N_PARTS];
    int rc = at_stereoset_read(&set, path, err);

    if (!rc) {
        scored = at_calloc(set.n, sizeof *scored);
        rc = at_stereoset_rescore(scored, has_part, &set, path, err);
    }
    if (!rc)
        rc = read_excluded(scored, path, m->rows, err);
    if (!rc) {
        at_stereo_summarize(&r, &origin, &set, scored, has_part);
        rc = stereoset_show(sink, &r, model_name(m), copy_meta(m), err);
        *status = note_excluded(sink, r.excluded, r.n_excluded, set.n, *status);
        bool is_official = origin.protocol && !strcmp(origin.protocol, "official");
        for (size_t i = 0; i < origin.n_unavailable && is_official; i++)
            report_left_out("the %s items are left out: %s", gaps[i].part, gaps[i].why);
        *status = stereoset_note_gaps(sink, &r, *status);
    }
    at_stereo_result_release(&r);
    at_scored_release(scored, set.n);
    free(scored);
    at_stereoset_release(&set);
    return rc;
}

static struct at_pair_origin pair_origin(const struct merge *m)
{
    return (struct at_pair_origin){
        .protocol = origin_text(m, "protocol"),
        .score = origin_text(m, "score"),
        .reduction = origin_text(m, "reduction"),
        .pll = origin_text(m, "pll"),
        .bos = origin_text(m, "bos"),
        .is_rounded = at_json_truth(at_json_get(m->parts[0].scores, "rounded"), false),
        .level = m->level,
    };
}

/* The other model's scores, if that file is still where the shards found it; else NULL. */
static int read_against(struct at_scored **out, struct merge *m, const struct at_pairs *pairs,
                        struct at_error *err)
{
    const char *path = option(&m->parts[0], "against");
    int rc;

    if (!*path)
        return 0;
    if (!at_path_is_file(path)) {
        report_warning("--against: '%s' is not there; the comparison with it is left out", path);
        return 0;
    }
    *out = at_calloc(pairs->n, sizeof **out);
    rc = sink_note_file(m->x->sink, "against", path, err);
    return rc ? rc : at_pairs_rescore(*out, pairs, path, err);
}

static int tell_pairs(struct merge *m, const char *path, int *status, struct at_error *err)
{
    const struct at_pair_origin origin = pair_origin(m);
    struct sink *sink = m->x->sink;
    struct at_pairs pairs = { 0 };
    struct at_scored *scored = NULL, *against = NULL;
    struct at_pair_result r = { 0 };
    int rc = at_pairs_read(&pairs, path, err);

    if (!rc) {
        scored = at_calloc(pairs.n, sizeof *scored);
        rc = at_pairs_rescore(scored, &pairs, path, err);
    }
    if (!rc)
        rc = read_excluded(scored, path, m->rows, err);
    if (!rc)
        rc = read_against(&against, m, &pairs, err);
    if (!rc) {
        at_pair_summarize(&r, &origin, &pairs, scored, against, option(&m->parts[0], "against"));
        rc = pairs_show(sink, &r, model_name(m), copy_meta(m), err);
        *status = pairs_note_excluded(sink, &pairs, NULL, scored, *status);
    }
    at_pair_result_release(&r);
    at_scored_release(scored, pairs.n);
    free(scored);
    free(against);
    at_pairs_release(&pairs);
    return rc;
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

static int read_parts(struct merge *m, struct at_error *err)
{
    size_t n = (size_t)m->x->call->n_operands;
    int rc = 0;

    m->parts = at_calloc(n, sizeof *m->parts);
    for (m->n = 0; m->n < n && !rc; m->n++)
        rc = read_part(&m->parts[m->n], m->x->call->operands[m->n], err);
    if (!rc)
        rc = check_parts(m, err);
    for (size_t i = 0; i < m->n && !rc; i++) {
        char *items = at_path_join(m->parts[i].dir, "items.csv");
        rc = sink_note_file(m->x->sink, "shard", items, err);
        free(items);
    }
    return rc;
}

static int run(void *own, const struct context *x)
{
    struct merge *m = own;
    char *path = at_path_join(x->call->out, "items.csv");
    int status = EXIT_DONE, rc;
    struct at_error err;

    m->x = x;
    rc = read_parts(m, &err);
    if (!rc)
        rc = merge_items(m, &err);
    if (!rc)
        rc = m->is_stereoset ? tell_stereoset(m, path, &status, &err)
                             : tell_pairs(m, path, &status, &err);
    free(path);
    return rc ? report_fault(&err) : status;
}

static void release(void *own)
{
    struct merge *m = own;

    for (size_t i = 0; i < m->n; i++) {
        at_json_free(m->parts[i].manifest);
        at_json_free(m->parts[i].scores);
        at_table_release(&m->parts[i].items);
    }
    free(m->parts);
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
    { "scores.json", "that of the run in one piece", NULL },
    { "items.csv", "that of the run in one piece", NULL },
    { "targets.csv", "that of the run in one piece", NULL },
    { 0 },
};

const struct command bias_merge_command = {
    .name = "bias merge",
    .brief = "put the shards of a scoring run together",
    .synopsis = "-o DIR [options] SHARD_DIR ...",
    .about = "Put together what 'atlas bias stereoset --shard' or 'atlas bias pairs "
             "--shard' wrote, in any order of the directories. The tables are those of "
             "the run in one piece.",
    .size = sizeof(struct merge),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
};
