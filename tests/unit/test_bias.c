/*
 * test_bias.c - labels, thresholds, verdicts, words, spans, summary and level, by hand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bias.h"
#include "analysis/bias_spans.h"
#include "base/alloc.h"
#include "close.h"

static const struct at_bias_labels plain = { { 0, 1, 2, 3, 4, 5, 6 } };
static const double half[AT_N_BIAS] = { 0.5, 0.5, 0.5 };

/* A tokenised text with a probability table to fill in; label l of token i is p[7 i + l]. */
struct rig {
    struct at_tokenizer *tokenizer;
    struct at_tokens tokens;
    float *p;
    struct at_bias_token *verdicts;
};

static void rig_open(struct rig *r, const char *dir, const char *text)
{
    struct at_error err;

    *r = (struct rig){ 0 };
    if (at_tokenizer_open(&r->tokenizer, dir, &err) ||
        at_tokenize(&r->tokens, r->tokenizer, text, NULL, true, &err))
        fail_msg("%s", err.text);
    r->p = at_calloc(r->tokens.n * AT_N_BIAS_LABELS, sizeof *r->p);
    r->verdicts = at_calloc(r->tokens.n, sizeof *r->verdicts);
}

static void rig_judge(struct rig *r, const struct at_bias_rule *rule)
{
    at_bias_tokens(r->verdicts, r->p, AT_N_BIAS_LABELS, &plain, &r->tokens, r->tokenizer, rule);
}

static void rig_close(struct rig *r)
{
    at_tokenizer_close(r->tokenizer);
    at_tokens_release(&r->tokens);
    free(r->p);
    free(r->verdicts);
}

/* A configuration whose labels are the given words. */
static struct at_config config_of(const char *words)
{
    struct at_config c = { 0 };
    char *copy = at_strdup(words), *rest = copy;

    c.labels = at_calloc(8, sizeof *c.labels);
    for (char *word; (word = strtok_r(rest, " ", &rest));)
        c.labels[c.n_labels++] = at_strdup(word);
    free(copy);
    return c;
}

static void test_labels(void **state)
{
    struct at_config shuffled = config_of("I-UNFAIR O B-GEN I-GEN B-STEREO I-STEREO B-UNFAIR");
    struct at_config numbered =
        config_of("LABEL_0 LABEL_1 LABEL_2 LABEL_3 LABEL_4 LABEL_5 LABEL_6");
    struct at_config other = config_of("upos:ADJ upos:NOUN"), none = { 0 };
    const double thresholds[] = { .1, .2, .3, .4, .5, .6, .7 };
    const size_t want[] = { 1, 4, 5, 2, 3, 6, 0 };
    struct at_bias_labels l;
    struct at_bias_rule rule;
    struct at_error err;

    (void)state;
    shuffled.label_thresholds = at_malloc(7, sizeof *thresholds);
    memcpy(shuffled.label_thresholds, thresholds, sizeof thresholds);
    assert_int_equal(at_bias_find_labels(&l, &shuffled, &err), 0);
    assert_memory_equal(l.column, want, sizeof want);
    rule = at_bias_rule_of(&shuffled, &l, "pinthoz/gus-net-bert"); /* the model's own come first */
    assert_true(rule.is_by_label && rule.label[1] == .5 && rule.label[6] == .1);
    assert_int_equal(at_bias_find_labels(&l, &numbered, &err), 0);
    assert_int_equal(l.column[6], 6);
    assert_int_equal(at_bias_find_labels(&l, &other, &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "found 2 labels ('upos:ADJ', ...), want O, B-STEREO"));
    assert_int_equal(at_bias_find_labels(&l, &none, &err), AT_EFORMAT);
    at_config_release(&shuffled);
    at_config_release(&numbered);
    at_config_release(&other);
}

static void test_threshold_table(void **state)
{
    struct at_config c = { 0 };
    struct at_bias_rule rule = at_bias_rule_of(&c, &plain, "pinthoz/gus-net-bert-large");
    struct at_error err;

    (void)state;
    assert_string_equal(rule.source, "gusnet-bert-large");
    assert_true(rule.label[3] == .4915 && rule.label[2] == .5640);
    rule = at_bias_rule_of(&c, &plain, "pinthoz/gus-net-bert-custom");
    assert_true(!rule.is_by_label && rule.category[AT_BIAS_STEREO] == 0.5);
    assert_int_equal(at_bias_rule_named(&rule, "bert-paper", &err), 0);
    assert_true(rule.label[6] == .4140);
    assert_int_equal(at_bias_rule_named(&rule, "mine", &err), AT_ENOTFOUND);
    assert_non_null(strstr(err.text, "no thresholds for 'mine'; known are gusnet-bert, "));
}

/* By label: B-GEN 0.40 >= 0.3462 fires, I-GEN 0.35 < 0.3669 does not; by category 0.40 < 0.5. A
   lone I- counts, the stronger of two labels is told, and punctuation keeps only its scores. */
static void test_verdicts(void **state)
{
    struct at_bias_rule rule, manual = at_bias_rule_manual(half);
    struct at_strbuf text = { 0 };
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-bert", "cats sat."); /* [CLS] c ##a ##t ##s sat . [SEP] */
    assert_int_equal(at_bias_rule_named(&rule, "gusnet-bert", NULL), 0);
    r.p[7 + 3] = 0.40f;
    r.p[7 + 4] = 0.35f;
    r.p[14 + 6] = 0.625f;
    r.p[14 + 1] = 0.75f;
    r.p[14 + 2] = 0.875f;
    r.p[7 * (r.tokens.n - 2) + 1] = 0.9f; /* "." */
    r.p[3] = 1.0f;                        /* [CLS] */
    rig_judge(&r, &rule);
    assert_false(at_bias_is_flagged(&r.verdicts[0]));
    assert_true(r.verdicts[0].score[AT_BIAS_GEN] == 0.0 && r.verdicts[0].is_special);
    assert_int_equal(r.verdicts[1].fired[AT_BIAS_GEN].label, 3);
    at_bias_explain(&text, &r.verdicts[1], true);
    assert_string_equal(text.s, "Generalization (0.40 >= 0.35, B-GEN)");
    at_strbuf_clear(&text);
    at_bias_explain(&text, &r.verdicts[2], true);
    assert_string_equal(text.s,
                        "Unfairness (0.62 >= 0.36, I-UNFAIR); Stereotype (0.88 >= 0.39, I-STEREO)");
    ASSERT_NEAR(at_bias_confidence(&r.verdicts[2]), 0.875, 0);
    assert_int_equal(at_bias_tier(at_bias_confidence(&r.verdicts[2])), AT_BIAS_TIER_HIGH);
    assert_true(r.verdicts[r.tokens.n - 2].is_suppressed);
    assert_false(at_bias_is_flagged(&r.verdicts[r.tokens.n - 2]));
    ASSERT_NEAR(r.verdicts[r.tokens.n - 2].score[AT_BIAS_STEREO], 0.9, 1e-7);
    rig_judge(&r, &manual);
    assert_false(at_bias_is_flagged(&r.verdicts[1]));
    assert_true(isnan(at_bias_confidence(&r.verdicts[1])));
    at_strbuf_clear(&text);
    at_bias_explain(&text, &r.verdicts[2], false);
    assert_string_equal(text.s, "Unfairness (0.62 >= 0.50); Stereotype (0.88 >= 0.50)");
    at_strbuf_release(&text);
    rig_close(&r);
}

/* One flagged piece flags its word; pieces never break a span; "." stands between two spans. */
static void test_words_and_spans(void **state)
{
    const struct at_bias_rule manual = at_bias_rule_manual(half);
    struct at_bias_words words = { 0 };
    struct at_bias_spans spans = { 0 };
    struct at_bias_summary s;
    struct at_bias_level level;
    const struct at_bias_weights weights = AT_BIAS_WEIGHTS_INIT;
    const char *text = "the dogs sat. on mats";
    struct at_strbuf why = { 0 };
    size_t sat;
    struct rig r;

    (void)state;
    /* [CLS] the d ##o ##g ##s sat . on mat ##s [SEP] */
    rig_open(&r, "fixtures/tiny-bert", text);
    sat = 6;
    r.p[7 * 3 + 3] = 0.75f;   /* ##o B-GEN */
    r.p[7 * sat + 1] = 1.0f;  /* sat B-STEREO */
    r.p[7 * sat + 4] = 0.25f; /* and a little GEN, below the threshold */
    r.p[7 * 9 + 5] = 0.5f;    /* mat B-UNFAIR */
    rig_judge(&r, &manual);
    at_bias_words(&words, r.verdicts, &r.tokens, text);
    assert_int_equal(words.n, 6);
    assert_true(words.items[1].fired[AT_BIAS_GEN] && words.items[1].n_tokens == 4);
    assert_true(words.items[1].start == 4 && words.items[1].end == 8);
    assert_false(words.items[3].has_letter);
    at_bias_spans(&spans, &words, -1);
    assert_int_equal(spans.n, 2);
    assert_true(spans.items[0].start == 4 && spans.items[0].end == 12);
    assert_true(spans.items[0].first_token == 2 && spans.items[0].n_tokens == 5);
    assert_true(spans.items[0].fired[AT_BIAS_GEN] && spans.items[0].fired[AT_BIAS_STEREO]);
    ASSERT_NEAR(spans.items[0].mean[AT_BIAS_GEN], (0.75 + 0.25) / 2, 1e-12);
    ASSERT_NEAR(spans.items[0].score, ((0.75 + 0.25) / 2 + (0.0 + 1.0) / 2) / 2, 1e-12);
    ASSERT_NEAR(spans.items[1].score, 0.5, 1e-12);
    at_bias_span_explain(&why, &spans.items[0], r.verdicts, false);
    assert_string_equal(why.s, "Generalization (0.75 >= 0.50) | Stereotype (1.00 >= 0.50)");
    at_bias_spans(&spans, &words, AT_BIAS_STEREO);
    assert_int_equal(spans.n, 3);
    assert_true(spans.items[2].first_word == 2 && spans.items[2].n_words == 1);
    assert_false(spans.items[2].fired[AT_BIAS_GEN]);
    at_bias_summary(&s, &words);
    assert_true(s.total == 5 && s.flagged == 3 && s.count[AT_BIAS_GEN] == 1);
    ASSERT_NEAR(s.percentage, 60.0, 1e-12);
    ASSERT_NEAR(s.confidence, (0.75 + 1.0 + 0.5) / 3, 1e-12);
    /* density 0.6, every category min(1, 5/5) = 1: 0.30 * 0.6 + 0.70 */
    at_bias_level(&level, &s, &weights);
    ASSERT_NEAR(level.score, 0.88, 1e-12);
    assert_int_equal(level.band, AT_BIAS_HIGH);
    at_array_release(&words);
    at_array_release(&spans);
    at_strbuf_release(&why);
    rig_close(&r);
}

/* Byte-level pieces: a word is what stands behind a space; offsets end on characters. */
static void test_words_of_bytes(void **state)
{
    const struct at_bias_rule manual = at_bias_rule_manual(half);
    const char *text = "the caf\303\251 sat"; /* e acute is two bytes, two pieces */
    struct at_bias_words words = { 0 };
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-gpt2", text);
    rig_judge(&r, &manual);
    at_bias_words(&words, r.verdicts, &r.tokens, text);
    assert_int_equal(words.n, 3);
    assert_true(words.items[1].start == 4 && words.items[1].end == 9);
    assert_true(words.items[1].has_letter && words.items[1].n_tokens > 2);
    /* a tokenizer.json that leaves the space in its tokens */
    words.n = 0;
    for (size_t i = 1; i < r.tokens.n; i++)
        r.tokens.items[i].start -= text[r.tokens.items[i].start - 1] == ' ';
    at_bias_words(&words, r.verdicts, &r.tokens, text);
    assert_int_equal(words.n, 3);
    assert_true(words.items[1].start == 4 && words.items[1].end == 9);
    assert_true(words.items[2].start == 10 && words.items[2].end == 13);
    at_array_release(&words);
    rig_close(&r);
}

static void test_nothing(void **state)
{
    const struct at_bias_weights weights = AT_BIAS_WEIGHTS_INIT;
    struct at_bias_words none = { 0 };
    struct at_bias_summary s, calm = { .total = 10, .confidence = NAN };
    struct at_bias_level level;

    (void)state;
    at_bias_summary(&s, &none);
    at_bias_level(&level, &s, &weights);
    assert_true(s.total == 0 && isnan(s.percentage) && isnan(s.confidence) && isnan(level.score));
    assert_int_equal(level.band, AT_BIAS_NO_BAND);
    assert_null(at_bias_band_name(level.band));
    at_bias_level(&level, &calm, &weights);
    assert_true(level.score == 0.0 && level.band == AT_BIAS_LOW);
    calm.flagged = calm.count[AT_BIAS_GEN] = 1;
    calm.percentage = 10.0;
    at_bias_level(&level, &calm, &weights); /* 0.30 * 0.1 + 0.20 * 0.5 = 0.13 */
    ASSERT_NEAR(level.score, 0.13, 1e-12);
    assert_string_equal(at_bias_band_name(level.band), "low");
}

/* 0.3 a + 0.7 b for GEN, 0.7 a + 0.3 b for the others, the mean for O; columns by label. */
static void test_fuse(void **state)
{
    const struct at_bias_labels reversed = { { 6, 5, 4, 3, 2, 1, 0 } };
    const float a[7] = { 1, 1, 1, 1, 1, 1, 1 }, b[7] = { 0, 0, 0, .5f, 0, 0, .25f };
    const double want[7] = { .625, .7, .7, .65, .3, .7, .7 };
    float out[7];

    (void)state;
    at_bias_fuse(out, a, 7, &plain, b, 7, &reversed, 1);
    ASSERT_CLOSE(out, want, 7, 1e-7, 0); /* floats */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),         cmocka_unit_test(test_threshold_table),
        cmocka_unit_test(test_verdicts),       cmocka_unit_test(test_words_and_spans),
        cmocka_unit_test(test_words_of_bytes), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_fuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
