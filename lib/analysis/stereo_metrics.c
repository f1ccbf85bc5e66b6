/*
 * stereo_metrics.c - see stereo_metrics.h.
 */
#include "analysis/stereo_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/csv.h"
#include "io/json.h"
#include "stats/tails.h"

/* Scores from a file, with what has been seen of it. */
struct rescore {
    double *scores;
    bool *has_part;
    const struct at_stereoset *set;
    unsigned char *seen; /* (n, AT_N_GOLD) */
};

static double without_sentinel(double score)
{
    return isfinite(score) && score > -9999.0 ? score : NAN;
}

static int put_score(struct rescore *r, const char *id, double score, struct at_error *err)
{
    enum at_gold gold;
    size_t item, slot;

    if (at_stereoset_find(&item, &gold, r->set, id) != 0)
        return at_fail(err, AT_EFORMAT, "score for the unknown sentence id '%s'", id);
    slot = AT_N_GOLD * item + gold;
    if (r->seen[slot]++)
        return at_fail(err, AT_EFORMAT, "second score for the sentence id '%s'", id);
    r->scores[slot] = without_sentinel(score);
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
                rc = put_score(r, at_json_text(id, ""), at_json_number(score, NAN), err);
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
                r->scores[AT_N_GOLD * i + g] = without_sentinel(score);
        }
        row++;
    }
    r->has_part[AT_INTERSENTENCE] = true;
    return rc;
}

static int rescore_table(struct rescore *r, const struct at_table *t, struct at_error *err)
{
    long id = at_table_column(t, "id"), score = at_table_column(t, "score");
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
            rc = put_score(r, at_table_cell(t, row, (size_t)id), value, err);
    }
    return rc;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

int at_stereoset_rescore(double *scores, bool *has_part, const struct at_stereoset *s,
                         const char *path, struct at_error *err)
{
    struct rescore r = { scores, has_part, s, NULL };
    struct at_table table = { 0 };
    struct at_json *root = NULL;
    bool is_table = ends_with(path, ".csv");
    int rc = is_table ? at_table_read(&table, path, ',', err) : at_json_read(&root, path, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < AT_N_GOLD * s->n; i++)
        scores[i] = NAN;
    for (size_t p = 0; p < AT_N_PARTS; p++)
        has_part[p] = false;
    r.seen = at_calloc(AT_N_GOLD * s->n, 1);
    rc = is_table ? rescore_table(&r, &table, err) : rescore_json(&r, root, err);
    free(r.seen);
    at_json_free(root);
    at_table_release(&table);
    return rc ? at_error_in(err, "%s", path) : 0;
}

/* What one target term adds up to. */
struct term {
    double n, stereo, related;
};

/* All terms of a selection, for the bootstrap. */
struct terms {
    const struct term *items;
    bool is_macro;
};

enum { SS, LMS, ICAT, N_VALUES };

/* values (N_VALUES) of the given terms, in percent. */
static void score_terms(double *values, const void *data, const size_t *picked, size_t n)
{
    const struct terms *terms = data;
    double ss = 0.0, lms = 0.0, weight = 0.0;

    for (size_t i = 0; i < n; i++) {
        const struct term *t = &terms->items[picked[i]];
        double w = terms->is_macro ? 1.0 / t->n : 1.0;
        ss += w * t->stereo;
        lms += w * t->related / 2.0;
        weight += w * t->n;
    }
    values[SS] = weight > 0.0 ? 100.0 * ss / weight : NAN;
    values[LMS] = weight > 0.0 ? 100.0 * lms / weight : NAN;
    values[ICAT] = values[LMS] * fmin(values[SS], 100.0 - values[SS]) / 50.0;
}

static bool passes(struct at_stereo_filter f, const struct at_stereo_item *item)
{
    return (f.part < 0 || f.part == (long)item->part) &&
           (f.category < 0 || f.category == (long)item->category) &&
           (f.target < 0 || f.target == (long)item->target);
}

/* Counts per target term; the totals that need single items go straight into *out. */
static struct term count_items(struct at_stereo_scores *out, struct term *terms,
                               const struct at_stereoset *s, const double *scores,
                               struct at_stereo_filter filter)
{
    struct term total = { 0 };
    double bias = 0.0;

    for (size_t i = 0; i < s->n; i++) {
        const double *x = scores + AT_N_GOLD * i;
        struct term *t = &terms[s->items[i].target];
        if (!passes(filter, &s->items[i]))
            continue;
        if (isnan(x[AT_STEREO]) || isnan(x[AT_ANTI]) || isnan(x[AT_UNRELATED])) {
            out->n_excluded++;
            continue;
        }
        t->n++;
        t->stereo += x[AT_STEREO] > x[AT_ANTI];
        t->related += (x[AT_STEREO] > x[AT_UNRELATED]) + (x[AT_ANTI] > x[AT_UNRELATED]);
        out->n_ties += x[AT_STEREO] == x[AT_ANTI];
        bias += x[AT_STEREO] - x[AT_ANTI];
        total.n++;
        total.stereo += x[AT_STEREO] > x[AT_ANTI];
    }
    out->n = (size_t)total.n;
    out->mean_bias = total.n > 0.0 ? bias / total.n : NAN;
    return total;
}

void at_stereo_aggregate(struct at_stereo_scores *out, const struct at_stereoset *s,
                         const double *scores, struct at_stereo_filter filter,
                         const struct at_stereo_options *options)
{
    struct term *terms = at_calloc(s->n_targets, sizeof *terms), total;
    size_t *all = at_malloc(s->n_targets, sizeof *all), n = 0;
    double z = at_normal_quantile(0.5 * (1.0 + options->bootstrap.level)), values[N_VALUES];
    struct at_interval ci[N_VALUES], share;
    struct terms selection = { terms, options->is_macro };

    *out = (struct at_stereo_scores){ 0 };
    total = count_items(out, terms, s, scores, filter);
    for (size_t t = 0; t < s->n_targets; t++)
        if (terms[t].n > 0.0) {
            all[n] = n;
            terms[n++] = terms[t];
        }
    score_terms(values, &selection, all, n);
    at_bootstrap_clusters(ci, N_VALUES, score_terms, &selection, n, &options->bootstrap);
    share = at_wilson(total.stereo, total.n, z);
    out->n_targets = n;
    out->ss = values[SS];
    out->lms = values[LMS];
    out->icat = values[ICAT];
    out->ss_wilson = (struct at_interval){ 100.0 * share.low, 100.0 * share.high };
    out->ss_ci = ci[SS];
    out->lms_ci = ci[LMS];
    out->icat_ci = ci[ICAT];
    free(terms);
    free(all);
}
