/*
 * help.c - `atlas help`: the commands, the options of one, the files that commands write.
 */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cmd/about/output_help.h"
#include "cmd/cmd.h"
#include "cmd/dispatch.h"

struct help {
    bool is_list, is_roff;
};

static const struct opt *options(void *own, struct call *call)
{
    struct help *h = own;
    const struct opt table[] = {
        OPT_GROUP("Of output"),
        OPT_FLAG(0, "list", &h->is_list,
                 "a line for each column and key, tabs between, for scripts"),
        OPT_FLAG(0, "roff", &h->is_roff, "as atlas-output(5) has it"),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}

static const struct output shared_outputs[] = {
    { "manifest.json", "what was asked, read and written; where it is, the run finished", NULL },
    { 0 },
};

/* `atlas help output [file]` */
static int help_on_output(const struct help *h, const char *file)
{
    struct AT_ARRAY(struct output_list) lists = { 0 };
    int status;

    if (h->is_list && h->is_roff)
        return report_usage("--list and --roff do not go together");
    *at_array_push(&lists) = (struct output_list){ "every command", shared_outputs };
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->outputs)
            *at_array_push(&lists) =
                (struct output_list){ commands[i]->name, commands[i]->outputs };
    status = output_help(stdout, lists.items, lists.n, file,
                         h->is_list   ? OUTPUT_LINES
                         : h->is_roff ? OUTPUT_MDOC
                                      : OUTPUT_PLAIN);
    at_array_release(&lists);
    return status;
}

/* `atlas help bias swap` is `atlas bias swap -h`. */
static int help_on_command(int n_words, char **words)
{
    char help[] = "-h", *call[] = { NULL, NULL, help, NULL };

    memcpy(call, words, (size_t)n_words * sizeof *call);
    call[n_words] = help;
    return dispatch(n_words + 1, call);
}

static int run(void *own, const struct context *x)
{
    const struct help *h = own;
    char **words = x->call->operands;
    int n = x->call->n_operands;

    if (n > 2)
        return report_usage("unexpected '%s'", words[2]);
    if (n && !strcmp(words[0], "output"))
        return help_on_output(h, n > 1 ? words[1] : NULL);
    if (h->is_list || h->is_roff)
        return report_usage("--%s goes with 'atlas help output'", h->is_list ? "list" : "roff");
    if (n)
        return help_on_command(n, words);
    print_overview(stdout);
    return EXIT_DONE;
}

const struct command help_command = {
    .name = "help",
    .brief = "help on a command, or on the files that commands write",
    .synopsis = "[command | output [file]]",
    .about = "Tell the options of a command; of output, which files commands write, and the "
             "columns and keys of one.",
    .size = sizeof(struct help),
    .options = options,
    .run = run,
};
