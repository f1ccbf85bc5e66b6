/*
 * version.c - `atlas version`.
 */
#include <stdio.h>

#include "cmd/build_info.h"
#include "cmd/cmd.h"

struct version {
    bool is_build;
};

static const struct opt *options(void *own, struct call *call)
{
    struct version *v = own;
    const struct opt table[] = {
        OPT_FLAG(0, "build", &v->is_build, "compiler, flags, libraries, processor and kernels too"),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}

static int run(void *own, const struct context *x)
{
    const struct version *v = own;

    if (x->call->n_operands)
        return report_usage("unexpected '%s'", x->call->operands[0]);
    version_print(stdout, v->is_build);
    return EXIT_DONE;
}

const struct command version_command = {
    .name = "version",
    .brief = "version; with --build how this program was built",
    .synopsis = "[options]",
    .about = "Print the version.",
    .size = sizeof(struct version),
    .options = options,
    .run = run,
};
