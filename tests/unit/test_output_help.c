/*
 * test_output_help.c - `atlas help output` of three commands that are not there.
 */
#include "cmd/about/output_help.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "close.h"
#include "cmd/report.h"
#include "sandbox.h"

struct scores {
    double syntax, size[2];
};

static const struct at_field scores_fields[] = {
    AT_FIELD(struct scores, syntax, "syntax", "fraction", "share on the syntactic head"),
    AT_FIELD_INTERVAL(struct scores, size, "size", NULL, "'quoted' .and \\ 95 % interval"),
    AT_FIELD_END,
};
static const struct at_record scores_record = AT_RECORD(struct scores, scores_fields);

struct head {
    size_t layer;
    struct scores raw, scaled;
};

static const struct at_field head_fields[] = {
    AT_FIELD(
        struct head, layer, "layer", NULL,
        "layer, from 0, told in so many words that the line has to be broken in a manual page"),
    AT_FIELD_RECORD(struct head, raw, "raw", &scores_record, "as measured"),
    AT_FIELD_RECORD(struct head, scaled, "scaled", &scores_record, "scaled to 0..1",
                    .suffix = "_scaled"),
    AT_FIELD_END,
};
static const struct at_record head_record = AT_RECORD(struct head, head_fields);

struct result {
    struct head *heads;
    size_t n_heads;
    const char *name;
    struct scores mean, best;
};

static const struct at_field result_fields[] = {
    AT_FIELD_LIST(struct result, heads, n_heads, "heads", &head_record, "every head"),
    AT_FIELD(struct result, name, "name", NULL, "of the model"),
    AT_FIELD_RECORD(struct result, mean, NULL, &scores_record, "mean of all, in place"),
    AT_FIELD_RECORD(struct result, best, "best", &scores_record, "the greatest"),
    AT_FIELD_END,
};
static const struct at_record result_record = AT_RECORD(struct result, result_fields);

static const struct output heads_outputs[] = {
    { "heads.json", "the document of a text", &result_record },
    { "heads.csv", "a row for each head", &head_record },
    { "corpus.csv", "a row for each score", &scores_record },
    { 0 },
};
static const struct output isa_outputs[] = {
    { "corpus.csv", "a row for each score", &scores_record },
    { "pair_<a>_<b>.csv", "a row for each token of two sentences", &scores_record },
    { 0 },
};
static const struct output run_outputs[] = {
    { "corpus.csv", "a row for each head", &head_record },
    { "capture.safetensors", "what --from reads", NULL },
    { 0 },
};

static const struct output_list lists[] = {
    { "heads", heads_outputs }, { "isa", isa_outputs }, { "version", NULL }, { "run", run_outputs }
};

/* What is printed, to be freed. */
static char *printed(const char *name, enum output_form form)
{
    const char *path = sandbox_path("printed");
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(output_help(f, lists, AT_COUNTOF(lists), name, form), EXIT_DONE);
    fclose(f);
    return sandbox_read(path);
}

static void assert_printed(const char *name, enum output_form form, const char *want)
{
    char *got = printed(name, form);

    assert_string_equal(got, want);
    free(got);
}

static void test_overview(void **state)
{
    (void)state;
    assert_printed(NULL, OUTPUT_PLAIN,
                   "Files that commands write; 'atlas help output FILE' tells what is in one.\n"
                   "\nheads\n"
                   "  heads.json           the document of a text\n"
                   "  heads.csv            a row for each head\n"
                   "  corpus.csv           a row for each score\n"
                   "\nisa\n"
                   "  corpus.csv           a row for each score\n"
                   "  pair_<a>_<b>.csv     a row for each token of two sentences\n"
                   "\nrun\n"
                   "  corpus.csv           a row for each head\n"
                   "  capture.safetensors  what --from reads\n");
}

#define LAYER "layer, from 0, told in so many words that the line has to be broken in a manual page"
#define COLUMNS                                                                                    \
    "  column            type     unit      meaning\n"                                             \
    "  layer             integer            " LAYER "\n"                                           \
    "  syntax            number   fraction  share on the syntactic head\n"                         \
    "  size_low          number             'quoted' .and \\ 95 % interval\n"                      \
    "  size_high         number             'quoted' .and \\ 95 % interval\n"                      \
    "  syntax_scaled     number   fraction  share on the syntactic head; scaled to 0..1\n"         \
    "  size_low_scaled   number             'quoted' .and \\ 95 % interval; scaled to 0..1\n"      \
    "  size_high_scaled  number             'quoted' .and \\ 95 % interval; scaled to 0..1\n"

static void test_columns_of_a_table(void **state)
{
    (void)state;
    assert_printed("heads.csv", OUTPUT_PLAIN,
                   "heads.csv of heads: a row for each head\n\n" COLUMNS);
}

static void test_commands_that_write_the_same_name(void **state)
{
    (void)state;
    assert_printed("corpus.csv", OUTPUT_PLAIN,
                   "corpus.csv of heads and isa: a row for each score\n\n"
                   "  column     type    unit      meaning\n"
                   "  syntax     number  fraction  share on the syntactic head\n"
                   "  size_low   number            'quoted' .and \\ 95 % interval\n"
                   "  size_high  number            'quoted' .and \\ 95 % interval\n"
                   "\ncorpus.csv of run: a row for each head\n\n" COLUMNS);
}

static void test_keys_of_a_document(void **state)
{
    (void)state;
    assert_printed("heads.json", OUTPUT_PLAIN,
                   "heads.json of heads: the document of a text\n\n"
                   "  key                  type     unit      meaning\n"
                   "  heads[]              object             every head\n"
                   "  heads[].layer        integer            " LAYER "\n"
                   "  heads[].raw          object             as measured\n"
                   "  heads[].raw.syntax   number   fraction  share on the syntactic head\n"
                   "  heads[].raw.size[2]  number             'quoted' .and \\ 95 % interval\n"
                   "  heads[].scaled       object             scaled to 0..1; keys as in "
                   "heads[].raw\n"
                   "  name                 text               of the model\n"
                   "  syntax to size                          as in heads[].raw\n"
                   "  best                 object             the greatest; keys as in "
                   "heads[].raw\n");
}

/* A keyed list of values ends a record that is told twice: its key has no name but its place. */
struct mean {
    const char *category;
    double value;
};
struct feature {
    double p;
    struct mean *means;
    size_t n_means;
};
struct features {
    struct feature best, worst;
};

static void test_keyed_values(void **state)
{
    static const struct at_field mean_fields[] = {
        AT_FIELD(struct mean, category, "category", NULL, "which"),
        AT_FIELD(struct mean, value, NULL, "nats", "mean of the category"),
        AT_FIELD_END,
    };
    static const struct at_record mean_record = AT_RECORD(struct mean, mean_fields);
    static const struct at_field feature_fields[] = {
        AT_FIELD(struct feature, p, "p", NULL, "chance"),
        AT_FIELD_LIST(struct feature, means, n_means, "means", &mean_record, NULL,
                      .flags = AT_KEYED),
        AT_FIELD_END,
    };
    static const struct at_record feature_record = AT_RECORD(struct feature, feature_fields);
    static const struct at_field features_fields[] = {
        AT_FIELD_RECORD(struct features, best, NULL, &feature_record, NULL),
        AT_FIELD_RECORD(struct features, worst, NULL, &feature_record, NULL),
        AT_FIELD_END,
    };
    static const struct at_record features_record = AT_RECORD(struct features, features_fields);
    static const struct output outputs[] = { { "features.json", "two", &features_record }, { 0 } };
    const struct output_list list = { "heads", outputs };
    const char *path = sandbox_path("printed");
    FILE *f = fopen(path, "w");
    char *got;

    (void)state;
    assert_int_equal(output_help(f, &list, 1, "features.json", OUTPUT_PLAIN), EXIT_DONE);
    fclose(f);
    got = sandbox_read(path);
    assert_string_equal(got, "features.json of heads: two\n\n"
                             "  key                    type    unit  meaning\n"
                             "  p                      number        chance\n"
                             "  means.<category>       number  nats  mean of the category\n"
                             "  p to means.<category>                as above\n");
    free(got);
}

static void test_files_without_columns(void **state)
{
    (void)state;
    assert_printed("capture.safetensors", OUTPUT_PLAIN,
                   "capture.safetensors of run: what --from reads\n");
}

static void test_names_with_a_part_that_varies(void **state)
{
    char *by_name = printed("pair_12_0.csv", OUTPUT_PLAIN);

    (void)state;
    assert_printed("pair_<a>_<b>.csv", OUTPUT_PLAIN, by_name);
    assert_ptr_equal(strstr(by_name, "pair_<a>_<b>.csv of isa: a row"), by_name);
    free(by_name);
}

static void ask_for(const char *name, int status, const char *want)
{
    const char *path = sandbox_path("stderr");
    int kept = dup(STDERR_FILENO);
    FILE *f = freopen(path, "w", stderr);
    char *got;

    assert_non_null(f);
    assert_int_equal(output_help(stdout, lists, AT_COUNTOF(lists), name, OUTPUT_PLAIN), status);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    got = sandbox_read(path);
    assert_non_null(strstr(got, want));
    free(got);
}

static void test_unknown_names(void **state)
{
    (void)state;
    ask_for("head.csv", EXIT_USAGE, "no command writes 'head.csv'; did you mean 'heads.csv'?\n");
    ask_for("pair_1.csv", EXIT_USAGE, "no command writes 'pair_1.csv'; ");
    ask_for("pair__1.csv", EXIT_USAGE, "no command writes 'pair__1.csv'; ");
    ask_for(
        "no such thing at all", EXIT_USAGE,
        "no command writes 'no such thing at all'; 'atlas help output' lists what they write\n");
}

static void test_lines(void **state)
{
    char *got = printed(NULL, OUTPUT_LINES), *lines = got;
    size_t n = 0;

    (void)state;
    /* Nothing is left out: the scaled scores have keys of their own. */
    assert_non_null(strstr(got, "heads.json\theads[].scaled.syntax\tnumber\tfraction\theads\t"
                                "share on the syntactic head\n"));
    assert_non_null(strstr(got, "heads.csv\tsize_low_scaled\tnumber\t-\theads\t"));
    assert_non_null(strstr(got, "capture.safetensors\t-\t-\t-\trun\twhat --from reads\n"));
    while ((lines = strchr(lines, '\n'))) {
        lines++;
        n++;
    }
    assert_int_equal(n, 14 + 7 + 3 + 3 + 3 + 7 + 1);
    free(got);
}

static void test_mdoc(void **state)
{
    (void)state;
    assert_printed("corpus.csv", OUTPUT_MDOC,
                   ".\\\" begin corpus.csv\n"
                   "Of heads and isa: a row for each score.\n"
                   ".Bl -tag -width 9n -compact\n"
                   ".It syntax\n"
                   "share on the syntactic head (fraction)\n"
                   ".It size_low , size_high\n"
                   "\\&'quoted' .and \\e 95 % interval\n"
                   ".El\n"
                   ".Pp\n"
                   "Of run: a row for each head.\n"
                   ".Bl -tag -width 16n -compact\n"
                   ".It layer\n"
                   "layer, from 0, told in so many words that the line has to be broken in a\n"
                   "manual page (integer)\n"
                   ".It syntax\n"
                   "share on the syntactic head (fraction)\n"
                   ".It size_low , size_high\n"
                   "\\&'quoted' .and \\e 95 % interval\n"
                   ".It syntax_scaled\n"
                   "share on the syntactic head; scaled to 0..1 (fraction)\n"
                   ".It size_low_scaled , size_high_scaled\n"
                   "\\&'quoted' .and \\e 95 % interval; scaled to 0..1\n"
                   ".El\n"
                   ".\\\" end corpus.csv\n");
    assert_printed("capture.safetensors", OUTPUT_MDOC,
                   ".\\\" begin capture.safetensors\n"
                   "Of run: what --from reads.\n"
                   ".\\\" end capture.safetensors\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overview),
        cmocka_unit_test(test_columns_of_a_table),
        cmocka_unit_test(test_commands_that_write_the_same_name),
        cmocka_unit_test(test_keys_of_a_document),
        cmocka_unit_test(test_keyed_values),
        cmocka_unit_test(test_files_without_columns),
        cmocka_unit_test(test_names_with_a_part_that_varies),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_mdoc),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
