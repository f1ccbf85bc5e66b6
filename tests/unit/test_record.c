/*
 * test_record.c - one table of fields with every kind in it, in CSV, JSON, terminal and by name.
 */
#include "io/record.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "close.h"
#include "record_text.h"
#include "sandbox.h"

/* --- a struct that has every kind --- */

struct scores {
    double syntax, semantics;
};

static const struct at_field scores_fields[] = {
    AT_FIELD(struct scores, syntax, "syntax", "fraction", "on the syntactic head"),
    AT_FIELD(struct scores, semantics, "semantics", "fraction", "on content words"),
    AT_FIELD_END,
};
static const struct at_record scores_record = AT_RECORD(struct scores, scores_fields);

struct best {
    const char *feature;
    float omega2;
};

static const struct at_field best_fields[] = {
    AT_FIELD(struct best, feature, "best", NULL, "the feature", .json = "feature"),
    AT_FIELD(struct best, omega2, "omega2", NULL, "its effect"),
    AT_FIELD_END,
};
static const struct at_record best_record = AT_RECORD(struct best, best_fields);

struct category {
    const char *name;
    double mean;
};

/* Once the value itself, once an object with one key. */
static const struct at_field mean_fields[] = {
    AT_FIELD(struct category, name, "category", NULL, "name"),
    AT_FIELD(struct category, mean, NULL, "percent", "mean of the category"),
    AT_FIELD_END,
};
static const struct at_field category_fields[] = {
    AT_FIELD(struct category, name, "category", NULL, "name"),
    AT_FIELD(struct category, mean, "mean", "percent", "mean"),
    AT_FIELD_END,
};
static const struct at_record mean_record = AT_RECORD(struct category, mean_fields);
static const struct at_record category_record = AT_RECORD(struct category, category_fields);

struct row {
    size_t layer, head;
    int rank, is_close;
    long offset;
    float bar;
    double p, score;
    bool is_special;
    const char *token;
    struct at_json *meta;
    double ss[2];
    unsigned labels;
    struct scores raw, scaled, plain;
    const struct best *best;
    const struct category *categories;
    size_t n_categories;
    double *values;
    size_t n_values, n_rows, n_columns;
    const char **names;
    size_t n_names;
    size_t *indices;
    size_t n_indices;
};

static const char *const label_names[] = { "GEN", "UNFAIR", "STEREO", NULL };

static const struct at_field row_fields[] = {
    AT_FIELD(struct row, layer, "layer", NULL, "layer, from 0", .heading = "layer", .width = 5),
    AT_FIELD(struct row, head, "head", NULL, "head, from 0", .flags = AT_AS_MEAN, .heading = "head",
             .width = 5),
    AT_FIELD(struct row, rank, "rank", NULL, "from 1", .flags = AT_NONNEGATIVE, .heading = "rank",
             .width = 4),
    AT_FIELD(struct row, is_close, "is_close", NULL, "whether it is", .flags = AT_TRUTH),
    AT_FIELD(struct row, offset, "offset", "bytes", "may be negative", .json = "at"),
    AT_FIELD(struct row, token, "token", NULL, "as people write it", .heading = "token",
             .width = -6),
    AT_FIELD(struct row, bar, "bar", "ratio", "bias attention ratio", .heading = "BAR", .width = 6,
             .decimals = 2),
    AT_FIELD(struct row, p, "p", NULL, "chance", .heading = "p", .width = 8,
             .decimals = AT_DIGITS(2)),
    AT_FIELD(struct row, score, "score", "nats", "exact", .flags = AT_CSV_ONLY | AT_EXACT),
    AT_FIELD(struct row, score, "share", NULL, "in the terminal", .flags = AT_TERM_ONLY,
             .heading = "share", .width = 6, .decimals = AT_PERCENT),
    AT_FIELD(struct row, is_special, "special", NULL, "special token", .flags = AT_LEAVE_OUT,
             .heading = "spec", .width = 4),
    AT_FIELD(struct row, meta, "meta", NULL, "from elsewhere"),
    AT_FIELD_INTERVAL(struct row, ss, "ss", "percent", "95 % interval", .heading = "interval",
                      .width = -14, .decimals = 1),
    AT_FIELD_FLAGS(struct row, labels, "labels", label_names, "what was found", .heading = "labels",
                   .width = -10),
    AT_FIELD_RECORD(struct row, raw, "raw", &scores_record, "raw scores"),
    AT_FIELD_RECORD(struct row, scaled, "scaled", &scores_record, "scaled to 0..1",
                    .suffix = "_scaled"),
    AT_FIELD_RECORD(struct row, plain, NULL, &scores_record, NULL, .flags = AT_JSON_ONLY),
    AT_FIELD_LINK(struct row, best, "best", &best_record, "best feature", .suffix = "_of_all"),
    AT_FIELD_LIST(struct row, categories, n_categories, "categories", &category_record, "rows"),
    AT_FIELD_LIST(struct row, categories, n_categories, "by_category", &category_record, "by name",
                  .flags = AT_KEYED),
    AT_FIELD_LIST(struct row, categories, n_categories, "means", &mean_record, "means by name",
                  .flags = AT_KEYED | AT_LEAVE_OUT),
    AT_FIELD_REALS(struct row, values, n_values, "values", "nats", "some numbers"),
    AT_FIELD_MATRIX(struct row, values, n_rows, n_columns, "cells", "nats", "the same as a matrix"),
    AT_FIELD_TEXTS(struct row, names, n_names, "names", "some names", .heading = "names",
                   .width = -5),
    AT_FIELD_SIZES(struct row, indices, n_indices, "indices", "some indices"),
    AT_FIELD_END,
};
static const struct at_record row_record = AT_RECORD(struct row, row_fields);

static double some_values[] = { 1.5, NAN, 3, -4 };
static const char *some_names[] = { "a", NULL, "b,c" };
static size_t some_indices[] = { 7, AT_NONE };
static const struct best some_best = { "length", 0.1f };
static const struct category some_categories[] = { { "race", 50.25 }, { "gender", NAN } };

static struct row full_row(void)
{
    return (struct row){
        .layer = 3,
        .head = 11,
        .rank = 1,
        .is_close = 1,
        .offset = -2,
        .bar = 0.1f,
        .p = 0.01234,
        .score = 0.123456789012345,
        .is_special = true,
        .token = "\xC3\xA9t\xC3\xA9",
        .ss = { 40, 60.25 },
        .labels = 5,
        .raw = { 0.25, 0.5 },
        .scaled = { 0, 1 },
        .plain = { 0.75, NAN },
        .best = &some_best,
        .categories = some_categories,
        .n_categories = 2,
        .values = some_values,
        .n_values = 4,
        .n_rows = 2,
        .n_columns = 2,
        .names = some_names,
        .n_names = 3,
        .indices = some_indices,
        .n_indices = 2,
    };
}

/* Everything that can be undefined is. */
static struct row undefined_row(void)
{
    return (struct row){
        .layer = AT_NONE,
        .head = AT_NONE,
        .rank = -1,
        .is_close = -1,
        .bar = NAN,
        .p = NAN,
        .score = INFINITY,
        .ss = { NAN, NAN },
        .raw = { NAN, NAN },
        .scaled = { NAN, NAN },
        .plain = { NAN, NAN },
        .n_values = 1,
        .n_rows = 1,
        .n_columns = 1,
        .n_names = 1,
        .n_indices = 1,
    };
}

/* --- helpers --- */

static void add_name(void *arg, const char *name, const struct at_field *f,
                     const struct at_field *of)
{
    at_strbuf_addf(arg, "%s %s%s%s%s%s\n", name, at_field_type(f), f->unit ? " " : "",
                   f->unit ? f->unit : "", of ? ", " : "", of ? of->help : "");
}

static void assert_walk(void (*walk)(const struct at_record *, at_field_fn, void *),
                        const struct at_record *r, const char *want)
{
    struct at_strbuf got = { 0 };

    walk(r, add_name, &got);
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
}

/* --- tests --- */

#define COLUMNS                                                                                    \
    "layer,head,rank,is_close,offset,token,bar,p,score,special,ss_low,ss_high,labels,syntax,"      \
    "semantics,syntax_scaled,semantics_scaled,best_of_all,omega2_of_all,names\n"

static void test_csv(void **state)
{
    struct row row = full_row();

    (void)state;
    assert_table(&row_record, &row, 1,
                 COLUMNS "3,11,1,1,-2,\xC3\xA9t\xC3\xA9,0.100000001,0.01234,0.123456789012345,1,40,"
                         "60.25,GEN+STEREO,0.25,0.5,0,1,length,0.100000001,\"a+b,c\"\n");
    row = undefined_row();
    assert_table(&row_record, &row, 1, COLUMNS ",mean,,,0,,,,,0,,,,,,,,,,\n");
    assert_table(&row_record, NULL, 1, COLUMNS ",,,,,,,,,,,,,,,,,,,\n");
}

static void test_json(void **state)
{
    struct row row = full_row();

    (void)state;
    row.meta = at_json_object();
    at_json_set_int(row.meta, "n", 2);
    for (int i = 0; i < 2; i++) /* what is lent is there afterwards */
        assert_document(
            &row_record, &row,
            "{\"at\":-2,\"bar\":0.100000001,\"best\":{\"feature\":\"length\",\"omega2\":"
            "0.100000001},\"by_category\":{\"gender\":{\"mean\":null},\"race\":{\"mean\":"
            "50.25}},\"categories\":[{\"category\":\"race\",\"mean\":50.25},{\"category\":"
            "\"gender\",\"mean\":null}],\"cells\":[[1.5,null],[3.0,-4.0]],\"head\":11,"
            "\"indices\":[7,null],\"is_close\":true,\"labels\":[\"GEN\",\"STEREO\"],"
            "\"layer\":3,\"means\":{\"gender\":null,\"race\":50.25},\"meta\":{\"n\":2},"
            "\"names\":[\"a\",\"b,c\"],\"p\":0.01234,\"rank\":1,\"raw\":{\"semantics\":0.5,"
            "\"syntax\":0.25},\"scaled\":{\"semantics\":1.0,\"syntax\":0.0},\"semantics\":"
            "null,\"special\":true,\"ss\":[40.0,60.25],\"syntax\":0.75,\"token\":"
            "\"\xC3\xA9t\xC3\xA9\",\"values\":[1.5,null,3.0,-4.0]}");
    at_json_free(row.meta);
}

static void test_undefined_in_json(void **state)
{
    struct row row = undefined_row();

    (void)state;
    assert_document(
        &row_record, &row,
        "{\"at\":0,\"bar\":null,\"best\":null,\"by_category\":{},\"categories\":[],"
        "\"cells\":null,\"head\":\"mean\",\"indices\":null,\"is_close\":null,\"labels\":[],"
        "\"layer\":null,\"meta\":null,\"names\":null,\"p\":null,\"rank\":null,\"raw\":{"
        "\"semantics\":null,\"syntax\":null},\"scaled\":{\"semantics\":null,\"syntax\":"
        "null},\"semantics\":null,\"ss\":[null,null],\"syntax\":null,\"token\":null,"
        "\"values\":null}");
    assert_document(&scores_record, NULL, "{\"semantics\":null,\"syntax\":null}");
}

static void test_set_into_an_object(void **state)
{
    struct at_json *o = at_json_object();
    struct at_strbuf got = { 0 };

    (void)state;
    at_json_set_string(o, "title", "t");
    at_record_set(o, &best_record, &some_best);
    at_json_dump(&got, o, 0, 0);
    assert_string_equal(got.s, "{\"feature\":\"length\",\"omega2\":0.100000001,\"title\":\"t\"}");
    at_strbuf_release(&got);
    at_json_free(o);
}

static void test_terminal(void **state)
{
    static const char heading[] = "layer  head rank token     BAR        p  share spec "
                                  "interval       labels     names\n";
    struct row row = full_row();
    char want[512];

    (void)state;
    snprintf(want, sizeof want, "%s%s", heading,
             "    3    11    1 \xC3\xA9t\xC3\xA9      0.10    0.012   12 %  yes [40.0, 60.2]   "
             "GEN+STEREO a+b,c\n");
    assert_terminal(&row_record, &row, want);
    row = undefined_row();
    row.n_names = 0; /* no blanks at the end, though two columns are empty */
    snprintf(want, sizeof want, "%s%s", heading,
             "  n/a  mean  n/a n/a       n/a      n/a    n/a   no n/a\n");
    assert_terminal(&row_record, &row, want);
}

/* With AT_BLANK undefined is nothing, and what follows stays in its place. */
static void test_blank_in_a_terminal(void **state)
{
    static const struct at_field fields[] = {
        AT_FIELD_INTERVAL(struct row, ss, "ss", NULL, "interval", .flags = AT_BLANK,
                          .heading = "interval", .width = -12, .decimals = 1),
        AT_FIELD(struct row, p, "p", NULL, "chance", .flags = AT_BLANK, .heading = "p", .width = 4,
                 .decimals = 1),
        AT_FIELD(struct row, layer, "layer", NULL, "layer", .heading = "n", .width = 2),
        AT_FIELD_END,
    };
    static const struct at_record record = AT_RECORD(struct row, fields);
    struct row row = { .ss = { 1, 2 }, .p = 0.5, .layer = 7 };

    (void)state;
    assert_terminal(&record, &row, "interval        p  n\n[1.0, 2.0]    0.5  7\n");
    row.ss[0] = row.ss[1] = row.p = NAN;
    assert_terminal(&record, &row, "interval        p  n\n                   7\n");
}

/* What a cell with 15 digits holds is the number that is counted. */
static void test_exact(void **state)
{
    (void)state;
    assert_true(at_exact(0.1) == 0.1);
    assert_true(at_exact(1.0 / 3.0) == 0.333333333333333);
    assert_true(isnan(at_exact(INFINITY)) && isnan(at_exact(NAN)));
}

static void test_wide_text_in_a_terminal(void **state)
{
    struct row row = full_row();
    char want[512];

    (void)state;
    row.token = "\xE4\xB8\xAD\xE6\x96\x87 is long"; /* wider than its column: the rest moves on */
    row.names = NULL;
    snprintf(want, sizeof want, "%s\n%s\n",
             "layer  head rank token     BAR        p  share spec interval       labels     names",
             "    3    11    1 \xE4\xB8\xAD\xE6\x96\x87 is long   0.10    0.012   12 %  yes "
             "[40.0, 60.2]   GEN+STEREO n/a");
    assert_terminal(&row_record, &row, want);
}

static void test_columns_by_name(void **state)
{
    struct row row = full_row();

    (void)state;
    assert_ptr_equal(at_record_find(&row_record, "bar"), &row_fields[6]);
    assert_ptr_equal(at_record_find(&row_record, "syntax_scaled"), &scores_fields[0]);
    assert_ptr_equal(at_record_find(&row_record, "best_of_all"), &best_fields[0]);
    assert_string_equal(at_record_find(&row_record, "ss_high")->key, "ss");
    assert_null(at_record_find(&row_record, "ss"));
    assert_null(at_record_find(&row_record, "omega2"));   /* has a suffix */
    assert_null(at_record_find(&row_record, "_scaled"));  /* a suffix of nothing */
    assert_null(at_record_find(&row_record, "values"));   /* no column */
    assert_null(at_record_find(&row_record, "syntax_s")); /* the beginning of one */
    ASSERT_NEAR(at_record_real(&row_record, "layer", &row), 3, 0);
    ASSERT_NEAR(at_record_real(&row_record, "offset", &row), -2, 0);
    ASSERT_NEAR(at_record_real(&row_record, "bar", &row), (double)0.1f, 0);
    ASSERT_NEAR(at_record_real(&row_record, "special", &row), 1, 0);
    ASSERT_NEAR(at_record_real(&row_record, "semantics_scaled", &row), 1, 0);
    ASSERT_NEAR(at_record_real(&row_record, "ss_low", &row), 40, 0);
    ASSERT_NEAR(at_record_real(&row_record, "ss_high", &row), 60.25, 0);
    ASSERT_NEAR(at_record_real(&row_record, "omega2_of_all", &row), (double)0.1f, 0);
    assert_true(isnan(at_record_real(&row_record, "token", &row)));
    row = undefined_row();
    assert_true(isnan(at_record_real(&row_record, "layer", &row)));
    assert_true(isnan(at_record_real(&row_record, "is_close", &row)));
    assert_true(isnan(at_record_real(&row_record, "omega2_of_all", &row)));
}

static void ask_for_no_column(void)
{
    struct scores s = { 0, 0 };

    (void)at_record_real(&scores_record, "pragmatics", &s);
}

static void show_an_unnamed_flag(void)
{
    struct row row = full_row();

    row.labels = 8;
    at_record_line(stderr, &row_record, &row);
}

static void test_bugs(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(ask_for_no_column));
    assert_true(sandbox_aborts(show_an_unnamed_flag));
}

static void test_walks(void **state)
{
    (void)state;
    assert_walk(at_record_walk_columns, &row_record,
                "layer integer\nhead integer or mean\nrank integer\nis_close true/false\n"
                "offset integer bytes\ntoken text\nbar number ratio\np number\nscore number nats\n"
                "special true/false\nss_low number percent\nss_high number percent\nlabels text\n"
                "syntax number fraction\nsemantics number fraction\nsyntax_scaled number fraction, "
                "scaled to 0..1\nsemantics_scaled number fraction, scaled to 0..1\n"
                "best_of_all text, best feature\nomega2_of_all number, best feature\n"
                "names text\n");
    assert_walk(at_record_walk_keys, &row_record,
                "layer integer\nhead integer or mean\nrank integer\nis_close true/false\n"
                "at integer bytes\ntoken text\nbar number ratio\np number\nspecial true/false\n"
                "meta any\nss[2] number percent\nlabels[] text\nraw object\n"
                "raw.syntax number fraction\nraw.semantics number fraction\nscaled object\n"
                "scaled.syntax number fraction\nscaled.semantics number fraction\n"
                "syntax number fraction\nsemantics number fraction\nbest object\n"
                "best.feature text\nbest.omega2 number\ncategories[] object\n"
                "categories[].category text\ncategories[].mean number percent\n"
                "by_category.<category> object\nby_category.<category>.mean number percent\n"
                "means.<category> number percent\nvalues[] number nats\ncells[][] number nats\n"
                "names[] text\nindices[] integer\n");
}

/* --- a metric more --- */

struct metrics {
    double entropy, sparsity;
};

#define METRICS                                                                                    \
    AT_FIELD(struct metrics, entropy, "entropy", "nats", "of the whole map", .heading = "entropy", \
             .width = 8, .decimals = 3)

static const struct at_field one_fields[] = { METRICS, AT_FIELD_END };
static const struct at_field two_fields[] = {
    METRICS,
    AT_FIELD(struct metrics, sparsity, "sparsity", "fraction", "of cells near 0",
             .heading = "sparsity", .width = 8, .decimals = AT_PERCENT),
    AT_FIELD_END,
};

/* A metric appended to the table is everywhere, and nothing else was told of it. */
static void test_appended_metric_comes_out_everywhere(void **state)
{
    const struct at_record one = AT_RECORD(struct metrics, one_fields);
    const struct at_record two = AT_RECORD(struct metrics, two_fields);
    struct metrics m = { 1.25, 0.5 };

    (void)state;
    assert_table(&one, &m, 1, "entropy\n1.25\n");
    assert_table(&two, &m, 1, "entropy,sparsity\n1.25,0.5\n");
    assert_document(&one, &m, "{\"entropy\":1.25}");
    assert_document(&two, &m, "{\"entropy\":1.25,\"sparsity\":0.5}");
    assert_terminal(&one, &m, " entropy\n   1.250\n");
    assert_terminal(&two, &m, " entropy sparsity\n   1.250     50 %\n");
    assert_walk(at_record_walk_columns, &one, "entropy number nats\n");
    assert_walk(at_record_walk_columns, &two, "entropy number nats\nsparsity number fraction\n");
    assert_walk(at_record_walk_keys, &two, "entropy number nats\nsparsity number fraction\n");
    assert_null(at_record_find(&one, "sparsity"));
    ASSERT_NEAR(at_record_real(&two, "sparsity", &m), 0.5, 0);
}

/* A link in place: its keys are there when it leads somewhere, undefined or not; its columns
   always. */
static void test_link_in_place(void **state)
{
    struct linked {
        const struct best *best;
    };
    static const struct best undefined = { NULL, NAN };
    static const struct at_field fields[] = {
        AT_FIELD_LINK(struct linked, best, NULL, &best_record, NULL, .flags = AT_LEAVE_OUT),
        AT_FIELD_END,
    };
    const struct at_record record = AT_RECORD(struct linked, fields);
    struct at_json *none = at_record_json(&record, &(struct linked){ NULL });
    struct at_json *some = at_record_json(&record, &(struct linked){ &undefined });
    struct at_strbuf columns = { 0 }, want = { 0 };

    (void)state;
    assert_int_equal(at_json_count(none), 0);
    assert_int_equal(at_json_count(some), 2);
    at_record_columns(&columns, &record);
    at_record_columns(&want, &best_record);
    assert_string_equal(columns.s, want.s);
    at_strbuf_release(&columns);
    at_strbuf_release(&want);
    at_json_free(none);
    at_json_free(some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_undefined_in_json),
        cmocka_unit_test(test_set_into_an_object),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_blank_in_a_terminal),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_wide_text_in_a_terminal),
        cmocka_unit_test(test_columns_by_name),
        cmocka_unit_test(test_link_in_place),
        cmocka_unit_test(test_bugs),
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_appended_metric_comes_out_everywhere),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
