/*
 * test_scorer.c - scores of texts, pairs and StereoSet items by the tiny models against PyTorch
 * (fixtures/oracle/scores.json), and by the built-in ones against the definition.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/pair_scoring.h"
#include "analysis/scorer.h"
#include "analysis/stereo_scoring.h"
#include "base/alloc.h"
#include "close.h"
#include "io/json.h"
#include "model/forward.h"
#include "model/lm_head.h"

/* A model, its tokenizer and a scorer over both. */
struct rig {
    struct at_model model;
    struct at_tokenizer *tokenizer;
    struct at_pool *pool;
    struct at_scorer scorer;
};

static void rig_open(struct rig *r, const char *dir, size_t batch_tokens)
{
    struct at_error err;

    if (at_model_open(&r->model, dir, &err) || at_tokenizer_open(&r->tokenizer, dir, &err))
        fail_msg("%s", err.text);
    r->pool = at_pool_new(2);
    at_scorer_init(&r->scorer, &r->model, r->tokenizer, r->pool, batch_tokens);
}

static void rig_close(struct rig *r)
{
    at_scorer_release(&r->scorer);
    at_tokenizer_close(r->tokenizer);
    at_model_close(&r->model);
    at_pool_free(r->pool);
}

static struct at_tokens tokens_of(const struct rig *r, const char *text)
{
    struct at_tokens t = { 0 };

    assert_int_equal(at_tokenize(&t, r->tokenizer, text, NULL, true, NULL), 0);
    return t;
}

static struct at_json *oracle_read(void)
{
    struct at_json *root = NULL;

    assert_int_equal(at_json_read(&root, "fixtures/oracle/scores.json", NULL), 0);
    return root;
}

/* One of three words of the oracle, as an index. */
static size_t pick(const struct at_json *v, const char *key, const char *const *names)
{
    const char *word = at_json_text(at_json_get(v, key), "");
    size_t i = 0;

    while (strcmp(names[i], word) != 0)
        assert_true(++i < 3);
    return i;
}

/* Every text of the oracle through one scorer, answered at the end; floats over two layers of
   width 8 against doubles. The special tokens of BERT stay NaN on both sides. */
static void check_texts(struct rig *r, const struct at_json *cases, const char *key,
                        const char *const *names)
{
    size_t n = at_json_count(cases);
    double **got = at_calloc(n, sizeof *got);
    size_t shift = r->model.config.is_causal ? 0 : 1;

    for (size_t c = 0; c < n; c++) {
        const struct at_json *v = at_json_at(cases, c);
        struct at_tokens t = tokens_of(r, at_json_text(at_json_get(v, "text"), ""));
        size_t kind = pick(v, key, names);
        struct at_score_rule rule = { (enum at_pll)kind, (enum at_bos)kind };
        assert_int_equal(t.n, at_json_count(at_json_get(v, "log_p")) + 2 * shift);
        got[c] = at_malloc(t.n, sizeof **got);
        assert_int_equal(at_scorer_add_text(&r->scorer, got[c], &t, NULL, rule, NULL), 0);
        at_tokens_release(&t);
    }
    assert_int_equal(at_scorer_run(&r->scorer, NULL), 0);
    for (size_t c = 0; c < n; c++) {
        const struct at_json *want = at_json_get(at_json_at(cases, c), "log_p");
        size_t m = at_json_count(want);
        for (size_t i = 0; i < m; i++)
            ASSERT_NEAR(got[c][i + shift], at_json_number(at_json_at(want, i), NAN), 1e-5);
        assert_true(!shift || (isnan(got[c][0]) && isnan(got[c][m + 1])));
        free(got[c]);
    }
    free(got);
}

static void test_texts_against_torch(void **state)
{
    static const char *const pll[] = { "original", "l2r", "whole" };
    static const char *const bos[] = { "none", "prepend", "apart" };
    static const size_t batches[] = { 1, 20, 0 }; /* one sequence at a time, a few, all */
    struct at_json *root = oracle_read();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig bert, gpt2;
        rig_open(&bert, "fixtures/tiny-bert", batches[i]);
        rig_open(&gpt2, "fixtures/tiny-gpt2", batches[i]);
        check_texts(&bert, at_json_get(root, "masked"), "kind", pll);
        check_texts(&gpt2, at_json_get(root, "causal"), "bos", bos);
        rig_close(&bert);
        rig_close(&gpt2);
    }
    at_json_free(root);
}

static void check_items(struct rig *r, const struct at_json *cases, enum at_stereo_part part,
                        enum at_stereo_protocol protocol)
{
    const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_NONE };

    assert_true(at_json_count(cases) > 0);
    assert_null(at_stereo_unavailable(&r->model, protocol, part));
    for (size_t c = 0; c < at_json_count(cases); c++) {
        const struct at_json *v = at_json_at(cases, c);
        struct at_stereo_item item = { .part = part, .n_blanks = 1 };
        struct at_scored got;
        item.context = at_json_text(at_json_get(v, "context"), "");
        for (size_t g = 0; g < AT_N_GOLD; g++)
            item.sentence[g].text = at_json_text(at_json_at(at_json_get(v, "sentences"), g), "");
        assert_int_equal(at_stereo_score(&got, &r->scorer, &item, 1, protocol, rule, NULL), 0);
        assert_null(got.excluded);
        for (size_t g = 0; g < AT_N_GOLD; g++) {
            double want = at_json_number(at_json_at(at_json_get(v, "scores"), g), NAN);
            ASSERT_NEAR(got.score[g], want, 1e-5);
            assert_true(got.n[g] > 0);
        }
    }
}

static void test_stereoset_against_torch(void **state)
{
    struct at_json *root = oracle_read();
    struct rig bert, gpt2;

    (void)state;
    rig_open(&bert, "fixtures/tiny-bert", 0);
    rig_open(&gpt2, "fixtures/tiny-gpt2", 0);
    check_items(&bert, at_json_get(root, "official_masked"), AT_INTRASENTENCE, AT_STEREO_OFFICIAL);
    check_items(&bert, at_json_get(root, "official_next"), AT_INTERSENTENCE, AT_STEREO_OFFICIAL);
    check_items(&gpt2, at_json_get(root, "official_causal"), AT_INTRASENTENCE, AT_STEREO_OFFICIAL);
    check_items(&bert, at_json_get(root, "reference_masked"), AT_INTERSENTENCE,
                AT_STEREO_REFERENCE);
    check_items(&gpt2, at_json_get(root, "reference_causal"), AT_INTERSENTENCE,
                AT_STEREO_REFERENCE);
    check_items(&gpt2, at_json_get(root, "conditional_causal"), AT_INTERSENTENCE,
                AT_STEREO_CONDITIONAL);
    assert_non_null(at_stereo_unavailable(&gpt2.model, AT_STEREO_OFFICIAL, AT_INTERSENTENCE));
    assert_non_null(at_stereo_unavailable(&bert.model, AT_STEREO_REFERENCE, AT_INTRASENTENCE));
    rig_close(&bert);
    rig_close(&gpt2);
    at_json_free(root);
}

static void test_pairs_against_torch(void **state)
{
    static const char *const names[] = { "shared", "diff", "full" };
    struct at_json *root = oracle_read();
    const struct at_json *cases = at_json_get(root, "pairs");
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-bert", 0);
    assert_int_equal(at_json_count(cases), 9);
    for (size_t c = 0; c < at_json_count(cases); c++) {
        const struct at_json *v = at_json_at(cases, c), *want = at_json_get(v, "scores");
        struct at_pair pair = { "", at_json_text(at_json_get(v, "a"), ""),
                                at_json_text(at_json_get(v, "b"), ""), 0, 0 };
        struct at_pair_rule rule = { (enum at_pair_tokens)pick(v, "tokens", names),
                                     { AT_PLL_ORIGINAL, AT_BOS_NONE },
                                     false,
                                     c % 2 == 1 };
        struct at_scored got;
        assert_int_equal(at_pair_score(&got, &r.scorer, &pair, 1, &rule, NULL), 0);
        assert_null(got.excluded);
        for (size_t k = 0; k < 2;
             k++) /* sums of up to 7 terms; rounded ones to half a thousandth */
            ASSERT_NEAR(got.score[k], at_json_number(at_json_at(want, k), NAN),
                        rule.is_rounded ? 5.1e-4 : 5e-5);
    }
    rig_close(&r);
    at_json_free(root);
}

/* The definition: one mask, one pass with every row, one log-probability. */
static double one_mask(struct rig *r, const struct at_tokens *t, size_t at)
{
    int *ids = at_malloc(t->n, sizeof *ids);
    size_t start[2] = { 0, t->n }, C = r->model.config.width;
    struct at_batch batch = { 1, start, ids, NULL };
    float *hidden = at_malloc(t->n * C, sizeof *hidden);
    double out;

    for (size_t i = 0; i < t->n; i++)
        ids[i] = i == at ? at_tokenizer_id(r->tokenizer, "[MASK]") : t->items[i].id;
    assert_int_equal(at_forward(hidden, &r->model, &batch, NULL, r->pool, NULL), 0);
    assert_int_equal(
        at_lm_log_probs(&out, &t->items[at].id, &r->model, hidden + at * C, 1, r->pool, NULL), 0);
    free(ids);
    free(hidden);
    return out;
}

/* A real model, texts of different length side by side: 1e-5 per token, as the issue asks. */
static void test_batch_is_the_definition(void **state)
{
    static const char *const texts[] = {
        "The chess player was hispanic.",
        "Yes.",
        "Photosynthesis feeds the plants; unbelievably, that works at night too.",
    };
    const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_NONE };
    struct at_tokens t[3];
    double *log_p[3];
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/small/models/atlas-bert", 256);
    for (size_t k = 0; k < 3; k++) {
        t[k] = tokens_of(&r, texts[k]);
        log_p[k] = at_malloc(t[k].n, sizeof **log_p);
        assert_int_equal(at_scorer_add_text(&r.scorer, log_p[k], &t[k], NULL, rule, NULL), 0);
    }
    assert_int_equal(at_scorer_run(&r.scorer, NULL), 0);
    for (size_t k = 0; k < 3; k++) {
        struct at_text_score sum = at_text_score(log_p[k], t[k].n);
        assert_int_equal(sum.n, t[k].n - 2);
        ASSERT_NEAR(sum.sum / (double)sum.n, sum.mean, 1e-12);
        for (size_t i = 1; i + 1 < t[k].n; i++)
            ASSERT_NEAR(log_p[k][i], one_mask(&r, &t[k], i), 1e-5);
        at_tokens_release(&t[k]);
        free(log_p[k]);
    }
    rig_close(&r);
}

/* Texts that begin alike, side by side and each on its own: the same answers for fewer rows. */
static void test_common_beginnings(void **state)
{
    static const char *const texts[] = { "The doctor said that she would be late.",
                                         "The doctor said that he would be late.",
                                         "The doctor said that she",
                                         "Nothing in common.",
                                         "Nothing in common at all.",
                                         "The doctor" };
    double *log_p[2][6];
    size_t n_rows[2];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig r;
        rig_open(&r, "fixtures/models/atlas-gpt2", k == 0 ? 1 : 0);
        for (size_t i = 0; i < 6; i++) {
            const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_APART };
            struct at_tokens t = tokens_of(&r, texts[i]);
            log_p[k][i] = at_malloc(t.n + 1, sizeof(double));
            assert_int_equal(at_scorer_add_text(&r.scorer, log_p[k][i], &t, NULL, rule, NULL), 0);
            log_p[k][i][t.n] = (double)t.n;
            at_tokens_release(&t);
        }
        assert_int_equal(at_scorer_run(&r.scorer, NULL), 0);
        n_rows[k] = r.scorer.n_rows_done;
        rig_close(&r);
    }
    for (size_t i = 0; i < 6; i++) {
        size_t n = 0;
        while (log_p[0][i][n] < 0.0) /* the count behind the last token is positive */
            n++;
        assert_true(n > 1);
        ASSERT_CLOSE_D(log_p[1][i], log_p[0][i], n + 1, 1e-5, 0);
        free(log_p[0][i]);
        free(log_p[1][i]);
    }
    assert_true(n_rows[1] * 10 < n_rows[0] * 8);
}

/* A text the model cannot take is refused alone; the others of its batch are answered. */
static void test_exclusions(void **state)
{
    static const struct {
        const char *a, *b, *want;
    } cases[] = {
        { "a", "a b c d e f g h i j k l m n o p", "sentence b: 18 tokens, the model takes 16" },
        { " ", "a", "sentence a: no token to score" },
        { "", "a", "no first sentence" },
        { "a", "", "no second sentence" },
        { "the cat sat", "the cat sat", NULL },
    };
    const struct at_pair_rule rule = { .tokens = AT_PAIR_FULL };
    enum { N = sizeof cases / sizeof cases[0] };
    struct at_pair pairs[N];
    struct at_scored got[N];
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-bert", 0);
    for (size_t i = 0; i < N; i++)
        pairs[i] = (struct at_pair){ "", cases[i].a, cases[i].b, 0, 0 };
    assert_int_equal(at_pair_score(got, &r.scorer, pairs, N, &rule, NULL), 0);
    for (size_t i = 0; i < N; i++)
        if (cases[i].want) {
            assert_string_equal(got[i].excluded, cases[i].want);
            assert_true(isnan(got[i].score[0]) && isnan(got[i].score[1]));
        } else {
            assert_null(got[i].excluded);
            assert_true(got[i].score[0] == got[i].score[1] && got[i].score[0] < 0.0);
        }
    at_scored_release(got, N);
    rig_close(&r);
}

/* What the unrelated sentence lacks does not touch the other two; what they lack takes all. */
static void test_stereo_in_part(void **state)
{
    const char *const long_text = "a b c d e f g h i j k l m n o p";
    const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_NONE };
    struct at_stereo_item item = { .context = "the cat", .part = AT_INTERSENTENCE };
    struct at_scored got;
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-bert", 0);
    item.sentence[AT_STEREO].text = item.sentence[AT_ANTI].text = "the cat sat";
    item.sentence[AT_UNRELATED].text = long_text;
    assert_int_equal(at_stereo_score(&got, &r.scorer, &item, 1, AT_STEREO_CONDITIONAL, rule, NULL),
                     0);
    assert_true(got.is_partial && isfinite(got.score[AT_STEREO]) && isnan(got.score[AT_UNRELATED]));
    assert_string_equal(got.excluded, "unrelated sentence: 20 tokens, the model takes 16"
                                      "; it counts in SS, not in LMS");
    at_scored_release(&got, 1);
    item.sentence[AT_ANTI].text = long_text;
    assert_int_equal(at_stereo_score(&got, &r.scorer, &item, 1, AT_STEREO_CONDITIONAL, rule, NULL),
                     0);
    assert_false(got.is_partial);
    assert_true(isnan(got.score[AT_STEREO]));
    assert_string_equal(got.excluded, "anti-stereotype sentence: 20 tokens, the model takes 16");
    at_scored_release(&got, 1);
    rig_close(&r);
}

static void test_stereo_exclusions(void **state)
{
    static const struct {
        const char *context, *sentence;
        size_t n_blanks;
        const char *want;
    } cases[] = {
        { "the cat", "the cat", 0,
          "stereotype sentence: the context has 0 times BLANK, want once; the protocol leaves it "
          "out" },
        { "the BLANK on BLANK", "the cat on cat", 2,
          "stereotype sentence: the context has 2 times BLANK, want once; the protocol leaves it "
          "out" },
        { "the cat BLANK", "the cat", 1,
          "stereotype sentence: the sentence has no word in the place of BLANK" },
        { "the BLANK", "the ...", 1,
          "stereotype sentence: the sentence has no word in the place of BLANK" },
    };
    const struct at_score_rule rule = { AT_PLL_ORIGINAL, AT_BOS_NONE };
    struct rig r;

    (void)state;
    rig_open(&r, "fixtures/tiny-bert", 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct at_stereo_item item = { .context = cases[i].context, .n_blanks = cases[i].n_blanks };
        struct at_scored got;
        for (size_t g = 0; g < AT_N_GOLD; g++)
            item.sentence[g].text = cases[i].sentence;
        assert_int_equal(at_stereo_score(&got, &r.scorer, &item, 1, AT_STEREO_OFFICIAL, rule, NULL),
                         0);
        assert_string_equal(got.excluded, cases[i].want);
        assert_true(isnan(got.score[AT_STEREO]));
        at_scored_release(&got, 1);
    }
    rig_close(&r);
}

static void test_blank_word(void **state)
{
    static const struct {
        const char *context, *sentence, *want;
    } cases[] = {
        { "The chess player was BLANK.", "The chess player was hispanic.", "hispanic" },
        { "BLANK men", "Don't men", "Dont" },
        { "a (BLANK) b", "a  b", NULL }, /* two spaces: an empty word */
        { "a b BLANK", "a b", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *got = at_stereo_blank_word(cases[i].context, cases[i].sentence);
        if (cases[i].want)
            assert_string_equal(got, cases[i].want);
        else
            assert_null(got);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_against_torch), cmocka_unit_test(test_stereoset_against_torch),
        cmocka_unit_test(test_pairs_against_torch), cmocka_unit_test(test_batch_is_the_definition),
        cmocka_unit_test(test_common_beginnings),   cmocka_unit_test(test_exclusions),
        cmocka_unit_test(test_stereo_in_part),      cmocka_unit_test(test_stereo_exclusions),
        cmocka_unit_test(test_blank_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
