/*
 * bias_stereo_report.c - what is told of scored StereoSet items: scores.json, targets.csv,
 * pictures, the table on standard output.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/bias_shared.h"
#include "draw/draw_bars.h"

#define TARGET_COLUMNS                                                                             \
    "target,category,n,ss,ss_low,ss_high,lms,icat,mean_bias,n_ties,n_excluded,contains_50"

/* A term with fewer items is in the table, but not in the picture. */
enum { MIN_PICTURED = 10 };

static struct at_stereo_scores aggregate(const struct stereo_report *r, long part, long category,
                                         long target)
{
    struct at_stereo_filter filter = { part, category, target };
    struct at_stereo_scores s;

    at_stereo_aggregate(&s, r->set, r->scores, filter, &r->options);
    return s;
}

static bool contains(struct at_interval i, double v)
{
    return i.low <= v && v <= i.high;
}

/* A term or category of a part that was not scored, or of another shard, is none of the run's. */
static bool is_absent(const struct at_stereo_scores *s)
{
    return s->n + s->n_excluded == 0;
}

/* --- document --- */

static struct at_json *scores_json(const struct at_stereo_scores *s)
{
    struct at_json *o = at_json_object(), *ci = at_json_object();

    at_json_set_int(o, "n", (long long)s->n);
    at_json_set_int(o, "n_targets", (long long)s->n_targets);
    at_json_set_int(o, "n_lms", (long long)s->n_lms);
    at_json_set_int(o, "n_excluded", (long long)s->n_excluded);
    at_json_set_int(o, "n_ties", (long long)s->n_ties);
    at_json_set_real(o, "ss", s->ss);
    at_json_set_real(o, "lms", s->lms);
    at_json_set_real(o, "icat", s->icat);
    at_json_set_real(o, "mean_bias", s->mean_bias);
    at_json_set(ci, "ss", json_interval(s->ss_ci));
    at_json_set(ci, "lms", json_interval(s->lms_ci));
    at_json_set(ci, "icat", json_interval(s->icat_ci));
    at_json_set(ci, "ss_wilson", json_interval(s->ss_wilson));
    at_json_set(o, "ci", ci);
    at_json_set_real(o, "p", s->preference.p);
    at_json_set_real(o, "p_least", s->preference.least);
    return o;
}

static struct at_json *categories_json(const struct stereo_report *r, long part)
{
    struct at_json *o = at_json_object();

    for (size_t c = 0; c < r->set->n_categories; c++) {
        struct at_stereo_scores s = aggregate(r, part, (long)c, -1);
        if (!is_absent(&s))
            at_json_set(o, r->set->categories[c], scores_json(&s));
    }
    return o;
}

static struct at_json *parts_json(const struct stereo_report *r)
{
    struct at_json *o = at_json_object();

    for (size_t p = 0; p < AT_N_PARTS; p++) {
        struct at_stereo_scores s = aggregate(r, (long)p, -1, -1);
        struct at_json *part = scores_json(&s);
        if (!r->has_part[p]) {
            at_json_free(part);
            continue;
        }
        at_json_set(part, "by_category", categories_json(r, (long)p));
        at_json_set(o, at_stereo_part_name((enum at_stereo_part)p), part);
    }
    return o;
}

static struct at_json *targets_json(const struct stereo_report *r)
{
    struct at_json *o = at_json_object();

    for (size_t t = 0; t < r->set->n_targets; t++) {
        struct at_stereo_scores s = aggregate(r, -1, -1, (long)t);
        struct at_json *target;
        if (is_absent(&s))
            continue;
        target = scores_json(&s);
        at_json_set(target, "contains_50",
                    s.n ? at_json_bool(contains(s.ss_wilson, 50.0)) : at_json_null());
        at_json_set(o, r->set->targets[t], target);
    }
    return o;
}

static struct at_json *excluded_json(const struct stereo_report *r)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; r->excluded && i < r->set->n; i++) {
        struct at_json *o;
        if (!r->excluded[i])
            continue;
        o = at_json_object();
        at_json_set_string(o, "id", r->set->items[i].sentence[r->set->items[i].order[0]].id);
        at_json_set_string(o, "why", r->excluded[i]);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *document(struct stereo_report *r)
{
    struct at_stereo_scores all = aggregate(r, -1, -1, -1);
    struct at_json *doc = r->head;

    r->head = NULL;
    at_json_set_string(doc, "aggregation", r->options.is_macro ? "macro" : "micro");
    at_json_set(doc, "overall", scores_json(&all));
    at_json_set(doc, "by_part", parts_json(r));
    at_json_set(doc, "by_category", categories_json(r, -1));
    at_json_set(doc, "by_target", targets_json(r));
    at_json_set(doc, "excluded", excluded_json(r));
    return doc;
}

/* --- tables --- */

void stereo_rows(struct at_csv *csv, const struct at_stereoset *set, size_t item,
                 const double *scores, const size_t *n_tokens, const char *excluded)
{
    const struct at_stereo_item *it = &set->items[item];
    char text[SCORE_TEXT];

    for (size_t k = 0; k < AT_N_GOLD; k++) {
        enum at_gold g = it->order[k];
        score_text(text, scores[g]);
        at_csv_text(csv, it->sentence[g].id);
        at_csv_text(csv, at_stereo_part_name(it->part));
        at_csv_text(csv, set->categories[it->category]);
        at_csv_text(csv, set->targets[it->target]);
        at_csv_text(csv, at_gold_name(g));
        at_csv_text(csv, it->sentence[g].text);
        at_csv_text(csv, text);
        if (n_tokens)
            at_csv_int(csv, (long long)n_tokens[g]);
        else
            at_csv_empty(csv);
        at_csv_text(csv, excluded);
        at_csv_end(csv);
    }
}

/* The category of a term: that of its first item. */
static const char *category_of(const struct at_stereoset *set, size_t target)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].target == target)
            return set->categories[set->items[i].category];
    return "";
}

static int write_targets(struct job *job, const struct stereo_report *r, struct at_error *err)
{
    struct at_csv csv;
    int rc = job_csv_open(&csv, job, NULL, "targets.csv", TARGET_COLUMNS, err);

    if (rc)
        return rc;
    for (size_t t = 0; t < r->set->n_targets; t++) {
        struct at_stereo_scores s = aggregate(r, -1, -1, (long)t);
        if (is_absent(&s))
            continue;
        at_csv_text(&csv, r->set->targets[t]);
        at_csv_text(&csv, category_of(r->set, t));
        at_csv_int(&csv, (long long)s.n);
        at_csv_real(&csv, s.ss);
        at_csv_real(&csv, s.ss_wilson.low);
        at_csv_real(&csv, s.ss_wilson.high);
        at_csv_real(&csv, s.lms);
        at_csv_real(&csv, s.icat);
        at_csv_real(&csv, s.mean_bias);
        at_csv_int(&csv, (long long)s.n_ties);
        at_csv_int(&csv, (long long)s.n_excluded);
        if (s.n)
            at_csv_int(&csv, contains(s.ss_wilson, 50.0));
        else
            at_csv_empty(&csv);
        at_csv_end(&csv);
    }
    return job_csv_commit(&csv, job, NULL, "targets.csv", TARGET_COLUMNS, err);
}

/* --- pictures --- */

static struct at_bar bar_of(struct at_arena *arena, const char *label,
                            const struct at_stereo_scores *s, struct at_interval ci,
                            size_t category)
{
    return (struct at_bar){
        .label = label,
        .value = s->ss,
        .lo = ci.low,
        .hi = ci.high,
        .category = category,
        .detail = at_arena_printf(arena, "n = %zu", s->n),
    };
}

static int picture(struct job *job, const struct stereo_report *r, const char *name,
                   const char *title, const char *interval, struct at_bar *bars, size_t n,
                   const char *const *categories, size_t n_categories, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_bars b = {
        .title = at_arena_printf(&arena, "%s, %s", title, job->shown_model),
        .subtitle = r->options.is_macro ? "StereoSet, each target term counts the same"
                                        : "StereoSet, each item counts the same",
        .value_name = "stereotype score, % of items that prefer the stereotype",
        .bars = bars,
        .n = n,
        .axis_lo = 0.0,
        .axis_hi = 100.0,
        .reference = 50.0,
        .reference_name = "no preference",
        .interval_name = interval,
        .category_names = categories,
        .n_categories = n_categories,
        .width_mm = job->width_mm,
    };
    int rc = n ? job_picture(job, NULL, name, at_draw_bars(&b), err) : 0;

    at_arena_release(&arena);
    return rc;
}

static int picture_categories(struct job *job, const struct stereo_report *r, struct at_error *err)
{
    struct at_arena arena = { 0 };
    size_t n = 0;
    struct at_bar *bars = at_arena_alloc(&arena, r->set->n_categories + 1, sizeof *bars);
    struct at_stereo_scores s = aggregate(r, -1, -1, -1);
    char *interval =
        at_asprintf("%g %% interval over target terms", 100.0 * r->options.bootstrap.level);
    int rc;

    bars[n++] = bar_of(&arena, "overall", &s, s.ss_ci, 0);
    for (size_t c = 0; c < r->set->n_categories; c++) {
        s = aggregate(r, -1, (long)c, -1);
        if (!is_absent(&s))
            bars[n++] = bar_of(&arena, r->set->categories[c], &s, s.ss_ci, 0);
    }
    rc = picture(job, r, "categories", "Stereotype score by category", interval, bars, n, NULL, 0,
                 err);
    free(interval);
    at_arena_release(&arena);
    return rc;
}

/* Highest first; equal ones stay in the order of their names. */
static int by_value(const void *a, const void *b)
{
    const struct at_bar *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return strcmp(x->label, y->label);
}

/* Numbers the categories that have bars anew, in their order; names of them. Returns how many. */
static size_t number_categories(const char **names, struct at_bar *bars, size_t n,
                                const struct at_stereoset *set)
{
    size_t n_names = 0;

    for (size_t c = 0; c < set->n_categories; c++) {
        bool has_bar = false;
        for (size_t i = 0; i < n; i++)
            if (bars[i].category == c) {
                bars[i].category = n_names;
                has_bar = true;
            }
        if (has_bar)
            names[n_names++] = set->categories[c];
    }
    return n_names;
}

static int picture_targets(struct job *job, const struct stereo_report *r, struct at_error *err)
{
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_alloc(&arena, r->set->n_targets, sizeof *bars);
    const char **names = at_arena_alloc(&arena, r->set->n_categories, sizeof *names);
    char *interval = at_asprintf("%g %% Wilson interval; terms with %d items or more",
                                 100.0 * r->options.bootstrap.level, MIN_PICTURED);
    size_t n = 0, n_names;
    int rc;

    for (size_t t = 0; t < r->set->n_targets; t++) {
        struct at_stereo_scores s = aggregate(r, -1, -1, (long)t);
        const char *category = category_of(r->set, t);
        size_t c = 0;
        while (c + 1 < r->set->n_categories && strcmp(r->set->categories[c], category) != 0)
            c++;
        if (s.n >= MIN_PICTURED)
            bars[n++] = bar_of(&arena, r->set->targets[t], &s, s.ss_wilson, c);
    }
    n_names = number_categories(names, bars, n, r->set);
    qsort(bars, n, sizeof *bars, by_value);
    rc = picture(job, r, "targets", "Stereotype score by target term", interval, bars, n, names,
                 n_names, err);
    free(interval);
    at_arena_release(&arena);
    return rc;
}

/* --- standard output --- */

static void print_row(const char *name, const struct at_stereo_scores *s)
{
    printf("  %-16s%6zu", name, s->n);
    print_percent(s->ss, 8);
    printf(" ");
    print_interval(s->ss_ci, 14);
    print_percent(s->lms, 6);
    printf(" ");
    print_interval(s->lms_ci, 14);
    print_percent(s->icat, 6);
    printf(" ");
    print_interval(s->icat_ci, 0);
    printf("\n");
}

static void print_report(const struct job *job, const struct stereo_report *r)
{
    struct at_stereo_scores s = aggregate(r, -1, -1, -1);

    printf("StereoSet, %s protocol, %s: %zu item%s, %zu target term%s, %zu excluded, %zu tie%s\n",
           at_json_text(at_json_get(r->head, "protocol"), "?"), job->shown_model, s.n,
           at_plural(s.n), s.n_targets, at_plural(s.n_targets), s.n_excluded, s.n_ties,
           at_plural(s.n_ties));
    printf("  %-16s%6s%8s %-14s%6s %-14s%6s\n", "", "n", "SS", "", "LMS", "", "ICAT");
    print_row("overall", &s);
    for (size_t p = 0; p < AT_N_PARTS; p++)
        if (r->has_part[p]) {
            s = aggregate(r, (long)p, -1, -1);
            print_row(at_stereo_part_name((enum at_stereo_part)p), &s);
        }
    for (size_t c = 0; c < r->set->n_categories; c++) {
        s = aggregate(r, -1, (long)c, -1);
        if (!is_absent(&s))
            print_row(r->set->categories[c], &s);
    }
    printf("  %g %% intervals over target terms: bootstrap from %d terms on, else Student's t; "
           "SS 50 is no preference\n",
           100.0 * r->options.bootstrap.level, AT_FEW_CLUSTERS);
}

int stereo_report(struct job *job, struct stereo_report *r, struct at_error *err)
{
    int rc = 0;

    if (!job->is_json && !job->manifest)
        print_report(job, r);
    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_targets(job, r, err);
    if (!rc && job_draws(job))
        rc = picture_categories(job, r, err);
    if (!rc && job_draws(job))
        rc = picture_targets(job, r, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, NULL, "scores.json", document(r), err);
    at_json_free(r->head);
    r->head = NULL;
    return rc;
}
