/*
 * cmd_bias.c - `atlas bias`: its subcommands.
 */
#include "cmd/legacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/dispatch.h"

/* A subcommand that has become a command is listed by its row. */
struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *brief;
    const struct command *command;
};

static const struct subcommand subcommands[] = {
    { "detect", bias_detect, "flag generalisations, unfairness and stereotypes, token by token",
      NULL },
    { "attention", bias_attention, "how much attention every head gives to flagged tokens", NULL },
    { "calibrate", bias_calibrate, "thresholds of that attention for a model, from texts", NULL },
    { .name = "pairs", .command = &bias_pairs_command },
    { .name = "stereoset", .command = &bias_stereoset_command },
    { "swap", bias_swap, "the counterfactual of a text, and attention to both", NULL },
    { .name = "merge", .command = &bias_merge_command },
    { 0 },
};

static void print_subcommands(FILE *f)
{
    fprintf(f, "usage: atlas bias SUBCOMMAND [options] ...\n\n"
               "Detection of bias, attention to it, and scores of published data sets.\n\n");
    for (const struct subcommand *c = subcommands; c->name; c++)
        fprintf(f, "  %-12s %s\n", c->name, c->command ? c->command->brief : c->brief);
    fprintf(f, "\n'atlas bias SUBCOMMAND -h' tells the options of each.\n");
}

static int unknown_subcommand(const char *name)
{
    const char *names[AT_COUNTOF(subcommands)], *near;
    size_t n = 0;

    for (const struct subcommand *c = subcommands; c->name; c++)
        names[n++] = c->name;
    near = opt_nearest(name, names, n);
    if (near)
        return report_usage("no '%s'; did you mean '%s'?", name, near);
    return report_usage("no '%s'; 'atlas bias -h' lists what there is", name);
}

int cmd_bias(int argc, char **argv)
{
    static char name[64]; /* messages refer to it until the end */

    if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
        print_subcommands(stdout);
        return EXIT_DONE;
    }
    if (argc > 1 && !strcmp(argv[1], "--list-commands")) {
        for (const struct subcommand *c = subcommands; c->name; c++)
            puts(c->name);
        return EXIT_DONE;
    }
    if (argc > 1 && !strcmp(argv[1], "--list-options"))
        return EXIT_DONE; /* all options belong to the subcommands */
    if (argc < 2)
        return report_usage("what to do? 'atlas bias -h' lists what there is");
    for (const struct subcommand *c = subcommands; c->name; c++)
        if (!strcmp(c->name, argv[1])) {
            if (c->command)
                return dispatch_to(c->command, argc, argv);
            snprintf(name, sizeof name, "atlas bias %s", c->name);
            report_command(name);
            return c->run(argc, argv);
        }
    return unknown_subcommand(argv[1]);
}
