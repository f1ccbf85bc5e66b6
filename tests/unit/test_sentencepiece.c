/*
 * test_sentencepiece.c - SentencePiece models: what of the file counts, and every way it is wrong.
 * Ids and places of real ones are in test_tokenizer_library.c.
 */
#include "close.h"
#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "text/sentencepiece_file.h"
#include "text/tokenizer.h"

#define ORACLE "fixtures/oracle/tokenizer/"

/* The pieces <unk> (unknown), "a" with the score -1, <s> (control). */
#define UNK "\x0a\x09\x0a\x05<unk>\x18\x02"
#define A                                                                                          \
    "\x0a\x08\x0a\x01"                                                                             \
    "a\x15\x00\x00\x80\xbf"
#define S      "\x0a\x07\x0a\x03<s>\x18\x03"
#define PIECES UNK A S

static int parse(struct at_sentencepiece *p, const char *bytes, size_t n, struct at_error *err)
{
    return at_sentencepiece_parse(p, (const unsigned char *)bytes, n, err);
}

static void test_fields(void **state)
{
    static const char few[] = PIECES;
    /* trainer: BPE, the unknown piece is 1; normalizer: the table "xyz", neither of the switches */
    static const char whole[] = PIECES "\x12\x05\x18\x02\xc0\x02\x01\x1a\x09\x12\x03"
                                       "xyz\x18\x00\x20\x00\x22\x02\x08\x01";
    struct at_sentencepiece p;
    struct at_error err;

    (void)state;
    assert_int_equal(parse(&p, few, sizeof few - 1, &err), 0);
    assert_int_equal(p.pieces.n, 3);
    assert_true(p.pieces.items[1].n == 1 && p.pieces.items[1].score == -1.0);
    assert_int_equal(p.pieces.items[1].type, AT_PIECE_NORMAL);
    assert_int_equal(p.pieces.items[2].type, AT_PIECE_CONTROL);
    assert_true(!p.is_bpe && p.unk_id == 0 && p.has_prefix && p.drops_spaces && !p.n_charsmap);
    at_sentencepiece_release(&p);
    assert_int_equal(parse(&p, whole, sizeof whole - 1, &err), 0);
    assert_true(p.is_bpe && p.unk_id == 1 && !p.has_prefix && !p.drops_spaces);
    assert_true(p.n_charsmap == 3 && memcmp(p.charsmap, "xyz", 3) == 0);
    at_sentencepiece_release(&p);
}

#define CASE(bytes, text)                                                                          \
    {                                                                                              \
        bytes, sizeof bytes - 1, text                                                              \
    }

static void test_broken(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *text;
    } cases[] = {
        CASE("", "it has no pieces"),
        CASE("\x12\x00", "it has no pieces"),
        CASE("\x08\x01", "the model (field 1) is of the wrong type"),
        CASE("\x0a\x02\x08\x01", "a piece (field 1) is of the wrong type"),
        CASE("\x0a\x02\x10\x01", "a piece (field 2) is of the wrong type"),
        CASE("\x0a\x02\x1a\x00", "a piece (field 3) is of the wrong type"),
        CASE(UNK "\x0a\x05\x15\x00\x00\xc0\x7f", "the score of piece 1 is no number"),
        CASE(UNK "\x0a\x05\x15\x00\x00\x80\xff", "the score of piece 1 is no number"),
        CASE("\x0a\x03\x0a\x05"
             "a",
             "a field is longer than the file at byte 4"),
        CASE(PIECES "\x12\x02\x18\x03", "models of type 3 are not supported"),
        CASE(PIECES "\x12\x02\x18\x04", "models of type 4 are not supported"),
        CASE(PIECES "\x12\x03\xc0\x01\x01", "treat_whitespace_as_suffix is not supported"),
        CASE(PIECES "\x12\x02\x1a\x00", "the trainer's specification (field 3)"),
        CASE(PIECES "\x1a\x02\x10\x01", "the normalizer's specification (field 2)"),
        CASE(PIECES "\x1a\x02\x1a\x00", "the normalizer's specification (field 3)"),
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_sentencepiece p;
        struct at_error err;
        int rc = parse(&p, cases[i].bytes, cases[i].n, &err);
        if (rc != AT_EFORMAT || !strstr(err.text, cases[i].text))
            fail_msg("case %zu: %d '%s', want '%s'", i, rc, err.text, cases[i].text);
        at_sentencepiece_release(&p);
    }
}

/* Every prefix of a real model is refused, or is a shorter one. */
static void test_cut(void **state)
{
    struct at_mapfile file;
    struct at_error err;
    size_t n_good = 0;

    (void)state;
    assert_int_equal(
        at_mapfile_open(&file, ORACLE "xlmroberta-unigram/sentencepiece.bpe.model", &err), 0);
    for (size_t n = 0; n < file.n; n++) {
        struct at_sentencepiece p;
        int rc = at_sentencepiece_parse(&p, file.bytes, n, &err);
        assert_true(rc == 0 || rc == AT_EFORMAT);
        n_good += rc == 0;
        at_sentencepiece_release(&p);
    }
    assert_true(n_good > 100 && n_good < file.n / 4);
    at_mapfile_close(&file);
}

static void test_folders(void **state)
{
    static const struct {
        const char *settings, *text; /* of tokenizer_config.json, of the error */
    } cases[] = {
        { "{}", "tokenizer.model: no tokenizer_class says which ids its pieces have, want one of "
                "XLM-R, CamemBERT, ALBERT, T5 or LLaMA" },
        { "{\"tokenizer_class\": \"XLNetTokenizer\"}", "'XLNetTokenizer' is not supported" },
        { "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}",
          "'BertJapaneseTokenizer' is not supported" },
        { "{\"tokenizer_class\": \"T5Tokenizer\", \"extra_ids\": -1}", "extra_ids" },
        { "{\"tokenizer_class\": \"T5Tokenizer\"}", "the vocabulary has no '</s>'" },
    };
    static const char few[] = PIECES;

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = NULL;
        struct at_error err = { 0 };
        sandbox_write("tokenizer.model", few, sizeof few - 1);
        sandbox_text("tokenizer_config.json", cases[i].settings);
        if (!at_tokenizer_open(&t, sandbox_path(""), &err) || !strstr(err.text, cases[i].text))
            fail_msg("case %zu: '%s', want '%s'", i, err.text, cases[i].text);
        assert_null(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_folders),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
