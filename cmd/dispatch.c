/*
 * dispatch.c - see dispatch.h. Options, session, texts, sink and manifest are opened and closed
 * here, for every command alike.
 */
#include "cmd/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/opt.h"
#include "cmd/spool.h"
#include "session/find.h"

/* --- finding the command --- */

static bool is_sub_of(const struct command *c, const struct command *group)
{
    size_t n = strlen(group->name);

    return c->name && !strncmp(c->name, group->name, n) && c->name[n] == ' ';
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->name && !strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

void print_overview(FILE *f)
{
    fprintf(f, "usage: atlas [--version] [--help] COMMAND [options] [text ...]\n\n"
               "See how BERT, GPT-2 and models like them distribute their attention.\n");
    for (size_t i = 0; commands[i]; i++) {
        const struct command *c = commands[i];
        if (!c->name)
            fprintf(f, "\n%s\n", c->brief);
        else if (!strchr(c->name, ' '))
            fprintf(f, "  %-12s %s\n", c->name, c->brief);
    }
    fprintf(f, "\n'atlas help COMMAND' tells the options of a command.\n");
}

/* The command of that name, or one near it, for people who mistyped. group NULL: a first word. */
static const char *nearest_name(const char *name, const struct command *group)
{
    const char *names[64], *near;
    size_t n = 0;

    for (size_t i = 0; commands[i] && n < AT_COUNTOF(names); i++) {
        const struct command *c = commands[i];
        if (group && is_sub_of(c, group))
            names[n++] = c->name + strlen(group->name) + 1;
        else if (!group && c->name && !strchr(c->name, ' '))
            names[n++] = c->name;
    }
    near = opt_nearest(name, names, n);
    return near;
}

static int unknown_command(const char *name)
{
    const char *near = nearest_name(name, NULL);

    if (near)
        return report_usage("no command '%s'; did you mean '%s'?", name, near);
    return report_usage("no command '%s'; 'atlas help' lists them", name);
}

/* --- commands that have subcommands --- */

static void print_group(FILE *f, const struct command *group)
{
    fprintf(f, "usage: atlas %s SUBCOMMAND [options] ...\n\n%s\n\n", group->name, group->about);
    for (size_t i = 0; commands[i]; i++)
        if (is_sub_of(commands[i], group))
            fprintf(f, "  %-12s %s\n", commands[i]->name + strlen(group->name) + 1,
                    commands[i]->brief);
    fprintf(f, "\n'atlas %s SUBCOMMAND -h' tells the options of each.\n", group->name);
}

static void list_subcommands(const struct command *group)
{
    for (size_t i = 0; commands[i]; i++)
        if (is_sub_of(commands[i], group))
            puts(commands[i]->name + strlen(group->name) + 1);
}

/* The subcommand that argv[1] names, or NULL after the call was answered with *status. */
static const struct command *find_subcommand(int *status, const struct command *group, int argc,
                                             char **argv)
{
    const struct command *found;
    const char *near;
    char *name;

    *status = EXIT_DONE;
    if (argc < 2) {
        *status = report_usage("what to do? 'atlas %s -h' lists what there is", group->name);
        return NULL;
    }
    if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
        print_group(stdout, group);
        return NULL;
    }
    if (!strcmp(argv[1], "--list-commands"))
        list_subcommands(group);
    if (!strcmp(argv[1], "--list-commands") || !strcmp(argv[1], "--list-options"))
        return NULL; /* all options belong to the subcommands */
    name = at_asprintf("%s %s", group->name, argv[1]);
    found = find_command(name);
    free(name);
    if (found)
        return found;
    near = nearest_name(argv[1], group);
    if (near)
        *status = report_usage("no '%s'; did you mean '%s'?", argv[1], near);
    else
        *status = report_usage("no '%s'; 'atlas %s -h' lists what there is", argv[1], group->name);
    return NULL;
}

/* --- one call --- */

static int open_session(struct at_session *s, struct call *c, struct at_pool *pool,
                        struct at_error *err)
{
    const struct at_session_options options = {
        .precision = (enum at_precision)c->precision,
        .pool = pool,
        .prefix_space = c->prefix_space,
    };
    const struct at_config *shape = &s->model.config;
    int rc = at_session_open(s, c->model, &options, err);
    const char *note = NULL;
    char buf[160];

    if (!rc)
        note = at_vocabulary_note(buf, sizeof buf, at_tokenizer_vocab_size(s->tokenizer),
                                  shape->vocab);
    if (note)
        report_warning("'%s': %s", s->spec, note);
    if (c->precision == AT_PRECISION_AUTO) /* the manifest names the one that was used */
        c->precision = AT_PRECISION_FLOAT;

    if (!rc && c->pair && !at_config_takes_pairs(shape))
        rc = at_fail(err, AT_ERANGE, "--pair needs a model with two segments; '%s' has none",
                     s->spec);
    if (!rc)
        report_note("model '%s' (%zu layer%s, %zu head%s) from %s, in %s", s->name, shape->n_layers,
                    at_plural(shape->n_layers), shape->n_heads, at_plural(shape->n_heads),
                    s->model.dir, s->model.is_double ? "double" : "float");
    return rc;
}

/* The command between its ceremonies: session and sink are open while it runs. */
static int run_open(const struct command *cmd, void *own, struct context *x,
                    struct at_session *session)
{
    struct call *c = x->call;
    bool has_session = (c->needs & NEED_MODEL) && !((c->needs & NEED_TEXT) && c->from);
    struct at_error err;
    int rc = has_session ? open_session(session, c, x->pool, &err) : 0;

    if (!rc)
        rc = sink_open(x->sink, c, &err);
    if (!rc && has_session)
        rc = sink_note_session(x->sink, "model", session, &err);
    if (!rc && has_session && c->ablate)
        rc = ablate_open(c->ablate, session, x->sink, &err);
    if (!rc)
        rc = sink_identify(x->sink, has_session ? session : NULL, &err);
    if (!rc && !x->sink->lists_texts)
        rc = sink_note_file(x->sink, "text", c->file, &err);
    if (rc)
        return report_fault(&err);
    x->session = has_session ? session : NULL;
    return cmd->run(own, x);
}

static int run_parsed(const struct command *cmd, void *own, struct call *c)
{
    struct at_session session = { 0 };
    struct sink sink = { .call = c };
    struct context x = { c, NULL, &sink, NULL };
    int status = cmd->check ? cmd->check(own, c) : EXIT_DONE;

    if (!status && !c->is_answered && c->ablate)
        status = ablate_check(c->ablate, c);
    if (!status && !c->is_answered)
        status = call_check(c);
    if (status || c->is_answered)
        return report_flush(status);
    status = spool_inputs(c);
    if (!status)
        status = call_open_texts(c);
    if (c->needs & ~(unsigned)NEED_DATA)
        x.pool = at_pool_new((size_t)c->n_threads);
    if (!status)
        status = run_open(cmd, own, &x, &session);
    status = sink_close(&sink, status);
    at_session_close(&session);
    at_pool_free(x.pool);
    return status;
}

static int run_call(const struct command *cmd, int argc, char **argv)
{
    bool is_sub = strchr(cmd->name, ' ') != NULL; /* its name is two arguments */
    void *own = at_calloc(1, AT_MAX(cmd->size, (size_t)1));
    char *synopsis = at_asprintf("atlas %s %s", cmd->name, cmd->synopsis);
    struct call c;
    int status = EXIT_DONE;

    call_init(&c, cmd->name, argc, argv);
    c.needs = cmd->needs;
    c.operands = argv + is_sub;
    c.n_operands = argc - is_sub;
    switch (opt_parse(&c.n_operands, c.operands, cmd->options(own, &c), synopsis, cmd->about,
                      &c.given)) {
    case OPT_GO_ON:
        status = run_parsed(cmd, own, &c);
        break;
    case OPT_DONE:
        status = report_flush(EXIT_DONE);
        break;
    case OPT_BAD_USE:
        status = EXIT_USAGE;
        break;
    }
    if (c.ablate)
        ablate_release(c.ablate);
    if (cmd->release)
        cmd->release(own);
    call_release(&c);
    free(synopsis);
    free(own);
    return status;
}

/* Messages begin with its name. */
static void announce(const struct command *c)
{
    static char name[64]; /* they refer to it until the end */

    snprintf(name, sizeof name, "atlas %s", c->name);
    report_command(name);
}

int dispatch(int argc, char **argv)
{
    const struct command *c = strchr(argv[0], ' ') ? NULL : find_command(argv[0]);
    int status;

    if (!c)
        return unknown_command(argv[0]);
    announce(c);
    if (c->words && argc > 1 && !strcmp(argv[1], "--list-commands")) {
        for (const char *const *w = c->words; *w; w++)
            puts(*w);
        return EXIT_DONE;
    }
    if (!c->run) {
        c = find_subcommand(&status, c, argc, argv);
        if (!c)
            return status;
        announce(c);
    }
    return run_call(c, argc, argv);
}
