/*
 * file_digest.c - see file_digest.h.
 */
#include "cmd/file_digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"

enum { SMALL_FILE = 1 << 20 }; /* hashed in a few milliseconds, not worth a cache entry */

char *cache_dir(const char *name)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *dir;

    if (xdg && *xdg == '/')
        dir = at_asprintf("%s/atlas/%s", xdg, name);
    else if (home && *home)
        dir = at_asprintf("%s/.cache/atlas/%s", home, name);
    else
        return NULL;
    if (at_mkdir_p(dir, NULL)) {
        free(dir);
        return NULL;
    }
    return dir;
}

/* Name of the entry: changes whenever the file is replaced or written to. */
static char *entry_path(const struct stat *st)
{
    char *dir = cache_dir("digests"), *path;

    if (!dir)
        return NULL;
    path = at_asprintf("%s/%llx-%llx-%llx-%llx.%09ld", dir, (unsigned long long)st->st_dev,
                       (unsigned long long)st->st_ino, (unsigned long long)st->st_size,
                       (unsigned long long)st->st_ctim.tv_sec, (long)st->st_ctim.tv_nsec);
    free(dir);
    return path;
}

static int read_entry(struct at_digest *out, const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n;

    if (!f)
        return -1;
    n = fread(out->hex, 1, 64, f);
    fclose(f);
    out->hex[64] = '\0';
    return n == 64 && strspn(out->hex, "0123456789abcdef") == 64 ? 0 : -1;
}

int file_digest(struct at_digest *out, const char *path, struct at_error *err)
{
    struct stat st;
    char *entry;
    int rc;

    if (stat(path, &st) < 0)
        return at_fail(err, AT_EIO, "cannot open '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return at_fail(err, AT_EIO, "cannot read '%s' again: not a regular file", path);
    if (st.st_size < SMALL_FILE)
        return at_digest_file(out, path, err);
    entry = entry_path(&st);
    if (entry && read_entry(out, entry) == 0) {
        free(entry);
        return 0;
    }
    rc = at_digest_file(out, path, err);
    if (!rc && entry && at_write_file(entry, out->hex, 64, NULL))
        remove(entry); /* a full disk costs the cache, not the run */
    free(entry);
    return rc;
}

int weights_digest(struct at_digest *out, const struct at_tensors *files, struct at_error *err)
{
    struct at_strbuf all = { 0 };
    const char *path;
    int rc = 0;

    for (size_t i = 0; !rc && (path = at_tensors_path(files, i)); i++) {
        rc = file_digest(out, path, err);
        if (!rc)
            at_strbuf_adds(&all, out->hex);
    }
    if (!rc && at_tensors_path(files, 1))
        *out = at_digest_bytes(all.s, all.n);
    at_strbuf_release(&all);
    return rc;
}
