/*
 * test_stereo_heads.c - which items are looked at, and that texts in a batch have the traits that
 * each has alone.
 */
#include "analysis/stereo_heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereoset.h"
#include "base/alloc.h"
#include "close.h"
#include "model_fixture.h"
#include "text_fixture.h"

static const char MODEL[] = "fixtures/tiny-bert", TAGGER[] = "fixtures/small/models/atlas-tagger";

enum { N = 12 };
static const char *categories[] = { "k" };

/* Intersentence items of a few words, one of which is another for the anti-stereotype. */
struct small {
    struct at_stereo_item items[N];
    struct at_scored scored[N];
    struct at_stereoset set;
};

static void fill(struct small *s)
{
    for (size_t i = 0; i < N; i++) {
        s->items[i] = (struct at_stereo_item){
            .id = "item",
            .context = i % 2 ? "the cat sat." : "a dog.",
            .part = AT_INTERSENTENCE,
            .target = i % 5,
            .sentence = { { "s", "the mat" },
                          { "a", i % 3 ? "a mat" : "the cat sat" },
                          { "u", "" } },
        };
        s->scored[i] = (struct at_scored){ .score = { (double)i, 1, 0.5 } };
    }
    s->set = (struct at_stereoset){
        .items = s->items, .n = N, .categories = categories, .n_categories = 1
    };
}

static void test_choice(void **state)
{
    struct at_stereo_heads h;
    struct at_error err;
    struct small s;

    (void)state;
    fill(&s);
    s.scored[3].score[AT_UNRELATED] = NAN;
    s.items[5].part = AT_INTRASENTENCE;
    must(at_stereo_heads_choose(&h, &s.set, s.scored, &err), &err);
    assert_true(h.n == 10 && h.part == AT_INTERSENTENCE);
    assert_true(h.item[2] == 2 && h.item[3] == 4 && h.item[4] == 6);
    at_stereo_heads_release(&h);

    s.scored[4].score[AT_ANTI] = NAN;
    assert_int_equal(at_stereo_heads_choose(&h, &s.set, s.scored, &err), AT_ERANGE);
    assert_string_equal(err.text, "--heads compares items: found 9 intersentence ones with scores, "
                                  "want 10");
    at_stereo_heads_release(&h);
    at_stereo_heads_release(&h);

    for (size_t i = 0; i < N; i++) /* no scores for the others: then these */
        s.items[i].part = AT_INTRASENTENCE;
    s.items[0].part = AT_INTERSENTENCE;
    s.scored[0].score[AT_STEREO] = NAN;
    s.scored[3].score[AT_UNRELATED] = s.scored[4].score[AT_ANTI] = 0;
    must(at_stereo_heads_choose(&h, &s.set, s.scored, &err), &err);
    assert_true(h.n == 11 && h.part == AT_INTRASENTENCE);
    at_stereo_heads_release(&h);
}

static void test_no_contexts(void **state)
{
    struct at_stereo_heads h;
    struct at_error err;
    struct small s;

    (void)state;
    fill(&s);
    s.items[7].context = "";
    assert_int_equal(at_stereo_heads_choose(&h, &s.set, s.scored, &err), AT_EFORMAT);
    assert_non_null(strstr(err.text, "needs contexts"));
    at_stereo_heads_release(&h);
}

/* The traits of one text alone. */
struct alone {
    const struct text_fixture *f;
    const unsigned char *marks;
    signed char part[64];
    float row[64 * AT_N_TRAITS], scratch[64 * 64];
};

static void add_layer(void *arg, const struct at_doc_layer *l)
{
    struct alone *a = arg;

    at_head_traits(a->row + l->layer * l->H * AT_N_TRAITS, l->maps, l->H, l->n,
                   at_doc_kind(&a->f->doc), a->marks, a->part, a->scratch, NULL);
}

static void assert_traits(const float *got, const struct at_tagger *tagger, const char *context,
                          const char *sentence)
{
    char *text = at_asprintf("%s %s", context, sentence);
    struct at_token_tag tags[64];
    unsigned char marks[64] = { 0 };
    const char *labels[64];
    struct at_tagged tagged;
    struct text_fixture f;
    struct alone a = { .f = &f, .marks = marks };
    struct at_error err;
    double want[64 * AT_N_TRAITS];
    size_t n;

    text_open(&f, MODEL, text, NULL, false);
    must(at_tag_doc(tags, &tagged, tagger, &f.doc, &err), &err);
    for (size_t i = 0; i < f.doc.n; i++) {
        const struct at_token *t = &f.doc.tokens.items[i];
        labels[i] = t->is_special ? NULL : f.doc.labels[i].text;
        a.part[i] = t->is_special                ? AT_PART_NONE
                    : t->start < strlen(context) ? AT_PART_CONTEXT
                                                 : AT_PART_COMPLETION;
    }
    at_token_marks(marks, tags, labels, f.doc.n);
    text_run(&f, NULL, add_layer, &a);
    n = f.doc.shape->n_layers * f.doc.shape->n_heads * AT_N_TRAITS;
    for (size_t i = 0; i < n; i++)
        want[i] = (double)a.row[i];
    ASSERT_CLOSE(got, want, n, 1e-6, 1e-5); /* batches of other sizes round differently */
    text_close(&f);
    free(text);
}

static void count(void *arg, size_t n_done)
{
    *(size_t *)arg = n_done;
}

static void test_reading(void **state)
{
    struct at_session session, tags;
    struct at_stereo_heads h;
    struct at_error err;
    struct small s;
    size_t n_done = 0, row;
    const struct at_stereo_heads_observer observer = { .done = count, .arg = &n_done };
    const struct at_tagger tagger = { .session = &tags };

    (void)state;
    fill(&s);
    s.items[4].context = "a b c d e f g h i j k l m n o p q r s t"; /* longer than the model */
    must(at_session_open(&session, MODEL, NULL, &err), &err);
    must(at_session_open(&tags, TAGGER, NULL, &err), &err);
    must(at_stereo_heads_choose(&h, &s.set, s.scored, &err), &err);
    must(at_stereo_heads_read(&h, &session, &tagger, s.scored, &observer, &err), &err);
    assert_int_equal(n_done, N);
    row = h.s.n_heads * AT_N_TRAITS;
    assert_non_null(strstr(h.too_long[4], "tokens, the model takes"));
    assert_true(isnan(h.s.longer[4]) && isnan(h.s.stereo[4 * row]) && isnan(h.s.anti[4 * row]));
    assert_true(h.s.longer[0] == -1.0 && h.s.longer[1] == 0.0);
    assert_true(h.s.bias[3] == 2.0 && h.s.margin[3] == 1.5 && h.s.category[3] == 0);
    assert_int_equal(h.s.term[8], 3);
    assert_traits(h.s.stereo, &tagger, "a dog.", "the mat");
    assert_traits(h.s.anti, &tagger, "a dog.", "the cat sat");
    assert_traits(h.s.anti + 11 * row, &tagger, "the cat sat.", "a mat");
    at_stereo_heads_release(&h);
    at_session_close(&tags);
    at_session_close(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_no_contexts),
        cmocka_unit_test(test_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
