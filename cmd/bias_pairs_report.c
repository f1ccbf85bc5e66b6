/*
 * bias_pairs_report.c - what is told of scored minimal pairs: scores.json, targets.csv, a picture,
 * the table on standard output.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/bias_shared.h"
#include "draw/draw_bars.h"

#define GROUP_COLUMNS "kind,name,n,preference,low,high,decided,n_ties,n_excluded,mean_difference"

static struct at_pair_shares shares(const struct pairs_report *r, long category, long direction)
{
    struct at_pair_shares s;

    at_pair_shares(&s, r->pairs, r->scores, category, direction, r->level);
    return s;
}

/* Files without a column of that kind have one group without a name. */
static bool has_groups(const char *const *names, size_t n)
{
    return n > 1 || *names[0];
}

/* --- document --- */

static struct at_json *shares_json(const struct at_pair_shares *s)
{
    struct at_json *o = at_json_object();

    at_json_set_int(o, "n", (long long)s->n);
    at_json_set_int(o, "n_excluded", (long long)s->n_excluded);
    at_json_set_int(o, "n_ties", (long long)s->n_ties);
    at_json_set_real(o, "preference", s->preference);
    at_json_set_real(o, "decided", s->decided);
    at_json_set_real(o, "mean_difference", s->mean_difference);
    at_json_set(o, "ci", json_interval(s->interval));
    return o;
}

static struct at_json *groups_json(const struct pairs_report *r, bool by_direction)
{
    const struct at_pairs *p = r->pairs;
    const char *const *names = by_direction ? p->directions : p->categories;
    size_t n = by_direction ? p->n_directions : p->n_categories;
    struct at_json *o = at_json_object();

    for (size_t i = 0; has_groups(names, n) && i < n; i++) {
        struct at_pair_shares s =
            shares(r, by_direction ? -1 : (long)i, by_direction ? (long)i : -1);
        at_json_set(o, names[i], shares_json(&s));
    }
    return o;
}

static struct at_json *test_json(const struct pairs_report *r, const struct at_pair_test *t)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "scores", r->against_name);
    at_json_set_int(o, "n", (long long)t->n);
    at_json_set_real(o, "preference", t->first);
    at_json_set_real(o, "preference_against", t->second);
    at_json_set_real(o, "difference", t->difference);
    at_json_set(o, "ci", json_interval(t->interval));
    at_json_set_int(o, "only_here", (long long)t->only_first);
    at_json_set_int(o, "only_there", (long long)t->only_second);
    at_json_set_real(o, "p", t->p);
    at_json_set_string(o, "test", "McNemar, exact");
    return o;
}

static struct at_json *excluded_json(const struct pairs_report *r)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; r->excluded && i < r->pairs->n; i++) {
        struct at_json *o;
        if (!r->excluded[i])
            continue;
        o = at_json_object();
        at_json_set_string(o, "id", r->pairs->items[i].id);
        at_json_set_string(o, "why", r->excluded[i]);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *document(struct pairs_report *r, const struct at_pair_test *test)
{
    struct at_pair_shares all = shares(r, -1, -1);
    struct at_json *doc = r->head;

    r->head = NULL;
    at_json_set(doc, "overall", shares_json(&all));
    at_json_set(doc, "by_category", groups_json(r, false));
    at_json_set(doc, "by_direction", groups_json(r, true));
    at_json_set(doc, "excluded", excluded_json(r));
    if (r->against)
        at_json_set(doc, "against", test_json(r, test));
    return doc;
}

/* --- tables --- */

const char *pairs_name(struct job *job, const struct at_pair *pair, size_t index)
{
    return *pair->id ? pair->id : at_arena_printf(&job->arena, "pair %zu", index);
}

void pairs_row(struct at_csv *csv, const struct at_pairs *p, size_t pair, size_t index,
               const double *scores, const size_t *n_tokens, const char *excluded)
{
    const struct at_pair *it = &p->items[pair];
    char text[SCORE_TEXT];

    at_csv_int(csv, (long long)index);
    at_csv_text(csv, it->id);
    at_csv_text(csv, p->categories[it->category]);
    at_csv_text(csv, it->a);
    at_csv_text(csv, it->b);
    for (size_t k = 0; k < 2; k++) {
        score_text(text, scores[k]);
        at_csv_text(csv, text);
    }
    for (size_t k = 0; k < 2; k++)
        if (n_tokens)
            at_csv_int(csv, (long long)n_tokens[k]);
        else
            at_csv_empty(csv);
    at_csv_text(csv, isnan(scores[0]) || isnan(scores[1]) ? ""
                     : scores[0] > scores[1]              ? "a"
                     : scores[0] < scores[1]              ? "b"
                                                          : "tie");
    at_csv_text(csv, p->directions[it->direction]);
    at_csv_text(csv, excluded);
    at_csv_end(csv);
}

static void group_row(struct at_csv *csv, const char *kind, const char *name,
                      const struct at_pair_shares *s)
{
    at_csv_text(csv, kind);
    at_csv_text(csv, name);
    at_csv_int(csv, (long long)s->n);
    at_csv_real(csv, s->preference);
    at_csv_real(csv, s->interval.low);
    at_csv_real(csv, s->interval.high);
    at_csv_real(csv, s->decided);
    at_csv_int(csv, (long long)s->n_ties);
    at_csv_int(csv, (long long)s->n_excluded);
    at_csv_real(csv, s->mean_difference);
    at_csv_end(csv);
}

static int write_groups(struct job *job, const struct pairs_report *r, struct at_error *err)
{
    const struct at_pairs *p = r->pairs;
    struct at_pair_shares s = shares(r, -1, -1);
    struct at_csv csv;
    int rc = job_csv_open(&csv, job, NULL, "targets.csv", GROUP_COLUMNS, err);

    if (rc)
        return rc;
    group_row(&csv, "overall", "", &s);
    for (size_t i = 0; has_groups(p->categories, p->n_categories) && i < p->n_categories; i++) {
        s = shares(r, (long)i, -1);
        group_row(&csv, "category", p->categories[i], &s);
    }
    for (size_t i = 0; has_groups(p->directions, p->n_directions) && i < p->n_directions; i++) {
        s = shares(r, -1, (long)i);
        group_row(&csv, "direction", p->directions[i], &s);
    }
    return job_csv_commit(&csv, job, NULL, "targets.csv", GROUP_COLUMNS, err);
}

/* --- the picture --- */

static struct at_bar bar_of(struct at_arena *arena, const char *label,
                            const struct at_pair_shares *s)
{
    return (struct at_bar){
        .label = label,
        .value = s->preference,
        .lo = s->interval.low,
        .hi = s->interval.high,
        .detail = at_arena_printf(arena, "n = %zu", s->n),
    };
}

static int picture(struct job *job, const struct pairs_report *r, struct at_error *err)
{
    const struct at_pairs *p = r->pairs;
    struct at_arena arena = { 0 };
    struct at_bar *bars = at_arena_alloc(&arena, p->n_categories + 1, sizeof *bars);
    struct at_pair_shares s = shares(r, -1, -1);
    struct at_bars b = {
        .title = at_arena_printf(&arena, "Preference in minimal pairs, %s", job->shown_model),
        .subtitle = at_arena_printf(&arena, "%zu pair%s, %zu tie%s", s.n, at_plural(s.n), s.n_ties,
                                    at_plural(s.n_ties)),
        .value_name = "% of pairs whose first sentence scores higher",
        .bars = bars,
        .n = 1,
        .axis_lo = 0.0,
        .axis_hi = 100.0,
        .reference = 50.0,
        .reference_name = "no preference",
        .interval_name = at_arena_printf(&arena, "%g %% Wilson interval", 100.0 * r->level),
        .width_mm = job->width_mm,
    };
    int rc;

    bars[0] = bar_of(&arena, "overall", &s);
    for (size_t i = 0; has_groups(p->categories, p->n_categories) && i < p->n_categories; i++) {
        s = shares(r, (long)i, -1);
        bars[b.n++] = bar_of(&arena, p->categories[i], &s);
    }
    rc = job_picture(job, NULL, "categories", at_draw_bars(&b), err);
    at_arena_release(&arena);
    return rc;
}

/* --- standard output --- */

static void print_row(const char *name, const struct at_pair_shares *s)
{
    printf("  %-24s%6zu", name, s->n);
    print_percent(s->preference, 11);
    printf(" ");
    print_interval(s->interval, 14);
    print_percent(s->decided, 9);
    printf("%7zu%10zu\n", s->n_ties, s->n_excluded);
}

static void print_report(const struct job *job, const struct pairs_report *r,
                         const struct at_pair_test *test)
{
    const struct at_pairs *p = r->pairs;
    struct at_pair_shares s = shares(r, -1, -1);

    printf("Minimal pairs, %s, score %s\n", job->shown_model,
           at_json_text(at_json_get(r->head, "score"), "?"));
    printf("  %-24s%6s%11s %-14s%9s%7s%10s\n", "", "n", "prefers a", "", "decided", "ties",
           "excluded");
    print_row("overall", &s);
    for (size_t i = 0; has_groups(p->categories, p->n_categories) && i < p->n_categories; i++) {
        s = shares(r, (long)i, -1);
        print_row(p->categories[i], &s);
    }
    for (size_t i = 0; has_groups(p->directions, p->n_directions) && i < p->n_directions; i++) {
        s = shares(r, -1, (long)i);
        print_row(p->directions[i], &s);
    }
    printf("  percent of pairs, %g %% Wilson intervals; a is the %s\n", 100.0 * r->level,
           "more stereotypical, the good or the first sentence");
    if (r->against)
        printf("  against %s: %.1f - %.1f = %+.1f points [%+.1f, %+.1f], p = %.3g "
               "(McNemar, %zu and %zu pair%s differing)\n",
               r->against_name, test->first, test->second, test->difference, test->interval.low,
               test->interval.high, test->p, test->only_first, test->only_second,
               at_plural(test->only_second));
}

int pairs_report(struct job *job, struct pairs_report *r, struct at_error *err)
{
    struct at_pair_test test = { 0 };
    int rc = 0;

    if (r->against)
        at_pair_compare(&test, r->scores, r->against, r->pairs->n, r->level);
    if (!job->is_json && !job->manifest)
        print_report(job, r, &test);
    if (job->manifest && (job->formats & FORMAT_CSV))
        rc = write_groups(job, r, err);
    if (!rc && job_draws(job))
        rc = picture(job, r, err);
    if (!rc && (job->is_json || job->manifest))
        rc = job_document(job, NULL, "scores.json", document(r, &test), err);
    at_json_free(r->head);
    r->head = NULL;
    return rc;
}
