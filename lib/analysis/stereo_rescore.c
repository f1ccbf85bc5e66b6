/*
 * stereo_rescore.c - see stereo_rescore.h.
 */
#include "analysis/stereo_rescore.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/csv.h"
#include "io/json.h"
#include "io/text_kind.h"

/* Scores from a file, with what has been seen of it. */
struct rescore {
    struct at_scored *items;
    bool *has_part;
    const struct at_stereoset *set;
    unsigned char *seen; /* (n, AT_N_GOLD) */
};

static double without_sentinel(double score)
{
    return isfinite(score) && score > -9999.0 ? score : NAN;
}

/* why: the reason that the item is left out, or "". */
static int put_score(struct rescore *r, const char *id, double score, const char *why,
                     struct at_error *err)
{
    enum at_gold gold;
    size_t item;

    if (at_stereoset_find(&item, &gold, r->set, id) != 0)
        return at_fail(err, AT_EFORMAT, "score for the unknown sentence id '%s'", id);
    if (r->seen[AT_N_GOLD * item + gold]++)
        return at_fail(err, AT_EFORMAT, "second score for the sentence id '%s'", id);
    r->items[item].score[gold] = without_sentinel(score);
    if (*why && !r->items[item].excluded)
        r->items[item].excluded = at_strdup(why);
    r->has_part[r->set->items[item].part] = true;
    return 0;
}

static int rescore_json(struct rescore *r, const struct at_json *root, struct at_error *err)
{
    size_t n = 0;
    int rc = 0;

    for (size_t p = 0; p < AT_N_PARTS; p++) {
        const char *part = at_stereo_part_name((enum at_stereo_part)p);
        const struct at_json *list = at_json_get(root, part);
        for (size_t i = 0; i < at_json_count(list) && !rc; i++, n++) {
            const struct at_json *entry = at_json_at(list, i), *id = at_json_get(entry, "id");
            const struct at_json *score = at_json_get(entry, "score");
            if (!at_json_is_string(id))
                rc = at_fail(err, AT_EFORMAT, "%s[%zu]: no string 'id'", part, i);
            else if (!at_json_is_number(score) && !(score && at_json_is_null(score)))
                rc = at_fail(err, AT_EFORMAT, "%s[%zu]: no number 'score'", part, i);
            else
                rc = put_score(r, at_json_text(id, ""), at_json_number(score, NAN), "", err);
        }
    }
    if (!rc && n == 0)
        rc = at_fail(err, AT_EFORMAT, "no scores: want lists 'intrasentence' or 'intersentence'");
    return rc;
}

/* A number of a table cell; empty is NaN. line counts from 1 with the header. */
static int cell_number(double *out, const struct at_table *t, size_t row, long column,
                       struct at_error *err)
{
    const char *cell = at_table_cell(t, row, (size_t)column);
    char *end;

    *out = strtod(cell, &end);
    if (*cell == '\0')
        *out = NAN;
    else if (*end != '\0')
        return at_fail(err, AT_EFORMAT, "row %zu: '%s' is not a number", row + 1, cell);
    return 0;
}

/* Three scores per row, rows in the order of the intersentence items. */
static int rescore_rows(struct rescore *r, const struct at_table *t, const long *columns,
                        struct at_error *err)
{
    size_t row = 0, n = 0;
    int rc = 0;

    for (size_t i = 0; i < r->set->n; i++)
        n += r->set->items[i].part == AT_INTERSENTENCE;
    if (n != t->n_rows)
        return at_fail(err, AT_EFORMAT, "%zu rows of scores, want one per intersentence item, %zu",
                       t->n_rows, n);
    for (size_t i = 0; i < r->set->n && !rc; i++) {
        if (r->set->items[i].part != AT_INTERSENTENCE)
            continue;
        for (size_t g = 0; g < AT_N_GOLD && !rc; g++) {
            double score;
            rc = cell_number(&score, t, row, columns[g], err);
            if (!rc)
                r->items[i].score[g] = without_sentinel(score);
        }
        row++;
    }
    r->has_part[AT_INTERSENTENCE] = true;
    return rc;
}

static int rescore_table(struct rescore *r, const struct at_table *t, struct at_error *err)
{
    long id = at_table_column(t, "id"), score = at_table_column(t, "score");
    long excluded = at_table_column(t, "excluded");
    long by_gold[AT_N_GOLD] = { at_table_column(t, "stereo"), at_table_column(t, "anti"),
                                at_table_column(t, "unrelated") };
    int rc = 0;

    if (by_gold[0] >= 0 && by_gold[1] >= 0 && by_gold[2] >= 0)
        return rescore_rows(r, t, by_gold, err);
    if (id < 0 || score < 0)
        return at_fail(err, AT_EFORMAT,
                       "no columns 'id' and 'score', nor 'stereo', 'anti' and 'unrelated'");
    for (size_t row = 0; row < t->n_rows && !rc; row++) {
        double value;
        rc = cell_number(&value, t, row, score, err);
        if (!rc)
            rc = put_score(r, at_table_cell(t, row, (size_t)id), value,
                           excluded < 0 ? "" : at_table_cell(t, row, (size_t)excluded), err);
    }
    return rc;
}

int at_stereoset_rescore(struct at_scored *out, bool *has_part, const struct at_stereoset *s,
                         const char *path, struct at_error *err)
{
    struct rescore r = { out, has_part, s, NULL };
    struct at_table table = { 0 };
    struct at_json *root = NULL;
    bool is_table = at_text_kind(path) != AT_TEXT_JSON;
    int rc = is_table ? at_table_read(&table, path, ',', err) : at_json_read(&root, path, err);

    if (rc)
        return rc;
    at_scored_clear(out, s->n);
    for (size_t p = 0; p < AT_N_PARTS; p++)
        has_part[p] = false;
    r.seen = at_calloc(AT_N_GOLD * s->n, 1);
    rc = is_table ? rescore_table(&r, &table, err) : rescore_json(&r, root, err);
    free(r.seen);
    at_json_free(root);
    at_table_release(&table);
    return rc ? at_error_in(err, "%s", path) : 0;
}
