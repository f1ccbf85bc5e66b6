/*
 * test_deep_dive.c - the inside of the layers as data: what was printed, laws, what is left out.
 */
#include "close.h"

#include <math.h>
#include <string.h>

#include "analysis/deep_dive.h"
#include "base/attr.h"
#include "json_close.h"
#include "model_fixture.h"
#include "text_fixture.h"

static const char BERT[] = "fixtures/tiny-bert", GPT2[] = "fixtures/tiny-gpt2";

struct rig {
    struct text_fixture text;
    struct at_deep_dive dive;
    struct at_map_series series;
    const struct at_deep *d;
    size_t n_views;
};

static void embedded(void *arg, const float *x)
{
    struct rig *r = arg;
    struct at_error err;

    must(at_deep_embedded(&r->dive, x, &err), &err);
}

static void layer(void *arg, const struct at_doc_layer *l)
{
    struct rig *r = arg;
    struct at_error err;

    at_map_series_add(&r->series, l->maps, l->H);
    must(at_deep_layer(&r->dive, l->raw, &r->series, r->text.s.pool, &err), &err);
}

/* What is not kept comes layer by layer, and is what the kept numbers are of. */
static int view(void *arg, const struct at_deep_view *v, struct at_error *err)
{
    struct rig *r = arg;
    const struct at_deep *d = &r->dive.result;
    const struct at_deep_layer *l = &d->layers[v->layer];

    (void)err;
    assert_int_equal(v->layer, r->n_views++);
    for (size_t k = 0; k < d->H * d->n; k++)
        ASSERT_NEAR(v->cosine[k * d->n + l->nearest[k].token], l->nearest[k].cosine, 0);
    for (size_t i = 0; i < d->n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < r->dive.C; j++)
            sum += (double)v->output[i * r->dive.C + j] * (double)v->output[i * r->dive.C + j];
        ASSERT_NEAR(sqrt(sum), d->states[v->layer + 1].stats[i].norm, 1e-5);
    }
    return 0;
}

static void rig_run(struct rig *r, const char *dir, const char *text, bool by_words,
                    struct at_deep_options o)
{
    struct at_error err;

    *r = (struct rig){ 0 };
    o.on_layer = view;
    o.arg = r;
    text_open(&r->text, dir, text, NULL, by_words);
    must(at_map_series_init(&r->series, r->text.doc.n, AT_RAW, &err), &err);
    must(at_deep_begin(&r->dive, &r->text.doc, &r->text.s, &o, &err), &err);
    text_run(&r->text, embedded, layer, r);
    r->d = at_deep_finish(&r->dive);
    assert_int_equal(r->n_views, r->d->L);
}

static void rig_close(struct rig *r)
{
    at_deep_dive_release(&r->dive);
    at_map_series_release(&r->series);
    text_close(&r->text);
}

static const struct at_deep_options one_head = { .layer = 0, .head = 1, .top_k = 2 };
static const struct at_deep_options all_heads = { .layer = AT_NONE, .head = AT_NONE, .top_k = 3 };

static void test_goldens(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, BERT, "the cat", false, one_head);
    assert_record_golden(&at_deep_record, r.d, "deep-tiny-bert.json");
    rig_close(&r);
    rig_run(&r, GPT2, "the cat", false, one_head);
    assert_record_golden(&at_deep_record, r.d, "deep-tiny-gpt2.json");
    rig_close(&r);
}

static size_t count_rows(const struct at_deep *d, enum at_deep_table table)
{
    struct at_arena arena = { 0 };
    size_t n = 0;
    bool is_there = at_deep_table_rows(&n, d, table, &arena) != NULL;

    at_arena_release(&arena);
    return is_there ? n : AT_NONE;
}

/* Tables have a row for everything that there is. */
static void test_tables(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, BERT, "the cat sat", false, all_heads);
    const struct at_deep *d = r.d;
    assert_int_equal(count_rows(d, AT_DEEP_EMBEDDINGS), d->n);
    assert_int_equal(count_rows(d, AT_DEEP_QKV), d->L * d->H * d->n);
    assert_int_equal(count_rows(d, AT_DEEP_RESIDUAL), d->L * d->n);
    assert_int_equal(count_rows(d, AT_DEEP_FFN), d->L * d->n);
    assert_int_equal(count_rows(d, AT_DEEP_HIDDEN), (d->L + 1) * d->n);
    assert_int_equal(count_rows(d, AT_DEEP_STEPS), d->L * d->H * d->n_focus * 3);
    assert_int_equal(count_rows(d, AT_DEEP_LENS), (d->L + 1) * d->T * 3);
    assert_int_equal(count_rows(d, AT_DEEP_PCA), (2 + d->L + 1 + 4 * d->L) * d->n);
    assert_int_equal(d->n_steps, 0); /* those of all heads are in the table only */
    assert_true(d->weight_error < 1e-6);
    rig_close(&r);
}

static void test_columns(void **state)
{
    static const char *const want[AT_N_DEEP_TABLES] = {
        "index,token,segment,word_norm,position_norm,segment_norm,sum_norm,output_norm,"
        "word_nearest,word_cosine,position_nearest,position_cosine",
        "layer,head,index,token,q_norm,k_norm,v_norm,context_norm,nearest_key,nearest_token,cosine",
        "layer,index,token,input_norm,mid_norm,output_norm,attention_change,ffn_change",
        "layer,index,token,active,norm,mean,sd,min,max,projection_norm",
        "state,index,token,norm,mean,sd,min,max",
        "layer,head,query,key,query_token,key_token,dot,scaled,row_max,shifted,sum_exp,log_sum,"
        "weight,stored,ranked_by",
        "state,index,token,rank,prediction,id,p,logit,target,target_rank,target_p,"
        "prediction_label,target_label",
        "space,layer,index,token,x,y,x_ratio,y_ratio",
    };

    (void)state;
    for (size_t i = 0; i < AT_N_DEEP_TABLES; i++)
        assert_columns(at_deep_tables[i].record, want[i]);
}

/* The lens of the last state is the model's own prediction; of words there is none. */
static void test_lens(void **state)
{
    struct at_prediction top[3];
    struct at_ranking own = { .top = top, .token = -1 };
    struct at_error err;
    struct rig r;

    (void)state;
    rig_run(&r, GPT2, "the cat sat", false, all_heads);
    const struct at_deep_lens *lens = &r.d->lens[1];
    const struct at_deep_lens_state *last = &lens->states[r.d->L];
    must(
        at_lm_rank(&own, 3, &r.text.s.model, r.text.hidden + lens->index * r.dive.C, 1, NULL, &err),
        &err);
    for (size_t k = 0; k < 3; k++) {
        assert_int_equal(last->top[k].id, top[k].id);
        ASSERT_NEAR(last->top[k].p, top[k].p, 1e-6);
    }
    rig_close(&r);
}

static void test_words(void **state)
{
    struct rig r;

    (void)state;
    rig_run(&r, BERT, "cats sat", true, all_heads);
    assert_int_equal(r.d->n, 2);
    assert_int_equal(r.d->n_focus, 0);
    assert_int_equal(r.d->n_lens, 0);
    assert_int_equal(r.d->omitted.n, 2);
    assert_string_equal(r.d->omitted.items[0].what, "attention steps");
    assert_string_equal(r.d->omitted.items[1].what, "logit lens");
    assert_int_equal(count_rows(r.d, AT_DEEP_STEPS), AT_NONE);
    assert_int_equal(count_rows(r.d, AT_DEEP_LENS), AT_NONE);
    assert_int_equal(count_rows(r.d, AT_DEEP_HIDDEN), (r.d->L + 1) * 2);
    rig_close(&r);
}

static void test_focus(void **state)
{
    static const size_t focus[] = { 6, 0, 1, 2, 3, 4, 5 };
    struct at_deep_options o = one_head;
    struct rig r;

    (void)state;
    o.focus = focus;
    o.n_focus = AT_COUNTOF(focus);
    rig_run(&r, BERT, "the cat sat on a mat", false, o);
    assert_int_equal(r.d->n_focus, AT_DEEP_MAX_FOCUS);
    assert_memory_equal(r.d->focus, focus, AT_DEEP_MAX_FOCUS * sizeof *focus);
    assert_string_equal(r.d->focus_chosen, "given");
    assert_int_equal(r.d->n_steps, AT_DEEP_MAX_FOCUS); /* one layer, one head */
    assert_int_equal(r.d->steps[0].row.query, 6);
    assert_int_equal(r.d->steps[0].row.n_visible, 8);
    rig_close(&r);
}

/* One row has no neighbour and no direction; its lists are there and empty. */
static void test_one_row(void **state)
{
    struct at_json *o;
    const struct at_json *row;
    struct rig r;

    (void)state;
    rig_run(&r, GPT2, "a", false, all_heads);
    o = at_record_json(&at_deep_record, r.d);
    row = at_json_at(at_json_get(o, "embeddings"), 0);
    assert_true(at_json_is_array(at_json_get(row, "neighbours")));
    assert_int_equal(at_json_count(at_json_get(row, "neighbours")), 0);
    assert_null(at_json_get(row, "segment_norm"));
    assert_true(at_json_is_null(at_json_get(at_json_at(at_json_get(o, "pca"), 0), "x_ratio")));
    at_json_free(o);
    rig_close(&r);
}

static void test_lacking_capture(void **state)
{
    static const float there;
    const struct at_capture_file c = { .hidden = &there, .k = &there, .v = &there, .mid = &there };
    struct at_strbuf missing = { 0 };
    struct at_deep_dive dive;
    struct text_fixture f;
    struct at_error err;

    (void)state;
    assert_int_equal(at_deep_missing(&missing, &c), 2);
    assert_string_equal(missing.s, "queries, ffn_act");
    text_open(&f, BERT, "a", NULL, false);
    f.doc.capture = &c;
    assert_int_equal(at_deep_begin(&dive, &f.doc, NULL, &all_heads, &err), AT_ENOTFOUND);
    assert_string_equal(err.text, "the capture has no queries, ffn_act");
    f.doc.capture = NULL;
    at_strbuf_release(&missing);
    text_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_lens),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_focus),
        cmocka_unit_test(test_one_row), cmocka_unit_test(test_lacking_capture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
