/*
 * data.c - `atlas data`: the example data that the README and the manual use, named and copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mapfile.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "session/find.h"

static const struct example {
    const char *path; /* among the data files */
    const char *about;
} examples[] = {
    { "data/examples/text.txt", "two sentences" },
    { "data/examples/texts.jsonl", "four texts with ids, one of them a pair" },
    { "data/examples/pairs.csv", "six pairs of sentences in four categories" },
    { "data/treebank/en_ewt-ud-dev-300.conllu",
      "300 sentences of the English Web Treebank, CC BY-SA 4.0" },
    { "data/stereoset/stereoset_dev_en.json", "development set of StereoSet, CC BY-SA 4.0" },
    { "data/crows_pairs/crows_pairs.csv", "CrowS-Pairs, CC BY-SA 4.0" },
};

/* For completion. */
static const char *const words[] = {
    "all",
    "text.txt",
    "texts.jsonl",
    "pairs.csv",
    "en_ewt-ud-dev-300.conllu",
    "stereoset_dev_en.json",
    "crows_pairs.csv",
    NULL,
};

struct data {
    const char *to;
};

/* Into the folder. What is there with other bytes is somebody's work. */
static int copy(const struct data *d, const struct example *e, struct at_error *err)
{
    char *to = at_path_join(d->to, at_path_base(e->path)), *from = NULL;
    struct at_mapfile source = { 0 }, there = { 0 };
    bool is_there = at_path_is_file(to);
    int rc = at_data_path(&from, e->path, err);

    if (!rc)
        rc = at_mapfile_open(&source, from, err);
    if (!rc && is_there)
        rc = at_mapfile_open(&there, to, err);
    if (!rc && !is_there)
        rc = at_write_file(to, source.bytes, source.n, err);
    else if (!rc && (source.n != there.n || memcmp(source.bytes, there.bytes, source.n) != 0))
        rc = at_fail(err, AT_EIO, "'%s' is there already, and is another file", to);
    if (!rc)
        printf("%s\n", to);
    at_mapfile_close(&source);
    at_mapfile_close(&there);
    free(from);
    free(to);
    return rc;
}

static int list(void)
{
    for (size_t i = 0; i < AT_COUNTOF(examples); i++)
        printf("%-26s %s\n", at_path_base(examples[i].path), examples[i].about);
    return EXIT_DONE;
}

static const struct example *find(const char *name)
{
    for (size_t i = 0; i < AT_COUNTOF(examples); i++)
        if (!strcmp(at_path_base(examples[i].path), name))
            return &examples[i];
    return NULL;
}

static int run(void *own, const struct context *x)
{
    const struct data *d = own;
    const struct call *c = x->call;
    bool is_all = c->n_operands == 1 && !strcmp(c->operands[0], "all");
    struct at_error err;
    int rc = 0;

    if (!c->n_operands)
        return list();
    for (int i = 0; i < c->n_operands && !is_all; i++)
        if (!find(c->operands[i]))
            return report_usage("no example '%s'; 'atlas data' lists what there is",
                                c->operands[i]);
    if (*d->to)
        rc = at_mkdir_p(d->to, &err);
    for (size_t i = 0; i < AT_COUNTOF(examples) && is_all && !rc; i++)
        rc = copy(d, &examples[i], &err);
    for (int i = 0; i < c->n_operands && !is_all && !rc; i++)
        rc = copy(d, find(c->operands[i]), &err);
    return rc ? report_fault(&err) : EXIT_DONE;
}

static const struct opt *options(void *own, struct call *call)
{
    struct data *d = own;
    const struct opt table[] = {
        OPT_TEXT('o', "out", &d->to, "DIR", "copy into DIR; without it, into the present folder"),
        OPT_END,
    };

    d->to = "";
    return CALL_TABLE(call, table);
}

const struct command data_command = {
    .name = "data",
    .brief = "list the example data, and copy it",
    .synopsis = "[options] [name ... | all]",
    .about = "List the example data of the README and the manual; with names, or all, copy it. A "
             "file of that name with other bytes is left as it is, and is an error.",
    .size = sizeof(struct data),
    .options = options,
    .run = run,
    .words = words,
};
