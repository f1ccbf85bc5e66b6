/*
 * test_tagger.c - the built-in tagger on a treebank, and the syntax that the built-in heads know.
 *
 * Both print what they reached. The models may be retrained, so the bounds are those of a model
 * that works at all.
 */
#include "close.h"

#include <stdlib.h>

#include "analysis/syntax.h"
#include "text/tags.h"
#include "base/alloc.h"
#include "base/attr.h"
#include "model/classify.h"
#include "model/forward.h"
#include "model_fixture.h"

static const char TREEBANK[] = "fixtures/data/treebank/en_ewt-ud-dev-300.conllu";

struct reader {
    struct at_model model;
    struct at_tokenizer *tokenizer;
    struct at_conllu file;
    struct at_conllu_sentence s;
    struct at_tokens tokens;
    struct at_pool *pool;
    int *ids;
};

static void reader_open(struct reader *r, const char *dir)
{
    struct at_error err;

    *r = (struct reader){ 0 };
    must(at_model_open(&r->model, dir, &err), &err);
    must(at_tokenizer_open(&r->tokenizer, dir, &err), &err);
    must(at_conllu_open(&r->file, TREEBANK, &err), &err);
    r->pool = at_pool_new(2);
}

static void reader_close(struct reader *r)
{
    at_model_close(&r->model);
    at_tokenizer_close(r->tokenizer);
    at_conllu_sentence_release(&r->s);
    at_conllu_close(&r->file);
    at_tokens_release(&r->tokens);
    at_pool_free(r->pool);
    free(r->ids);
}

/* The next sentence's tokens; false at the end. */
static bool reader_next(struct reader *r)
{
    struct at_error err;
    int rc = at_conllu_next(&r->s, &r->file, &err);

    must(rc < 0 ? rc : 0, &err);
    if (rc == 0)
        return false;
    r->tokens.n = 0;
    must(at_tokenize(&r->tokens, r->tokenizer, r->s.text.s, NULL, true, &err), &err);
    r->ids = at_realloc(r->ids, r->tokens.n, sizeof *r->ids);
    for (size_t i = 0; i < r->tokens.n; i++)
        r->ids[i] = r->tokens.items[i].id;
    return true;
}

/* Through the model; final hidden states, the caller's to free. */
static float *reader_run(struct reader *r, at_layer_fn on_layer, void *arg)
{
    size_t start[] = { 0, r->tokens.n };
    struct at_batch batch = { 1, start, r->ids, NULL };
    struct at_forward_options o = { .want_attention = on_layer, .on_layer = on_layer, .arg = arg };
    float *hidden = at_malloc(r->tokens.n * r->model.config.width, sizeof *hidden);
    struct at_error err;

    must(at_forward(hidden, &r->model, &batch, &o, r->pool, &err), &err);
    return hidden;
}

/* Words tagged as in the treebank; words that share their bytes with another are left out. */
static void count_right(const struct at_conllu_sentence *s, const struct at_tag_spans *spans,
                        size_t *right, size_t *n)
{
    struct at_tokens words = { 0 };
    struct at_token_tag *tags = at_calloc(s->words.n, sizeof *tags);

    words.items = at_calloc(s->words.n, sizeof *words.items);
    words.n = s->words.n;
    for (size_t i = 0; i < s->words.n; i++) {
        words.items[i].start = s->words.items[i].start;
        words.items[i].end = s->words.items[i].end;
    }
    at_tags_align(tags, spans, &words, 0);
    for (size_t i = 0; i < s->words.n; i++) {
        const struct at_conllu_word *w = &s->words.items[i];
        bool shares =
            (i > 0 && w[-1].start == w->start) || (i + 1 < s->words.n && w[1].start == w->start);
        if (!shares) {
            *n += 1;
            *right += tags[i].upos == at_upos_of(at_conllu_str(s, w->upos));
        }
    }
    free(words.items);
    free(tags);
}

static void test_part_of_speech(void **state)
{
    size_t right = 0, n = 0;
    struct reader r;

    (void)state;
    reader_open(&r, "fixtures/models/atlas-tagger");
    for (int i = 0; i < 100 && reader_next(&r); i++) {
        size_t n_labels = r.model.config.n_labels;
        float *hidden = reader_run(&r, NULL, NULL);
        float *p = at_malloc(r.tokens.n * n_labels, sizeof *p);
        struct at_tag_spans spans = { 0 };
        struct at_error err;
        must(at_classify(p, &r.model, hidden, r.tokens.n, false, r.pool, &err), &err);
        at_tags_from_probabilities(&spans, p, (const char *const *)r.model.config.labels, n_labels,
                                   &r.tokens, 0);
        count_right(&r.s, &spans, &right, &n);
        at_array_release(&spans);
        free(hidden);
        free(p);
    }
    print_message("part of speech: %.2f %% of %zu words\n", 100.0 * (double)right / (double)n, n);
    assert_true(n > 1000 && (double)right > 0.8 * (double)n);
    reader_close(&r);
}

struct feed {
    struct at_syntax *syntax;
    const struct at_syntax_words *words;
    struct at_pool *pool;
};

static int add_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct feed *f = arg;

    (void)err;
    at_syntax_add_layer(f->syntax, view->layer, view->attention, f->words, f->pool);
    return 0;
}

static void test_syntax_of_heads(void **state)
{
    struct at_syntax_results v = { 0 };
    struct at_syntax *syntax;
    struct reader r;

    (void)state;
    reader_open(&r, "fixtures/models/atlas-bert");
    syntax = at_syntax_new(r.model.config.n_layers, r.model.config.n_heads, false);
    for (int i = 0; i < 60 && reader_next(&r); i++) {
        struct at_syntax_words w;
        at_syntax_words_init(&w, &r.s, &r.tokens);
        at_syntax_add_sentence(syntax, &r.s, &w);
        struct feed f = { syntax, &w, r.pool };
        free(reader_run(&r, add_layer, &f));
        at_syntax_words_release(&w);
    }
    at_syntax_best(&v, syntax, 50);
    for (size_t i = 0; i < v.n; i++) {
        const struct at_syntax_result *b = &v.items[i];
        if (b->direction == AT_DEPENDENT_TO_HEAD)
            print_message("%-10s n %4zu  head %zu-%zu %.3f [%.3f, %.3f]  offset %+ld %.3f\n",
                          b->relation, b->n, b->layer, b->head, b->accuracy, b->low, b->high,
                          b->offset, b->baseline);
        assert_true(b->accuracy > 0.0 && b->baseline > 0.0 && b->low <= b->accuracy);
    }
    assert_true(v.n > 10);
    at_array_release(&v);
    at_syntax_free(syntax);
    reader_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part_of_speech),
        cmocka_unit_test(test_syntax_of_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
