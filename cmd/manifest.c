/*
 * manifest.c - see manifest.h.
 */
#include "cmd/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/path.h"
#include "cmd/hashing.h"
#include "cmd/old_run.h"
#include "cmd/spool.h"

struct manifest {
    char *dir;
    int lock;    /* held on dir as long as files are written there; -1 where there are no locks */
    bool is_new; /* dir was made for this run */
    struct old_run old;
    bool is_resumed;
    bool keeps_old; /* its files are part of this run */
    bool has_begun; /* files are being written */
    bool is_done;   /* manifest.json is written */
    int list;       /* unfinished.txt, or -1 */
    struct at_json *doc;
    struct at_json *model;                            /* part of doc, or NULL */
    struct at_json *inputs, *outputs, *skipped, *run; /* owned by doc once committed */
    struct hashing *hashing; /* files on their way through hashing threads */
};

/* Two runs into one directory would mix their files under one manifest. */
static int lock_directory(int *out, const char *dir, struct at_error *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        bool is_taken = errno == EWOULDBLOCK;
        close(fd);
        fd = -1; /* some file systems have no locks */
        if (is_taken)
            return at_fail(err, AT_EIO, "another run is writing into '%s'", dir);
    }
    *out = fd;
    return 0;
}

static void unlock_directory(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* What is there, if this command may replace it. */
static int read_old(struct old_run *out, const char *dir, const char *command, struct at_error *err)
{
    int rc = old_run_read(out, dir, err);

    if (!rc && out->about && !old_run_is_of(out, command))
        rc = at_fail(err, AT_EFORMAT,
                     "'%s' has the files of 'atlas %s': write into another directory", dir,
                     old_run_command(out));
    if (rc)
        old_run_release(out);
    return rc;
}

int manifest_new(struct manifest **out, const char *dir, const char *command, bool is_resumed,
                 struct at_error *err)
{
    struct manifest *m;
    struct old_run old = { 0 };
    bool is_new = !at_path_is_dir(dir);
    int lock = -1, rc = at_mkdir_p(dir, err);

    if (!rc)
        rc = lock_directory(&lock, dir, err);
    if (!rc)
        rc = read_old(&old, dir, command, err);
    if (rc) {
        unlock_directory(lock);
        return rc;
    }
    m = at_calloc(1, sizeof *m);
    m->is_new = is_new;
    m->is_resumed = is_resumed;
    m->old = old;
    m->lock = lock;
    m->list = -1;
    m->dir = at_strdup(dir);
    m->doc = at_json_object();
    m->inputs = at_json_array();
    m->outputs = at_json_array();
    m->skipped = at_json_array();
    m->run = at_json_object();
    at_json_set_int(m->doc, "schema", 1);
    at_json_set_string(m->doc, "command", command);
    *out = m;
    return 0;
}

static int check_model(const struct manifest *m, struct at_error *err)
{
    const struct at_json *old = at_json_get(m->old.about, "model");

    if (old_run_is_model(&m->old, m->model))
        return 0;
    return at_fail(err, AT_EFORMAT,
                   "'%s' has the files of another model, '%s': write into another directory",
                   m->dir, at_json_text(at_json_get(old, "name"), ""));
}

int manifest_model(struct manifest *m, const char *name, const char *sha256, struct at_error *err)
{
    m->model = old_run_model(name, sha256);
    at_json_set(m->doc, "model", m->model);
    return m->is_resumed ? 0 : check_model(m, err);
}

void manifest_keep(struct manifest *m)
{
    m->keeps_old = true;
}

/* unfinished.txt: who writes, and what there is already, to be replaced or not. */
static int start_list(struct manifest *m, struct at_error *err)
{
    char *path = at_path_join(m->dir, UNFINISHED);
    struct at_json *about = at_json_object();
    struct at_strbuf text = { 0 };
    int rc;

    at_json_set_string(about, "command", at_json_text(at_json_get(m->doc, "command"), ""));
    if (m->model)
        at_json_set(about, "model", at_json_share(m->model));
    at_json_dump(&text, about, 0, 0);
    at_strbuf_addc(&text, '\n');
    for (size_t i = 0; i < m->old.paths.n; i++)
        at_strbuf_addf(&text, "%s\n", m->old.paths.items[i].rel);
    rc = at_write_file(path, text.s, text.n, err);
    if (!rc) {
        m->list = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
        if (m->list < 0)
            rc = at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(errno));
    }
    at_strbuf_release(&text);
    at_json_free(about);
    free(path);
    return rc;
}

/* The first file is about to be written: the old ones go, the manifest that says that they are
   whole before them. */
static int begin(struct manifest *m, struct at_error *err)
{
    char *old;
    int rc;

    if (m->has_begun)
        return 0;
    rc = m->keeps_old ? 0 : check_model(m, err);
    if (!rc)
        rc = start_list(m, err);
    old = at_path_join(m->dir, "manifest.json");
    if (!rc && unlink(old) < 0 && errno != ENOENT)
        rc = at_fail(err, AT_EIO, "cannot replace '%s': %s", old, strerror(errno));
    free(old);
    if (!rc && !m->keeps_old)
        rc = old_run_remove(&m->old, m->dir, err);
    m->has_begun = !rc;
    return rc;
}

int manifest_expect(struct manifest *m, const char *rel, struct at_error *err)
{
    char *line;
    size_t n;
    int rc = begin(m, err);

    if (rc)
        return rc;
    line = at_asprintf("%s\n", rel);
    n = strlen(line);
    if (write(m->list, line, n) != (ssize_t)n)
        rc = at_fail(err, AT_EIO, "cannot write '%s/" UNFINISHED "': %s", m->dir, strerror(errno));
    free(line);
    return rc;
}

/* Is any file there that unfinished.txt tells of? */
static bool has_files(const struct manifest *m)
{
    struct old_run left;
    bool has_any = false;

    if (old_run_read(&left, m->dir, NULL))
        return true;
    for (size_t i = 0; i < left.paths.n && !has_any; i++) {
        char *file = old_run_file(m->dir, left.paths.items[i].rel);
        has_any = file != NULL;
        free(file);
    }
    old_run_release(&left);
    return has_any;
}

/* The list goes when the manifest has taken its place. */
static void end_list(struct manifest *m)
{
    char *path = at_path_join(m->dir, UNFINISHED);

    close(m->list);
    if (m->is_done || !has_files(m))
        (void)unlink(path);
    free(path);
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    hashing_drop(&m->hashing);
    at_json_free(m->inputs);
    at_json_free(m->outputs);
    at_json_free(m->skipped);
    at_json_free(m->run);
    at_json_free(m->doc);
    if (m->list >= 0)
        end_list(m);
    old_run_release(&m->old);
    unlock_directory(m->lock);
    if (m->is_new)
        (void)rmdir(m->dir);
    free(m->dir);
    free(m);
}

struct at_json *manifest_value(const struct opt *o)
{
    const struct opt_list *list;
    const char *text;
    struct at_json *a;

    switch (o->type) {
    case OPT_TYPE_FLAG:
        return at_json_bool(*(bool *)o->value);
    case OPT_TYPE_INT:
        return at_json_int(*(long *)o->value);
    case OPT_TYPE_REAL:
        return at_json_real(*(double *)o->value);
    case OPT_TYPE_ENUM:
        return at_json_string(o->words[*(int *)o->value]);
    case OPT_TYPE_LIST:
        list = o->value;
        a = at_json_array();
        for (size_t i = 0; i < list->n; i++)
            at_json_append(a, at_json_string(list->items[i]));
        return a;
    default:
        text = *(const char **)o->value;
        return at_json_string(text ? spool_name(text) : NULL);
    }
}

void manifest_options(struct manifest *m, const struct opt *table)
{
    struct at_json *options = at_json_object();
    struct opt_walk w = { 0 };
    const struct opt *o;

    while ((o = opt_next(&w, table)))
        if (o->type != OPT_TYPE_GROUP && strcmp(o->name, "out") != 0)
            at_json_set(options, o->name, manifest_value(o));
    at_json_set(m->doc, "options", options);
}

/* An input must not be among what this run is going to replace. */
static int check_input(const struct manifest *m, const char *path, struct at_error *err)
{
    char *folder = at_path_join(m->dir, "."), *dir = at_path_absolute(folder);
    size_t n = strlen(dir);
    int rc = 0;

    if (!m->keeps_old && !m->has_begun && !strncmp(path, dir, n) && path[n] == '/' &&
        old_run_find(&m->old, path + n + 1))
        rc = at_fail(err, AT_EFORMAT,
                     "'%s' is read, and would be replaced: write into another directory", path);
    free(dir);
    free(folder);
    return rc;
}

int manifest_input_named(struct manifest *m, const char *role, const char *id, const char *path,
                         struct at_error *err)
{
    const char *name = spool_name(path);
    char *full = at_path_is_file(name) ? at_path_absolute(name) : at_strdup(name);
    struct at_json *o = at_json_object();
    int rc = check_input(m, full, err);

    at_json_append(m->inputs, o);
    at_json_set_string(o, "role", role);
    if (*id)
        at_json_set_string(o, "id", id);
    at_json_set_string(o, "path", full);
    free(full);
    return rc ? rc : hash_into(&m->hashing, o, path, true, err);
}

int manifest_input_file(struct manifest *m, const char *role, const char *path,
                        struct at_error *err)
{
    return manifest_input_named(m, role, "", path, err);
}

void manifest_input_text(struct manifest *m, const char *role, const char *id, const char *text)
{
    struct at_json *o = at_json_object();
    struct at_digest d = at_digest_bytes(text, strlen(text));

    at_json_set_string(o, "role", role);
    if (*id)
        at_json_set_string(o, "id", id);
    at_json_set_int(o, "bytes", (long long)strlen(text));
    at_json_set_string(o, "sha256", d.hex);
    at_json_append(m->inputs, o);
}

void manifest_skipped(struct manifest *m, const char *id, const char *why)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "id", id);
    at_json_set_string(o, "why", why);
    at_json_append(m->skipped, o);
}

void manifest_set(struct manifest *m, const char *key, const char *text)
{
    at_json_set_string(m->doc, key, text);
}

void manifest_run(struct manifest *m, const char *key, struct at_json *value)
{
    at_json_set(m->run, key, value);
}

int manifest_path(char **out, struct manifest *m, const char *rel, struct at_error *err)
{
    char *path = at_path_join(m->dir, rel), *slash = strrchr(path, '/');
    int rc = manifest_expect(m, rel, err);

    if (!rc && strchr(rel, '/')) {
        *slash = '\0';
        rc = at_mkdir_p(path, err);
        *slash = '/';
    }
    if (rc)
        free(path);
    else
        *out = path;
    return rc;
}

/* An entry of "outputs" for a file that is complete. */
static int note_output(struct at_json **out, struct manifest *m, const char *rel,
                       struct at_error *err)
{
    char *path = at_path_join(m->dir, rel);
    struct old_path *old = old_run_find(&m->old, rel);
    const char *dot = strrchr(rel, '.');
    int rc;

    if (old)
        old->is_written = true;
    *out = at_json_object();
    at_json_append(m->outputs, *out);
    at_json_set_string(*out, "path", rel);
    at_json_set_string(*out, "kind", dot ? dot + 1 : "");
    rc = hash_into(&m->hashing, *out, path, false, err);
    free(path);
    return rc;
}

int manifest_output(struct manifest *m, const char *rel, struct at_error *err)
{
    struct at_json *o;

    return note_output(&o, m, rel, err);
}

int manifest_csv_open(struct at_csv *out, struct manifest *m, const char *rel, const char *columns,
                      struct at_error *err)
{
    char *path;
    int rc = manifest_path(&path, m, rel, err);

    if (rc)
        return rc;
    rc = at_csv_open(out, path, columns, err);
    free(path);
    return rc;
}

int manifest_csv_commit(struct at_csv *csv, struct manifest *m, const char *rel,
                        const char *columns, struct at_error *err)
{
    size_t rows = csv->n_rows;
    int rc = at_csv_commit(csv, err);

    return rc ? rc : manifest_table(m, rel, columns, rows, err);
}

int manifest_table(struct manifest *m, const char *rel, const char *columns, size_t rows,
                   struct at_error *err)
{
    struct at_json *o, *names;
    int rc = note_output(&o, m, rel, err);

    if (rc)
        return rc;
    names = at_json_array();
    for (const char *s = columns;; s++) {
        size_t n = strcspn(s, ",");
        char *name = at_strndup(s, n);
        at_json_append(names, at_json_string(name));
        free(name);
        s += n;
        if (!*s)
            break;
    }
    at_json_set_int(o, "rows", (long long)rows);
    at_json_set(o, "columns", names);
    return 0;
}

int manifest_json(struct manifest *m, const char *rel, const struct at_json *doc, int digits,
                  struct at_error *err)
{
    struct at_strbuf text = { 0 };
    char *path;
    int rc = manifest_path(&path, m, rel, err);

    if (rc)
        return rc;
    at_json_dump(&text, doc, 1, digits);
    at_strbuf_addc(&text, '\n');
    rc = at_write_file(path, text.s, text.n, err);
    at_strbuf_release(&text);
    free(path);
    return rc ? rc : manifest_output(m, rel, err);
}

static int note_kept(struct manifest *m, const char *rel, const char *path, struct at_error *err)
{
    const char *dot = strrchr(rel, '.');
    struct at_strbuf columns = { 0 };
    struct at_table t;
    int rc;

    if (!dot || strcmp(dot, ".csv") != 0)
        return manifest_output(m, rel, err);
    rc = at_table_read(&t, path, ',', err);
    if (rc)
        return rc;
    for (size_t i = 0; i < t.n_columns; i++)
        at_strbuf_addf(&columns, "%s%s", i ? "," : "", t.cells[i]);
    rc = manifest_table(m, rel, at_strbuf_str(&columns), t.n_rows, err);
    at_strbuf_release(&columns);
    at_table_release(&t);
    return rc;
}

/* Files of an interrupted run that were not to be written again. */
static int note_all_kept(struct manifest *m, struct at_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < m->old.paths.n && m->keeps_old && !rc; i++) {
        const struct old_path *old = &m->old.paths.items[i];
        char *path = old->is_written ? NULL : old_run_file(m->dir, old->rel);
        if (path)
            rc = note_kept(m, old->rel, path, err);
        free(path);
    }
    return rc;
}

int manifest_commit(struct manifest *m, struct at_error *err)
{
    struct at_strbuf text = { 0 };
    char *path = at_path_join(m->dir, "manifest.json");
    int rc = note_all_kept(m, err);

    if (!rc)
        rc = hashing_finish(&m->hashing, err);
    if (!rc) {
        at_json_set(m->doc, "inputs", m->inputs);
        at_json_set(m->doc, "outputs", m->outputs);
        at_json_set(m->doc, "skipped", m->skipped);
        at_json_set(m->doc, "run", m->run);
        m->inputs = m->outputs = m->skipped = m->run = NULL;
        at_json_dump(&text, m->doc, 1, 0);
        at_strbuf_addc(&text, '\n');
        rc = at_write_file(path, text.s, text.n, err);
        m->is_done = !rc;
    }
    at_strbuf_release(&text);
    free(path);
    return rc;
}
