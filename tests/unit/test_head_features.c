/*
 * test_head_features.c - the scores of heads on one text, and what tables and documents say.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/head_features.h"
#include "base/attr.h"
#include "sandbox.h"
#include "model_fixture.h"
#include "text_fixture.h"

static const char BERT[] = "fixtures/tiny-bert";
static const char TAGS[] = "the\tDET\ncat\tNOUN\tB-PER\nsat\tVERB\non\tADP\nthe\tDET\nmat\tNOUN\n";
static const char TEXT[] = "the cat sat on the mat";

struct rig {
    struct text_fixture text;
    struct at_head_features features;
    float first_maps[4096]; /* of layer 0 */
    struct at_heads heads;
    struct at_arena arena;
};

static void add(void *arg, const struct at_doc_layer *layer)
{
    struct rig *r = arg;

    if (layer->layer == 0)
        memcpy(r->first_maps, layer->maps, layer->H * layer->n * layer->n * sizeof(float));
    at_head_features_add(&r->features, layer, r->text.s.pool);
}

static void rig_run(struct rig *r, bool by_words, enum at_matrix_mode mode)
{
    const struct at_tagger tagger = { .file = sandbox_text("tags", TAGS) };
    struct at_error err;

    *r = (struct rig){ 0 };
    text_open(&r->text, BERT, TEXT, NULL, by_words);
    must(at_head_features_init(&r->features, &r->text.doc, &tagger, mode, &err), &err);
    text_run(&r->text, NULL, add, r);
    r->heads = at_head_features_finish(&r->features, &r->arena);
}

static void rig_close(struct rig *r)
{
    at_arena_release(&r->arena);
    at_head_features_release(&r->features);
    text_close(&r->text);
}

/* Marks come from the tags, repeats from the ids; the scores are analysis/head_scores.h's. */
static void test_scores(void **state)
{
    const unsigned char marks[] = { 0,
                                    AT_MARK_SYNTAX,
                                    AT_MARK_SEMANTICS | AT_MARK_ENTITY,
                                    AT_MARK_SEMANTICS,
                                    AT_MARK_SYNTAX,
                                    AT_MARK_SYNTAX,
                                    AT_MARK_SEMANTICS,
                                    0 };
    double want[16 * AT_N_HEAD_SCORES];
    struct rig r;

    (void)state;
    rig_run(&r, false, AT_RAW);
    assert_int_equal(r.text.doc.n, AT_COUNTOF(marks));
    assert_memory_equal(r.features.marks, marks, sizeof marks);
    assert_int_equal(r.features.repeats.n, 1); /* the second "the" */
    at_head_scores(want, r.first_maps, r.heads.H, r.text.doc.n, at_doc_kind(&r.text.doc), marks,
                   NULL);
    for (size_t h = 0; h < r.heads.H; h++) {
        assert_int_equal(r.heads.heads[h].head, h);
        ASSERT_CLOSE_D(r.heads.heads[h].raw.v, want + h * AT_N_HEAD_SCORES, AT_N_HEAD_SCORES, 0, 0);
    }
    rig_close(&r);
}

/* Scaled scores fill 0..1 within a layer, z-scores have mean 0 over the model. */
static void test_scales(void **state)
{
    struct rig r;
    double sum = 0.0;

    (void)state;
    rig_run(&r, false, AT_RAW);
    for (size_t l = 0; l < r.heads.L; l++) {
        double lo = INFINITY, hi = -INFINITY;
        for (size_t h = 0; h < r.heads.H; h++) {
            double v = r.heads.heads[l * r.heads.H + h].scaled.v[AT_CLS];
            lo = fmin(lo, v);
            hi = fmax(hi, v);
        }
        assert_true(lo == 0.0 && hi == 1.0);
    }
    for (size_t k = 0; k < r.heads.n_heads; k++)
        sum += r.heads.heads[k].z.v[AT_CLS];
    ASSERT_NEAR(sum, 0.0, 1e-12);
    rig_close(&r);
}

/* By columns each token is looked at alike: marks of one token of n have 1/n of the map. */
static void test_columns_normalised(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, false, AT_COL);
    for (size_t k = 0; k < r.heads.n_heads; k++) {
        ASSERT_NEAR(r.heads.heads[k].raw.v[AT_ENTITIES], 1.0 / 8.0, 1e-6);
        ASSERT_NEAR(r.heads.heads[k].raw.v[AT_SYNTAX], 3.0 / 8.0, 1e-6);
    }
    rig_close(&r);
}

static void test_words(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, true, AT_RAW);
    assert_int_equal(r.heads.n, 6);
    assert_string_equal(r.heads.tokens[1].token, "cat");
    assert_string_equal(r.heads.tokens[1].upos, "NOUN");
    assert_string_equal(r.heads.tokens[1].entity, "PER");
    assert_null(r.heads.tokens[0].entity);
    assert_int_equal(r.heads.tokens[5].start, strlen(TEXT) - 3);
    assert_int_equal(r.heads.tokens[5].end, strlen(TEXT));
    assert_int_equal(r.features.repeats.n, 1);
    rig_close(&r);
}

/* Even attention over 8 tokens: three of them function words, one a name, none punctuation. */
static void test_ratios(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, false, AT_RAW);
    for (size_t k = 0; k < r.heads.n_heads; k++) {
        const struct at_head_row *row = &r.heads.heads[k];
        ASSERT_NEAR(row->ratio.v[AT_SYNTAX], row->raw.v[AT_SYNTAX] * 8 / 3, 1e-6);
        ASSERT_NEAR(row->ratio.v[AT_ENTITIES], row->raw.v[AT_ENTITIES] * 8, 1e-6);
        ASSERT_NEAR(row->ratio.v[AT_SELF], row->raw.v[AT_SELF] * 8, 1e-6);
        ASSERT_NEAR(row->pattern_ratio.v[AT_NEXT], row->patterns.v[AT_NEXT] * 8, 1e-6);
        assert_true(isnan(row->ratio.v[AT_PUNCT]));
    }
    rig_close(&r);
    rig_run(&r, false, AT_COL); /* even columns sum to 1, too */
    ASSERT_NEAR(r.heads.heads[0].ratio.v[AT_SELF], r.heads.heads[0].raw.v[AT_SELF] * 8, 1e-5);
    rig_close(&r);
}

static void test_records(void **state)
{
    struct at_strbuf b = { 0 };
    struct at_json *o;
    struct rig r;

    (void)state;
    at_record_columns(&b, &at_head_row_record);
    assert_string_equal(
        b.s, "layer,head,syntax,semantics,cls,punct,entities,long_range,self,syntax_scaled,"
             "semantics_scaled,cls_scaled,punct_scaled,entities_scaled,long_range_scaled,"
             "self_scaled,syntax_z,semantics_z,cls_z,punct_z,entities_z,long_range_z,self_z,"
             "previous_token,next_token,duplicate,induction,syntax_ratio,semantics_ratio,cls_ratio,"
             "punct_ratio,entities_ratio,long_range_ratio,self_ratio,previous_token_ratio,"
             "next_token_ratio,duplicate_ratio,induction_ratio");
    at_strbuf_clear(&b);
    at_record_columns(&b, &at_tag_row_record);
    assert_string_equal(b.s, "index,token,upos,entity,start,end");
    at_strbuf_clear(&b);
    rig_run(&r, true, AT_RAW);
    o = at_record_json(&at_heads_record, &r.heads);
    at_json_dump(&b, at_json_at(at_json_get(o, "tokens"), 1), 0, 0);
    assert_string_equal(b.s, "{\"entity\":\"PER\",\"token\":\"cat\",\"upos\":\"NOUN\"}");
    const struct at_json *head = at_json_at(at_json_get(o, "heads"), 1);
    ASSERT_NEAR(at_json_number(at_json_get(at_json_get(head, "z"), "self"), NAN),
                r.heads.heads[1].z.v[AT_SELF], 0);
    ASSERT_NEAR(at_json_number(at_json_get(at_json_get(head, "patterns"), "induction"), NAN),
                r.heads.heads[1].patterns.v[AT_INDUCTION], 0);
    assert_int_equal(at_json_count(head), 8);
    at_json_free(o);
    at_strbuf_release(&b);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_columns_normalised),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_records),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
