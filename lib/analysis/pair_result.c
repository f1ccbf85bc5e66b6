/*
 * pair_result.c - see pair_result.h.
 */
#include "analysis/pair_result.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "stats/tails.h"

/* --- records --- */

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_pair_row, index, "index", NULL, "of the pair in the file, from 0"),
    AT_FIELD(struct at_pair_row, id, "id", NULL, "as the file has it"),
    AT_FIELD(struct at_pair_row, category, "category", NULL, "as the file has it"),
    AT_FIELD(struct at_pair_row, text_a, "text_a", NULL, "the first, stereotypical or good one"),
    AT_FIELD(struct at_pair_row, text_b, "text_b", NULL, "the other one"),
    AT_FIELD(struct at_pair_row, score_a, "score_a", "nats",
             "larger is likelier; 15 digits, and what is counted is what stands here",
             .flags = AT_EXACT),
    AT_FIELD(struct at_pair_row, score_b, "score_b", "nats", "likewise", .flags = AT_EXACT),
    AT_FIELD(struct at_pair_row, n_a, "n_a", NULL, "tokens that were scored"),
    AT_FIELD(struct at_pair_row, n_b, "n_b", NULL, "likewise"),
    AT_FIELD(struct at_pair_row, prefers, "prefers", NULL, "a, b or tie"),
    AT_FIELD(struct at_pair_row, direction, "direction", NULL,
             "stereo or antistereo, as the file has it"),
    AT_FIELD(struct at_pair_row, excluded, "excluded", NULL, "why the pair is left out"),
    AT_FIELD(struct at_pair_row, run_id, "run_id", NULL, "the run, as in manifest.json"),
    AT_FIELD_END,
};
const struct at_record at_pair_row_record = AT_RECORD(struct at_pair_row, row_fields);

static const struct at_field origin_fields[] = {
    AT_FIELD(struct at_pair_origin, protocol, "protocol", NULL, "the preset"),
    AT_FIELD(struct at_pair_origin, score, "score", NULL,
             "which tokens count; given: the scores are from a file"),
    AT_FIELD(struct at_pair_origin, reduction, "reduction", NULL, "sum or mean over tokens"),
    AT_FIELD(struct at_pair_origin, pll, "pll", NULL, "masked models: what is hidden with a piece",
             .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_pair_origin, bos, "bos", NULL,
             "causal models: what stands before the first token", .flags = AT_LEAVE_OUT),
    AT_FIELD(struct at_pair_origin, is_rounded, "rounded", NULL, "to 3 decimals"),
    AT_FIELD(struct at_pair_origin, level, "level", NULL, "confidence of the intervals"),
    AT_FIELD_END,
};
static const struct at_record origin_record = AT_RECORD(struct at_pair_origin, origin_fields);

static const struct at_field shares_fields[] = {
    AT_FIELD(struct at_pair_shares, n, "n", NULL, "pairs counted", .heading = "n", .width = 5),
    AT_FIELD(struct at_pair_shares, preference, "preference", "percent",
             "pairs whose first sentence scores higher", .heading = "prefers a", .width = 10,
             .decimals = 1),
    AT_FIELD(struct at_pair_shares, interval.low, "low", "percent",
             "lower end of Wilson's interval of preference", .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_pair_shares, interval.high, "high", "percent", "upper end",
             .flags = AT_CSV_ONLY),
    AT_FIELD_INTERVAL(struct at_pair_shares, interval, "ci", "percent",
                      "Wilson's interval of preference", .flags = AT_JSON_ONLY | AT_BLANK,
                      .heading = "", .width = -14, .decimals = 1),
    AT_FIELD(struct at_pair_shares, decided, "decided", "percent", "preference without the ties",
             .heading = "decided", .width = 8, .decimals = 1),
    AT_FIELD(struct at_pair_shares, n_ties, "n_ties", NULL, "pairs whose scores are equal",
             .heading = "ties", .width = 6),
    AT_FIELD(struct at_pair_shares, n_excluded, "n_excluded", NULL, "pairs without a score",
             .heading = "excluded", .width = 9),
    AT_FIELD(struct at_pair_shares, mean_difference, "mean_difference", "nats",
             "mean of score_a minus score_b"),
    AT_FIELD_END,
};
static const struct at_record shares_record = AT_RECORD(struct at_pair_shares, shares_fields);

static const struct at_field line_fields[] = {
    AT_FIELD(struct at_pair_group, name, "name", NULL, "of the category or direction",
             .heading = "", .width = -24),
    AT_FIELD_RECORD(struct at_pair_group, shares, NULL, &shares_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_pair_line_record = AT_RECORD(struct at_pair_group, line_fields);

static const struct at_field group_fields[] = {
    AT_FIELD(struct at_pair_group, kind, "kind", NULL, "overall, category or direction"),
    AT_FIELD(struct at_pair_group, name, "name", NULL, "of the category or direction"),
    AT_FIELD_RECORD(struct at_pair_group, shares, NULL, &shares_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_pair_group_record = AT_RECORD(struct at_pair_group, group_fields);

static const struct at_field of_category_fields[] = {
    AT_FIELD(struct at_pair_group, name, "category", NULL, "as the file has it"),
    AT_FIELD_RECORD(struct at_pair_group, shares, NULL, &shares_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_pair_category_record =
    AT_RECORD(struct at_pair_group, of_category_fields);

static const struct at_field of_direction_fields[] = {
    AT_FIELD(struct at_pair_group, name, "direction", NULL, "stereo or antistereo"),
    AT_FIELD_RECORD(struct at_pair_group, shares, NULL, &shares_record, NULL),
    AT_FIELD_END,
};
const struct at_record at_pair_direction_record =
    AT_RECORD(struct at_pair_group, of_direction_fields);

static const struct at_field test_fields[] = {
    AT_FIELD(struct at_pair_test, scores, "scores", NULL, "file of the other scores"),
    AT_FIELD(struct at_pair_test, n, "n", NULL, "pairs scored by both"),
    AT_FIELD(struct at_pair_test, first, "preference", "percent", "of these pairs, here"),
    AT_FIELD(struct at_pair_test, second, "preference_against", "percent", "likewise, there"),
    AT_FIELD(struct at_pair_test, difference, "difference", "points", "of the two"),
    AT_FIELD_INTERVAL(struct at_pair_test, interval, "ci", "points",
                      "Newcombe's interval of the difference"),
    AT_FIELD(struct at_pair_test, only_first, "only_here", NULL,
             "pairs whose first sentence is preferred here alone"),
    AT_FIELD(struct at_pair_test, only_second, "only_there", NULL, "likewise, there alone"),
    AT_FIELD(struct at_pair_test, p, "p", NULL, "of the test on these two counts"),
    AT_FIELD(struct at_pair_test, test, "test", NULL, "its name"),
    AT_FIELD_END,
};
static const struct at_record test_record = AT_RECORD(struct at_pair_test, test_fields);

static const struct at_field result_fields[] = {
    AT_FIELD_RECORD(struct at_pair_result, origin, NULL, &origin_record, NULL),
    AT_FIELD(struct at_pair_result, unit, "unit", NULL, "of scores"),
    AT_FIELD_RECORD(struct at_pair_result, overall, "overall", &shares_record, "of all pairs"),
    AT_FIELD_LIST(struct at_pair_result, categories, n_categories, "by_category",
                  &at_pair_line_record, "of a category", .flags = AT_KEYED),
    AT_FIELD_LIST(struct at_pair_result, directions, n_directions, "by_direction",
                  &at_pair_line_record, "of a direction", .flags = AT_KEYED),
    AT_FIELD_LIST(struct at_pair_result, excluded, n_excluded, "excluded", &at_exclusion_record,
                  "pairs that are left out"),
    AT_FIELD_LINK(struct at_pair_result, against, "against", &test_record,
                  "with --against the other scores", .flags = AT_LEAVE_OUT),
    AT_FIELD_END,
};
const struct at_record at_pair_result_record = AT_RECORD(struct at_pair_result, result_fields);

struct at_pair_row at_pair_row(const struct at_pairs *pairs, size_t pair, size_t index,
                               const struct at_scored *scored, const char *run_id)
{
    const struct at_pair *it = &pairs->items[pair];
    double a = scored->score[0], b = scored->score[1];

    return (struct at_pair_row){
        .index = index,
        .run_id = run_id,
        .id = it->id,
        .category = pairs->categories[it->category],
        .text_a = it->a,
        .text_b = it->b,
        .score_a = a,
        .score_b = b,
        .n_a = scored->n[0],
        .n_b = scored->n[1],
        .prefers = isnan(a) || isnan(b) ? NULL
                   : a > b              ? "a"
                   : a < b              ? "b"
                                        : "tie",
        .direction = pairs->directions[it->direction],
        .excluded = scored->excluded,
    };
}

/* --- shares --- */

/* One pair more, sums in place of shares. */
static void count_pair(struct at_pair_shares *s, const double *score)
{
    if (isnan(score[0]) || isnan(score[1])) {
        s->n_excluded++;
        return;
    }
    s->n++;
    s->n_ties += score[0] == score[1];
    s->preference += score[0] > score[1];
    s->mean_difference += score[0] - score[1];
}

/* From sums to shares. */
static void finish(struct at_pair_shares *s, double z)
{
    double n = (double)s->n, wins = s->preference;
    struct at_interval share = at_wilson(wins, n, z);

    s->preference = s->n ? 100.0 * wins / n : NAN;
    s->decided = s->n > s->n_ties ? 100.0 * wins / (n - (double)s->n_ties) : NAN;
    s->mean_difference = s->n ? s->mean_difference / n : NAN;
    s->interval = (struct at_interval){ 100.0 * share.low, 100.0 * share.high };
}

static struct at_pair_test compare(const struct at_scored *first, const struct at_scored *second,
                                   size_t n, double z)
{
    struct at_pair_test t = { .test = "McNemar, exact" };
    struct at_interval points;
    double both = 0.0, x, y, m;

    for (size_t i = 0; i < n; i++) {
        const double *f = first[i].score, *s = second[i].score;
        bool first_wins = f[0] > f[1], second_wins = s[0] > s[1];
        if (isnan(f[0]) || isnan(f[1]) || isnan(s[0]) || isnan(s[1]))
            continue;
        t.n++;
        t.only_first += first_wins && !second_wins;
        t.only_second += second_wins && !first_wins;
        both += first_wins && second_wins;
    }
    m = (double)t.n;
    x = (double)t.only_first;
    y = (double)t.only_second;
    t.first = t.n ? 100.0 * (both + x) / m : NAN;
    t.second = t.n ? 100.0 * (both + y) / m : NAN;
    t.difference = t.first - t.second;
    points = at_newcombe_paired(both, x, y, m - both - x - y, z);
    t.interval = (struct at_interval){ 100.0 * points.low, 100.0 * points.high };
    t.p = at_sign_test(t.only_first, t.only_first + t.only_second);
    return t;
}

/* --- all of it --- */

/* How many groups there are to tell: a file without that column has one without a name. */
static size_t n_named(const char *const *names, size_t n)
{
    return n > 1 || *names[0] ? n : 0;
}

static void name_groups(struct at_pair_group *out, const char *kind, const char *const *names,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct at_pair_group){ .name = names[i], .kind = kind };
}

static void list_excluded(struct at_pair_result *r, const struct at_pairs *pairs,
                          const struct at_scored *scored)
{
    r->excluded = at_arena_alloc(&r->arena, pairs->n, sizeof *r->excluded);
    for (size_t i = 0; i < pairs->n; i++)
        if (scored[i].excluded)
            r->excluded[r->n_excluded++] =
                (struct at_exclusion){ pairs->items[i].id, scored[i].excluded };
}

void at_pair_summarize(struct at_pair_result *out, const struct at_pair_origin *origin,
                       const struct at_pairs *pairs, const struct at_scored *scored,
                       const struct at_scored *against, const char *against_name)
{
    double z = at_normal_quantile(0.5 * (1.0 + origin->level));
    struct at_pair_result r = { .origin = *origin, .unit = "nats" };
    struct at_pair_group *categories, *directions;

    r.n_categories = n_named(pairs->categories, pairs->n_categories);
    r.n_directions = n_named(pairs->directions, pairs->n_directions);
    r.n_groups = 1 + r.n_categories + r.n_directions;
    r.groups = at_arena_alloc(&r.arena, r.n_groups, sizeof *r.groups);
    r.groups[0] = (struct at_pair_group){ .name = "", .kind = "overall" };
    r.categories = categories = r.groups + 1;
    r.directions = directions = categories + r.n_categories;
    name_groups(categories, "category", pairs->categories, r.n_categories);
    name_groups(directions, "direction", pairs->directions, r.n_directions);
    for (size_t i = 0; i < pairs->n; i++) {
        count_pair(&r.groups[0].shares, scored[i].score);
        if (r.n_categories)
            count_pair(&categories[pairs->items[i].category].shares, scored[i].score);
        if (r.n_directions)
            count_pair(&directions[pairs->items[i].direction].shares, scored[i].score);
    }
    for (size_t i = 0; i < r.n_groups; i++)
        finish(&r.groups[i].shares, z);
    r.overall = r.groups[0].shares;
    list_excluded(&r, pairs, scored);
    if (against) {
        struct at_pair_test *test = at_arena_alloc(&r.arena, 1, sizeof *test);
        *test = compare(scored, against, pairs->n, z);
        test->scores = against_name;
        r.against = test;
    }
    *out = r;
}

void at_pair_result_release(struct at_pair_result *r)
{
    at_arena_release(&r->arena);
    *r = (struct at_pair_result){ 0 };
}
