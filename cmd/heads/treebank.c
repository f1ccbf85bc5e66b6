/*
 * treebank.c - `atlas heads --conllu`: how well every head finds each relation, the best in front.
 */
#include <stdio.h>

#include "analysis/head_syntax.h"
#include "cmd/heads/heads.h"

struct reading {
    const struct context *x;
    struct progress progress;
};

static void on_skipped(void *arg, const struct at_conllu_sentence *s, size_t n_tokens)
{
    struct reading *r = arg;

    report_left_out("line %zu: sentence has %zu tokens, the model takes 1 to %zu; left out",
                    s->line, n_tokens, r->x->session->model.config.max_positions);
    sink_note_skipped(r->x->sink, at_conllu_str(s, s->id), "too long");
}

static void on_progress(void *arg, size_t n_sentences)
{
    struct reading *r = arg;

    progress_show(&r->progress, n_sentences);
}

static void print_results(const struct at_head_syntax *r, const char *model_name)
{
    printf("%s, %zu sentence%s; best head per relation, 95 %% interval, best fixed offset\n",
           model_name, r->n_sentences, at_plural(r->n_sentences));
    printf("  %-14s %-18s %6s  %-6s %-24s %s\n", "relation", "direction", "n", "head", "accuracy",
           "offset");
    for (size_t i = 0; i < r->n; i++) {
        const struct at_head_syntax_row *x = &r->rows[i];
        char head[48];
        snprintf(head, sizeof head, "L%zuH%zu", x->layer, x->head);
        printf("  %-14s %-18s %6zu  %-6s %5.1f %% (%5.1f to %5.1f)  %+4ld %5.1f %%\n", x->relation,
               x->direction, x->n, head, 100.0 * x->accuracy, 100.0 * x->ci[0], 100.0 * x->ci[1],
               x->offset, 100.0 * x->baseline);
    }
}

/* syntax_heads.csv: every head for every row of syntax.csv. */
static int write_heads(const struct at_head_syntax *r, struct sink *sink, struct at_error *err)
{
    struct table t = { 0 };
    struct at_arena arena = { 0 };
    int rc = table_open(&t, sink, NULL, "syntax_heads.csv", &at_head_syntax_cell_record, err);

    for (size_t i = 0; !rc && t.is_open && i < r->n; i++) {
        const struct at_head_syntax_cell *cells = at_head_syntax_cells(&r->rows[i], &arena);
        for (size_t k = 0; k < r->rows[i].L * r->rows[i].H; k++)
            table_add(&t, &cells[k]);
        at_arena_release(&arena);
    }
    return rc ? rc : table_commit(&t, sink, err);
}

static int tell(const struct at_head_syntax *r, const struct context *x, struct at_error *err)
{
    const struct at_session *s = x->session;
    int rc =
        sink_table(x->sink, NULL, "syntax.csv", &at_head_syntax_row_record, r->rows, r->n, err);

    if (!rc)
        rc = write_heads(r, x->sink, err);
    if (!rc && sink_draws(x->sink))
        rc = syntax_pictures(x->sink, s->name, r, err);
    if (!rc)
        rc = sink_result(x->sink, NULL, "syntax.json", &at_head_syntax_record, r,
                         call_meta(x->call, s->name, &s->model.config), err);
    if (!rc && sink_prints(x->sink))
        print_results(r, s->name);
    return rc;
}

int head_syntax(struct heads *h)
{
    struct reading reading = { .x = h->x };
    const struct at_head_syntax_options options = {
        .subtypes = h->subtypes,
        .min_words = (size_t)h->min_words,
        .skipped = on_skipped,
        .progress = on_progress,
        .arg = &reading,
    };
    struct at_head_syntax r = { 0 };
    struct at_error err;
    int status, rc = sink_note_file(h->x->sink, "conllu", h->conllu, &err);

    call_progress(h->x->call, &reading.progress, "reading trees", "sentences", 0);
    if (!rc)
        rc = at_head_syntax_read(&r, h->x->session, h->conllu, &options, &err);
    progress_end(&reading.progress);
    if (!rc)
        rc = tell(&r, h->x, &err);
    status = rc ? report_fault(&err) : r.n_skipped ? EXIT_SKIPPED : EXIT_DONE;
    at_head_syntax_release(&r);
    return status;
}
