/*
 * find.c - see find.h.
 */
#include "session/find.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "io/textfile.h"

/* Caches of the hub that may be in use at once. */
enum { N_CACHES = 2 };

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* Organisations that old bare names of the hub now live under. */
static const char *const orgs[] = { "openai-community", "google-bert" };

/* The running executable, or NULL. */
static char *executable(void)
{
    char buf[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);

    return n > 0 ? at_strndup(buf, (size_t)n) : NULL;
}

/* The file that this code was loaded from, the executable or the shared library, or NULL. */
static char *loaded_from(void)
{
    uintptr_t here = (uintptr_t)orgs, start, end;
    char line[PATH_MAX + 128], *found = NULL;
    FILE *f = fopen("/proc/self/maps", "r");
    int at = 0;

    while (f && !found && fgets(line, sizeof line, f))
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %*s %*s %*s %n", &start, &end, &at) == 2 &&
            start <= here && here < end)
            found = at_strndup(line + at, strcspn(line + at, "\n"));
    if (f)
        fclose(f);
    return found;
}

/* The folder so many levels above a file, or NULL. */
static char *above(const char *file, int levels)
{
    char *dir = file ? at_strdup(file) : NULL;

    for (; dir && levels > 0; levels--) {
        char *slash = strrchr(dir, '/');
        if (slash) {
            *slash = '\0';
        } else {
            free(dir);
            dir = NULL;
        }
    }
    return dir;
}

/* Does this program lie in the build folder of the source tree? Installed, it has fetch-model
   beside it. */
static bool is_in_tree(void)
{
    char *exe = executable(), *tree = above(exe, 3);
    char *script = tree ? at_path_join(tree, "scripts/fetch-model") : NULL;
    bool is_there = script && at_path_is_file(script);

    free(script);
    free(tree);
    free(exe);
    return is_there;
}

/* Candidate data directories in order; returns how many. The caller frees each. */
static size_t data_dirs(char *dirs[4])
{
    const char *env = getenv("ATLAS_DATADIR");
    char *exe = executable(), *loaded = loaded_from();
    char *prefix = above(exe, 2); /* PREFIX/bin/atlas */
    char *tree = above(exe, 3);   /* TREE/build/<mode>/atlas */
    char *library = NULL;         /* PREFIX/lib/libatlas.so, of a program that lies elsewhere */
    size_t n = 0;

    if (exe && loaded && strcmp(exe, loaded) != 0)
        library = above(loaded, 2);
    if (env && *env)
        dirs[n++] = at_strdup(env);
    if (prefix)
        dirs[n++] = at_asprintf("%s/share/atlas", prefix);
    if (library)
        dirs[n++] = at_asprintf("%s/share/atlas", library);
    if (tree)
        dirs[n++] = at_asprintf("%s/fixtures", tree);
    free(library);
    free(prefix);
    free(tree);
    free(loaded);
    free(exe);
    return n;
}

int at_data_path(char **out, const char *rel, struct at_error *err)
{
    struct at_strbuf looked = { 0 };
    char *dirs[4], *found = NULL;
    size_t n = data_dirs(dirs);
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        char *path = at_path_join(dirs[i], rel);
        at_strbuf_addf(&looked, "%s%s", i ? ", " : "", dirs[i]);
        if (!found && access(path, R_OK) == 0)
            found = at_strdup(path);
        free(path);
        free(dirs[i]);
    }
    if (found)
        *out = found;
    else
        rc = at_fail(err, AT_ENOTFOUND, "no data file '%s'; looked in %s", rel,
                     at_strbuf_str(&looked));
    at_strbuf_release(&looked);
    return rc;
}

/* "~" at the start and "$NAME" or "${NAME}" anywhere, as a shell would have resolved them. */
static char *expand(const char *path)
{
    struct at_strbuf b = { 0 };
    const char *home = getenv("HOME");

    if (*path == '~' && (path[1] == '/' || !path[1]) && home) {
        at_strbuf_adds(&b, home);
        path++;
    }
    for (const char *s = path; *s; s++) {
        bool is_braced = *s == '$' && s[1] == '{';
        const char *name = s + 1 + is_braced;
        size_t n = *s == '$' ? strspn(name, NAME_CHARACTERS) : 0;
        char *key = at_strndup(name, n);
        const char *value = n && (!is_braced || name[n] == '}') ? getenv(key) : NULL;
        if (value) {
            at_strbuf_adds(&b, value);
            s = name + n - !is_braced;
        } else {
            at_strbuf_addc(&b, *s);
        }
        free(key);
    }
    return at_strbuf_take(&b);
}

/* A variable's value with more behind it; NULL when it is not set or empty. */
static char *below(const char *variable, const char *more)
{
    const char *value = getenv(variable);
    char *whole, *path;

    if (!value || !*value)
        return NULL;
    whole = at_asprintf("%s%s", value, more);
    path = expand(whole);
    free(whole);
    return path;
}

/* The first of the places of each library's cache of models, whether it exists or not. */
static size_t hub_caches(char *caches[N_CACHES])
{
    static const struct {
        const char *variable, *more;
    } places[N_CACHES][5] = {
        /* transformers before its version 5 */
        { { "TRANSFORMERS_CACHE", "" },
          { "PYTORCH_TRANSFORMERS_CACHE", "" },
          { "PYTORCH_PRETRAINED_BERT_CACHE", "" } },
        /* huggingface_hub */
        { { "HF_HUB_CACHE", "" },
          { "HUGGINGFACE_HUB_CACHE", "" },
          { "HF_HOME", "/hub" },
          { "XDG_CACHE_HOME", "/huggingface/hub" },
          { "HOME", "/.cache/huggingface/hub" } },
    };
    size_t n = 0;

    for (size_t i = 0; i < N_CACHES; i++) {
        char *path = NULL;
        for (size_t j = 0; !path && j < AT_COUNTOF(places[i]) && places[i][j].variable; j++)
            path = below(places[i][j].variable, places[i][j].more);
        if (path)
            caches[n++] = path;
    }
    return n;
}

/* snapshots/<revision of refs/main> of a cached repository, or NULL. */
static char *snapshot(const char *repo_dir)
{
    char *ref = at_path_join(repo_dir, "refs/main"), *text = NULL, *dir = NULL;
    size_t n;

    if (at_text_read(&text, &n, ref, 4096, NULL) == 0) {
        text[strcspn(text, " \r\n")] = '\0';
        dir = at_asprintf("%s/snapshots/%s", repo_dir, text);
        if (!*text || strchr(text, '/') || !at_path_is_dir(dir)) {
            free(dir);
            dir = NULL;
        }
    }
    free(text);
    free(ref);
    return dir;
}

/* "ORG/NAME" in the cache, or NULL; org may be NULL for a name that has its own. */
static char *cached_model(const char *hub, const char *org, const char *name)
{
    char *full = org ? at_asprintf("%s/%s", org, name) : at_strdup(name), *dir;
    struct at_strbuf repo = { 0 };

    at_strbuf_addf(&repo, "%s/models--", hub);
    for (const char *s = full; *s; s++)
        at_strbuf_adds(&repo, *s == '/' ? "--" : (const char[]){ *s, '\0' });
    dir = snapshot(repo.s);
    at_strbuf_release(&repo);
    free(full);
    return dir;
}

static bool has_config(const char *dir)
{
    char *path = at_path_join(dir, "config.json"), *modules = at_path_join(dir, "modules.json");
    bool is_there = at_path_is_file(path) || at_path_is_file(modules);

    free(modules);
    free(path);
    return is_there;
}

/* A path, which is nowhere but where it says. */
static bool is_path(const char *name)
{
    return *name == '/' || !strncmp(name, "./", 2) || !strncmp(name, "../", 3);
}

/* looked: the places, NULL for a path. */
static int fail_to_find(const char *name, const char *looked, struct at_error *err)
{
    if (at_path_is_file(name))
        return at_fail(err, AT_ENOTFOUND, "'%s' is a file; a model is the directory it lies in",
                       name);
    if (!looked)
        return at_fail(err, AT_ENOTFOUND, "no directory '%s'", name);
    return at_fail(err, AT_ENOTFOUND, "no model '%s'; looked in %s; to fetch it: %sfetch-model %s",
                   name, looked, is_in_tree() ? "scripts/" : "", name);
}

/* NAME in $ATLAS_MODELS, the built-in models or the caches; NULL when it is nowhere. Every place is
   added to looked. */
static char *find_by_name(struct at_strbuf *looked, const char *name)
{
    const char *models = getenv("ATLAS_MODELS");
    char *dir = NULL, *caches[N_CACHES];
    size_t n_caches = hub_caches(caches);

    if (models && *models) {
        dir = at_path_join(models, name);
        at_strbuf_addf(looked, ", %s", dir);
        if (!has_config(dir)) {
            free(dir);
            dir = NULL;
        }
    }
    if (!dir) {
        char *rel = at_path_join("models", name);
        at_strbuf_adds(looked, ", the built-in models");
        if (strchr(name, '/') || at_data_path(&dir, rel, NULL))
            dir = NULL;
        free(rel);
    }
    for (size_t c = 0; c < n_caches; c++) {
        at_strbuf_addf(looked, ", %s", caches[c]);
        if (!dir)
            dir = cached_model(caches[c], NULL, name);
        for (size_t i = 0; !dir && !strchr(name, '/') && i < AT_COUNTOF(orgs); i++)
            dir = cached_model(caches[c], orgs[i], name);
        free(caches[c]);
    }
    return dir;
}

int at_model_find(char **dir_out, const char *name, struct at_error *err)
{
    struct at_strbuf looked = { 0 };
    char *dir;
    int rc = 0;

    if (!*name)
        return at_fail(err, AT_ENOTFOUND, "a model has a name, not ''");
    if (at_path_is_dir(name)) {
        *dir_out = at_strdup(name);
        return 0;
    }
    if (is_path(name))
        return fail_to_find(name, NULL, err);
    at_strbuf_addf(&looked, "./%s", name);
    dir = find_by_name(&looked, name);
    if (dir)
        *dir_out = dir;
    else
        rc = fail_to_find(name, looked.s, err);
    at_strbuf_release(&looked);
    return rc;
}

const char *at_model_trim(struct at_arena *arena, const char *name)
{
    size_t n = strlen(name);

    while (n > 1 && name[n - 1] == '/')
        n--;
    return at_arena_strndup(arena, name, n);
}

bool at_vocabulary_fits(size_t n_pieces, size_t n_rows)
{
    size_t few = AT_MAX(n_rows / 32, (size_t)16);

    return n_pieces > n_rows ? n_pieces - n_rows <= few
                             : n_rows % 8 == 0 || n_rows - n_pieces <= few;
}

const char *at_vocabulary_note(char *buf, size_t n, size_t n_pieces, size_t n_rows)
{
    if (n_pieces == n_rows || (n_pieces < n_rows && n_rows % 8 == 0))
        return NULL;
    snprintf(buf, n, "the tokenizer has %zu pieces, the model rows for %zu%s", n_pieces, n_rows,
             n_pieces > n_rows ? "; a text with a piece that has none cannot be run" : "");
    return buf;
}

int at_vocabulary_check(const struct at_tokens *tokens, const struct at_tokenizer *tokenizer,
                        size_t n_rows, struct at_error *err)
{
    for (size_t i = 0; i < tokens->n; i++) {
        int id = tokens->items[i].id;
        const char *piece = at_tokenizer_piece(tokenizer, id);
        if ((size_t)id >= n_rows)
            return at_fail(err, AT_ERANGE, "'%.*s' is piece %d, and the model has rows for %zu",
                           at_shown(piece, 60), piece, id, n_rows);
    }
    return 0;
}

int at_model_load_with(struct at_model *model, struct at_tokenizer **tokenizer,
                       struct at_pooling *pooling, struct at_arena *arena, const char *name,
                       struct at_error *err)
{
    char *root, *own = NULL;
    const char *dir;
    int rc = at_model_find(&root, name, err);

    if (rc)
        return rc;
    rc = at_pooling_model_dir(&own, root, err);
    dir = own ? own : root;
    if (!rc)
        rc = at_pooling_read(pooling, root, arena, err);
    if (!rc)
        rc = at_model_open(model, dir, err);
    if (!rc)
        rc = at_tokenizer_open(tokenizer, dir, err);
    if (!rc && !at_vocabulary_fits(at_tokenizer_vocab_size(*tokenizer), model->config.vocab))
        rc = at_fail(err, AT_EFORMAT, "'%s': the tokenizer has %zu pieces, the model %zu", dir,
                     at_tokenizer_vocab_size(*tokenizer), model->config.vocab);
    free(own);
    free(root);
    return rc;
}

int at_model_load(struct at_model *model, struct at_tokenizer **tokenizer, const char *name,
                  struct at_error *err)
{
    struct at_pooling pooling;
    struct at_arena arena = { 0 };
    int rc = at_model_load_with(model, tokenizer, &pooling, &arena, name, err);

    at_arena_release(&arena);
    return rc;
}

struct places AT_ARRAY(struct at_model_place);

/* No document can hold a path that is not UTF-8: such models are not listed. */
static void add_place(struct places *v, const char *name, const char *dir, const char *where)
{
    if (at_utf8_check(dir, strlen(dir)) < strlen(dir))
        return;
    for (size_t i = 0; i < v->n; i++)
        if (!strcmp(v->items[i].name, name))
            return; /* an earlier place wins, as in at_model_find() */
    *at_array_push(v) = (struct at_model_place){ at_strdup(name), at_strdup(dir), where };
}

/* Every subdirectory of dir that holds a config.json. */
static void add_models_of(struct places *v, const char *dir, const char *where)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        char *path;
        if (e->d_name[0] == '.')
            continue;
        path = at_path_join(dir, e->d_name);
        if (has_config(path))
            add_place(v, e->d_name, path, where);
        free(path);
    }
    if (d)
        closedir(d);
}

static void add_cached(struct places *v, const char *hub)
{
    DIR *d = opendir(hub);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        struct at_strbuf name = { 0 };
        char *repo, *dir;
        if (strncmp(e->d_name, "models--", 8) != 0)
            continue;
        for (const char *s = e->d_name + 8; *s; s++)
            if (s[0] == '-' && s[1] == '-') {
                at_strbuf_addc(&name, '/');
                s++;
            } else
                at_strbuf_addc(&name, *s);
        repo = at_path_join(hub, e->d_name);
        dir = snapshot(repo);
        if (dir && has_config(dir))
            add_place(v, at_strbuf_str(&name), dir, "cache");
        free(dir);
        free(repo);
        at_strbuf_release(&name);
    }
    if (d)
        closedir(d);
}

static int by_name(const void *a, const void *b)
{
    const struct at_model_place *x = a, *y = b;

    return strcmp(x->name, y->name);
}

size_t at_model_places(struct at_model_place **out)
{
    const char *models = getenv("ATLAS_MODELS");
    struct places v = { 0 };
    char *dirs[4], *caches[N_CACHES], *dir;
    size_t n_dirs, n_caches;

    if (models && *models)
        add_models_of(&v, models, "ATLAS_MODELS");
    n_dirs = data_dirs(dirs);
    /* all of them: at_model_find() looks for each name in each */
    for (size_t i = 0; i < n_dirs; i++) {
        dir = at_path_join(dirs[i], "models");
        add_models_of(&v, dir, "built in");
        free(dir);
        free(dirs[i]);
    }
    n_caches = hub_caches(caches);
    for (size_t i = 0; i < n_caches; i++) {
        add_cached(&v, caches[i]);
        free(caches[i]);
    }
    if (v.n)
        qsort(v.items, v.n, sizeof *v.items, by_name);
    *out = v.items;
    return v.n;
}

void at_model_places_free(struct at_model_place *places, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(places[i].name);
        free(places[i].dir);
    }
    free(places);
}
