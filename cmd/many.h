/*
 * many.h - many texts are one result: texts.csv with a row for each, corpus.csv with the mean of
 * every head, pictures of the means and a summary. What `metrics`, `heads`, `isa`, `bias attention`
 * and `run` share, and `merge` makes of their shards.
 *
 * With -o texts.csv is a journal (journal.h) and sums.csv the state of the corpus, saved every few
 * seconds: --resume goes on from there, merge adds the sums of shards up. Memory does not grow with
 * the number of texts.
 *
 *   many_begin() -> for each text many_corpus(), values, many_add() -> many_end()
 */
#ifndef CMD_MANY_H
#define CMD_MANY_H

#include "analysis/corpus.h"
#include "analysis/text_metrics.h"
#include "cmd/cmd.h"
#include "cmd/journal.h"

/* How a value is shown. */
struct value_look {
    const char *title;   /* "Sparsity" */
    const char *details; /* a formula; "" for none */
    const char *unit;
    bool is_ratio; /* even attention is 1 */
};

/* What a command's corpus is: constant. */
struct corpus_way {
    const struct at_record *texts; /* of texts.csv; its struct begins with a struct at_text_head */
    size_t n_values;
    const char *(*key)(size_t value);
    void (*look)(struct value_look *out, size_t value);
    bool has_heads;
    bool has_ratios;     /* values are compared with even attention: roles */
    const char *file;    /* of pictures: "metrics" gives metrics_sparsity */
    const char *nothing; /* said when no head has a value; NULL: there always is one */
    const char *overall; /* what the model's own values are of: "mean map", "mean of all heads" */
};

enum { CORPUS_MAX_VALUES = 64 };

/* Files of it, for a command's list of outputs; corpus.csv is the command's own row. */
#define MANY_OUTPUTS(record)                                                                       \
    { "texts.csv", "a row for each of several texts", (record) },                                  \
        { "sums.csv", "over several texts exact sums, for --resume and merge",                     \
          &at_sums_row_record },                                                                   \
    {                                                                                              \
        "journal.json",                                                                            \
            "what texts.csv depends on, with every option that matters; --resume compares it",     \
            NULL                                                                                   \
    }
#define MANY_OUTPUTS_OF_HEADS                                                                      \
    { "corpus_layers.csv", "over several texts a row for each layer and number",                   \
      &at_corpus_layer_record },                                                                   \
    {                                                                                              \
        "corpus_global.csv", "over several texts a row for each number of the model",              \
            &at_corpus_model_record                                                                \
    }

struct many {
    const struct context *x;
    const struct corpus_way *way;
    const char *keys[CORPUS_MAX_VALUES];
    struct at_corpus corpus; /* cells NULL until there is a text among many */
    char *model_name;        /* NULL until then */
    struct journal journal;
    char *columns;   /* of texts.csv; NULL: it is not written */
    size_t n_before; /* texts of an interrupted run */
    size_t n_passed; /* of those, seen again */
    double saved;    /* when sums.csv was written */
};

/* many_begin - a call of that way; what there is to go on with, with --resume. */
AT_MUST_USE int many_begin(struct many *m, const struct corpus_way *way, const struct context *x,
                           struct at_error *err);
/* many_corpus - where the values of this text are to be added; NULL when it is the only text. */
struct at_corpus *many_corpus(struct many *m, const struct at_doc *doc);
/* many_add - its row, whose head is filled here; after the values. */
AT_MUST_USE int many_add(struct many *m, const struct at_doc *doc, void *row, struct at_error *err);
/* many_end - tables, pictures and summary, when the status of the texts allows; answers status, or
   that of a failure. */
int many_end(struct many *m, int status);
void many_release(struct many *m); /* accepts a zeroed struct */

/* many_show - of a corpus that is complete: what many_end() and merge tell. */
AT_MUST_USE int many_show(const struct many *m, struct at_error *err);
/* many_keys - the keys of the way, into m->keys. */
void many_keys(struct many *m, const struct corpus_way *way);
/* many_save - sums.csv into the output directory, complete. */
AT_MUST_USE int many_save(const struct many *m, struct at_error *err);

/* The metrics of all heads, layers and the mean map. many_add_metrics - values and row of a text;
   nothing when it is the only one. */
extern const struct corpus_way metrics_way;
AT_MUST_USE int many_add_metrics(struct many *m, const struct at_doc *doc,
                                 const struct at_text_metrics *t, struct at_error *err);

#endif
