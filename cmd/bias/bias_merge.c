/*
 * bias_merge.c - the shards of a scoring run put together: what `merge` does with those of
 * `bias stereoset` and `bias pairs`. Tables and documents are those of the run in one piece, byte
 * for byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_rescore.h"
#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/bias/bias_pairs.h"
#include "cmd/bias/bias_stereoset.h"
#include "cmd/parts.h"

struct merge {
    struct parts *parts;
    struct at_json *scores; /* document of the first part */
    size_t rows;            /* of one item: 3 for StereoSet, 1 for pairs */
    double level;           /* of the intervals */
    bool is_stereoset;
    const struct context *x;
};

/* The confidence that was asked for: scores.json may have it rounded by --digits. */
static int read_level(struct merge *m, struct at_error *err)
{
    const struct part *p = &m->parts->items[0];

    m->level = at_json_number(at_json_get(at_json_get(p->manifest, "options"), "level"), NAN);
    if (m->level > 0.0 && m->level < 1.0)
        return 0;
    return at_fail(err, AT_EFORMAT, "'%s': no --level between 0 and 1 in manifest.json", p->dir);
}

/* Items are dealt out in turn, so that parts differ by one at most. */
static int check_sizes(const struct merge *m, struct at_error *err)
{
    const struct part *first = &m->parts->items[0];

    for (size_t i = 0; i < m->parts->n; i++) {
        const struct part *p = &m->parts->items[i];
        size_t n = p->table.n_rows / m->rows, most = first->table.n_rows / m->rows;
        if (n > most || n + 1 < most || p->table.n_rows % m->rows)
            return at_fail(err, AT_EFORMAT, "'%s' has %zu items, '%s' has %zu", p->dir, n,
                           first->dir, most);
    }
    return 0;
}

static int read_items(struct merge *m, struct at_error *err)
{
    char *scores = at_path_join(m->parts->items[0].dir, "scores.json");
    int rc = at_json_read(&m->scores, scores, err);

    if (!rc)
        rc = parts_read_tables(m->parts, "items.csv", m->x->sink, err);
    if (!rc)
        rc = check_sizes(m, err);
    if (!rc)
        rc = read_level(m, err);
    free(scores);
    return rc;
}

static int merge_items(struct merge *m, struct at_error *err)
{
    struct at_strbuf columns = { 0 };
    int rc;

    at_record_columns(&columns, m->is_stereoset ? &at_stereo_row_record : &at_pair_row_record);
    rc = parts_write(m->parts, m->x->sink, at_strbuf_str(&columns), m->rows, NULL, err);
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
    return at_json_text(at_json_get(m->scores, key), NULL);
}

static struct at_json *copy_meta(const struct merge *m)
{
    struct at_strbuf text = { 0 };
    struct at_json *meta = NULL;

    at_json_dump(&text, at_json_get(m->scores, "meta"), 0, 0);
    if (at_json_parse(&meta, text.s, text.n, NULL))
        meta = NULL;
    at_strbuf_release(&text);
    return meta;
}

/* The model's name stands in titles; documents carry it in their meta. */
static const char *model_name(const struct merge *m)
{
    return at_json_text(at_json_get(at_json_get(m->scores, "meta"), "model"), "?");
}

static struct at_stereo_origin stereo_origin(const struct merge *m, struct at_stereo_gap *gaps)
{
    const struct at_json *scores = m->scores, *why;
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
        .is_rounded = at_json_truth(at_json_get(m->scores, "rounded"), false),
        .level = m->level,
    };
}

/* The other model's scores, if that file is still where the shards found it; else NULL. */
static int read_against(struct at_scored **out, struct merge *m, const struct at_pairs *pairs,
                        struct at_error *err)
{
    const char *path = part_option(&m->parts->items[0], "against");
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
        at_pair_summarize(&r, &origin, &pairs, scored, against,
                          part_option(&m->parts->items[0], "against"));
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

/* --- all of it --- */

int bias_merge(const struct context *x, struct parts *parts)
{
    struct merge m = { .parts = parts, .x = x };
    char *path = at_path_join(x->call->out, "items.csv");
    int status = EXIT_DONE, rc;
    struct at_error err;

    m.is_stereoset = !strcmp(parts_command(parts), bias_stereoset_command.name);
    m.rows = m.is_stereoset ? AT_N_GOLD : 1;
    rc = sink_take_run(x->sink, parts->items[0].manifest, &err);
    if (!rc)
        rc = read_items(&m, &err);
    if (!rc)
        rc = merge_items(&m, &err);
    if (!rc)
        rc = m.is_stereoset ? tell_stereoset(&m, path, &status, &err)
                            : tell_pairs(&m, path, &status, &err);
    at_json_free(m.scores);
    free(path);
    return rc ? report_fault(&err) : status;
}
