/*
 * job.h - what every command that reads texts shares: options, model, threads, output directory,
 * and the loop that takes each text from the command line through the model to the command.
 *
 *   struct job job;
 *   job_init(&job, "run", argc, argv);
 *   const struct opt table[] = { ..., OPT_INCLUDE(job.input_options), ..., OPT_END };
 *   switch (opt_parse(...)) ...
 *   status = job_start(&job, table, argc, argv);
 *   if (!status) status = job_each_text(&job, &handler, arg);
 *   return job_finish(&job, status);
 */
#ifndef CMD_JOB_H
#define CMD_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/attn_metrics.h"
#include "analysis/map_series.h"
#include "base/pool.h"
#include "cmd/manifest.h"
#include "cmd/opt.h"
#include "cmd/report.h"
#include "cmd/job_texts.h"
#include "draw/canvas.h"
#include "text/label.h"
#include "model/forward.h"
#include "text/tokenizer.h"
#include "text/words.h"

/* Bits of --format. */
enum { FORMAT_JSON = 1, FORMAT_CSV = 2, FORMAT_PNG = 4, FORMAT_SVG = 8, FORMAT_PDF = 16 };

/* --precision. */
enum { PRECISION_AUTO, PRECISION_FLOAT, PRECISION_DOUBLE };

/* Which layers and heads --layer and --head chose. */
enum { SELECT_NONE, SELECT_ONE, SELECT_ALL, SELECT_MEAN };
struct selection {
    int layers, heads;
    size_t layer, head;
};

struct job {
    /* Options, with their defaults until the table is parsed. */
    const char *model_name, *file, *pair, *from, *out, *format_list, *layer_text, *head_text;
    bool is_lines, is_jsonl, is_json, by_words, is_truncated, split_pair, is_quiet, is_verbose;
    bool dump_drawing;
    int matrix; /* enum at_matrix_mode */
    int precision;
    int color; /* 0 auto, 1 always, 2 never */
    int progress;
    long n_threads, seed, digits;
    double width_mm, dpi;

    /* Tables to include; one struct opt each, filled by job_init(). */
    struct opt input_options[16], select_options[8], output_options[16], common_options[12];

    /* What job_start() opened. */
    const char *command;
    char *command_line; /* shell-quoted, the output directory written as DIR */
    int argc;
    char **argv; /* as typed, from the command's name on */
    unsigned formats;
    struct at_model model;          /* not opened with --from */
    struct at_tokenizer *tokenizer; /* NULL with --from */
    struct at_pool *pool;
    struct manifest *manifest; /* NULL without -o */
    bool lists_texts;          /* the manifest has each text, not a file that holds them */
    struct at_json *last_run;  /* manifest.json of --from as it was before this run, or NULL */
    struct texts texts;
    struct selection selection; /* what --layer and --head chose */
    struct at_config shape;  /* the model's family and sizes, also with --from (from the capture) */
    const char *shown_model; /* name for titles and meta */
    size_t n_skipped, n_done;
    double started;        /* seconds */
    struct at_arena arena; /* what lives as long as the job */
};

/* job_init - defaults and option tables. argv is kept for the record, not changed. */
void job_init(struct job *job, const char *command, int argc, char **argv);

/*
 * job_start - check the shared options, open model, tokenizer, texts and output directory.
 *
 * argc, argv: the operands left by opt_parse(). Answers EXIT_DONE or, after one line on standard
 * error, another status. job_start_model() is for commands without texts of their own,
 * job_start_bare() for those without a model, too.
 */
int job_start(struct job *job, const struct opt *table, int argc, char **argv);
int job_start_model(struct job *job, const struct opt *table);
int job_start_bare(struct job *job, const struct opt *table);

/* job_finish - write the manifest when status allows, check standard output, free everything. */
int job_finish(struct job *job, int status);

struct at_capture_file; /* model/capture.h */

/* One text on its way through a command. */
struct doc {
    size_t number;  /* from 0, in the order of input */
    struct text in; /* id, text, pair */
    struct at_tokens tokens;
    struct at_words words;                 /* empty without --words */
    size_t n;                              /* rows of its maps: tokens, or words with --words */
    const struct at_label *labels;         /* (n) */
    char **pieces;                         /* (tokens.n) raw pieces */
    size_t n_tokens_given;                 /* before --truncate cut it */
    const struct at_capture_file *capture; /* with --from */
    enum at_tokenizer_kind kind;           /* of the pieces, with --from */
    double *dropped;                       /* (n) with --words: attention of each word that lay on
                                              special tokens, summed over n_dropped maps */
    size_t n_dropped;
    struct at_arena arena; /* labels, pieces, dropped */
};

/* One layer of one text as analyses see it. */
struct doc_layer {
    size_t layer, H;
    size_t n;                        /* doc.n */
    const float *maps;               /* (H,n,n) raw, of tokens or of words */
    const struct at_layer_view *raw; /* as the model computed it, always of tokens */
};

/* What a command does with each text. All but begin and finish may be NULL. */
struct text_handler {
    const char *what;  /* of the progress line: "analysing" */
    bool needs_states; /* looks at more than maps, queries and keys: the model runs to its end */
    /* begin - a new state for this text, or NULL with err filled. Whether the command can take the
       text is decided here, before anything of it is written. */
    void *(*begin)(struct job *job, void *arg, const struct doc *doc, struct at_error *err);
    int (*embedded)(void *state, const float *embedded, struct at_error *err);
    int (*layer)(void *state, const struct doc_layer *layer, struct at_error *err);
    /* finish - final_hidden (T,C), NULL when a capture has none or the command needs no states;
       write or print the result. */
    int (*finish)(void *state, const float *final_hidden, struct at_error *err);
    void (*release)(void *state);
};

/*
 * job_each_text - run the model (or replay captures) over all texts, in order, many in a batch.
 *
 * A text that cannot be read or is too long, a capture that cannot be used, and either when begin
 * refuses it are reported and skipped when there are several; alone they are a failure. The loop
 * ends with AT_EIO or AT_ENOMEM of begin, a layer or head that the model does not have, and any
 * error of the handlers after begin. Answers an exit status.
 */
int job_each_text(struct job *job, const struct text_handler *h, void *arg);

/* job_map_kind - causal or not, and whether column 0 is [CLS] (not with --words). */
struct at_map_kind job_map_kind(const struct job *job);

/* job_check_selection - AT_ERANGE when the layer or head chosen is outside the model. */
AT_MUST_USE int job_check_selection(const struct job *job, struct at_error *err);
/* Is this head's map / this layer's mean / the global mean to be shown? */
bool job_selects_head(const struct selection *s, size_t layer, size_t head);
bool job_selects_layer_mean(const struct selection *s, size_t layer);
bool job_selects_global(const struct selection *s);

/* job_meta - the "meta" object of every document. */
struct at_json *job_meta(const struct job *job, const struct doc *doc);

/* --- output.c --- */

/* job_rel - path of a file of this text inside the output directory; the caller frees. */
char *job_rel(const struct doc *doc, const char *name);
/* job_title - "atlas-bert, layer 3, head 5"; layer or head may be -1 for a mean. Free it. */
char *job_title(const struct job *job, const char *what, long layer, long head);
/* job_subtitle - elided text, matrix mode, words or pieces, number of tokens. Free it. */
char *job_subtitle(const struct job *job, const struct doc *doc, const char *more);
/* job_text_subtitle - the same of what no matrix mode changes. */
char *job_text_subtitle(const struct job *job, const struct doc *doc);
/* component_name - of a principal component's axis, "PC 1 (42 %)"; without any variance ratio is
   NaN and has no share to tell. The arena's. */
const char *component_name(struct at_arena *arena, int number, double ratio, int decimals);
/* job_draws - are pictures (or their drawing lists) written at all? */
bool job_draws(const struct job *job);
/* job_picture - write a canvas in every picture format asked for and free it. name: no suffix. */
AT_MUST_USE int job_picture(struct job *job, const struct doc *doc, const char *name,
                            struct at_canvas *canvas, struct at_error *err);
/* job_document - print with --json, write as name into DIR with -o; frees doc_json. */
AT_MUST_USE int job_document(struct job *job, const struct doc *doc, const char *name,
                             struct at_json *json, struct at_error *err);
/* job_csv_open, _commit - a table of one text. */
AT_MUST_USE int job_csv_open(struct at_csv *out, struct job *job, const struct doc *doc,
                             const char *name, const char *columns, struct at_error *err);
AT_MUST_USE int job_csv_commit(struct at_csv *csv, struct job *job, const struct doc *doc,
                               const char *name, const char *columns, struct at_error *err);
/*
 * job_csv_place - the cells "layer" and "head" of a table that has rows of layers and of the model
 * beside those of heads: 3,5 of a head; head -1: 3,layer; layer -1 too: global,all.
 */
void job_csv_place(struct at_csv *csv, long layer, long head);

#endif
