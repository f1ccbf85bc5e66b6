/*
 * run_whole.c - what `atlas run` tells of a text as a whole: its document, and what windows of a
 * longer one come to.
 */
#include "cmd/run/run.h"

struct at_json *run_document(const struct call *call, const struct at_doc *doc,
                             const struct at_run_result *r)
{
    struct at_json *document = at_record_json(&at_run_record, r), *deep;

    at_json_set(document, "meta", doc_meta(call, doc));
    if (r->deep) { /* as in a file of its own */
        deep = at_record_json(&at_deep_record, r->deep);
        at_json_set(deep, "meta", doc_meta(call, doc));
        at_json_set(document, "deep", deep);
    }
    return document;
}

int run_tell_whole(struct run *run, const struct at_doc *doc, struct at_error *err)
{
    struct sink *sink = run->x->sink;
    const struct at_run_result *r = &run->windows.result;
    const struct at_predictions predictions = { .items = r->predictions, .n = r->n_predictions };
    struct at_arena arena = { 0 };
    int rc = 0;

    at_run_windows_finish(&run->windows);
    if (*doc->in.id)
        rc = many_add_metrics(&run->many, doc, &run->windows.metrics.result, err);
    if (!rc)
        rc = sink_table(sink, doc, "tokens.csv", &at_run_token_record, r->tokens, r->n_tokens, err);
    if (!rc && r->n_words)
        rc = sink_table(sink, doc, "words.csv", &at_run_word_record, r->words, r->n_words, err);
    if (!rc && sink_writes(sink, FORMAT_CSV)) {
        size_t n;
        struct at_prediction_row *rows =
            at_prediction_rows(&n, &predictions, run->x->session, doc, &arena);
        rc = sink_table(sink, doc, "predictions.csv", &at_prediction_row_record, rows, n, err);
    }
    at_arena_release(&arena);
    if (!rc && sink_wants_document(sink))
        rc = sink_document(sink, doc, "run.json", run_document(run->x->call, doc, r), err);
    if (!rc && sink_keeps(sink, doc) && sink_prints(sink))
        run_print(run, doc, r, NULL);
    return rc;
}
