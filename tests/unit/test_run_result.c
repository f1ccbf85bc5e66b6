/*
 * test_run_result.c - what `atlas run` tells of a text: received attention, links, trees.
 */
#include "close.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run_result.h"
#include "model_fixture.h"
#include "text_fixture.h"

struct rig {
    struct text_fixture text;
    struct at_map_series series;
    struct at_arena arena;
    struct at_run_result r;
};

static void add(void *arg, const struct at_doc_layer *layer)
{
    at_map_series_add(arg, layer->maps, layer->H);
}

static void rig_run(struct rig *r, const char *dir, bool by_words)
{
    const struct at_predictions none = { .next_sentence = NAN };
    struct at_error err;
    size_t cells;
    float *shown;

    *r = (struct rig){ 0 };
    text_open(&r->text, dir, "the cat sat on the mat", NULL, by_words);
    must(at_map_series_init(&r->series, r->text.doc.n, AT_RAW, &err), &err);
    text_run(&r->text, NULL, add, &r->series);
    cells = r->text.doc.n * r->text.doc.n;
    shown = malloc(cells * sizeof *shown);
    memcpy(shown, at_map_series_global(&r->series), cells * sizeof *shown);
    r->r =
        at_run_finish(&r->text.doc, &r->series, &none, NULL, shown, AT_NONE, AT_NONE, 3, &r->arena);
    free(shown);
}

static void rig_close(struct rig *r)
{
    at_map_series_release(&r->series);
    at_arena_release(&r->arena);
    text_close(&r->text);
}

/* Rows of a map sum to 1: what a bidirectional model's tokens receive is 1 in all; a causal
   model's first token is seen by all and its last by itself alone. */
static void test_received(void **state)
{
    struct rig r;
    double sum = 0.0;
    const float *map;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", false);
    for (size_t i = 0; i < r.r.n_tokens; i++)
        sum += r.r.tokens[i].received;
    ASSERT_NEAR(sum, 1.0, 1e-6);
    rig_close(&r);
    rig_run(&r, "fixtures/tiny-gpt2", false);
    map = at_map_series_global(&r.series);
    ASSERT_NEAR(r.r.tokens[r.r.n_tokens - 1].received, map[r.r.n_tokens * r.r.n_tokens - 1], 1e-7);
    rig_close(&r);
}

/* Links are the largest cells in order, and carry what people read. */
static void test_links(void **state)
{
    struct rig r;
    const float *map;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", false);
    map = at_map_series_global(&r.series);
    assert_int_equal(r.r.strongest.n, 3);
    for (size_t k = 0; k < 3; k++) {
        const struct at_run_link *l = &r.r.strongest.links[k];
        ASSERT_NEAR(l->weight, map[l->query * r.text.doc.n + l->key], 0);
        assert_string_equal(l->key_token, r.text.doc.labels[l->key].text);
        assert_true(k == 0 || l->weight <= r.r.strongest.links[k - 1].weight);
    }
    rig_close(&r);
}

/* Words have the received attention, their tokens do not; offsets of [CLS] are undefined. */
static void test_words(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", true);
    assert_int_equal(r.r.n_words, r.text.doc.words.n);
    assert_true(isnan(r.r.tokens[0].received));
    assert_null(r.r.tokens[0].label);
    assert_int_equal(r.r.tokens[0].start, AT_NONE);
    assert_int_equal(r.r.tokens[1].start, 0);
    rig_close(&r);
}

/* The root of a tree has no parent, in memory and in the document. */
static void test_trees(void **state)
{
    const struct at_tree_options o = AT_TREE_OPTIONS_INIT;
    struct at_run_trees trees = { 0 };
    struct at_tree_nodes nodes = { 0 };
    struct at_json *json;
    struct rig r;

    (void)state;
    rig_run(&r, "fixtures/tiny-bert", false);
    at_tree_grow(&nodes, at_map_series_global(&r.series), r.text.doc.n, NULL, NULL, 0, 0, &o);
    at_run_trees_add(&trees, &r.text.doc, &nodes, false, AT_NONE, AT_NONE, &r.arena);
    assert_int_equal(trees.items[0].n, nodes.n);
    assert_int_equal(trees.items[0].nodes[0].parent, AT_NONE);
    json = at_record_json(&at_run_trees_record, &trees);
    const struct at_json *tree = at_json_at(at_json_get(json, "trees"), 0);
    assert_string_equal(at_json_text(at_json_get(tree, "layer"), ""), "mean");
    assert_true(at_json_is_null(at_json_get(at_json_at(at_json_get(tree, "nodes"), 0), "parent")));
    at_json_free(json);
    at_array_release(&nodes);
    at_array_release(&trees);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_received),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_trees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
