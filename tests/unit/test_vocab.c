/*
 * test_vocab.c - the table of pieces. Its files are tested in test_tokenizer_files.c.
 */
#include "close.h"

#include <stdio.h>
#include <string.h>

#include "text/vocab.h"

static int add(struct at_vocab *v, long long id, const char *piece, struct at_error *err)
{
    return at_vocab_add(v, id, piece, strlen(piece), err);
}

/* Enough pieces for several sizes of the table, in an order that leaves holes on the way. */
static void test_many(void **state)
{
    enum { N = 5000 };
    struct at_vocab v = { 0 };
    struct at_error err;
    char piece[32];

    (void)state;
    for (int i = 0; i < N; i++) {
        int id = i * 7 % N;

        snprintf(piece, sizeof piece, "piece %d", id);
        assert_int_equal(add(&v, id, piece, &err), 0);
    }
    assert_int_equal(at_vocab_check(&v, &err), 0);
    assert_int_equal(v.pieces.n, N);
    assert_int_equal(v.longest, strlen("piece 4999"));
    for (int id = 0; id < N; id++) {
        size_t n = (size_t)snprintf(piece, sizeof piece, "piece %d", id);

        assert_int_equal(at_vocab_find(&v, piece, n), id);
        assert_string_equal(at_vocab_piece(&v, id), piece);
        assert_int_equal(at_vocab_find(&v, piece, n - 1), id < 10 ? -1 : id / 10);
    }
    assert_int_equal(at_vocab_find(&v, "piece 5000", 10), -1);
    assert_int_equal(at_vocab_find(&v, "", 0), -1);
    assert_null(at_vocab_piece(&v, N));
    assert_null(at_vocab_piece(&v, -1));
    at_vocab_release(&v);
    at_vocab_release(&v);
    assert_int_equal(at_vocab_find(&v, "piece 1", 7), -1);
}

static void test_twice(void **state)
{
    struct at_vocab v = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(add(&v, 0, "a", &err), 0);
    assert_int_equal(add(&v, 1, "b", &err), 0);
    assert_int_equal(add(&v, 2, "a", &err), 0); /* the last id counts, both have the piece */
    assert_int_equal(add(&v, 1, "b", &err), 0); /* said again */
    assert_int_equal(at_vocab_find(&v, "a", 1), 2);
    assert_string_equal(at_vocab_piece(&v, 0), "a");
    assert_int_equal(add(&v, 1, "a", &err), AT_EFORMAT);
    assert_string_equal(err.text, "id 1 is given to both 'b' and 'a'");
    assert_int_equal(at_vocab_find(&v, "b", 1), 1);
    at_vocab_release(&v);
}

static void test_refused(void **state)
{
    struct at_vocab v = { 0 };
    struct at_error err;
    char piece[AT_MAX_PIECE + 1] = { 'x' };

    (void)state;
    assert_int_equal(at_vocab_check(&v, &err), AT_EFORMAT);
    assert_int_equal(add(&v, -1, "a", &err), AT_ERANGE);
    assert_int_equal(add(&v, AT_MAX_VOCAB, "a", &err), AT_ERANGE);
    assert_int_equal(add(&v, 0, "\xff", &err), AT_EFORMAT);
    assert_int_equal(at_vocab_add(&v, 0, "a\0b", 3, &err), AT_EFORMAT);
    memset(piece, 'x', sizeof piece);
    assert_int_equal(at_vocab_add(&v, 0, piece, sizeof piece, &err), AT_ERANGE);
    assert_int_equal(at_vocab_add(&v, 0, piece, sizeof piece - 1, &err), 0);
    assert_int_equal(add(&v, 2, "", &err), 0);
    assert_int_equal(at_vocab_check(&v, &err), AT_EFORMAT);
    assert_string_equal(err.text, "no piece has the id 1, of ids up to 2");
    at_vocab_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
