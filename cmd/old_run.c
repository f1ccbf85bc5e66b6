/*
 * old_run.c - see old_run.h. What the lists say is not trusted: a manifest may come from anywhere.
 */
#include "cmd/old_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "io/textfile.h"

enum { MAX_LIST = 1 << 28 };

static void add_path(struct old_run *o, const char *rel, size_t n)
{
    *at_array_push(&o->paths) = (struct old_path){ .rel = at_strndup(rel, n) };
}

/* --- reading --- */

static int read_manifest(struct old_run *o, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, "manifest.json");
    const struct at_json *outputs;
    int rc = at_path_is_file(path) ? at_json_read(&o->about, path, err) : 0;

    if (!rc && o->about && !at_json_is_string(at_json_get(o->about, "command")))
        rc = at_fail(err, AT_EFORMAT, "no manifest of atlas");
    outputs = at_json_get(o->about, "outputs");
    for (size_t i = 0; i < at_json_count(outputs) && !rc; i++) {
        const char *rel = at_json_text(at_json_get(at_json_at(outputs, i), "path"), "");
        add_path(o, rel, strlen(rel));
    }
    if (rc == AT_EFORMAT)
        rc = at_fail(err, AT_EFORMAT, "'%s' is not of atlas: write into another directory", path);
    free(path);
    return rc;
}

/* What was cut off by a crash is no path: each ends with its line. */
static int read_unfinished(struct old_run *o, const char *dir, struct at_error *err)
{
    char *path = at_path_join(dir, UNFINISHED), *text = NULL, *line, *end;
    size_t n;
    int rc = at_path_is_file(path) ? at_text_read(&text, &n, path, MAX_LIST, err) : 0;

    end = text ? strchr(text, '\n') : NULL;
    if (end && !o->about && at_json_parse(&o->about, text, (size_t)(end - text), NULL))
        o->about = NULL;
    while (end && o->about) {
        line = end + 1;
        end = strchr(line, '\n');
        if (end)
            add_path(o, line, (size_t)(end - line));
    }
    free(text);
    free(path);
    return rc == AT_EFORMAT ? 0 : rc; /* left by something else */
}

static int by_name(const void *a, const void *b)
{
    const struct old_path *x = a, *y = b;

    return strcmp(x->rel, y->rel);
}

static void sort_paths(struct old_paths *p)
{
    size_t n = 0;

    if (p->n)
        qsort(p->items, p->n, sizeof *p->items, by_name);
    for (size_t i = 0; i < p->n; i++) {
        if (n && !strcmp(p->items[n - 1].rel, p->items[i].rel))
            free(p->items[i].rel);
        else
            p->items[n++] = p->items[i];
    }
    p->n = n;
}

int old_run_read(struct old_run *out, const char *dir, struct at_error *err)
{
    struct old_run o = { 0 };
    int rc = read_manifest(&o, dir, err);

    if (!rc)
        rc = read_unfinished(&o, dir, err);
    sort_paths(&o.paths);
    if (rc)
        old_run_release(&o);
    *out = o;
    return rc;
}

void old_run_release(struct old_run *o)
{
    for (size_t i = 0; i < o->paths.n; i++)
        free(o->paths.items[i].rel);
    at_array_release(&o->paths);
    at_json_free(o->about);
    *o = (struct old_run){ 0 };
}

static int find_name(const void *name, const void *path)
{
    const struct old_path *p = path;

    return strcmp(name, p->rel);
}

struct old_path *old_run_find(const struct old_run *o, const char *rel)
{
    return o->paths.n ? bsearch(rel, o->paths.items, o->paths.n, sizeof *o->paths.items, find_name)
                      : NULL;
}

/* --- whose they are --- */

const char *old_run_command(const struct old_run *o)
{
    return at_json_text(at_json_get(o->about, "command"), "");
}

static const char *first_name(const char *command)
{
    return strcmp(command, "bias merge") ? command : "merge";
}

bool old_run_is_of(const struct old_run *o, const char *command)
{
    return !strcmp(first_name(old_run_command(o)), first_name(command));
}

struct at_json *old_run_model(const char *name, const char *sha256)
{
    struct at_json *model = at_json_object();

    at_json_set_string(model, "name", name);
    if (sha256)
        at_json_set_string(model, "sha256", sha256);
    return model;
}

bool old_run_is_model(const struct old_run *o, const struct at_json *model)
{
    static const char *const keys[] = { "sha256", "name" };
    const struct at_json *old = at_json_get(o->about, "model");

    for (size_t i = 0; i < AT_COUNTOF(keys); i++) {
        const char *was = at_json_text(at_json_get(old, keys[i]), NULL);
        const char *is = at_json_text(at_json_get(model, keys[i]), NULL);
        if (was && is)
            return !strcmp(was, is);
    }
    return true;
}

/* --- their files --- */

char *old_run_file(const char *dir, const char *rel)
{
    char *path = at_path_join(dir, rel), *p = path + strlen(path) - strlen(rel);
    bool is_ours = *rel && *rel != '/';
    struct stat st;

    while (is_ours) {
        size_t n = strcspn(p, "/");
        char c = p[n];
        is_ours = n > 0 && strncmp(p, "..", n) != 0; /* nor "." */
        p[n] = '\0';
        if (is_ours)
            is_ours = lstat(path, &st) == 0 && (c ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
        p[n] = c;
        if (!c)
            break;
        p += n + 1;
    }
    if (is_ours)
        return path;
    free(path);
    return NULL;
}

/* The folders of a path, from the innermost outwards, as far as they are empty. */
static void remove_folders(const char *dir, const char *rel)
{
    char *path = at_path_join(dir, rel), *start = path + strlen(path) - strlen(rel), *slash;

    while ((slash = strrchr(start, '/')) != NULL) {
        *slash = '\0';
        if (rmdir(path) < 0)
            break;
    }
    free(path);
}

int old_run_remove(const struct old_run *o, const char *dir, struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < o->paths.n && !rc; i++) {
        const char *rel = o->paths.items[i].rel;
        char *path = old_run_file(dir, rel);
        if (path && unlink(path) < 0 && errno != ENOENT)
            rc = at_fail(err, AT_EIO, "cannot replace '%s': %s", path, strerror(errno));
        else if (path)
            remove_folders(dir, rel);
        free(path);
    }
    return rc;
}
