/*
 * model.c - `atlas model list | info | check`: what is there, what it is, whether it is whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/model_check.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "session/find.h"

struct model {
    const char *name;
    bool is_json, only_names;
    struct at_model opened;
    struct at_tokenizer *tokenizer;
    struct at_arena arena;
};

/* One model that is there: an entry of `model list --json`. */
struct place {
    const char *name, *path, *where, *problem;
};
static const struct at_field place_fields[] = {
    AT_FIELD(struct place, name, "name", NULL, "what it is called"),
    AT_FIELD(struct place, path, "path", NULL, "its folder"),
    AT_FIELD(struct place, where, "where", NULL, "built in, ATLAS_MODELS or cache"),
    AT_FIELD(struct place, problem, "problem", NULL, "why it cannot be used"),
    AT_FIELD_END,
};
static const struct at_record place_record = AT_RECORD(struct place, place_fields);

static void print_document(const struct at_json *o)
{
    struct at_strbuf b = { 0 };

    at_json_dump(&b, o, 1, 0);
    printf("%s\n", b.s);
    at_strbuf_release(&b);
}

/* Whether a model could be opened, as far as that is cheap to tell. */
static int look_at(struct at_config *c, const char *dir, struct at_error *err)
{
    struct at_tensors *files = NULL;
    int rc = at_config_read(c, dir, err);

    if (!rc)
        rc = at_tensors_open(&files, dir, err);
    at_tensors_close(files);
    return rc;
}

static void print_place(const struct model *m, const struct at_model_place *place,
                        const struct at_config *c, const char *problem)
{
    if (m->only_names)
        printf("%s\n", place->name);
    else if (problem)
        printf("%-28s %-12s cannot be used: %s\n", place->name, place->where, problem);
    else
        printf("%-28s %-12s %s, %zu layer%s, %zu head%s, width %zu, %s\n", place->name,
               place->where, c->family->name, c->n_layers, at_plural(c->n_layers), c->n_heads,
               at_plural(c->n_heads), c->width, place->dir);
}

static int list(struct model *m)
{
    struct at_model_place *places;
    size_t n = at_model_places(&places);
    struct at_json *all = at_json_array();

    for (size_t i = 0; i < n; i++) {
        struct at_config c = { 0 };
        struct at_error err;
        const char *problem = look_at(&c, places[i].dir, &err) ? err.text : NULL;
        const struct place row = { places[i].name, places[i].dir, places[i].where, problem };

        at_json_append(all, at_record_json(&place_record, &row));
        if (!m->is_json)
            print_place(m, &places[i], &c, problem);
        at_config_release(&c);
    }
    if (m->is_json)
        print_document(all);
    else if (n == 0 && !m->only_names)
        printf("no models; ATLAS_DATADIR and ATLAS_MODELS say where to look\n");
    at_json_free(all);
    at_model_places_free(places, n);
    return EXIT_DONE;
}

/* A flat object, a line per key; one level of nesting is joined with commas, sentences are on lines
   of their own. */
static void print_object(const struct at_json *o)
{
    const struct at_json *v;

    for (const char *key = at_json_next(o, NULL, &v); key; key = at_json_next(o, key, &v)) {
        struct at_strbuf b = { 0 };
        const struct at_json *inner;
        bool is_long = !strcmp(key, "tokenizer_notes");
        if (at_json_is_string(v)) {
            at_strbuf_adds(&b, at_json_text(v, ""));
        } else if (at_json_is_object(v)) {
            for (const char *k = at_json_next(v, NULL, &inner); k; k = at_json_next(v, k, &inner))
                if (at_json_truth(inner, false))
                    at_strbuf_addf(&b, "%s%s", b.n ? ", " : "", k);
        } else if (at_json_is_array(v)) {
            for (size_t i = 0; i < at_json_count(v); i++)
                at_strbuf_addf(&b, "%s%s",
                               i == 0    ? ""
                               : is_long ? "\n                "
                                         : ", ",
                               at_json_text(at_json_at(v, i), ""));
        } else {
            at_json_dump(&b, v, 0, 0);
        }
        printf("%-15s %s\n", key, at_strbuf_str(&b));
        at_strbuf_release(&b);
    }
}

/* Unlike at_session_open(), a vocabulary of another size is a finding here, not a failure. */
static int open_model(struct model *m, struct at_error *err)
{
    char *dir;
    int rc = at_model_find(&dir, m->name, err);

    if (rc)
        return rc;
    rc = at_model_open(&m->opened, dir, err);
    m->name = at_model_trim(&m->arena, m->name);
    if (!rc)
        rc = at_tokenizer_open(&m->tokenizer, dir, err);
    free(dir);
    return rc;
}

static int info(struct model *m)
{
    struct at_error err;
    struct at_model_info found;
    struct at_json *o;

    if (open_model(m, &err))
        return report_fault(&err);
    found = at_model_info(&m->opened, m->tokenizer, at_path_base(m->name), &m->arena);
    o = at_record_json(&at_model_info_record, &found);
    if (m->is_json)
        print_document(o);
    else
        print_object(o);
    at_json_free(o);
    return EXIT_DONE;
}

static void print_check(const struct at_model_check *c)
{
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct at_model_tensor *x = &c->tensors[i];
        printf("     %-8s %-36s %s\n", x->state, x->role ? x->role : "",
               x->tensor ? x->tensor : "");
    }
    for (size_t i = 0; i < c->n_checks; i++)
        printf("%-4s %-32s %s\n", c->checks[i].is_good ? "ok" : "BAD", c->checks[i].check,
               c->checks[i].found);
}

static int check_model(struct model *m)
{
    struct at_pool *pool = at_pool_new(0);
    struct at_model_check found = { 0 };
    struct at_error err;
    int status = EXIT_DONE;

    if (open_model(m, &err)) {
        at_pool_free(pool);
        return report_fault(&err);
    }
    at_model_check_run(&found, &m->opened, m->tokenizer, pool, &m->arena);
    if (m->is_json) {
        struct at_json *o = at_record_json(&at_model_check_record, &found);
        print_document(o);
        at_json_free(o);
    } else {
        print_check(&found);
    }
    if (!found.is_good)
        status = report_error("'%s' is not sound, see above", m->name);
    free(found.checks);
    at_pool_free(pool);
    return status;
}

static const struct {
    const char *word;
    int (*run)(struct model *m);
} actions[] = { { "list", list }, { "info", info }, { "check", check_model } };

static int run(void *own, const struct context *x)
{
    const char *word = x->call->operands[0];

    for (size_t i = 0; i < AT_COUNTOF(actions); i++)
        if (!strcmp(word, actions[i].word))
            return actions[i].run(own);
    return report_usage("no '%s'; there are list, info and check", word);
}

static void release(void *own)
{
    struct model *m = own;

    at_tokenizer_close(m->tokenizer);
    at_model_close(&m->opened);
    at_arena_release(&m->arena);
}

static int check(void *own, struct call *c)
{
    struct model *m = own;
    bool is_list = c->n_operands > 0 && !strcmp(c->operands[0], "list");

    if (c->n_operands == 0)
        return report_usage("what to do: list, info or check?");
    if (c->n_operands > 2 || (c->n_operands == 2 && is_list))
        return report_usage("unexpected '%s'", c->operands[c->n_operands - 1]);
    if (call_gives(c, &m->name) && (c->n_operands == 2 || is_list))
        return report_usage("%s; leave out --model", c->n_operands == 2
                                                         ? "the model is given twice"
                                                         : "list looks at all models");
    if (m->only_names && (m->is_json || !is_list))
        return report_usage("--names goes with list, without --json");
    if (c->n_operands == 2)
        m->name = c->operands[1];
    if (!*m->name)
        return report_usage("want a name or a directory, not ''");
    return EXIT_DONE;
}

static const struct opt *options(void *own, struct call *call)
{
    struct model *m = own;

    m->name = "atlas-bert";
    const struct opt table[] = {
        OPT_TEXT('m', "model", &m->name, "NAME|DIR", "model to look at"),
        OPT_FLAG(0, "json", &m->is_json, "print a JSON document"),
        OPT_FLAG(0, "names", &m->only_names, "list: names only"),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}

static const char *const words[] = { "list", "info", "check", NULL };

const struct command model_command = {
    .name = "model",
    .brief = "list, inspect and check models",
    .synopsis = "list|info|check [options] [name|dir]",
    .about = "list: the models that can be named. info: sizes, parameters and heads of one. check: "
             "which tensor has which role, and whether the model is sound.",
    .size = sizeof(struct model),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .words = words,
};
