/*
 * many_metrics.c - the metrics of every head over many texts, which `metrics` and `run` tell.
 */
#include "cmd/many.h"

static void look_of(struct value_look *out, size_t value)
{
    const struct at_metric_text *text = &at_metric_texts[value];

    *out = (struct value_look){ text->title, text->formula, text->unit, false };
}

const struct corpus_way metrics_way = {
    .texts = &at_metrics_text_row_record,
    .n_values = AT_N_METRIC_TEXTS,
    .key = at_metric_key,
    .look = look_of,
    .has_heads = true,
    .file = "metrics",
    .overall = "mean map",
};

int many_add_metrics(struct many *m, const struct at_doc *doc, const struct at_text_metrics *t,
                     struct at_error *err)
{
    struct at_corpus *corpus = many_corpus(m, doc);

    if (!corpus)
        return 0;
    at_text_metrics_corpus_add(corpus, t);
    return many_add(
        m, doc,
        &(struct at_metrics_text_row){ { 0 }, t->n, doc->in.text, t->global, t->flow_change }, err);
}
