/*
 * test_csv.c - what RFC 4180 says of quotes and line ends, numbers, and tables with faults.
 */
#include "io/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "close.h"
#include "sandbox.h"

static void test_writing(void **state)
{
    const char *path = sandbox_path("out.csv");
    struct at_csv c;
    struct at_error err;
    char *text;

    (void)state;
    assert_int_equal(at_csv_open(&c, path, "layer,token,weight,note", &err), 0);
    at_csv_int(&c, -3);
    at_csv_text(&c, "plain");
    at_csv_real(&c, 0.1f);
    at_csv_text(&c, NULL);
    at_csv_end(&c);
    at_csv_int(&c, 1234567890123);
    at_csv_text(&c, "a \"b\", c\r\nd");
    at_csv_real(&c, NAN);
    at_csv_empty(&c);
    at_csv_end(&c);
    at_csv_int(&c, 0);
    at_csv_text(&c, "\xE2\x82\xAC '");
    at_csv_real(&c, INFINITY);
    at_csv_text(&c, "");
    at_csv_end(&c);
    assert_int_equal(c.n_rows, 3);
    assert_int_equal(at_csv_commit(&c, &err), 0);
    at_csv_abort(&c);
    text = sandbox_read(path);
    assert_string_equal(text, "layer,token,weight,note\n"
                              "-3,plain,0.100000001,\n"
                              "1234567890123,\"a \"\"b\"\", c\r\nd\",,\n"
                              "0,\xE2\x82\xAC ',,\n");
    free(text);
}

static void short_row(void)
{
    struct at_csv c;
    struct at_error err;

    if (at_csv_open(&c, sandbox_path("bug.csv"), "a,b", &err) != 0)
        return;
    at_csv_int(&c, 1);
    at_csv_end(&c);
}

static void long_row(void)
{
    struct at_csv c;
    struct at_error err;

    if (at_csv_open(&c, sandbox_path("bug.csv"), "a", &err) != 0)
        return;
    at_csv_int(&c, 1);
    at_csv_int(&c, 2);
}

static void test_wrong_number_of_cells_is_a_bug(void **state)
{
    (void)state;
    assert_true(sandbox_aborts(short_row));
    assert_true(sandbox_aborts(long_row));
}

/* A disk that fills up half way: known at the commit, and no file is left. */
static void test_full_disk(void **state)
{
    const char *path = sandbox_path("full.csv");
    struct at_csv c;
    struct at_error err;
    FILE *full = fopen("/dev/full", "wb");

    (void)state;
    assert_non_null(full);
    assert_int_equal(at_csv_open(&c, path, "i", &err), 0);
    assert_true(dup2(fileno(full), fileno(c.file.f)) >= 0);
    fclose(full);
    for (int i = 0; i < 100000; i++) {
        at_csv_int(&c, i);
        at_csv_end(&c);
    }
    assert_int_equal(at_csv_commit(&c, &err), AT_EIO);
    assert_non_null(strstr(err.text, "/full.csv': No space left on device"));
    assert_null(sandbox_read(path));
    assert_int_equal(at_csv_open(&c, "/no/such/folder/x.csv", "i", &err), AT_EIO);
}

static void test_reading(void **state)
{
    static const struct {
        const char *text;
        char separator;
        size_t rows, columns;
        const char *cells[9]; /* after the header */
    } cases[] = {
        { "a,b\n1,2\n", ',', 1, 2, { "1", "2" } },
        { "a,b\n1,2", ',', 1, 2, { "1", "2" } },
        { "\xEF\xBB\xBF\"a\",b\r\n1,\r\n,2\r\n", ',', 2, 2, { "1", "", "", "2" } },
        { "a,b\n\"x,y\",\"he said \"\"no\"\"\"\n\"two\nlines\",\"\"\n",
          ',',
          2,
          2,
          { "x,y", "he said \"no\"", "two\nlines", "" } },
        { "a\n\n1\n\"\"\n\r\n2\n\n", ',', 3, 1, { "1", "", "2" } },
        { "a\tb\n\"x\ty\"\n", '\t', 1, 2, { "\"x", "y\"" } }, /* no quoting in tab-separated */
        { "a;b\n1,5;2\n", ';', 1, 2, { "1,5", "2" } },
        /* Another separator than the name promises, quoted or not. */
        { "a;b\n1,5;\"x;y\"\n", ',', 1, 2, { "1,5", "x;y" } },
        { "a\tb\nno, no\t\"x\ty\"\n", ',', 1, 2, { "no, no", "x\ty" } },
        { "a\tb\n\"No\" he said\t2\n", ',', 1, 2, { "\"No\" he said", "2" } },
        { "a,b\n1,\"2\"\n", '\t', 1, 2, { "1", "2" } },
        { "a\nx,y\n", '\t', 1, 1, { "x,y" } },
        { "a,b\nx\"y,z\rw\n", ',', 1, 2, { "x\"y", "z\rw" } },
        { "a,b", ',', 0, 2, { 0 } },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_table t;
        struct at_error err;
        const char *path = sandbox_text("in.csv", cases[i].text);
        assert_int_equal(at_table_read(&t, path, cases[i].separator, &err), 0);
        assert_int_equal(t.n_rows, cases[i].rows);
        assert_int_equal(t.n_columns, cases[i].columns);
        assert_int_equal(at_table_column(&t, "a"), 0);
        assert_int_equal(at_table_column(&t, "b"), cases[i].columns == 2 ? 1 : -1);
        assert_int_equal(at_table_column(&t, "B"), -1);
        for (size_t k = 0; k < t.n_rows * t.n_columns; k++)
            assert_string_equal(at_table_cell(&t, k / t.n_columns, k % t.n_columns),
                                cases[i].cells[k]);
        at_table_release(&t);
        at_table_release(&t);
    }
}

static void test_faulty_tables(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "in.csv: no header line" },
        { "\n\r\n\n", "in.csv: no header line" },
        { "a,b\n1,2\n1,2,3\n", "in.csv: line 3: 3 cells, the header has 2" },
        { "a,b\n\"1\n2\",3\n\n4\n", "in.csv: line 5: 1 cells, the header has 2" },
        { "a,b\n1,\"2\n\n\n", "in.csv: line 2: a quote is never closed" },
        { "a,b\n\"1\"2,3\n", "in.csv: line 2: text after a closing quote" },
        { "a,b\n1,\xFF\n", "in.csv: invalid UTF-8 at byte 6" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_table t;
        struct at_error err;
        const char *path = sandbox_text("in.csv", cases[i].text);
        assert_int_equal(at_table_read(&t, path, ',', &err), AT_EFORMAT);
        if (!strstr(err.text, cases[i].message))
            print_error("want ...%s\n", cases[i].message);
        assert_non_null(strstr(err.text, cases[i].message));
    }
}

/* Everything that was written is read again as it was. */
static void test_round_trip(void **state)
{
    static const char *const texts[] = { "",     "x",    ",",
                                         "\"",   "\"\"", "a\nb",
                                         "\r\n", " ",    "\xF0\x9F\x98\x80" };
    const char *path = sandbox_path("round.csv");
    struct at_csv c;
    struct at_table t;
    struct at_error err;

    (void)state;
    for (size_t columns = 1; columns <= 2; columns++) {
        assert_int_equal(at_csv_open(&c, path, columns == 1 ? "a" : "a,b", &err), 0);
        for (size_t i = 0; i < AT_COUNTOF(texts); i++) {
            for (size_t k = 0; k < columns; k++)
                at_csv_text(&c, texts[i]);
            at_csv_end(&c);
        }
        assert_int_equal(at_csv_commit(&c, &err), 0);
        assert_int_equal(at_table_read(&t, path, ',', &err), 0);
        assert_int_equal(t.n_rows, AT_COUNTOF(texts));
        for (size_t i = 0; i < AT_COUNTOF(texts); i++)
            for (size_t k = 0; k < columns; k++)
                assert_string_equal(at_table_cell(&t, i, k), texts[i]);
        at_table_release(&t);
    }
}

/* A journal: the header once, rows on disk after a flush, more rows behind those that are there. */
static void test_append(void **state)
{
    static const char want[] = "a,b\n1,x\n2,\"y,\"\n";
    char path[] = "/tmp/test_csv_append_XXXXXX", got[64] = "";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (int i = 1; i <= 2; i++) {
        struct at_csv c;
        assert_int_equal(at_csv_append(&c, path, "a,b", NULL), 0);
        at_csv_int(&c, i);
        at_csv_text(&c, i == 1 ? "x" : "y,");
        at_csv_end(&c);
        assert_int_equal(at_csv_flush(&c, NULL), 0);
        if (i == 2) { /* not closed yet, and on disk */
            FILE *f = fopen(path, "r");
            assert_non_null(f);
            assert_int_equal(fread(got, 1, sizeof got - 1, f), sizeof want - 1);
            fclose(f);
            assert_string_equal(got, want);
        }
        assert_int_equal(at_csv_close(&c, NULL), 0);
    }
    unlink(path);
    struct at_csv c;
    struct at_error err;
    assert_int_equal(at_csv_append(&c, "/tmp/no/such/place.csv", "a", &err), AT_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_wrong_number_of_cells_is_a_bug),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_faulty_tables),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
