/*
 * view_dirs.c - a page of result directories: the documents that are in them, and the maps of their
 * captures. Nothing is computed anew.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cmd/view/view.h"

/* Documents that a page shows. */
static const struct {
    const char *name;
    bool is_of_any_model; /* of a classifier, or of two models */
} known[] = {
    { "run", false },      { "deep", false },   { "metrics", false }, { "heads", false },
    { "isa", false },      { "bar", false },    { "faith", false },   { "bias", true },
    { "clusters", false }, { "compare", true },
};

static bool find_known(size_t *out, const char *file)
{
    for (size_t i = 0; i < AT_COUNTOF(known); i++) {
        size_t n = strlen(known[i].name);
        if (!strncmp(file, known[i].name, n) && !strcmp(file + n, ".json")) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool view_shows(const char *file)
{
    size_t which;

    return find_known(&which, file);
}

/* --- texts and what they are of --- */

static const char *string_of(const struct at_json *o, const char *key)
{
    return at_json_text(at_json_get(o, key), "");
}

struct at_page_text *view_find_text(struct view *v, const char *text, const char *pair)
{
    for (size_t i = 0; i < v->texts.n; i++) {
        const struct at_json *about = v->texts.items[i].about;
        if (!strcmp(string_of(about, "text"), text) && !strcmp(string_of(about, "pair"), pair))
            return &v->texts.items[i];
    }
    return NULL;
}

int view_check_model(const struct view *v, const char *model, size_t L, size_t H,
                     struct at_error *err)
{
    const char *known_model = string_of(v->about, "model");

    if (!v->about || (!strcmp(known_model, model) &&
                      at_json_integer(at_json_get(v->about, "layers"), 0) == (long long)L &&
                      at_json_integer(at_json_get(v->about, "heads"), 0) == (long long)H))
        return 0;
    return at_fail(err, AT_EFORMAT, "it is of the model '%s', what came before it of '%s'", model,
                   known_model);
}

static struct at_json *copy_text(const struct at_json *of, const char *key)
{
    return at_json_string(at_json_text(at_json_get(of, key), NULL));
}

/* The page's own "about", from the first document. */
static void begin_about(struct view *v, const struct at_json *meta)
{
    v->about = at_json_object();
    at_json_set(v->about, "model", copy_text(meta, "model"));
    at_json_set(v->about, "architecture", copy_text(meta, "architecture"));
    at_json_set_int(v->about, "layers", at_json_integer(at_json_get(meta, "layers"), 0));
    at_json_set_int(v->about, "heads", at_json_integer(at_json_get(meta, "heads"), 0));
    at_json_set_bool(v->about, "causal", at_json_truth(at_json_get(meta, "causal"), false));
}

/* Tokens as documents have them. */
static struct at_json *tokens_of(const struct at_json *document)
{
    const struct at_json *list = at_json_get(document, "tokens");
    struct at_json *tokens = at_json_array();

    for (size_t i = 0; i < at_json_count(list); i++) {
        const struct at_json *t = at_json_at(list, i);
        const char *piece = string_of(t, "token");
        struct at_json *o = at_json_object();
        at_json_set_string(o, "label", at_json_text(at_json_get(t, "label"), piece));
        at_json_set_string(o, "piece", piece);
        at_json_set_bool(o, "special", at_json_truth(at_json_get(t, "special"), false));
        at_json_set_bool(o, "continuation", !strncmp(piece, "##", 2));
        at_json_set_int(o, "word", at_json_integer(at_json_get(t, "word"), -1));
        at_json_append(tokens, o);
    }
    return tokens;
}

static struct at_page_text *add_text(struct view *v, const struct at_json *meta)
{
    struct at_page_text *t = at_array_push(&v->texts);

    *t = (struct at_page_text){ .about = at_json_object() };
    at_json_set_string(t->about, "id", string_of(meta, "id"));
    at_json_set_string(t->about, "text", string_of(meta, "text"));
    if (at_json_get(meta, "pair"))
        at_json_set(t->about, "pair", copy_text(meta, "pair"));
    at_json_set_bool(t->about, "words", at_json_truth(at_json_get(meta, "words"), false));
    at_json_set(t->about, "tokens", at_json_array());
    at_json_set(t->about, "documents", at_json_object());
    return t;
}

/* --- documents --- */

/* One more name in an object of an object that is there. */
static void set_in(struct at_json *of, const char *list, const char *name, struct at_json *value)
{
    struct at_json *next = at_json_object();
    const struct at_json *old = at_json_get(of, list), *member;
    struct at_strbuf text = { 0 };
    struct at_error err;

    /* What is read is not changed: a copy takes its place. */
    for (const char *key = at_json_next(old, NULL, &member); key;
         key = at_json_next(old, key, &member)) {
        struct at_json *copy = NULL;
        at_strbuf_clear(&text);
        at_json_dump(&text, member, 0, 9);
        if (!at_json_parse(&copy, at_strbuf_str(&text), text.n, &err))
            at_json_set(next, key, copy);
    }
    at_strbuf_release(&text);
    at_json_set(next, name, value);
    at_json_set(of, list, next);
}

/* Where a document belongs: to a text, or to the page. Takes document. */
static int place_document(struct view *v, size_t which, struct at_json *document,
                          struct at_error *err)
{
    const struct at_json *meta = at_json_get(document, "meta");
    const char *text = at_json_text(at_json_get(meta, "text"), NULL);
    struct at_page_text *t;
    int rc = 0;

    if (!known[which].is_of_any_model)
        rc = view_check_model(v, string_of(meta, "model"),
                              (size_t)at_json_integer(at_json_get(meta, "layers"), 0),
                              (size_t)at_json_integer(at_json_get(meta, "heads"), 0), err);
    if (rc) {
        at_json_free(document);
        return rc;
    }
    if (!v->about)
        begin_about(v, meta);
    if (!text) {
        if (!v->documents)
            v->documents = at_json_object();
        at_json_set(v->documents, known[which].name, document);
        return 0;
    }
    t = view_find_text(v, text, string_of(meta, "pair"));
    if (!t)
        t = add_text(v, meta);
    if (!at_json_count(at_json_get(t->about, "tokens")))
        at_json_set(t->about, "tokens", tokens_of(document));
    set_in(t->about, "documents", known[which].name, document);
    return 0;
}

/* --- directories --- */

static int read_manifest(struct at_json **out, const char *dir, struct at_error *err)
{
    enum { SCHEMA = 1 };
    char *path = at_path_join(dir, "manifest.json");
    long long schema;
    int rc = at_json_read(out, path, err);

    free(path);
    if (rc == AT_ENOTFOUND)
        return at_fail(err, rc, "'%s' is no result of atlas: it has no manifest.json", dir);
    if (rc)
        return rc;
    schema = at_json_integer(at_json_get(*out, "schema"), -1);
    if (schema > SCHEMA)
        rc = at_fail(err, AT_EFORMAT,
                     "'%s' is of a newer atlas: its manifest has schema %lld, known is %d", dir,
                     schema, SCHEMA);
    else if (schema < 0 || !at_json_is_array(at_json_get(*out, "outputs")))
        rc = at_fail(err, AT_EFORMAT, "'%s' is no result of atlas: manifest.json is another one",
                     dir);
    if (rc) {
        at_json_free(*out);
        *out = NULL;
    }
    return rc;
}

static int gather_documents(struct view *v, const char *dir, const struct at_json *outputs,
                            size_t *n_out, struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < at_json_count(outputs); i++) {
        const char *rel = string_of(at_json_at(outputs, i), "path");
        struct at_json *document = NULL;
        size_t which;
        char *path;
        if (!find_known(&which, at_path_base(rel)))
            continue;
        path = at_path_join(dir, rel);
        rc = at_json_read(&document, path, err);
        if (!rc && place_document(v, which, document, err))
            rc = at_error_in(err, "%s", path);
        *n_out += !rc;
        free(path);
    }
    return rc;
}

static bool has_capture(const struct at_json *outputs)
{
    for (size_t i = 0; i < at_json_count(outputs); i++)
        if (!strcmp(at_path_base(string_of(at_json_at(outputs, i), "path")), "capture.safetensors"))
            return true;
    return false;
}

static int gather(struct view *v, const char *dir, size_t *n_found)
{
    const struct at_json *outputs;
    struct at_json *manifest = NULL;
    struct at_error err;
    int rc = read_manifest(&manifest, dir, &err), status = EXIT_DONE;

    if (rc)
        return report_fault(&err);
    outputs = at_json_get(manifest, "outputs");
    if (has_capture(outputs)) {
        v->x->call->from = dir;
        status = each_text(v->x, &view_visitor, v, "reading");
        v->x->call->from = NULL;
        ++*n_found;
    }
    if (status == EXIT_DONE || status == EXIT_SKIPPED)
        rc = gather_documents(v, dir, outputs, n_found, &err);
    at_json_free(manifest);
    return rc ? report_fault(&err) : status;
}

int view_gather(struct view *v)
{
    int status = EXIT_DONE;

    for (size_t i = 0; i < v->n_dirs && status == EXIT_DONE; i++) {
        size_t n_texts = v->texts.n, n_found = 0;
        status = gather(v, v->dirs[i], &n_found);
        if (status == EXIT_DONE && !n_found)
            status = report_error("'%s' has nothing that a page shows", v->dirs[i]);
        else if (status == EXIT_DONE && n_texts && v->texts.n > n_texts)
            status = report_error("'%s' is about other texts than '%s'", v->dirs[i], v->dirs[0]);
    }
    if (status == EXIT_DONE && !v->texts.n)
        status = report_error("'%s' has no text that a page could show", v->dirs[0]);
    return status;
}
