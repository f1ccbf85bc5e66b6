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
#include "stats/clusters.h"
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

/* What one target term adds up to. An item without a score for its unrelated sentence is among the
   n, but not among the n_lms. */
struct term {
    double n, stereo, tie, n_lms, related;
};

/* All terms of a selection that have items. */
struct terms {
    const struct term *items;
    bool is_macro;
};

enum { SS, LMS, N_VALUES };

/* values (N_VALUES) of the given terms, in percent. */
static void score_terms(double *values, const void *data, const size_t *picked, size_t n)
{
    const struct terms *terms = data;
    double ss = 0.0, lms = 0.0, ss_weight = 0.0, lms_weight = 0.0;

    for (size_t i = 0; i < n; i++) {
        const struct term *t = &terms->items[picked[i]];
        double w = terms->is_macro ? 1.0 / t->n : 1.0;
        ss += w * t->stereo;
        ss_weight += w * t->n;
        if (t->n_lms == 0.0)
            continue;
        w = terms->is_macro ? 1.0 / t->n_lms : 1.0;
        lms += w * t->related / 2.0;
        lms_weight += w * t->n_lms;
    }
    values[SS] = ss_weight > 0.0 ? 100.0 * ss / ss_weight : NAN;
    values[LMS] = lms_weight > 0.0 ? 100.0 * lms / lms_weight : NAN;
}

static bool passes(struct at_stereo_filter f, const struct at_stereo_item *item)
{
    return (f.part < 0 || f.part == (long)item->part) &&
           (f.category < 0 || f.category == (long)item->category) &&
           (f.target < 0 || f.target == (long)item->target);
}

/* Counts per target term; the totals that need single items go straight into *out. */
static void count_items(struct at_stereo_scores *out, struct term *terms,
                        const struct at_stereoset *s, const double *scores,
                        struct at_stereo_filter filter)
{
    double bias = 0.0;

    for (size_t i = 0; i < s->n; i++) {
        const double *x = scores + AT_N_GOLD * i;
        struct term *t = &terms[s->items[i].target];
        if (!passes(filter, &s->items[i]))
            continue;
        if (isnan(x[AT_STEREO]) || isnan(x[AT_ANTI])) {
            out->n_excluded++;
            continue;
        }
        out->n++;
        t->n++;
        t->stereo += x[AT_STEREO] > x[AT_ANTI];
        t->tie += x[AT_STEREO] == x[AT_ANTI];
        out->n_ties += x[AT_STEREO] == x[AT_ANTI];
        bias += x[AT_STEREO] - x[AT_ANTI];
        if (isnan(x[AT_UNRELATED]))
            continue;
        out->n_lms++;
        t->n_lms++;
        t->related += (x[AT_STEREO] > x[AT_UNRELATED]) + (x[AT_ANTI] > x[AT_UNRELATED]);
    }
    out->mean_bias = out->n ? bias / (double)out->n : NAN;
}

static struct at_interval percent(struct at_interval share)
{
    return (struct at_interval){ 100.0 * share.low, 100.0 * share.high };
}

/* Intervals of ss and lms that hold with few terms. */
static void wilson_intervals(struct at_interval *ci, const struct terms *terms, size_t n,
                             double level)
{
    double *hits = at_malloc(2 * n, sizeof *hits), *trials = hits + n;

    for (size_t v = 0; v < N_VALUES; v++) {
        for (size_t t = 0; t < n; t++) {
            const struct term *x = &terms->items[t];
            hits[t] = v == SS ? x->stereo : x->related / 2.0;
            trials[t] = v == SS ? x->n : x->n_lms;
        }
        ci[v] = percent(at_clustered_wilson(hits, trials, n, terms->is_macro, level));
    }
    free(hits);
}

/* ci (N_VALUES): percentiles of a bootstrap where there are terms enough and it finds any spread,
   else Wilson's over terms. The value itself is always inside. */
static void find_intervals(struct at_interval *ci, const double *values, const struct terms *terms,
                           size_t n, const struct at_bootstrap_options *bootstrap)
{
    struct at_interval drawn[N_VALUES];

    wilson_intervals(ci, terms, n, bootstrap->level);
    if (n < AT_FEW_CLUSTERS)
        return;
    at_bootstrap_clusters(drawn, N_VALUES, score_terms, terms, n, bootstrap);
    for (size_t v = 0; v < N_VALUES; v++)
        if (drawn[v].low < drawn[v].high)
            ci[v] = (struct at_interval){ fmin(drawn[v].low, values[v]),
                                          fmax(drawn[v].high, values[v]) };
}

/* min(ss, 100 - ss) over an interval of ss. */
static struct at_interval fold(struct at_interval ss)
{
    double a = fmin(ss.low, 100.0 - ss.low), b = fmin(ss.high, 100.0 - ss.high);
    bool has_peak = ss.low <= 50.0 && ss.high >= 50.0;

    return (struct at_interval){ fmin(a, b), has_peak ? 50.0 : fmax(a, b) };
}

/*
 * Interval of lms * fold(ss) / 50. The fold has a kink at 50, where percentiles of a bootstrap all
 * lie below the value; the intervals of both factors are joined instead, as logarithms, by the
 * distances from their values (Zou and Donner 2008). A factor of 0 has no logarithm: then the ends
 * are multiplied.
 */
static struct at_interval icat_interval(double icat, double lms, struct at_interval lms_ci,
                                        double ss, struct at_interval ss_ci)
{
    struct at_interval half = fold(ss_ci), out;
    double folded = fmin(ss, 100.0 - ss);

    if (isnan(lms_ci.low) || isnan(ss_ci.low))
        return (struct at_interval){ NAN, NAN };
    out = (struct at_interval){ lms_ci.low * half.low / 50.0, lms_ci.high * half.high / 50.0 };
    if (out.low > 0.0)
        out.low = icat * exp(-hypot(log(lms / lms_ci.low), log(folded / half.low)));
    if (icat > 0.0)
        out.high = icat * exp(hypot(log(lms_ci.high / lms), log(half.high / folded)));
    out.high = fmin(out.high, 100.0);
    return out;
}

/* Is ss 50? Terms as units, with a term alone its items; ties are no vote. */
static struct at_flip_test test_preference(const struct terms *terms, size_t n)
{
    double *excess = at_malloc(n, sizeof *excess);
    struct at_flip_test t;

    for (size_t i = 0; i < n; i++) {
        const struct term *x = &terms->items[i];
        excess[i] = 2.0 * x->stereo + x->tie - x->n;
        if (terms->is_macro)
            excess[i] /= x->n;
    }
    t = at_sign_flip(excess, n);
    if (n == 1) {
        size_t decided = (size_t)(terms->items[0].n - terms->items[0].tie);
        t = (struct at_flip_test){ at_sign_test((size_t)terms->items[0].stereo, decided),
                                   fmin(1.0, ldexp(1.0, 1 - (int)decided)), decided, true };
    }
    free(excess);
    return t;
}

void at_stereo_aggregate(struct at_stereo_scores *out, const struct at_stereoset *s,
                         const double *scores, struct at_stereo_filter filter,
                         const struct at_stereo_options *options)
{
    struct term *terms = at_calloc(s->n_targets, sizeof *terms);
    size_t *all = at_malloc(s->n_targets, sizeof *all), n = 0;
    double z = at_normal_quantile(0.5 * (1.0 + options->bootstrap.level)), values[N_VALUES];
    double stereo = 0.0;
    struct at_interval ci[N_VALUES];
    struct terms selection = { terms, options->is_macro };

    *out = (struct at_stereo_scores){ 0 };
    count_items(out, terms, s, scores, filter);
    for (size_t t = 0; t < s->n_targets; t++)
        if (terms[t].n > 0.0) {
            stereo += terms[t].stereo;
            all[n] = n;
            terms[n++] = terms[t];
        }
    score_terms(values, &selection, all, n);
    find_intervals(ci, values, &selection, n, &options->bootstrap);
    out->n_targets = n;
    out->ss = values[SS];
    out->lms = values[LMS];
    out->icat = out->lms * fmin(out->ss, 100.0 - out->ss) / 50.0;
    out->ss_wilson = percent(at_wilson(stereo, (double)out->n, z));
    out->ss_ci = ci[SS];
    out->lms_ci = ci[LMS];
    out->icat_ci = icat_interval(out->icat, out->lms, ci[LMS], out->ss, ci[SS]);
    out->preference = test_preference(&selection, n);
    free(terms);
    free(all);
}
