/*
 * test_numbers.c - models whose weights are no numbers, or lead to none: named, never n/a.
 */
#include "model/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mapfile.h"
#include "close.h"
#include "model/classify.h"
#include "model/forward.h"
#include "model/lm_head.h"
#include "model_fixture.h"
#include "sandbox.h"

static char *read_fixture(const char *model, const char *file, size_t *n)
{
    char path[256];
    struct at_mapfile m;
    struct at_error err;
    char *copy;

    snprintf(path, sizeof path, "fixtures/%s/%s", model, file);
    must(at_mapfile_open(&m, path, &err), &err);
    copy = malloc(m.n);
    memcpy(copy, m.bytes, m.n);
    *n = m.n;
    at_mapfile_close(&m);
    return copy;
}

/* The fixture with one value of one tensor changed: its folder. */
static const char *changed(const char *model, const char *tensor, size_t index, float value)
{
    size_t n, header = 0;
    char *config = read_fixture(model, "config.json", &n), *weights, *entry;
    const char *dir = sandbox_path("model");
    unsigned long start;

    mkdir(dir, 0777);
    sandbox_write("model/config.json", config, n);
    weights = read_fixture(model, "model.safetensors", &n);
    memcpy(&header, weights, 8);
    entry = strstr(weights + 8, tensor);
    assert_non_null(entry);
    assert_int_equal(sscanf(strstr(entry, "data_offsets"), "data_offsets\":[%lu", &start), 1);
    memcpy(weights + 8 + header + start + index * sizeof value, &value, sizeof value);
    sandbox_write("model/model.safetensors", weights, n);
    free(config);
    free(weights);
    return sandbox_path("model");
}

static const int ids[] = { 2, 3, 4, 5 };
static const size_t start[] = { 0, 4 };

/* The message of a pass through the model in dir; of its head when the pass itself is good. */
static const char *message_of(const char *dir, bool only_maps, bool in_double)
{
    static struct at_error err;
    const struct at_batch batch = { .B = 1, .start = start, .ids = ids };
    struct at_model m;
    float hidden[4 * 64];
    double p[4];
    int rc;

    err.text[0] = '\0';
    must(at_model_open(&m, dir, &err), &err);
    m.is_double = in_double;
    assert_true(m.config.width <= 64);
    rc = at_forward(only_maps ? NULL : hidden, &m, &batch, NULL, NULL, &err);
    if (!rc)
        rc = at_lm_log_probs(p, ids, &m, hidden, 4, NULL, &err);
    assert_int_equal(rc, AT_EFORMAT);
    at_model_close(&m);
    return err.text;
}

static void test_weights_that_are_none(void **state)
{
    static const struct {
        const char *model, *tensor;
        size_t index;
        float value;
        bool only_maps;
        const char *want;
    } cases[] = {
        { "tiny-bert", "bert.encoder.layer.1.attention.self.query.weight", 9, NAN, false,
          "(layer 1 query weight) has NaN at row 1, column 1" },
        { "tiny-bert", "bert.encoder.layer.1.attention.self.query.weight", 9, NAN, true,
          "(layer 1 query weight) has NaN at row 1, column 1" },
        { "tiny-bert", "bert.encoder.layer.0.attention.self.query.bias", 3, INFINITY, false,
          "(layer 0 query bias) has infinity at position 3" },
        { "tiny-bert", "bert.embeddings.word_embeddings.weight", 16, -INFINITY, false,
          "(word embeddings) has infinity at row 2, column 0" },
        { "tiny-bert", "cls.predictions.bias", 5, NAN, false,
          "(masked-LM bias) has NaN at position 5" },
        { "tiny-gpt2", "ln_f.weight", 1, NAN, false, "has NaN at position 1" },
    };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++)
        for (int in_double = 0; in_double < 2; in_double++) {
            const char *dir =
                changed(cases[i].model, cases[i].tensor, cases[i].index, cases[i].value);
            const char *text = message_of(dir, cases[i].only_maps, in_double);
            assert_non_null(strstr(text, "/model' gives no numbers: '"));
            assert_non_null(strstr(text, cases[i].want));
        }
}

/* All weights are numbers, but not the sum of products with this one. */
static void test_values_that_grow_too_large(void **state)
{
    const char *dir = changed("tiny-gpt2", "h.1.mlp.c_fc.weight", 0, 3e38f);

    (void)state;
    assert_non_null(strstr(message_of(dir, false, false),
                           "gives no numbers: the values leave the range of float in layer 1"));
}

/* Heads are asked about states that are numbers. */
static void test_heads(void **state)
{
    static const struct {
        const char *model, *tensor;
    } cases[] = { { "tiny-bert-tagger", "classifier.bias" },
                  { "tiny-bert", "cls.seq_relationship.weight" },
                  { "tiny-bert", "cls.predictions.transform.dense.weight" } };
    static const float hidden[16];

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(cases); i++) {
        struct at_model m;
        struct at_error err;
        float out[80];
        double p;
        int rc;
        must(at_model_open(&m, changed(cases[i].model, cases[i].tensor, 0, NAN), &err), &err);
        if (m.config.n_labels)
            rc = at_classify(out, &m, hidden, 1, false, NULL, &err);
        else if (i == 1)
            rc = at_next_sentence(&p, &m, hidden, &err);
        else
            rc = at_lm_logits(out, &m, hidden, 1, NULL, &err);
        assert_int_equal(rc, AT_EFORMAT);
        assert_non_null(strstr(err.text, cases[i].tensor));
        at_model_close(&m);
    }
}

static void test_finite(void **state)
{
    float v[37] = { 0 };

    (void)state;
    v[3] = -3.4e38f;
    v[5] = 1e-45f;
    v[7] = -0.0f;
    assert_true(at_all_finite(v, 37));
    assert_true(at_all_finite(v, 0));
    for (size_t i = 0; i < 37; i++) {
        float kept = v[i];
        v[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        assert_false(at_all_finite(v, 37));
        assert_int_equal(at_all_finite(v, i), 1);
        v[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_that_are_none),
        cmocka_unit_test(test_values_that_grow_too_large),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_finite),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
