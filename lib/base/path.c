/*
 * path.c - see path.h.
 *
 * Unfinished files are remembered in a small fixed table, so that a signal handler or a failing
 * exit can remove them without allocating. Its entries are atomic: threads write files too.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "base/path.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { MAX_UNFINISHED = 512 };

static char *_Atomic unfinished[MAX_UNFINISHED];

static void remember(char *tmp)
{
    char *none = NULL;

    for (size_t i = 0; i < MAX_UNFINISHED; i++, none = NULL)
        if (atomic_compare_exchange_strong(&unfinished[i], &none, tmp))
            return;
}

static void forget(char *tmp)
{
    char *mine = tmp;

    for (size_t i = 0; i < MAX_UNFINISHED; i++, mine = tmp)
        if (atomic_compare_exchange_strong(&unfinished[i], &mine, NULL))
            return;
}

char *at_path_join(const char *dir, const char *name)
{
    size_t n;

    if (!dir || !*dir)
        return at_strdup(name);
    n = strlen(dir);
    return at_asprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

const char *at_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *at_path_absolute(const char *path)
{
    const char *base = at_path_base(path);
    char *folder = at_strndup(path, (size_t)(base - path)), *full, *out;

    /* "." and ".." are folders, whatever they are called */
    if (!*base || !strcmp(base, ".") || !strcmp(base, "..")) {
        full = realpath(path, NULL);
        out = at_strdup(full ? full : path);
    } else {
        full = realpath(*folder ? folder : ".", NULL);
        out = full ? at_path_join(full, base) : at_strdup(path);
    }
    free(folder);
    free(full);
    return out;
}

bool at_path_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool at_path_is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool at_path_is_same(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int at_mkdir_p(const char *path, struct at_error *err)
{
    char *copy = at_strdup(path);
    int rc = 0;

    for (char *p = copy + 1; !rc && *copy; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) < 0) {
            int why = errno;
            if (!at_path_is_dir(copy))
                rc = at_fail(err, AT_EIO, "cannot create directory '%s': %s", copy, strerror(why));
        }
        *p = c;
        if (c == '\0')
            break;
    }
    free(copy);
    return rc;
}

int at_outfile_open(struct at_outfile *out, const char *path, struct at_error *err)
{
    struct at_outfile o = { 0 };

    *out = o;
    o.path = at_strdup(path);
    o.tmp = at_asprintf("%s.tmp-%ld", path, (long)getpid());
    remember(o.tmp); /* before there is a file: a signal may come at any time */
    o.f = fopen(o.tmp, "wb");
    if (!o.f) {
        int rc = at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(errno));
        forget(o.tmp);
        free(o.path);
        free(o.tmp);
        return rc;
    }
    *out = o;
    return 0;
}

int at_outfile_commit(struct at_outfile *out, struct at_error *err)
{
    int why = 0;

    if (ferror(out->f)) {
        /* Which call failed is long past: ask once more, so that a full disk is called that. */
        errno = 0;
        why = fflush(out->f) == EOF && errno ? errno : EIO;
    }
    if (fclose(out->f) == EOF && !why)
        why = errno;
    out->f = NULL;
    if (!why && rename(out->tmp, out->path) < 0)
        why = errno;
    if (why) {
        int rc = at_fail(err, AT_EIO, "cannot write '%s': %s", out->path, strerror(why));
        at_outfile_abort(out);
        return rc;
    }
    forget(out->tmp);
    free(out->tmp);
    free(out->path);
    *out = (struct at_outfile){ 0 };
    return 0;
}

void at_outfile_abort(struct at_outfile *out)
{
    if (out->f)
        fclose(out->f);
    if (out->tmp) {
        unlink(out->tmp);
        forget(out->tmp);
    }
    free(out->tmp);
    free(out->path);
    *out = (struct at_outfile){ 0 };
}

void at_outfile_abort_all(void)
{
    for (size_t i = 0; i < MAX_UNFINISHED; i++) {
        char *tmp = atomic_load(&unfinished[i]);
        if (tmp)
            unlink(tmp);
    }
}

int at_write_file(const char *path, const void *bytes, size_t n, struct at_error *err)
{
    struct at_outfile o;
    int rc = at_outfile_open(&o, path, err);

    if (rc)
        return rc;
    if (n && fwrite(bytes, 1, n, o.f) != n) {
        rc = at_fail(err, AT_EIO, "cannot write '%s': %s", path, strerror(errno));
        at_outfile_abort(&o);
        return rc;
    }
    return at_outfile_commit(&o, err);
}
