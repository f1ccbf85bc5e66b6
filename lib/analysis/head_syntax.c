/*
 * head_syntax.c - see head_syntax.h.
 */
#include "analysis/head_syntax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "session/batch.h"
#include "stats/intervals.h"
#include "stats/tails.h"

static const char *const directions[] = {
    [AT_DEPENDENT_TO_HEAD] = "dependent_to_head", [AT_HEAD_TO_DEPENDENT] = "head_to_dependent"
};

static const struct at_field row_fields[] = {
    AT_FIELD(struct at_head_syntax_row, relation, "relation", NULL,
             "dependency relation; all: the sum over them"),
    AT_FIELD(struct at_head_syntax_row, direction, "direction", NULL,
             "dependent_to_head: the dependent looks at its head; or head_to_dependent"),
    AT_FIELD(struct at_head_syntax_row, n, "n", NULL, "words with that relation"),
    AT_FIELD(struct at_head_syntax_row, layer, "layer", NULL, "of the most accurate head"),
    AT_FIELD(struct at_head_syntax_row, head, "head", NULL, "the most accurate head"),
    AT_FIELD(struct at_head_syntax_row, accuracy, "accuracy", "fraction",
             "words whose head it finds"),
    AT_FIELD(struct at_head_syntax_row, ci[0], "low", "fraction", "Wilson's interval at 95 %, from",
             .flags = AT_CSV_ONLY),
    AT_FIELD(struct at_head_syntax_row, ci[1], "high", "fraction", "to", .flags = AT_CSV_ONLY),
    AT_FIELD_INTERVAL(struct at_head_syntax_row, ci, "ci", "fraction", "Wilson's interval at 95 %",
                      .flags = AT_JSON_ONLY),
    AT_FIELD(struct at_head_syntax_row, offset, "baseline_offset", "words",
             "best fixed distance from word to head"),
    AT_FIELD(struct at_head_syntax_row, baseline, "baseline_accuracy", "fraction",
             "words whose head it finds"),
    AT_FIELD_MATRIX(struct at_head_syntax_row, accuracies, L, H, "heads", "fraction",
                    "accuracy of every head, layers down, heads across"),
    AT_FIELD_END
};
const struct at_record at_head_syntax_row_record = AT_RECORD(struct at_head_syntax_row, row_fields);

static const struct at_field cell_fields[] = {
    AT_FIELD(struct at_head_syntax_cell, relation, "relation", NULL,
             "dependency relation; all: the sum over them"),
    AT_FIELD(struct at_head_syntax_cell, direction, "direction", NULL,
             "dependent_to_head: the dependent looks at its head; or head_to_dependent"),
    AT_FIELD(struct at_head_syntax_cell, layer, "layer", NULL, "layer, from 0"),
    AT_FIELD(struct at_head_syntax_cell, head, "head", NULL, "head, from 0"),
    AT_FIELD(struct at_head_syntax_cell, n, "n", NULL, "words with that relation"),
    AT_FIELD(struct at_head_syntax_cell, accuracy, "accuracy", "fraction",
             "words whose head it finds"),
    AT_FIELD(struct at_head_syntax_cell, ci[0], "low", "fraction",
             "Wilson's interval at 95 %, from"),
    AT_FIELD(struct at_head_syntax_cell, ci[1], "high", "fraction", "to"),
    AT_FIELD(struct at_head_syntax_cell, baseline, "baseline_accuracy", "fraction",
             "of the best fixed distance"),
    AT_FIELD(struct at_head_syntax_cell, beats_baseline, "beats_baseline", NULL,
             "its interval, at 95 % for all heads together, lies above the baseline"),
    AT_FIELD_END
};
const struct at_record at_head_syntax_cell_record =
    AT_RECORD(struct at_head_syntax_cell, cell_fields);

static const struct at_field result_fields[] = {
    AT_FIELD(struct at_head_syntax, n_sentences, "n_sentences", NULL, "sentences that were read"),
    AT_FIELD_LIST(struct at_head_syntax, rows, n, "relations", &at_head_syntax_row_record,
                  "relations, by their number of words"),
    AT_FIELD_END
};
const struct at_record at_head_syntax_record = AT_RECORD(struct at_head_syntax, result_fields);

/* The file on its way through the model, a sentence at a time: counts belong to one at hand. */
struct reading {
    const struct at_session *s;
    const struct at_head_syntax_options *options;
    struct at_head_syntax *out;
    struct at_conllu_sentence sentence;
    struct at_syntax_words words; /* of the sentence */
    struct at_tokens tokens;
    struct at_batcher batch;
};

static int count_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    struct reading *r = arg;

    (void)err;
    at_syntax_add_layer(r->out->syntax, view->layer, view->attention, &r->words, r->s->pool);
    return 0;
}

static int run_tokens(struct reading *r, struct at_error *err)
{
    const struct at_forward_options options = { .want_attention = true,
                                                .on_layer = count_layer,
                                                .arg = r };
    int rc;

    at_syntax_words_init(&r->words, &r->sentence, &r->tokens);
    at_syntax_add_sentence(r->out->syntax, &r->sentence, &r->words);
    at_batcher_clear(&r->batch);
    at_batcher_add(&r->batch, &r->tokens);
    rc = at_batcher_run(&r->batch, &r->s->model, &options, false, r->s->pool, err);
    at_syntax_words_release(&r->words);
    return rc;
}

/* Sentences that do not fit the model are left out and told. */
static int count_sentence(struct reading *r, struct at_error *err)
{
    const struct at_head_syntax_options *o = r->options;
    int rc;

    r->tokens.n = 0;
    rc =
        at_tokenize(&r->tokens, r->s->tokenizer, at_strbuf_str(&r->sentence.text), NULL, true, err);
    if (rc)
        return rc;
    if (r->tokens.n == 0 || r->tokens.n > r->s->model.config.max_positions) {
        r->out->n_skipped++;
        if (o->skipped)
            o->skipped(o->arg, &r->sentence, r->tokens.n);
        return 0;
    }
    rc = run_tokens(r, err);
    r->out->n_sentences += !rc;
    return rc;
}

static int count_file(struct reading *r, const char *path, struct at_error *err)
{
    struct at_conllu file;
    int rc = at_conllu_open(&file, path, err), got = 0;

    if (rc)
        return rc;
    while (!rc && (got = at_conllu_next(&r->sentence, &file, err)) == 1) {
        rc = count_sentence(r, err);
        if (r->options->progress)
            r->options->progress(r->options->arg, r->out->n_sentences);
    }
    at_conllu_sentence_release(&r->sentence);
    at_conllu_close(&file);
    at_tokens_release(&r->tokens);
    at_batcher_release(&r->batch);
    if (!rc && got < 0)
        rc = got; /* err has the file */
    if (!rc && r->out->n_sentences == 0)
        rc = at_fail(err, AT_EFORMAT, "'%s': no sentence", path);
    return rc;
}

/* The accuracy of every head (L,H) for one row. */
static void take_heads(double *out, const struct at_syntax *s, const struct at_syntax_result *x,
                       size_t L, size_t H)
{
    const char *relation = strcmp(x->relation, "all") == 0 ? NULL : x->relation;

    for (size_t i = 0; i < L * H; i++)
        out[i] = at_syntax_accuracy(s, relation, x->direction, i / H, i % H);
}

static void take_best(struct at_head_syntax *out, size_t min_words, size_t L, size_t H)
{
    struct at_syntax_results best = { 0 };

    at_syntax_best(&best, out->syntax, min_words);
    out->n = best.n;
    out->rows = at_malloc(best.n + 1, sizeof *out->rows);
    out->accuracies = at_malloc(best.n * L * H + 1, sizeof *out->accuracies);
    for (size_t i = 0; i < best.n; i++) {
        const struct at_syntax_result *x = &best.items[i];
        double *accuracies = out->accuracies + i * L * H;
        take_heads(accuracies, out->syntax, x, L, H);
        out->rows[i] = (struct at_head_syntax_row){ .relation = x->relation,
                                                    .direction = directions[x->direction],
                                                    .n = x->n,
                                                    .layer = x->layer,
                                                    .head = x->head,
                                                    .accuracy = x->accuracy,
                                                    .ci = { x->low, x->high },
                                                    .offset = x->offset,
                                                    .baseline = x->baseline,
                                                    .accuracies = accuracies,
                                                    .L = L,
                                                    .H = H };
    }
    at_array_release(&best);
}

struct at_head_syntax_cell *at_head_syntax_cells(const struct at_head_syntax_row *row,
                                                 struct at_arena *arena)
{
    size_t heads = row->L * row->H;
    struct at_head_syntax_cell *cells = at_arena_calloc(arena, heads, sizeof *cells);
    double z = at_normal_quantile(1.0 - 0.025 / (double)heads);

    for (size_t i = 0; i < heads; i++) {
        double n = (double)row->n, hits = round(row->accuracies[i] * n);
        struct at_interval own = at_wilson(hits, n, 1.96), together = at_wilson(hits, n, z);
        cells[i] = (struct at_head_syntax_cell){ .relation = row->relation,
                                                 .direction = row->direction,
                                                 .n = row->n,
                                                 .layer = i / row->H,
                                                 .head = i % row->H,
                                                 .accuracy = row->accuracies[i],
                                                 .ci = { own.low, own.high },
                                                 .baseline = row->baseline,
                                                 .beats_baseline = together.low > row->baseline };
    }
    return cells;
}

int at_head_syntax_read(struct at_head_syntax *out, const struct at_session *s, const char *path,
                        const struct at_head_syntax_options *options, struct at_error *err)
{
    const struct at_config *c = &s->model.config;
    struct at_head_syntax result = { .syntax = at_syntax_new(c->n_layers, c->n_heads,
                                                             options->subtypes) };
    struct reading r = { .s = s, .options = options, .out = &result };
    int rc = count_file(&r, path, err);

    if (rc) {
        at_head_syntax_release(&result);
        return rc;
    }
    take_best(&result, options->min_words, c->n_layers, c->n_heads);
    *out = result;
    return 0;
}

void at_head_syntax_release(struct at_head_syntax *r)
{
    at_syntax_free(r->syntax);
    free(r->rows);
    free(r->accuracies);
    *r = (struct at_head_syntax){ 0 };
}
