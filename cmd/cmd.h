/*
 * cmd.h - the commands, and what main() hands to them.
 *
 * To add a command: a folder cmd/<name>/ whose <name>.c defines a struct command, its row in the
 * table of atlas.c, a page man/atlas-<name>.1, a file tests/cli/<name>.bats, a line in README.md.
 * Options, help, completion, model, texts, output directory, manifest and exit status are the
 * dispatcher's (dispatch.c): a command measures and shows.
 *
 * To add a column: a field in the record beside the result (lib/analysis/<question>.c) and what
 * fills it. CSV, JSON, the terminal, `atlas help output` and atlas-output(5) follow.
 *
 * To add a picture: a function in cmd/<name>/<name>_pictures.c that takes the result and hands a
 * canvas to sink_picture().
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stddef.h>

#include "cmd/call.h"
#include "cmd/outputs.h"
#include "cmd/report.h"
#include "cmd/sink.h"
#include "session/session.h"

/* What the dispatcher has ready before a command runs. */
enum need {
    NEED_MODEL = 1, /* a session; with NEED_TEXT and --from captures take its place */
    NEED_TEXT = 2,  /* texts: operands, --file, --lines ...; else operands are the command's own */
    NEED_DATA = 4,  /* operands are files, which may come through a pipe or as - */
};

/* What a command works with. */
struct context {
    struct call *call;                /* as given */
    const struct at_session *session; /* the model; NULL without one */
    struct sink *sink;                /* outputs */
    struct at_pool *pool;             /* threads */
};

struct corpus_way;
struct parts;
struct command {
    const char *name;     /* "metrics", "bias detect"; NULL: a heading of `atlas help` */
    const char *brief;    /* a line for `atlas help` */
    const char *synopsis; /* behind the name: "[options] [text ...]" */
    const char *about;    /* the paragraph that -h prints below it */
    unsigned needs;
    size_t size; /* of the command's own struct, which begins as zeros */
    /* options - defaults into own, the table for call (CALL_TABLE()). */
    const struct opt *(*options)(void *own, struct call *call);
    /* check - what is wrong with the call as given; answers an exit status. May be NULL. */
    int (*check)(void *own, struct call *call);
    /* run - all of it; answers an exit status. NULL: a group, its subcommands have rows below. */
    int (*run)(void *own, const struct context *x);
    void (*release)(void *own); /* may be NULL */
    /* merge - its shards (cmd/parts.h) put together; answers an exit status. NULL: of a corpus, or
       there are none. */
    int (*merge)(const struct context *x, struct parts *parts);
    const struct corpus_way *corpus; /* many texts are one result (cmd/many.h); or NULL */
    const char *const *words;        /* that its first operand may be, for completion; or NULL */
    const struct output *outputs;
};

extern const struct command run_command, metrics_command, heads_command, cluster_command,
    isa_command, faith_command, model_command;
extern const struct command compare_command;
extern const struct command bias_detect_command, bias_attention_command, bias_calibrate_command,
    bias_pairs_command, bias_stereoset_command, bias_swap_command, bias_merge_command;
extern const struct command merge_command;
extern const struct command data_command;
extern const struct command help_command, version_command, completion_command;
extern const struct command view_command;

/* commands - every command in the order of `atlas help`, ended by NULL. */
extern const struct command *const commands[];

/*
 * each_text - the call's texts, or captures, through a visitor; what happens on the way is
 * reported and noted in the manifest. what: of the progress line, "analysing". Answers an exit
 * status.
 */
int each_text(const struct context *x, const struct at_visitor *visitor, void *arg,
              const char *what);

#endif
