/*
 * atlas.c - main(): the command table and its dispatcher. Commands are in cmd_<name>.c.
 */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cmd/build_info.h"
#include "cmd/cmd.h"
#include "cmd/opt.h"
#include "io/textfile.h"
#include "ops/cpu.h"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

const struct command commands[] = {
    { .brief = "Look inside a model" },
    { "run", cmd_run, "text in, attention out: tokens, predictions, maps and their pictures" },
    { "metrics", cmd_metrics, "how every head distributes its attention, in numbers" },
    { "heads", cmd_heads, "what each head looks at: words, positions, syntax" },
    { "cluster", cmd_cluster, "groups of heads that do alike" },
    { "isa", cmd_isa, "how much of one sentence's attention lands on another" },
    { .brief = "Look for bias" },
    { "bias", cmd_bias, "bias in texts and models: detection, attention, published scores" },
    { .brief = "Models" },
    { "model", cmd_model, "list, inspect and check models" },
    { .brief = "About atlas" },
    { "help", cmd_help, "help on a command" },
    { "version", cmd_version, "version; with --build how this program was built" },
    { "completion", cmd_completion, "print the completion script of bash or zsh" },
    { 0 },
};

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c->name || c->brief; c++)
        if (c->run && !strcmp(c->name, name))
            return c;
    return NULL;
}

static void print_overview(FILE *f)
{
    fprintf(f, "usage: atlas [--version] [--help] COMMAND [options] [text ...]\n\n"
               "See how BERT and GPT-2 models distribute their attention.\n");
    for (const struct command *c = commands; c->name || c->brief; c++)
        if (c->run)
            fprintf(f, "  %-12s %s\n", c->name, c->brief);
        else
            fprintf(f, "\n%s\n", c->brief);
    fprintf(f, "\n'atlas help COMMAND' tells the options of a command.\n");
}

static int unknown_command(const char *name)
{
    const char *names[AT_COUNTOF(commands)], *near;
    size_t n = 0;

    for (const struct command *c = commands; c->name || c->brief; c++)
        if (c->run)
            names[n++] = c->name;
    near = opt_nearest(name, names, n);
    if (near)
        return report_usage("no command '%s'; did you mean '%s'?", name, near);
    return report_usage("no command '%s'; 'atlas help' lists them", name);
}

static int run_command(int argc, char **argv)
{
    const struct command *c = find_command(argv[0]);
    static char name[64]; /* messages refer to it until the end */

    if (!c)
        return unknown_command(argv[0]);
    snprintf(name, sizeof name, "atlas %s", c->name);
    report_command(name);
    return c->run(argc, argv);
}

static int cmd_help(int argc, char **argv)
{
    char help[] = "-h", *call[] = { NULL, help, NULL };

    if (argc < 2) {
        print_overview(stdout);
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") ||
        !strcmp(argv[1], "--list-options")) {
        if (strcmp(argv[1], "--list-options") != 0)
            printf("usage: atlas help [command]\n");
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "help")) {
        printf("usage: atlas help [command]\n");
        return EXIT_DONE;
    }
    call[0] = argv[1];
    return run_command(2, call);
}

static int cmd_version(int argc, char **argv)
{
    bool is_build = false;
    const struct opt table[] = {
        OPT_FLAG(0, "build", &is_build, "compiler, flags, libraries, processor and kernels too"),
        OPT_END,
    };

    switch (opt_parse(&argc, argv, table, "atlas version [options]", "Print the version.")) {
    case OPT_DONE:
        return EXIT_DONE;
    case OPT_BAD_USE:
        return EXIT_USAGE;
    case OPT_GO_ON:
        break;
    }
    if (argc)
        return report_usage("unexpected '%s'", argv[0]);
    version_print(stdout, is_build);
    return EXIT_DONE;
}

static void out_of_memory(size_t bytes)
{
    at_outfile_abort_all();
    report_error("out of memory, %zu bytes wanted", bytes);
    _Exit(EXIT_FAILED);
}

/* Arguments end up in documents, titles and manifests: none of them may be anything but UTF-8. */
static int check_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t n = strlen(argv[i]), bad = at_utf8_check(argv[i], n);
        if (bad < n)
            return report_error("argument %d is not UTF-8: invalid byte at offset %zu", i, bad);
    }
    return EXIT_DONE;
}

/* ATLAS_KERNELS forces a set of kernels, for tests and for machines that misreport themselves. */
static int choose_kernels(void)
{
    const char *name = getenv("ATLAS_KERNELS");
    struct at_error err;

    if (!name || !*name || !at_cpu_select_by_name(name, &err))
        return EXIT_DONE;
    return report_error("ATLAS_KERNELS: %s", err.text);
}

/* Character widths need a UTF-8 locale; numbers stay as in C whatever the user's language. */
static void set_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

/*
 * A closed standard stream would give its number to the next file that is opened, and results or
 * messages would end up in that file. Opened for the other direction, each use of it still fails.
 */
static void keep_standard_streams(void)
{
    static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", modes[fd]);
}

int main(int argc, char **argv)
{
    int status;

    keep_standard_streams();
    at_alloc_on_failure(out_of_memory);
    at_alloc_keep_freed();
    set_locale();
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    status = check_arguments(argc, argv);
    if (!status)
        status = choose_kernels();
    if (status)
        return status;
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        version_print(stdout, false);
        status = EXIT_DONE;
    } else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_overview(stdout);
        status = EXIT_DONE;
    } else if (argv[1][0] == '-') {
        status = report_usage("options come after the command: atlas COMMAND %s ...", argv[1]);
    } else {
        status = run_command(argc - 1, argv + 1);
    }
    return report_flush(status);
}
