/*
 * hashing.c - see hashing.h.
 */
#include "cmd/hashing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "cmd/file_digest.h"

/* One large file on its way through a hashing thread; entry belongs to the manifest. */
struct hashing {
    struct at_json *entry;
    char *path;
    struct at_digest digest;
    bool is_input;
    int rc;
    struct at_error err;
    pthread_t thread;
    struct hashing *next;
};

enum { LARGE_FILE = 1 << 20, MAX_THREADS = 4 };

static void *hash_main(void *arg)
{
    struct hashing *h = arg;

    if (h->is_input)
        h->rc = file_digest(&h->digest, h->path, &h->err);
    else
        h->rc = at_digest_file(&h->digest, h->path, &h->err);
    return NULL;
}

/* Note what was found; answers how it went. */
static int end(struct hashing *h, struct at_error *err)
{
    int rc = h->rc;

    if (rc && err)
        *err = h->err;
    else if (!rc)
        at_json_set_string(h->entry, "sha256", h->digest.hex);
    free(h->path);
    free(h);
    return rc;
}

int hash_into(struct hashing **list, struct at_json *entry, const char *path, bool is_input,
              struct at_error *err)
{
    struct hashing *h;
    struct stat st;
    size_t n_threads = 0;

    if (is_input && !strcmp(path, "-"))
        return 0;
    if (stat(path, &st) < 0 || access(path, R_OK) < 0)
        return at_fail(err, AT_EIO, "cannot open '%s': %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return 0;
    at_json_set_int(entry, "bytes", (long long)st.st_size);
    for (h = *list; h; h = h->next)
        n_threads++;
    h = at_calloc(1, sizeof *h);
    *h = (struct hashing){ .entry = entry, .path = at_strdup(path), .is_input = is_input };
    if (st.st_size >= LARGE_FILE && n_threads < MAX_THREADS &&
        pthread_create(&h->thread, NULL, hash_main, h) == 0) {
        h->next = *list;
        *list = h;
        return 0;
    }
    hash_main(h);
    return end(h, err);
}

static struct hashing *wait_for_first(struct hashing **list)
{
    struct hashing *h = *list;

    pthread_join(h->thread, NULL);
    *list = h->next;
    return h;
}

int hashing_finish(struct hashing **list, struct at_error *err)
{
    int rc = 0;

    while (*list) {
        struct hashing *h = wait_for_first(list);
        int one = end(h, rc ? NULL : err);
        rc = rc ? rc : one;
    }
    return rc;
}

void hashing_drop(struct hashing **list)
{
    while (*list) {
        struct hashing *h = wait_for_first(list);
        free(h->path);
        free(h);
    }
}
