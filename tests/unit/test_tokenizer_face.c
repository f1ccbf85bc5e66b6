/*
 * test_tokenizer_face.c - what a tokenizer tells of itself: the parts of its special tokens, its
 * files and where they contradict each other; types of a pair's tokens; labels.
 */
#include "close.h"
#include "sandbox.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/path.h"
#include "text/tokenizer.h"

#define ORACLE "fixtures/oracle/tokenizer/"

struct file {
    const char *name, *text;
};

static struct at_tokenizer *open_dir(const char *dir)
{
    struct at_tokenizer *t = NULL;
    struct at_error err = { 0 };

    if (at_tokenizer_open(&t, dir, &err))
        fail_msg("%s", err.text);
    return t;
}

static struct at_tokenizer *open_files(const struct file *files, size_t n)
{
    static int number;
    char name[64], path[128];
    struct at_error err;

    snprintf(name, sizeof name, "dir-%d", number++);
    assert_int_equal(at_mkdir_p(sandbox_path(name), &err), 0);
    for (size_t i = 0; i < n && files[i].name; i++) {
        snprintf(path, sizeof path, "%s/%s", name, files[i].name);
        sandbox_text(path, files[i].text);
    }
    return open_dir(sandbox_path(name));
}

/* Roles in the order unk, cls, sep, pad, mask, bos, eos. */
static void assert_roles(const struct at_tokenizer *t, const char *want)
{
    struct at_strbuf got = { 0 };

    for (int role = 0; role < AT_N_ROLES; role++)
        at_strbuf_addf(&got, "%s%d", role ? " " : "",
                       at_tokenizer_role(t, (enum at_token_role)role));
    assert_string_equal(at_strbuf_str(&got), want);
    at_strbuf_release(&got);
}

#define BERT_VOCAB "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n<m>\na\n"
#define ROBERTA_VOCAB                                                                              \
    "{\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"a\":4,\"\\u0120\":5,\"<mask>\":6}"
#define JSON_MODEL                                                                                 \
    "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{\"?\":0,\"a\":1,\"b\":2}}"

static void test_roles(void **state)
{
    static const struct {
        struct file files[3];
        const char *want;
    } cases[] = {
        { { { "vocab.txt", BERT_VOCAB } }, "1 2 3 0 4 -1 -1" },
        { { { "vocab.txt", BERT_VOCAB },
            { "tokenizer_config.json", "{\"mask_token\":\"<m>\",\"bos_token\":\"[CLS]\"}" } },
          "1 2 3 0 5 2 -1" },
        { { { "vocab.txt", BERT_VOCAB },
            { "special_tokens_map.json", "{\"mask_token\":{\"content\":\"<m>\"}}" } },
          "1 2 3 0 5 -1 -1" },
        { { { "vocab.json", ROBERTA_VOCAB },
            { "merges.txt", "" },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"RobertaTokenizer\"}" } },
          "3 0 2 1 6 0 2" },
        { { { "vocab.json", "{\"a\":0,\"<|endoftext|>\":1}" }, { "merges.txt", "" } },
          "-1 -1 -1 -1 -1 1 1" },
        { { { "tokenizer.json",
              "{\"added_tokens\":[{\"id\":3,\"content\":\"[HIDE]\",\"special\":true},"
              "{\"id\":4,\"content\":\"<s>\",\"special\":true}]," JSON_MODEL "}" },
            { "tokenizer_config.json", "{\"mask_token\":\"[HIDE]\"}" } },
          "0 4 -1 -1 3 4 -1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = open_files(cases[i].files, 3);
        assert_roles(t, cases[i].want);
        at_tokenizer_close(t);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *dir, *name, *source;
        enum at_tokenizer_kind kind;
        size_t n_pieces;
    } cases[] = {
        { "fixtures/tiny-bert", "WordPiece", "vocab.txt", AT_WORDPIECE, 67 },
        { "fixtures/vocab/gpt2", "byte-level BPE", "vocab.json, merges.txt", AT_BPE, 50257 },
        { ORACLE "t5-few-unigram", "Unigram", "spiece.model", AT_UNIGRAM, 133 },
        { ORACLE "llama-bpe", "BPE", "tokenizer.model", AT_BPE, 400 },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = open_dir(cases[i].dir);
        assert_string_equal(at_tokenizer_name(t), cases[i].name);
        assert_string_equal(at_tokenizer_source(t), cases[i].source);
        assert_int_equal(at_tokenizer_kind(t), cases[i].kind);
        assert_int_equal(at_tokenizer_vocab_size(t), cases[i].n_pieces);
        assert_null(at_tokenizer_notes(t, 0));
        assert_int_equal(at_tokenizer_max_tokens(t), 0);
        at_tokenizer_close(t);
    }
}

static void test_notes(void **state)
{
    static const struct {
        struct file files[4];
        const char *notes[3];
    } cases[] = {
        { { { "tokenizer.json", "{" JSON_MODEL "}" },
            { "vocab.txt", "a\n" },
            { "merges.txt", "" } },
          { "tokenizer.json counts, not vocab.txt, merges.txt beside it" } },
        { { { "vocab.txt", BERT_VOCAB },
            { "tokenizer_config.json", "{\"mask_token\":\"[MASK]\"}" },
            { "special_tokens_map.json", "{\"mask_token\":\"<m>\"}" } },
          { "mask_token: '<m>' counts, not '[MASK]'" } },
        { { { "vocab.txt", BERT_VOCAB },
            { "tokenizer_config.json", "{\"added_tokens_decoder\":{\"5\":{\"content\":\"<m>\"}},"
                                       "\"mask_token\":\"[MASK]\"}" },
            { "special_tokens_map.json", "{\"mask_token\":\"<m>\"}" } },
          { "mask_token: '[MASK]' counts, not '<m>'" } },
        { { { "vocab.txt", BERT_VOCAB },
            { "tokenizer_config.json", "{\"added_tokens_decoder\":{\"7\":{\"content\":\"<x>\"}}}" },
            { "added_tokens.json", "{\"<x>\":8}" } },
          { "the added token '<x>' has the id 8 in added_tokens.json and 7 in "
            "tokenizer_config.json, which counts" } },
        { { { "tokenizer.json",
              "{\"truncation\":{\"max_length\":7,\"strategy\":\"LongestFirst\","
              "\"stride\":0,\"direction\":\"Right\"},\"padding\":{\"strategy\":"
              "{\"Fixed\":9},\"direction\":\"Right\",\"pad_to_multiple_of\":null,"
              "\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"?\"}," JSON_MODEL "}" } },
          { "tokenizer.json: texts are not cut to 7 tokens",
            "tokenizer.json: texts are not padded to 9 tokens" } },
        { { { "tokenizer.json",
              "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true}," JSON_MODEL "}" },
            { "tokenizer_config.json", "{\"do_lower_case\":false}" } },
          { "do_lower_case: false in tokenizer_config.json, true in tokenizer.json; the former "
            "counts" } },
        { { { "tokenizer.json",
              "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true}," JSON_MODEL "}" },
            { "tokenizer_config.json", "{\"do_lower_case\":false,\"tokenizer_class\":"
                                       "\"PreTrainedTokenizerFast\"}" } },
          { "do_lower_case: false in tokenizer_config.json, true in tokenizer.json; the latter "
            "counts" } },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = open_files(cases[i].files, 4);
        size_t n = 0;
        for (; n < 3 && cases[i].notes[n]; n++)
            if (!at_tokenizer_notes(t, n) || !strstr(at_tokenizer_notes(t, n), cases[i].notes[n]))
                fail_msg("case %zu: '%s', want '%s'", i,
                         at_tokenizer_notes(t, n) ? at_tokenizer_notes(t, n) : "",
                         cases[i].notes[n]);
        if (at_tokenizer_notes(t, n))
            fail_msg("case %zu: '%s' too", i, at_tokenizer_notes(t, n));
        assert_int_equal(at_tokenizer_max_tokens(t), i == 4 ? 7 : 0);
        at_tokenizer_close(t);
    }
}

/* The second text has the type that the file gives it, and is told apart all the same. */
static void test_pairs(void **state)
{
    static const struct {
        const char *dir, *types, *sources;
    } cases[] = {
        { "fixtures/tiny-bert", "0 0 0 1 1 1", "-1 0 -1 1 1 -1" },
        { ORACLE "xlmroberta-unigram", "0 0 0 0 0 0 0", "-1 0 -1 -1 1 1 -1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = open_dir(cases[i].dir);
        struct at_strbuf types = { 0 }, sources = { 0 };
        struct at_tokens v = { 0 };
        struct at_error err;
        assert_int_equal(at_tokenize(&v, t, "a", "a a", true, &err), 0);
        for (size_t k = 0; k < v.n; k++) {
            at_strbuf_addf(&types, k ? " %d" : "%d", v.items[k].segment);
            at_strbuf_addf(&sources, k ? " %d" : "%d", v.items[k].source);
            assert_true((v.items[k].source < 0) == (v.items[k].start == AT_NO_OFFSET));
        }
        assert_string_equal(at_strbuf_str(&types), cases[i].types);
        assert_string_equal(at_strbuf_str(&sources), cases[i].sources);
        at_strbuf_release(&types);
        at_strbuf_release(&sources);
        at_tokens_release(&v);
        at_tokenizer_close(t);
    }
}

/* A text that fails half-way leaves nothing behind the tokens that were there. */
static void test_failure(void **state)
{
    static const struct file files[] = {
        { "tokenizer.json", "{\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":"
                            "\"WordLevel\",\"vocab\":{\"a\":0,\"b\":1},\"unk_token\":\"?\"}}" }
    };
    struct at_tokenizer *t = open_files(files, 1);
    struct at_tokens v = { 0 };
    struct at_error err;

    (void)state;
    assert_int_equal(at_tokenize(&v, t, "b", NULL, true, &err), 0);
    assert_int_equal(at_tokenize(&v, t, "a a c", NULL, true, &err), AT_EFORMAT);
    assert_int_equal(v.n, 1);
    assert_int_equal(v.items[0].id, 1);
    at_tokens_release(&v);
    at_tokenizer_close(t);
}

#define BPE(pieces) "\"model\":{\"type\":\"BPE\",\"vocab\":{" pieces "},\"merges\":[]"

static void test_labels(void **state)
{
    static const struct {
        const char *json, *want; /* of the pieces 0, 1 ... */
    } cases[] = {
        { "{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}," BPE(
              "\"a</w>\":0,\"b\":1,\"</w>\":2") ",\"end_of_word_suffix\":\"</w>\"}}",
          "a|b|</w>" },
        { "{\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"_\"}," BPE(
              "\"_a\":0,\"b\":1,\"_\":2,\"c_d\":3") "}}",
          "a|b|\xe2\x90\xa3|c d" },
        { "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},"
          "{\"type\":\"Fuse\"}]}," BPE("\"<0x41>\":0,\"<0xC3>\":1,\"<0x0A>\":2") "}}",
          "A|<C3>|\\n" },
        { "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":"
          "{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},{\"type\":\"Fuse\"},{\"type\":"
          "\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}," BPE(
              "\"\xe2\x96\x81"
              "a\":0,\"b\":1,\"\xe2\x96\x81\":2") "}}",
          "a|b|\xe2\x90\xa3" },
        { "{\"decoder\":{\"type\":\"ByteLevel\"}," BPE(
              "\"\\u0120a\":0,\"\\u00c3\\u00a9\":1,"
              "\"\\u00c3\":2,\"\\u010a\":3,\"\\u0120\\u0120\":4") "}}",
          "a|\xc3\xa9|<C3>|\\n|\xe2\x90\xa3\xe2\x90\xa3" },
        { "{\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"@@\",\"cleanup\":false},\"model\":"
          "{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"@@\",\"unk_token\":\"a\","
          "\"vocab\":{\"a\":0,\"@@b\":1,\"##c\":2}}}",
          "a|b|##c" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct file files[1] = { { "tokenizer.json", cases[i].json } };
        struct at_tokenizer *t = open_files(files, 1);
        struct at_strbuf got = { 0 };
        for (size_t id = 0; id < at_tokenizer_vocab_size(t); id++) {
            at_strbuf_adds(&got, id ? "|" : "");
            at_tokenizer_add_label(t, &got, (int)id);
        }
        assert_string_equal(at_strbuf_str(&got), cases[i].want);
        at_strbuf_release(&got);
        at_tokenizer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles), cmocka_unit_test(test_names),  cmocka_unit_test(test_notes),
        cmocka_unit_test(test_pairs), cmocka_unit_test(test_labels), cmocka_unit_test(test_failure),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
