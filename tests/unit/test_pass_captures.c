/*
 * test_pass_captures.c - passes over captures: a replay shows what the run showed, in the order of
 * the numbers; what one capture decides for the others.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "close.h"
#include "model_fixture.h"
#include "sandbox.h"
#include "session/pass.h"
#include "witness.h"

/* Lines of text run and written as captures into a directory of that name; its path. */
static const char *captured(struct run *r, const char *model, const char *lines, const char *name)
{
    const char *dir = sandbox_path(name);

    run_open(r, model, lines);
    r->w.capture_dir = dir;
    r->w.keep = AT_CAP_ATTENTION | AT_CAP_HIDDEN;
    must(at_pass_run(&r->pass, &r->was_told, &r->err), &r->err);
    return dir;
}

/* The captures of dir through the same visitor. */
static int replayed(struct run *out, const char *dir)
{
    *out = (struct run){ 0 };
    out->pass = (struct at_pass){ .captures = dir,
                                  .visitor = &witness_visitor,
                                  .arg = &out->w,
                                  .observer = witness_observer(&out->w) };
    return at_pass_run(&out->pass, &out->was_told, &out->err);
}

static void test_replay(void **state)
{
    static const char *const models[] = { "fixtures/tiny-bert", "fixtures/tiny-gpt2" };

    (void)state;
    for (size_t m = 0; m < AT_COUNTOF(models); m++) {
        struct run r, again;
        const char *dir = captured(&r, models[m], "the cat\n\nsat\n", m ? "gpt2" : "bert");
        must(replayed(&again, dir), &again.err);
        log_is(&again, "check;begin 0;capture '1';embedded 0;layer 0.0;layer 0.1;finish 0;done 1;"
                       "check;begin 1;capture '3';embedded 1;layer 1.0;layer 1.1;finish 1;done 2");
        assert_int_equal(again.pass.n_done, 2);
        assert_int_equal(again.w.floats.n, r.w.floats.n);
        assert_memory_equal(again.w.floats.s, r.w.floats.s, r.w.floats.n);
        run_close(&again);
        run_close(&r);
    }
}

static void test_one_capture(void **state)
{
    struct run r, again;
    const char *dir = captured(&r, "fixtures/tiny-bert", "the cat\n", "one");
    char *parent = at_asprintf("%s/1", dir);

    (void)state;
    must(replayed(&again, parent), &again.err); /* one that lies in DIR itself */
    log_is(&again, "check;begin 0;capture '';embedded 0;layer 0.0;layer 0.1;finish 0");
    run_close(&again);

    free(parent);
    run_close(&r);
}

static void copy_capture(const char *from, const char *from_id, const char *to, const char *to_id)
{
    char *source = at_asprintf("%s/%s/capture.safetensors", from, from_id);
    char *dir = at_path_join(to, to_id), *path = at_path_join(dir, "capture.safetensors");
    struct at_mapfile m;
    struct at_error err;

    must(at_mapfile_open(&m, source, &err), &err);
    must(at_mkdir_p(dir, &err), &err);
    must(at_write_file(path, m.bytes, m.n, &err), &err);
    at_mapfile_close(&m);
    free(path);
    free(dir);
    free(source);
}

/* A bad file does not decide what the others must be like, the first good one does; they come in
   the order of their numbers, and go by the name of the first one's model. */
static void test_unlike_captures(void **state)
{
    struct run bert, gpt2, other, again;
    const char *renamed = sandbox_path("renamed");
    char here[512], *bert_dir = at_path_join(getcwd(here, sizeof here), "fixtures/tiny-bert");
    int rc = symlink(bert_dir, renamed);
    const char *of_bert = captured(&bert, "fixtures/tiny-bert", "the cat\n", "of-bert");
    const char *of_gpt2 = captured(&gpt2, "fixtures/tiny-gpt2", "the cat\n", "of-gpt2");
    const char *of_other = captured(&other, renamed, "the cat\n", "of-other");
    char *mixed = at_strdup(sandbox_path("mixed")), *bad = at_path_join(mixed, "1");
    char *path = at_path_join(bad, "capture.safetensors");
    const char *log;

    (void)state;
    assert_int_equal(rc, 0);
    assert_string_equal(other.w.model_name, "renamed");
    must(at_mkdir_p(bad, NULL), NULL);
    must(at_write_file(path, "no capture", 10, NULL), NULL);
    copy_capture(of_bert, "1", mixed, "2");
    copy_capture(of_gpt2, "1", mixed, "9");
    copy_capture(of_other, "1", mixed, "10");
    must(replayed(&again, mixed), &again.err);
    log = at_strbuf_str(&again.w.log);
    assert_non_null(strstr(log, "skip '1': "));
    assert_non_null(strstr(log, ";done 1;check;begin 1;capture '2';"));
    assert_non_null(strstr(log, "capture.safetensors: is of a gpt2 model, the first was of a bert "
                                "one;done 3;check;begin 3;capture '10';"));
    assert_string_equal(again.w.model_name, "tiny-bert");
    assert_int_equal(again.pass.n_done, 2);
    assert_int_equal(again.pass.n_skipped, 2);
    run_close(&again);
    run_close(&other);
    free(bert_dir);
    free(path);
    free(bad);
    free(mixed);
    run_close(&bert);
    run_close(&gpt2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_one_capture),
        cmocka_unit_test(test_unlike_captures),
    };

    return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
