/*
 * test_tokenizer_files.c - the forms a tokenizer's files take, and every way they can be wrong.
 */
#include "close.h"
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/path.h"
#include "text/tokenizer.h"

#define PIECES "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
#define WHOLE_BERT(more)                                                                           \
    "{\"added_tokens\":[{\"id\":2,\"content\":\"[CLS]\",\"special\":true}],"                       \
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"model\":{\"max_input_chars_per_word\":4," \
    "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"##b\":5,\"A\":6,"        \
    "\"e\":7}}" more "}"
#define WHOLE_GPT2(merges, more)                                                                   \
    "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true},"                       \
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"\\u0120\":2,\"ab\":3,"               \
    "\"\\u0120ab\":4},\"merges\":[" merges "]" more "}}"

#define WHOLE_UNIGRAM(model, more)                                                                 \
    "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"b\",-1.5],"           \
    "[\"ab\",-1e0],[\"_a\",-0.5]]" model "}" more "}"
#define METASPACE ",\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"_\"}"

enum { MAX_FILES = 4 };

struct file {
    const char *name, *text;
};

/* A folder with these files and nothing else. */
static const char *make_dir(const struct file *files)
{
    static int number;
    char name[64];
    struct at_error err;

    snprintf(name, sizeof name, "dir-%d", number++);
    assert_int_equal(at_mkdir_p(sandbox_path(name), &err), 0);
    for (size_t i = 0; i < MAX_FILES && files[i].name; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", name, files[i].name);
        sandbox_text(path, files[i].text);
    }
    return sandbox_path(name);
}

static struct at_tokenizer *open_files(const struct file *files)
{
    struct at_tokenizer *t = NULL;
    struct at_error err = { 0 };

    if (at_tokenizer_open(&t, make_dir(files), &err))
        fail_msg("%s", err.text);
    return t;
}

static void assert_ids(const struct at_tokenizer *t, const char *text, const char *want)
{
    struct at_tokens v = { 0 };
    struct at_strbuf got = { 0 };
    struct at_error err = { 0 };

    if (at_tokenize(&v, t, text, NULL, false, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < v.n; i++)
        at_strbuf_addf(&got, i ? " %d" : "%d", v.items[i].id);
    assert_string_equal(at_strbuf_str(&got), want);
    at_tokens_release(&v);
    at_strbuf_release(&got);
}

static void test_forms(void **state)
{
    static const struct {
        struct file files[MAX_FILES];
        const char *text, *want;
    } cases[] = {
        /* vocab.txt: small letters unless the configuration says otherwise */
        { { { "vocab.txt", PIECES "a\n##b\nA\n" } }, "AB ab", "5 6 5 6" },
        { { { "vocab.txt", PIECES "a\n##b\nA\n" },
            { "tokenizer_config.json", "{\"do_lower_case\":false}" } },
          "Ab ab",
          "7 6 5 6" },
        { { { "vocab.txt", PIECES "e\n\xc3\xa9\n" } }, "\xc3\xa9 e", "5 5" },
        { { { "vocab.txt", PIECES "e\n\xc3\xa9\n" },
            { "tokenizer_config.json", "{\"strip_accents\":false}" } },
          "\xc3\x89 E",
          "6 5" },
        { { { "vocab.txt", PIECES "\xe6\x88\x91\n##\xe6\x88\x91\n" },
            { "tokenizer_config.json", "{\"tokenize_chinese_chars\":false}" } },
          "\xe6\x88\x91\xe6\x88\x91",
          "5 6" },
        /* CRLF, CR, no line break at the end, a piece twice: the last id counts */
        { { { "vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n\r\n\r\n" } }, "a b", "4 1" },
        { { { "vocab.txt", "[PAD]\r[UNK]\r[CLS]\r\n\r\n[SEP]\na\r" } }, "a b", "5 1" },
        { { { "vocab.txt", PIECES "a\nb\na" } }, "a b", "7 6" },
        /* a blank line in the middle has an id too */
        { { { "vocab.txt", PIECES "a\n\nb\n" } }, "a b", "5 7" },
        /* other names for special tokens */
        { { { "vocab.txt", "<u>\n<c>\n<s>\n<m>\na\n" },
            { "special_tokens_map.json",
              "{\"unk_token\":\"<u>\",\"cls_token\":{\"content\":\"<c>\"},\"sep_token\":\"<s>\","
              "\"additional_special_tokens\":[\"<m>\"]}" } },
          "a <m> x<c>",
          "4 3 0 1" },
        /* tokens added to a trained vocabulary: found after case folding, or as written */
        { { { "vocab.txt", PIECES "a\n" }, { "added_tokens.json", "{\"covid\":6,\"19\":7}" } },
          "a COVID-19a",
          "5 6 1 7 5" },
        { { { "vocab.txt", PIECES "a\n" },
            { "tokenizer_config.json",
              "{\"added_tokens_decoder\":{\"6\":{\"content\":\"<X>\",\"special\":true},"
              "\"7\":{\"content\":\"aa\",\"single_word\":true,\"normalized\":false}}}" } },
          "a <X>a<x> aa aaa Aa",
          "5 6 5 1 1 1 7 1 1" },
        { { { "vocab.txt", PIECES "a\n" },
            { "tokenizer_config.json",
              "{\"added_tokens_decoder\":{\"6\":{\"content\":\"<m>\",\"special\":true,"
              "\"lstrip\":true}}}" } },
          "a  <m> a",
          "5 6 5" },
        /* one that a second file calls special is found as written */
        { { { "vocab.txt", PIECES "a\n" },
            { "added_tokens.json", "{\"<P>\":6}" },
            { "special_tokens_map.json", "{\"pad_token\":\"<P>\"}" } },
          "a<P>a",
          "5 6 5" },
        /* vocab.json and merges.txt */
        { { { "vocab.json", "{\"a\":0,\"b\":1,\"\\u0120\":2,\"ab\":3,\"\\u0120ab\":4}" },
            { "merges.txt", "#version: 0.2\na b\n\xc4\xa0 ab\n\n" } },
          "ab abb",
          "3 4 1" },
        { { { "vocab.json", " {\"b\" : 1 ,\n\"a\":0,\"\xc4\xa0\":2,\"\\u0061b\":3,\"\xc4\xa0"
                            "ab\":4 } " },
            { "merges.txt", "a b\r\n\xc4\xa0 ab" },
            { "tokenizer_config.json", "{\"add_prefix_space\":true}" } },
          "ab",
          "4" },
        /* tokenizer.json alone, with and without model.type */
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":null") } },
          "ab A [CLS] aaaaa",
          "4 5 6 2 1" },
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":\"BertNormalizer\"}") } },
          "A\xc3\x89",
          "1" },
        { { { "tokenizer.json",
              WHOLE_BERT(
                  ",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},"
                  "{\"type\":\"Lowercase\"},{\"type\":\"StripAccents\"}]}") } },
          "A \xc3\x89",
          "4 7" },
        /* switches of tokenizer_config.json count for classes that have them */
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":\"BertNormalizer\"}") },
            { "tokenizer_config.json", "{\"do_lower_case\":false}" } },
          "A \xc3\x89",
          "6 1" },
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":\"BertNormalizer\"}") },
            { "tokenizer_config.json",
              "{\"do_lower_case\":false,\"tokenizer_class\":\"BertTokenizerFast\"}" } },
          "A \xc3\x89",
          "6 1" },
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":\"BertNormalizer\"}") },
            { "tokenizer_config.json",
              "{\"do_lower_case\":false,\"tokenizer_class\":\"PreTrainedTokenizerFast\"}" } },
          "A \xc3\x89",
          "4 7" },
        { { { "tokenizer.json", WHOLE_GPT2("\"a b\",\"\\u0120 ab\"", "") },
            { "tokenizer_config.json",
              "{\"add_prefix_space\":false,\"tokenizer_class\":\"TokenizersBackend\"}" } },
          "ab ab",
          "4 4" },
        /* it is read first */
        { { { "tokenizer.json", WHOLE_BERT("") }, { "vocab.txt", PIECES "x\na\n" } }, "a", "4" },
        /* tokens that are special elsewhere are kept whole, in it too */
        { { { "tokenizer.json", WHOLE_BERT("") },
            { "tokenizer_config.json",
              "{\"sep_token\":\"[SEP]\",\"additional_special_tokens\":[\"<e>\"]}" } },
          "a[SEP]<e>[CLS]",
          "4 3 8 2" },
        /* an id that the file gives a new token does not count */
        { { { "tokenizer.json",
              WHOLE_BERT(
                  ",\"added_tokens\":[{\"id\":99,\"content\":\"<x>\",\"special\":true}]") } },
          "<x>",
          "8" },
        { { { "tokenizer.json", WHOLE_UNIGRAM(",\"unk_id\":0", METASPACE) } },
          "ab abx",
          "4 2 4 2 0" },
        { { { "tokenizer.json",
              "{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"WordLevel\","
              "\"unk_token\":\"?\",\"vocab\":{\"?\":5,\"a\":2}}}" } },
          "a b",
          "2 5" },
        /* words that are not taken apart, where they stand alone */
        { { { "vocab.txt", PIECES "al\n+\nal+\n" },
            { "tokenizer_config.json", "{\"never_split\":[\"al+\",\"X\"]}" } },
          "al+ xal+ al+. al+ X x",
          "7 1 6 5 6 1 7 1 1" },
        /* special tokens that the vocabulary does not have get the next ids */
        { { { "vocab.txt", PIECES "a\n" },
            { "tokenizer_config.json", "{\"additional_special_tokens\":[\"<e1>\",\"<e2>\"],"
                                       "\"extra_special_tokens\":{\"image\":\"<e3>\"}}" } },
          "a<e3>a<e1><e2>",
          "5 8 5 6 7" },
        { { { "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n" },
            { "special_tokens_map.json", "{\"additional_special_tokens\":[\"<e1>\"]}" } },
          "<e1>[MASK]",
          "6 5" },
        { { { "vocab.txt", "[PAD]\n[CLS]\n[SEP]\na\n" },
            { "special_tokens_map.json", "{\"additional_special_tokens\":[\"<e1>\"]}" } },
          "a b<e1>",
          "3 4 6" },
        /* what special_tokens_map.json says counts, unless the other lists added tokens */
        { { { "vocab.txt", PIECES "<m>\n<n>\n" },
            { "tokenizer_config.json", "{\"mask_token\":\"<m>\"}" },
            { "special_tokens_map.json", "{\"mask_token\":\"<n>\"}" } },
          "<n><m>",
          "6 1 1 1" },
        { { { "vocab.json", "{\"a\":0,\"b\":1,\"\\u0120\":2,\"<s>\":3,\"</s>\":4,\"<mask>\":5}" },
            { "merges.txt", "#version: 0.2\n" },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"RobertaTokenizer\"}" } },
          "a  <mask> b",
          "0 5 2 1" },
        { { { "tokenizer.json", WHOLE_GPT2("\"a b\",\"\\u0120 ab\"", "") } }, "ab ab", "4 4" },
        { { { "tokenizer.json", WHOLE_GPT2("[\"a\",\"b\"],[\"\\u0120\",\"ab\"]", "") },
            { "tokenizer_config.json", "{\"add_prefix_space\":false}" } },
          "abb ab",
          "3 1 4" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = open_files(cases[i].files);

        assert_ids(t, cases[i].text, cases[i].want);
        at_tokenizer_close(t);
    }
}

static void test_broken(void **state)
{
    static const struct {
        struct file files[MAX_FILES];
        enum at_code code;
        const char *text;
    } cases[] = {
        { { { "config.json", "{}" } }, AT_ENOTFOUND, "neither tokenizer.json, nor vocab.txt, nor" },
        { { { "vocab.json", "{}" } },
          AT_ENOTFOUND,
          "vocab.json with merges.txt, nor a SentencePiece" },
        { { { "vocab.txt", "" } }, AT_EFORMAT, "vocab.txt: the vocabulary is empty" },
        { { { "vocab.txt", "[CLS]\n[SEP]\na\n" } }, AT_EFORMAT, "has no '[UNK]'" },
        { { { "vocab.txt", "[UNK]\n[SEP]\na\n" } }, AT_EFORMAT, "has no '[CLS]'" },
        { { { "vocab.txt", "[UNK]\n[CLS]\na\n" } }, AT_EFORMAT, "has no '[SEP]'" },
        { { { "vocab.txt", PIECES "a\xff\n" } }, AT_EFORMAT, "line 6: invalid UTF-8" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{" } },
          AT_EFORMAT,
          "tokenizer_config.json" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "[]" } },
          AT_EFORMAT,
          "tokenizer_config.json: not an object of settings" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "null" } },
          AT_EFORMAT,
          "tokenizer_config.json: not an object of settings" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{\"do_lower_case\":\"no\"}" } },
          AT_EFORMAT,
          "tokenizer_config.json: 'do_lower_case' is neither true nor false" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{\"strip_accents\":0}" } },
          AT_EFORMAT,
          "'strip_accents' is neither true nor false" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"tokenize_chinese_chars\":[]}" } },
          AT_EFORMAT,
          "'tokenize_chinese_chars' is neither" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"add_prefix_space\":\"true\"}" } },
          AT_EFORMAT,
          "'add_prefix_space' is neither" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{\"cls_token\":7}" } },
          AT_EFORMAT,
          "'cls_token' is not a token" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"mask_token\":{\"lstrip\":true}}" } },
          AT_EFORMAT,
          "'mask_token' is not a token" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"additional_special_tokens\":\"x\"}" } },
          AT_EFORMAT,
          "'additional_special_tokens' is not a list" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"additional_special_tokens\":[\"x\",1]}" } },
          AT_EFORMAT,
          "'additional_special_tokens': entry 1 is not a token" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"added_tokens_decoder\":[\"x\"]}" } },
          AT_EFORMAT,
          "'added_tokens_decoder' is not an object" },
        { { { "vocab.txt", PIECES }, { "special_tokens_map.json", "[]" } },
          AT_EFORMAT,
          "special_tokens_map.json: not an object of settings" },
        { { { "vocab.txt", PIECES }, { "special_tokens_map.json", "{\"sep_token\":true}" } },
          AT_EFORMAT,
          "special_tokens_map.json: 'sep_token' is not a token" },
        { { { "vocab.txt", PIECES }, { "added_tokens.json", "[\"x\"]" } },
          AT_EFORMAT,
          "added_tokens.json: not an object" },
        { { { "vocab.txt", PIECES }, { "added_tokens.json", "{\"x\":9}" } },
          AT_EFORMAT,
          "no piece has the id 5" },
        { { { "vocab.txt", PIECES }, { "added_tokens.json", "{\"x\":4}" } },
          AT_EFORMAT,
          "id 4 is given to both '[MASK]' and 'x'" },
        { { { "vocab.txt", PIECES }, { "added_tokens.json", "{\"x\":\"y\"}" } },
          AT_ERANGE,
          "added_tokens.json: id -1 is out of range" },
        { { { "vocab.json", "" }, { "merges.txt", "" } }, AT_EFORMAT, "expected '{'" },
        { { { "vocab.json", "[1]" }, { "merges.txt", "" } }, AT_EFORMAT, "expected '{'" },
        { { { "vocab.json", "{}" }, { "merges.txt", "" } }, AT_EFORMAT, "a string at byte 1" },
        { { { "vocab.json", "{\"a\":0" }, { "merges.txt", "" } },
          AT_EFORMAT,
          "',' or '}' at byte 6" },
        { { { "vocab.json", "{\"a\":0} x" }, { "merges.txt", "" } },
          AT_EFORMAT,
          "end of the file" },
        { { { "vocab.json", "{\"a\":-1}" }, { "merges.txt", "" } }, AT_EFORMAT, "a whole number" },
        { { { "vocab.json", "{\"a\":1.5}" }, { "merges.txt", "" } }, AT_EFORMAT, "',' or '}'" },
        { { { "vocab.json", "{\"a\":99999999999999999999}" }, { "merges.txt", "" } },
          AT_EFORMAT,
          "a whole number from 0" },
        { { { "vocab.json", "{\"a\":9999999}" }, { "merges.txt", "" } },
          AT_ERANGE,
          "is out of range" },
        { { { "vocab.json", "{\"a\":0,\"b\":2}" }, { "merges.txt", "" } },
          AT_EFORMAT,
          "no piece has the id 1, of ids up to 2" },
        { { { "vocab.json", "{\"a\":0,\"b\":0}" }, { "merges.txt", "" } },
          AT_EFORMAT,
          "given to both" },
        { { { "vocab.json", "{\"\\ud800\":0}" }, { "merges.txt", "" } }, AT_EFORMAT, "escape" },
        { { { "vocab.json", "{\"\\q\":0}" }, { "merges.txt", "" } }, AT_EFORMAT, "escape" },
        { { { "vocab.json", "{\"\\u00\":0}" }, { "merges.txt", "" } }, AT_EFORMAT, "escape" },
        { { { "vocab.json", "{\"\\u0000\":0}" }, { "merges.txt", "" } }, AT_EFORMAT, "NUL byte" },
        { { { "vocab.json", "{\"a" }, { "merges.txt", "" } }, AT_EFORMAT, "end of a string" },
        { { { "vocab.json", "{\"a\":0}" }, { "merges.txt", "#version\na b\n" } },
          AT_EFORMAT,
          "merges.txt: line 2: merge of 'b', which is not in the vocabulary" },
        { { { "vocab.json", "{\"a\":0,\"b\":1}" }, { "merges.txt", "a b\n" } },
          AT_EFORMAT,
          "line 1: merge into 'ab', which" },
        { { { "vocab.json", "{\"a\":0}" }, { "merges.txt", "a\n" } }, AT_EFORMAT, "found 'a'" },
        { { { "vocab.json", "{\"a\":0}" }, { "merges.txt", "a  a\n" } }, AT_EFORMAT, "two pieces" },
        { { { "vocab.json", "{\"a\":0}" }, { "merges.txt", " a\n" } }, AT_EFORMAT, "two pieces" },
        { { { "tokenizer.json", "{}" } }, AT_EFORMAT, "model.vocab is not there" },
        { { { "tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"vocab\":{\"a\":0}}}" } },
          AT_EFORMAT,
          "model.vocab is an object, want a list for 'Unigram'" },
        { { { "tokenizer.json", "{\"model\":{\"type\":\"Trie\",\"vocab\":{\"a\":0}}}" } },
          AT_EFORMAT,
          "tokenizer.json: model 'Trie' is not known" },
        { { { "tokenizer.json", "[]" } }, AT_EFORMAT, "tokenizer.json: expected '{' at byte 0" },
        { { { "tokenizer.json", "{} x" } }, AT_EFORMAT, "expected the end of the file at byte 3" },
        { { { "tokenizer.json", "{\"model\":[]}" } }, AT_EFORMAT, "model is not an object" },
        { { { "tokenizer.json", "{\"model\":{\"vocab\":7}}" } },
          AT_EFORMAT,
          "model.vocab is neither an object nor a list" },
        { { { "tokenizer.json", "{\"model\":{\"vocab\":{\"a\":-1}}}" } },
          AT_EFORMAT,
          "expected a whole number from 0 at byte 23" },
        { { { "tokenizer.json", "{\"model\":{\"vocab\":[[\"a\",1],[\"b\"]]}}" } },
          AT_EFORMAT,
          "',' and a score at byte 31" },
        { { { "tokenizer.json", WHOLE_UNIGRAM(",\"unk_id\":9", "") } },
          AT_EFORMAT,
          "model.unk_id is no id of its 5 pieces" },
        { { { "tokenizer.json", WHOLE_UNIGRAM(",\"alpha\":1", "") } },
          AT_EFORMAT,
          "model 'Unigram' has a key 'alpha', which is not known" },
        { { { "tokenizer.json", WHOLE_BERT(",\"version\":\"2.0\"") } },
          AT_EFORMAT,
          "version '2.0' is not known, want '1.0'" },
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":\"Upper\"}") } },
          AT_EFORMAT,
          "normalizer 'Upper' is not known" },
        { { { "tokenizer.json", WHOLE_BERT(",\"normalizer\":{\"type\":}") } },
          AT_EFORMAT,
          "tokenizer.json: expected a number at byte" },
        { { { "tokenizer.json", WHOLE_BERT(",\"post_processor\":{\"type\":\"T5\"}") } },
          AT_EFORMAT,
          "post-processor 'T5' is not known" },
        { { { "tokenizer.json", WHOLE_BERT(",\"decoder\":{\"type\":\"T5\"}") } },
          AT_EFORMAT,
          "decoder 'T5' is not known" },
        { { { "tokenizer.json", WHOLE_BERT(",\"added_tokens\":[{\"id\":1}]") } },
          AT_EFORMAT,
          "added_tokens: entry 0 has no 'content'" },
        { { { "tokenizer.json", WHOLE_BERT(",\"added_tokens\":{}") } },
          AT_EFORMAT,
          "added_tokens is not a list" },
        { { { "tokenizer.json", WHOLE_GPT2("\"a b\",\"a\"", "") } },
          AT_EFORMAT,
          "merge 1: expected" },
        { { { "tokenizer.json", WHOLE_GPT2("[\"a\"]", "") } },
          AT_EFORMAT,
          "merge 0: expected two" },
        { { { "tokenizer.json", WHOLE_GPT2("", ",\"byte_fallback\":1") } },
          AT_EFORMAT,
          "'byte_fallback' of 'BPE' is not true or false" },
        { { { "tokenizer.json", WHOLE_GPT2("", ",\"dropout\":0.1") } },
          AT_EFORMAT,
          "model.dropout is not 0: ids would be left to chance" },
        { { { "tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}" } },
          AT_EFORMAT,
          "model.merges is not there" },
        { { { "tokenizer.json", "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{},\"max_input_chars_"
                                "per_word\":-1}}" } },
          AT_EFORMAT,
          "model.max_input_chars_per_word is no number from 0" },
        { { { "tokenizer.json", "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{}}}" } },
          AT_EFORMAT,
          "the vocabulary is empty" },
        /* classes that are not there, by name */
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"BertJapaneseTokenizer\"}" } },
          AT_EFORMAT,
          "tokenizer_class 'BertJapaneseTokenizer' is not supported" },
        { { { "tokenizer.json", WHOLE_BERT("") },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"BertJapaneseTokenizer\"}" } },
          AT_EFORMAT,
          "tokenizer_class 'BertJapaneseTokenizer' is not supported" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"FNetTokenizerFast\"}" } },
          AT_EFORMAT,
          "tokenizer_class 'FNetTokenizerFast' is not supported" },
        { { { "vocab.txt", PIECES }, { "config.json", "{\"tokenizer_class\":\"CTRLTokenizer\"}" } },
          AT_EFORMAT,
          "tokenizer_class 'CTRLTokenizer' is not supported" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"PreTrainedTokenizerFast\"}" } },
          AT_ENOTFOUND,
          "tokenizer_class 'PreTrainedTokenizerFast' needs tokenizer.json, which is not there" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"GPT2Tokenizer\"}" } },
          AT_ENOTFOUND,
          "as wanted by GPT2Tokenizer" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{\"tokenizer_class\":1}" } },
          AT_EFORMAT,
          "'tokenizer_class' is not a string" },
        { { { "vocab.txt", PIECES }, { "tokenizer_config.json", "{\"never_split\":[1]}" } },
          AT_EFORMAT,
          "'never_split': entry 0 is not a string" },
        { { { "vocab.txt", PIECES },
            { "tokenizer_config.json", "{\"extra_special_tokens\":{\"a\":1}}" } },
          AT_EFORMAT,
          "'extra_special_tokens': 'a' is not a token" },
        { { { "vocab.json", "{\"a\":0}" },
            { "merges.txt", "" },
            { "tokenizer_config.json", "{\"add_bos_token\":true}" } },
          AT_EFORMAT,
          "add_bos_token: the vocabulary has no '<|endoftext|>'" },
        { { { "spiece.model", "x" } }, AT_EFORMAT, "no tokenizer_class says which ids" },
        { { { "spiece.model", "x" },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"T5Tokenizer\"}" } },
          AT_EFORMAT,
          "spiece.model: " },
        { { { "spiece.model", "x" },
            { "tokenizer_config.json", "{\"tokenizer_class\":\"XLNetTokenizer\"}" } },
          AT_EFORMAT,
          "tokenizer_class 'XLNetTokenizer' is not supported" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_tokenizer *t = NULL;
        struct at_error err = { 0 };
        int rc = at_tokenizer_open(&t, make_dir(cases[i].files), &err);

        if (rc != (int)cases[i].code || !strstr(err.text, cases[i].text))
            fail_msg("case %zu: %d '%s', want %d '%s'", i, rc, err.text, cases[i].code,
                     cases[i].text);
        assert_null(t);
    }
}

static void test_long_line(void **state)
{
    struct at_tokenizer *t = NULL;
    struct at_error err = { 0 };
    char text[6000];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, PIECES, sizeof PIECES - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(
        at_tokenizer_open(&t, make_dir((struct file[MAX_FILES]){ { "vocab.txt", text } }), &err),
        AT_ERANGE);
    assert_non_null(strstr(err.text, "line 6: piece 5 has"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_long_line),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
