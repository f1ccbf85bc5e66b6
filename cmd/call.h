/*
 * call.h - a command as it was called: the shared options and what they mean, the operands, the
 * texts. Fixed once call_open() is through; what is open is a session's (session/session.h), what
 * is written a sink's (cmd/sink.h).
 */
#ifndef CMD_CALL_H
#define CMD_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cmd/ablate.h"
#include "cmd/opt.h"
#include "cmd/shard.h"
#include "cmd/report.h"
#include "session/pass.h"
#include "session/texts.h"

/* Bits of --format. */
enum { FORMAT_JSON = 1, FORMAT_CSV = 2, FORMAT_PNG = 4, FORMAT_SVG = 8, FORMAT_PDF = 16 };

/* --svg-text. */
enum { SVG_PATHS, SVG_TEXT };

/* Which layers and heads --layer and --head chose. */
enum { SELECT_NONE, SELECT_ONE, SELECT_ALL, SELECT_MEAN };
struct selection {
    int layers, heads;
    size_t layer, head;
};

struct call {
    /* Options, with their defaults until they are parsed. */
    const char *model, *file, *pair, *from, *out, *format_list, *layer_text, *head_text;
    bool is_lines, is_jsonl, is_json, is_quiet, is_verbose, dump_drawing;
    bool is_each, is_resumed;  /* --each, --resume */
    const char *shard_text;    /* --shard */
    struct at_doc_options doc; /* --words, --truncate, --split-pair */
    int matrix;                /* enum at_matrix_mode */
    int precision;             /* enum at_precision */
    int svg_text;              /* SVG_PATHS, SVG_TEXT */
    int color, progress;       /* 0 auto, 1 always, 2 never */
    long n_threads, seed, digits;
    long window, stride; /* --window, --stride; 0: not given */
    double width_mm, dpi;

    /* Tables to include; one struct opt each. */
    struct opt input_options[16], select_options[8], output_options[16], common_options[12];
    struct opt corpus_options[5];
    struct opt window_options[3]; /* behind input_options, of commands that put windows together */

    const char *command;      /* "bias detect" */
    const char *command_line; /* as it could be typed again, the output directory written as DIR */
    int argc;                 /* as typed, from the command's name on */
    char **argv;
    int n_operands;
    char **operands;
    const struct opt *table; /* every option there is */
    struct opt_given given;
    double started; /* seconds */

    /* What they mean. */
    unsigned needs;    /* of enum need (cmd/cmd.h); check() of a command may change it */
    bool makes_corpus; /* many texts are one result (cmd/many.h); set by options() */
    struct shard shard;
    size_t n_done_before; /* texts of an interrupted run */
    bool is_answered;     /* check() has answered the call: nothing else is to be done */
    unsigned formats;     /* FORMAT_ bits */
    /* Of the model's session, set by options() or check(): see session/session.h. */
    bool (*prefix_space)(const struct at_config *config);
    struct ablate *ablate; /* of a command that takes --ablate, set by options(); or NULL */
    struct selection selection;
    struct at_texts texts; /* with NEED_TEXT and without --from */
    struct at_arena arena;
};

/* call_init - defaults and option tables. argv is kept for the record, not changed. */
void call_init(struct call *c, const char *command, int argc, char **argv);
void call_release(struct call *c);

/* call_table - a command's option table, kept as long as the call; ends with OPT_END. */
const struct opt *call_table(struct call *c, const struct opt *table, size_t n);
#define CALL_TABLE(call, table) call_table((call), (table), sizeof(table) / sizeof *(table))

/* call_gives - is this option, by the variable it is stored in, in the call? */
bool call_gives(const struct call *c, const void *value);

/* call_first_given - the name of the first of these options that is in the call, or NULL. */
const char *call_first_given(const struct call *c, const void *const *values, size_t n);

/* call_refuse_rollout - of a command that looks at heads; answers an exit status. */
int call_refuse_rollout(const struct call *c);

/* call_progress - start a progress line as --progress and --quiet have it. */
void call_progress(const struct call *c, struct progress *p, const char *what, const char *unit,
                   size_t total);

/* call_number_list - "0,3,17" or "2-5", an array of the call's; false on bad syntax. */
bool call_number_list(struct call *c, size_t **out, size_t *n, const char *text);

/* call_check - what is wrong with the shared options; answers an exit status. */
int call_check(struct call *c);

/* call_open_texts - the texts to come; answers an exit status. */
int call_open_texts(struct call *c);

/* call_check_selection - AT_ERANGE when the layer or head chosen is outside the model. */
AT_MUST_USE int call_check_selection(const struct call *c, const struct at_config *shape,
                                     struct at_error *err);
/* Is this head's map / this layer's mean / the global mean to be shown? */
bool selects_head(const struct selection *s, size_t layer, size_t head);
bool selects_layer_mean(const struct selection *s, size_t layer);
bool selects_global(const struct selection *s);

/* call_one_layer, call_one_head - the only one that is looked at; AT_NONE when none was chosen. */
size_t call_one_layer(const struct call *c);
size_t call_one_head(const struct call *c);

/* call_meta - the "meta" object of a document about a model; doc_meta - about a text, too. */
struct at_json *call_meta(const struct call *c, const char *model_name,
                          const struct at_config *shape);
struct at_json *doc_meta(const struct call *c, const struct at_doc *doc);

#endif
