/*
 * atlas.c - main() and the command table. What happens to a call is in dispatch.c.
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
#include "cmd/dispatch.h"
#include "cmd/guard.h"
#include "cmd/signals.h"
#include "draw/canvas.h"
#include "io/json.h"
#include "io/textfile.h"
#include "ops/cpu.h"
#include "text/unicode.h"

static const struct command look = { .brief = "Look inside a model" };
static const struct command look_for_bias = { .brief = "Look for bias" };
static const struct command models = { .brief = "Models and data" };
static const struct command about = { .brief = "About atlas" };

static const struct command bias_command = {
    .name = "bias",
    .brief = "bias in texts and models: detection, attention, published scores",
    .about = "Detection of bias, attention to it, and scores of published data sets.",
};

/* The order of `atlas help`; subcommands follow their command. */
const struct command *const commands[] = {
    &look,
    &run_command,
    &view_command,
    &metrics_command,
    &heads_command,
    &cluster_command,
    &compare_command,
    &isa_command,
    &faith_command,
    &merge_command,
    &look_for_bias,
    &bias_command,
    &bias_detect_command,
    &bias_attention_command,
    &bias_calibrate_command,
    &bias_pairs_command,
    &bias_stereoset_command,
    &bias_swap_command,
    &bias_merge_command,
    &models,
    &model_command,
    &data_command,
    &about,
    &help_command,
    &version_command,
    &completion_command,
    NULL,
};

static void out_of_memory(size_t bytes)
{
    char wanted[24];

    at_outfile_abort_all();
    snprintf(wanted, sizeof wanted, "%zu", bytes);
    report_dying((const char *const[]){ "out of memory, ", wanted, " bytes wanted", NULL });
    _Exit(EXIT_FAILED);
}

static void drawing_failed(const char *why)
{
    at_outfile_abort_all();
    report_dying((const char *const[]){ "cannot draw: ", why, NULL });
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
    guard_stdout();
    at_alloc_on_failure(out_of_memory);
    at_json_check_memory();
    at_canvas_on_fatal(drawing_failed);
    at_unicode_check_memory();
    at_alloc_keep_freed();
    signals_handle();
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
        status = dispatch(argc - 1, argv + 1);
    }
    return report_flush(status);
}
