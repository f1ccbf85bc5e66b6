/*
 * manifest.c - see manifest.h.
 *
 * Large files are hashed by threads of their own while the work goes on; manifest_commit() waits.
 */
#include "cmd/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/path.h"
#include "cmd/file_digest.h"

/* One large file on its way through a hashing thread; entry belongs to inputs or outputs. */
struct hashing {
    struct at_json *entry;
    char *path;
    struct at_digest digest;
    bool is_input; /* inputs are remembered between runs, outputs are new */
    int rc;
    struct at_error err;
    pthread_t thread;
    struct hashing *next;
};

enum { LARGE_FILE = 1 << 20, MAX_THREADS = 4 };

struct manifest {
    char *dir;
    int lock;    /* held on dir as long as files are written there; -1 where there are no locks */
    bool is_new; /* dir was made for this run */
    bool has_begun; /* files are being written */
    struct at_json *doc;
    struct at_json *inputs, *outputs, *skipped, *run; /* owned by doc once committed */
    struct hashing *hashing;
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

int manifest_new(struct manifest **out, const char *dir, const char *command, struct at_error *err)
{
    struct manifest *m;
    bool is_new = !at_path_is_dir(dir);
    int lock = -1, rc = at_mkdir_p(dir, err);

    if (!rc)
        rc = lock_directory(&lock, dir, err);
    if (rc)
        return rc;
    m = at_calloc(1, sizeof *m);
    m->is_new = is_new;
    m->lock = lock;
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

int manifest_begin(struct manifest *m, struct at_error *err)
{
    char *old;
    int rc = 0;

    if (m->has_begun)
        return 0;
    old = at_path_join(m->dir, "manifest.json");
    if (unlink(old) < 0 && errno != ENOENT)
        rc = at_fail(err, AT_EIO, "cannot replace '%s': %s", old, strerror(errno));
    free(old);
    m->has_begun = !rc;
    return rc;
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    while (m->hashing) {
        struct hashing *h = m->hashing;
        m->hashing = h->next;
        pthread_join(h->thread, NULL);
        free(h->path);
        free(h);
    }
    at_json_free(m->inputs);
    at_json_free(m->outputs);
    at_json_free(m->skipped);
    at_json_free(m->run);
    at_json_free(m->doc);
    unlock_directory(m->lock);
    if (m->is_new && !m->has_begun)
        (void)rmdir(m->dir);
    free(m->dir);
    free(m);
}

struct at_json *manifest_value(const struct opt *o)
{
    const struct opt_list *list;
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
        return at_json_string(*(const char **)o->value);
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

static void *hash_main(void *arg)
{
    struct hashing *h = arg;

    if (h->is_input)
        h->rc = file_digest(&h->digest, h->path, &h->err);
    else
        h->rc = at_digest_file(&h->digest, h->path, &h->err);
    return NULL;
}

static void set_digest(struct at_json *entry, const struct at_digest *d)
{
    at_json_set_string(entry, "sha256", d->hex);
}

/* Note size and digest of a file in its entry, now or, for a large file, by a thread. A pipe and
   standard input ("-") have neither: their bytes are for the one that reads the input. */
static int hash_into(struct manifest *m, struct at_json *entry, const char *path, bool is_input,
                     struct at_error *err)
{
    struct hashing *h;
    struct stat st;
    size_t n_threads = 0;
    int rc;

    if (is_input && !strcmp(path, "-"))
        return 0;
    if (stat(path, &st) < 0 || access(path, R_OK) < 0)
        return at_fail(err, AT_EIO, "cannot open '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return 0;
    at_json_set_int(entry, "bytes", (long long)st.st_size);
    for (h = m->hashing; h; h = h->next)
        n_threads++;
    h = at_calloc(1, sizeof *h);
    *h = (struct hashing){ .entry = entry, .path = at_strdup(path), .is_input = is_input };
    if (st.st_size >= LARGE_FILE && n_threads < MAX_THREADS &&
        pthread_create(&h->thread, NULL, hash_main, h) == 0) {
        h->next = m->hashing;
        m->hashing = h;
        return 0;
    }
    hash_main(h);
    rc = h->rc;
    if (rc && err)
        *err = h->err;
    else
        set_digest(entry, &h->digest);
    free(h->path);
    free(h);
    return rc;
}

int manifest_input_named(struct manifest *m, const char *role, const char *id, const char *path,
                         struct at_error *err)
{
    struct at_json *o = at_json_object();

    at_json_append(m->inputs, o);
    at_json_set_string(o, "role", role);
    if (*id)
        at_json_set_string(o, "id", id);
    at_json_set_string(o, "path", at_path_base(path));
    return hash_into(m, o, path, true, err);
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
    int rc = manifest_begin(m, err);

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
    const char *dot = strrchr(rel, '.');
    int rc;

    *out = at_json_object();
    at_json_append(m->outputs, *out);
    at_json_set_string(*out, "path", rel);
    at_json_set_string(*out, "kind", dot ? dot + 1 : "");
    rc = hash_into(m, *out, path, false, err);
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

static int finish_hashing(struct manifest *m, struct at_error *err)
{
    int rc = 0;

    while (m->hashing) {
        struct hashing *h = m->hashing;
        pthread_join(h->thread, NULL);
        if (!h->rc)
            set_digest(h->entry, &h->digest);
        else if (!rc) {
            rc = h->rc;
            if (err)
                *err = h->err;
        }
        m->hashing = h->next;
        free(h->path);
        free(h);
    }
    return rc;
}

int manifest_commit(struct manifest *m, struct at_error *err)
{
    struct at_strbuf text = { 0 };
    char *path = at_path_join(m->dir, "manifest.json");
    int rc = finish_hashing(m, err);

    if (!rc) {
        at_json_set(m->doc, "inputs", m->inputs);
        at_json_set(m->doc, "outputs", m->outputs);
        at_json_set(m->doc, "skipped", m->skipped);
        at_json_set(m->doc, "run", m->run);
        m->inputs = m->outputs = m->skipped = m->run = NULL;
        at_json_dump(&text, m->doc, 1, 0);
        at_strbuf_addc(&text, '\n');
        rc = at_write_file(path, text.s, text.n, err);
    }
    at_strbuf_release(&text);
    free(path);
    return rc;
}
