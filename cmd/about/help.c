/*
 * help.c - `atlas help`: the commands, the options of one.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/dispatch.h"

static const struct opt *options(void *own, struct call *call)
{
    const struct opt table[] = { OPT_END };

    (void)own;
    return CALL_TABLE(call, table);
}

/* `atlas help bias swap` is `atlas bias swap -h`. */
static int run(void *own, const struct context *x)
{
    struct call *c = x->call;
    char help[] = "-h", *words[] = { NULL, NULL, NULL, NULL };
    int n = 0;

    (void)own;
    if (c->n_operands > 2)
        return report_usage("unexpected '%s'", c->operands[2]);
    if (c->n_operands == 0) {
        print_overview(stdout);
        return EXIT_DONE;
    }
    while (n < c->n_operands) {
        words[n] = c->operands[n];
        n++;
    }
    words[n++] = help;
    return dispatch(n, words);
}

const struct command help_command = {
    .name = "help",
    .brief = "help on a command",
    .synopsis = "[command]",
    .about = "",
    .options = options,
    .run = run,
};
