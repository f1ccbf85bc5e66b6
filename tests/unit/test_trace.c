/*
 * test_trace.c - traces in memory, and capture files: written, replayed, made by others, refused.
 */
#include "close.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/path.h"
#include "io/safetensors.h"
#include "model/lm_head.h"
#include "model/trace.h"
#include "model_fixture.h"

static char dir[] = "/tmp/atlas-test-trace-XXXXXX";
static char *path; /* of the one file in it */

/* ---- writing through the visitors ---- */

static int write_embedded(void *arg, size_t text, const float *embedded, size_t T,
                          struct at_error *err)
{
    (void)text;
    (void)T;
    return at_capture_add_embedded(arg, embedded, err);
}

static int write_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    return at_capture_add(arg, view, err);
}

static void write_capture(const struct model_fixture *f, unsigned keep, const char *family)
{
    struct at_error err;
    struct at_capture_writer *w;
    const struct at_capture_meta meta = {
        .model = "tiny", .text = "a \"text\"", .tokens_json = "[\"a\"]", .family = family
    };
    const struct at_dims dims = at_config_dims(&f->m.config, f->T);
    const size_t start[] = { 0, f->T };
    const struct at_batch batch = { 1, start, f->ids, f->segments };
    float *hidden = at_malloc(f->T * dims.C, sizeof *hidden);
    float *logits = at_malloc(f->T * dims.V, sizeof *logits);

    must(at_capture_create(&w, path, &dims, keep, &meta, f->ids, f->segments, &err), &err);
    const struct at_forward_options options = {
        .want_attention = true, .on_embedded = write_embedded, .on_layer = write_layer, .arg = w
    };
    must(at_forward(hidden, &f->m, &batch, &options, NULL, &err), &err);
    if (keep & AT_CAP_LOGITS) { /* in two pieces */
        must(at_lm_logits(logits, &f->m, hidden, f->T, NULL, &err), &err);
        must(at_capture_add_logits(w, logits, 2, &err), &err);
        must(at_capture_add_logits(w, logits + 2 * dims.V, f->T - 2, &err), &err);
    }
    must(at_capture_commit(w, hidden, &err), &err);
    free(hidden);
    free(logits);
}

static int keep_embedded(void *arg, size_t text, const float *embedded, size_t T,
                         struct at_error *err)
{
    struct at_trace *t = arg;

    (void)text;
    (void)err;
    assert_int_equal(T, t->dims.T);
    at_trace_add_embedded(t, embedded);
    return 0;
}

static int keep_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    (void)err;
    at_trace_add(arg, view);
    return 0;
}

static void assert_same_trace(const struct at_trace *got, const struct at_trace *want)
{
    const struct at_dims *d = &want->dims;
    size_t n = d->L * d->T * d->C;

    assert_same(got->attention, want->attention, d->L * d->H * d->T * d->T, 0);
    assert_same(got->hidden, want->hidden, n + d->T * d->C, 0);
    assert_same(got->q, want->q, n, 0);
    assert_same(got->k, want->k, n, 0);
    assert_same(got->v, want->v, n, 0);
    assert_same(got->context, want->context, n, 0);
    assert_same(got->mid, want->mid, n, 0);
    assert_same(got->ffn_act, want->ffn_act, d->L * d->T * d->F, 0);
}

/* What a capture file shows when it is replayed is what the pass showed, bit for bit. */
static void test_replay_equals_the_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        struct at_capture_file c;
        struct at_error err;
        struct at_trace replayed;
        fixture_open(&f, fixture_names[i]);
        unsigned keep = KEEP_ALL | (at_lm_head_present(&f.m) ? AT_CAP_LOGITS : 0);
        write_capture(&f, keep, f.m.config.family->model_type);
        struct at_trace t = fixture_run(&f, KEEP_ALL);
        must(at_capture_open(&c, path, &err), &err);
        must(at_trace_init(&replayed, &f.m.config, f.T, KEEP_ALL, &err), &err);
        const struct at_forward_options options = { .want_attention = true,
                                                    .on_embedded = keep_embedded,
                                                    .on_layer = keep_layer,
                                                    .arg = &replayed };
        must(at_capture_replay(&c, &options, &err), &err);
        assert_same_trace(&replayed, &t);
        assert_same(c.final_hidden, t.final_hidden, f.T * c.dims.C, 0);
        if (c.logits)
            ASSERT_CLOSE(c.logits, fixture_oracle(&f, "logits"), f.T * c.dims.V, 1e-4, 0);
        assert_int_equal(c.kept, keep);
        assert_int_equal(c.is_causal, f.m.config.is_causal);
        assert_memory_equal(c.ids, f.ids, f.T * sizeof *f.ids);
        assert_memory_equal(c.segments, f.segments, f.T * sizeof *f.segments);
        assert_string_equal(c.model, "tiny");
        assert_string_equal(c.text, "a \"text\"");
        assert_string_equal(c.tokens_json, "[\"a\"]");
        assert_null(c.details);
        at_trace_release(&replayed);
        at_trace_release(&t);
        at_capture_close(&c);
        at_capture_close(&c);
        fixture_close(&f);
    }
}

/* Maps, and queries, keys and values, are the same when nobody wants anything else. */
static void test_parts_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FIXTURES; i++) {
        struct model_fixture f;
        fixture_open(&f, fixture_names[i]);
        struct at_trace all = fixture_run(&f, KEEP_ALL);
        struct at_trace maps = fixture_run(&f, AT_CAP_ATTENTION);
        struct at_trace projections = fixture_run(&f, AT_CAP_QKV);
        const struct at_dims *d = &all.dims;
        size_t n = d->L * d->T * d->C;
        assert_same(maps.attention, all.attention, d->L * d->H * d->T * d->T, 0);
        assert_same(projections.q, all.q, n, 0);
        assert_same(projections.k, all.k, n, 0);
        assert_same(projections.v, all.v, n, 0);
        assert_null(maps.q);
        assert_null(projections.attention);
        at_trace_release(&all);
        at_trace_release(&maps);
        at_trace_release(&projections);
        fixture_close(&f);
    }
}

static void test_same_run_same_bytes(void **state)
{
    struct model_fixture f;
    struct at_error err;
    struct at_digest first, second;

    (void)state;
    fixture_open(&f, "tiny-gpt2");
    write_capture(&f, KEEP_ALL | AT_CAP_LOGITS, "gpt2");
    must(at_digest_file(&first, path, &err), &err);
    write_capture(&f, KEEP_ALL | AT_CAP_LOGITS, "gpt2");
    must(at_digest_file(&second, path, &err), &err);
    assert_string_equal(first.hex, second.hex);
    fixture_close(&f);
}

static int no_attention(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    (void)err;
    assert_null(view->attention);
    assert_null(view->q);
    assert_null(view->mid);
    assert_non_null(view->output);
    ++*(size_t *)arg;
    return 0;
}

/* Only what was asked for is in the file; without a family the maps say whether it is causal. */
static void test_parts_of_a_capture(void **state)
{
    static const char *const names[] = { "tiny-bert", "tiny-gpt2" };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(names); i++) {
        struct model_fixture f;
        struct at_capture_file c;
        struct at_error err;
        size_t n = 0;
        fixture_open(&f, names[i]);
        write_capture(&f, AT_CAP_ATTENTION, NULL);
        must(at_capture_open(&c, path, &err), &err);
        assert_int_equal(c.kept, AT_CAP_ATTENTION);
        assert_int_equal(c.is_causal, f.m.config.is_causal);
        assert_null(c.family);
        at_capture_close(&c);

        write_capture(&f, AT_CAP_HIDDEN, NULL);
        must(at_capture_open(&c, path, &err), &err);
        assert_int_equal(c.kept, AT_CAP_HIDDEN);
        assert_int_equal(c.dims.H, 0); /* nothing tells */
        const struct at_forward_options options = { .want_attention = true,
                                                    .on_layer = no_attention,
                                                    .arg = &n };
        must(at_capture_replay(&c, &options, &err), &err);
        assert_int_equal(n, f.m.config.n_layers);
        at_capture_close(&c);
        fixture_close(&f);
    }
}

static void test_aborted_capture_leaves_no_file(void **state)
{
    struct at_error err;
    struct at_capture_writer *w;
    const struct at_dims dims = { .L = 1, .H = 1, .T = 1, .C = 2, .D = 2, .F = 2, .V = 2, .K = 1 };
    const struct at_capture_meta meta = { 0 };
    const int ids[] = { 0 };

    (void)state;
    unlink(path);
    must(at_capture_create(&w, path, &dims, AT_CAP_HIDDEN, &meta, ids, NULL, &err), &err);
    at_capture_abort(w);
    at_capture_abort(NULL);
    assert_false(at_path_is_file(path));
    assert_int_equal(rmdir(dir), 0); /* no temporary one either */
    assert_int_equal(mkdir(dir, 0700), 0);
}

static void test_unwritable_place(void **state)
{
    struct at_error err;
    struct at_capture_writer *w;
    const struct at_dims dims = { .L = 1, .H = 1, .T = 1, .C = 2, .D = 2, .F = 2, .V = 2, .K = 1 };
    const struct at_capture_meta meta = { 0 };
    const int ids[] = { 0 };

    (void)state;
    assert_int_equal(at_capture_create(&w, "/tmp/atlas-no-such-directory/x", &dims, AT_CAP_HIDDEN,
                                       &meta, ids, NULL, &err),
                     AT_EIO);
    assert_non_null(strstr(err.text, "/tmp/atlas-no-such-directory/x"));
}

/* ---- files made by other programs ---- */

struct part {
    const char *name, *dtype;
    size_t rank, shape[5];
};

/* A file of those tensors, every value the same small number of its type. */
static void write_parts(const struct part *parts, size_t n, int value)
{
    struct at_error err;
    struct at_safetensors_writer *w;
    size_t number[4];

    must(at_safetensors_create(&w, path, &err), &err);
    for (size_t i = 0; i < n; i++)
        number[i] =
            at_safetensors_declare(w, parts[i].name, parts[i].dtype, parts[i].rank, parts[i].shape);
    must(at_safetensors_begin(w, &err), &err);
    for (size_t i = 0; i < n; i++) {
        const float f = (float)value;
        const int64_t i64 = value;
        const int32_t i32 = value;
        const void *one = *parts[i].dtype == 'F'     ? (const void *)&f
                          : parts[i].dtype[1] == '6' ? (const void *)&i64
                                                     : (const void *)&i32;
        size_t bytes = parts[i].dtype[1] == '6' ? 8 : 4, count = 1;
        for (size_t d = 0; d < parts[i].rank; d++)
            count *= parts[i].shape[d];
        for (size_t k = 0; k < count; k++)
            must(at_safetensors_append(w, number[i], one, bytes, &err), &err);
    }
    must(at_safetensors_commit(w, &err), &err);
}

static void test_file_of_another_program(void **state)
{
    const struct part parts[] = { { "attentions", "F32", 4, { 2, 3, 4, 4 } },
                                  { "input_ids", "I64", 1, { 4 } },
                                  { "something_else", "I32", 1, { 7 } } };
    struct at_error err;
    struct at_capture_file c;

    (void)state;
    write_parts(parts, AT_COUNTOF(parts), 1);
    must(at_capture_open(&c, path, &err), &err);
    assert_int_equal(c.dims.L, 2);
    assert_int_equal(c.dims.H, 3);
    assert_int_equal(c.dims.T, 4);
    assert_int_equal(c.dims.C, 0);
    assert_int_equal(c.ids[3], 1);
    assert_null(c.segments);
    assert_null(c.text);
    assert_false(c.is_causal);
    assert_true(c.attention[2 * 3 * 16 - 1] == 1.0f);
    at_capture_close(&c);
}

/* Data that do not lie on a multiple of four are copied. */
static void test_unaligned_file(void **state)
{
    static const char header[] = "{\"attentions\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1],"
                                 "\"data_offsets\":[0,4]},\"input_ids\":{\"dtype\":\"I32\","
                                 "\"shape\":[1],\"data_offsets\":[4,8]}}";
    enum { HEADER = sizeof header - 1 };
    unsigned char bytes[8 + HEADER + 3 + 8] = { 0 };
    size_t pad = (5 - HEADER % 4) % 4; /* so that the data start at 4 n + 1 */
    const float one = 1.0f;
    struct at_error err;
    struct at_capture_file c;

    (void)state;
    bytes[0] = (unsigned char)((HEADER + pad) & 255);
    bytes[1] = (unsigned char)((HEADER + pad) >> 8);
    memcpy(bytes + 8, header, HEADER);
    memset(bytes + 8 + HEADER, ' ', pad);
    memcpy(bytes + 8 + HEADER + pad, &one, sizeof one);
    must(at_write_file(path, bytes, 8 + HEADER + pad + 8, &err), &err);
    must(at_capture_open(&c, path, &err), &err);
    assert_true(c.attention[0] == 1.0f);
    assert_int_equal(c.ids[0], 0);
    at_capture_close(&c);
}

#define IDS                                                                                        \
    {                                                                                              \
        "input_ids", "I32", 1,                                                                     \
        {                                                                                          \
            4                                                                                      \
        }                                                                                          \
    }
#define MAPS(...)                                                                                  \
    {                                                                                              \
        "attentions", "F32", 4,                                                                    \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define HIDDEN(...)                                                                                \
    {                                                                                              \
        "hidden_states", "F32", 3,                                                                 \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* clang-format off */
static const struct refused {
    struct part parts[4];
    int value;
    enum at_code code;
    const char *says;
} refused[] = {
    { { MAPS(1, 1, 4, 4) }, 0, AT_EFORMAT, "'input_ids' is missing" },
    { { IDS }, 0, AT_EFORMAT, "'attentions' and 'hidden_states' are missing" },
    { { IDS, MAPS(1, 1, 4, 5) }, 0, AT_EFORMAT,
      "'attentions' has shape (1,1,4,5), want (L,H,4,4)" },
    { { IDS, MAPS(1, 1, 5, 5) }, 0, AT_EFORMAT,
      "'attentions' has shape (1,1,5,5), want (L,H,4,4)" },
    { { IDS, { "attentions", "F32", 5, { 1, 1, 1, 4, 4 } } }, 0, AT_EFORMAT,
      "'attentions' has shape (1,1,1,4,4), want (L,H,4,4)" },
    { { IDS, MAPS(0, 1, 4, 4) }, 0, AT_EFORMAT,
      "'attentions' has shape (0,1,4,4), want (L,H,4,4)" },
    { { IDS, MAPS(2, 1, 4, 4), HIDDEN(2, 4, 6) }, 0, AT_EFORMAT,
      "'hidden_states' has shape (2,4,6), want (3,4,C)" },
    { { IDS, HIDDEN(1, 4, 6) }, 0, AT_EFORMAT,
      "'hidden_states' has shape (1,4,6), want (L+1,4,C)" },
    { { IDS, HIDDEN(2, 4, 6), { "queries", "F32", 4, { 1, 4, 4, 2 } } }, 0, AT_EFORMAT,
      "4 heads of width 2 do not make a width of 6" },
    { { IDS, { "attentions", "I32", 4, { 1, 1, 4, 4 } } }, 0, AT_EFORMAT,
      "'attentions' has type I32, want F32" },
    { { { "input_ids", "F32", 1, { 4 } } }, 0, AT_EFORMAT, "has type F32, want I32 or I64" },
    { { { "input_ids", "I32", 2, { 1, 4 } } }, 0, AT_EFORMAT, "has shape (1,4), want (T)" },
    { { { "input_ids", "I32", 1, { 0 } } }, 0, AT_EFORMAT, "has shape (0), want (T)" },
    { { { "input_ids", "I64", 1, { 4 } } }, -1, AT_ERANGE, "'input_ids' has the value -1 at 0" },
    { { IDS, MAPS(1, 1, 4, 4) }, 2, AT_EFORMAT,
      "'attentions' has the weight 2 in layer 0, head 0, query 0, key 0, want 0 to 1" },
};
/* clang-format on */

static void test_rows_that_do_not_sum_to_one(void **state)
{
    struct at_capture_file c;
    struct at_error err;

    (void)state;
    must(at_capture_open(&c, "fixtures/captures/half-rows/capture.safetensors", &err), &err);
    assert_int_equal(c.n_odd_rows, 4); /* those of head 0 */
    ASSERT_NEAR(c.odd_sum, 0.5, 0);
    assert_false(c.is_causal);
    at_capture_close(&c);
    must(at_capture_open(&c, "fixtures/captures/even-causal/capture.safetensors", &err), &err);
    assert_int_equal(c.n_odd_rows, 0);
    assert_true(c.is_causal);
    at_capture_close(&c);
}

static void test_causal_model_that_looks_ahead(void **state)
{
    struct at_capture_file c;
    struct at_error err;

    (void)state;
    assert_int_equal(at_capture_open(&c, "fixtures/captures/ahead/capture.safetensors", &err),
                     AT_EFORMAT);
    assert_non_null(strstr(err.text, "the weight 0.9 in layer 0, head 1, query 2, key 6, want 0"));
}

static void test_refused_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(refused); i++) {
        struct at_capture_file c;
        struct at_error err;
        size_t n = 0;
        while (n < 4 && refused[i].parts[n].name)
            n++;
        write_parts(refused[i].parts, n, refused[i].value);
        assert_int_equal(at_capture_open(&c, path, &err), refused[i].code);
        if (!strstr(err.text, refused[i].says) || strncmp(err.text, path, strlen(path)) != 0)
            fail_msg("case %zu says '%s'", i, err.text);
    }
}

/* ---- in memory ---- */

static void test_trace_keeps_what_was_asked(void **state)
{
    struct model_fixture f;

    (void)state;
    fixture_open(&f, "tiny-bert");
    struct at_trace t = fixture_run(&f, AT_CAP_MID);
    assert_null(t.attention);
    assert_null(t.hidden);
    assert_null(t.final_hidden);
    assert_null(t.q);
    ASSERT_CLOSE(t.mid, fixture_oracle(&f, "mid"), t.dims.L * t.dims.T * t.dims.C, 1e-5, 1e-5);
    at_trace_release(&t);
    at_trace_release(&t);
    fixture_close(&f);
}

static void test_trace_without_memory(void **state)
{
    struct model_fixture f;
    struct at_error err;
    struct at_trace t;

    (void)state;
    fixture_open(&f, "tiny-bert");
    for (long n = 1; n <= 3; n++) {
        at_alloc_fail_after(n);
        assert_int_equal(at_trace_init(&t, &f.m.config, 9, KEEP_ALL, &err), AT_ENOMEM);
        at_alloc_fail_after(0);
        assert_non_null(strstr(err.text, "the captured layers"));
    }
    fixture_close(&f);
}

static int make_dir(void **state)
{
    (void)state;
    path = mkdtemp(dir) ? at_path_join(dir, "capture.safetensors") : NULL;
    return path ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    free(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_equals_the_pass),
        cmocka_unit_test(test_parts_alone),
        cmocka_unit_test(test_same_run_same_bytes),
        cmocka_unit_test(test_parts_of_a_capture),
        cmocka_unit_test(test_aborted_capture_leaves_no_file),
        cmocka_unit_test(test_unwritable_place),
        cmocka_unit_test(test_file_of_another_program),
        cmocka_unit_test(test_unaligned_file),
        cmocka_unit_test(test_rows_that_do_not_sum_to_one),
        cmocka_unit_test(test_causal_model_that_looks_ahead),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_trace_keeps_what_was_asked),
        cmocka_unit_test(test_trace_without_memory),
    };

    return cmocka_run_group_tests_name("trace", tests, make_dir, remove_dir);
}
