/*
 * spool.c - see spool.h. What is kept lives as long as the process.
 */
#define _GNU_SOURCE
#include "cmd/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"

enum { MAX_KEPT = 8, MAX_BYTES = 1 << 30 };

static struct kept {
    char path[32];    /* /proc/self/fd/N */
    const char *name; /* as the caller wrote it */
} kept[MAX_KEPT];
static size_t n_kept;

static bool is_pipe(const char *path)
{
    struct stat st;

    return strcmp(path, "-") == 0 ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static const char *shown(const char *name)
{
    return strcmp(name, "-") == 0 ? "standard input" : name;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno != EINTR)
            return -1;
        bytes += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

/* All of `from` into `to`; 0, or an exit status after one line. */
static int copy(int to, int from, const char *name)
{
    static char chunk[1 << 16];
    size_t total = 0;

    for (;;) {
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n == 0)
            return EXIT_DONE;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || write_all(to, chunk, (size_t)n))
            return report_error("cannot read '%s': %s", shown(name), strerror(errno));
        total += (size_t)n;
        if (total > MAX_BYTES)
            return report_error("%s: longer than %d bytes", shown(name), MAX_BYTES);
    }
}

/* Put the kept file's path in place of the name. */
static int keep(const char **path)
{
    const char *name = *path;
    struct kept *k = &kept[n_kept];
    int status, to, from = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);

    AT_BUG_IF(n_kept == MAX_KEPT);
    if (from < 0)
        return report_error("cannot open '%s': %s", name, strerror(errno));
    to = memfd_create("atlas", MFD_CLOEXEC);
    status = to < 0 ? report_error("cannot keep '%s': %s", shown(name), strerror(errno))
                    : copy(to, from, name);
    if (from != STDIN_FILENO)
        close(from);
    if (status)
        return status;
    snprintf(k->path, sizeof k->path, "/proc/self/fd/%d", to);
    k->name = name;
    n_kept++;
    *path = k->path;
    return EXIT_DONE;
}

static bool is_input(const struct opt *o)
{
    return o->type == OPT_TYPE_TEXT && strcmp(o->metavar, "FILE") == 0 &&
           strcmp(o->name, "file") != 0 && strcmp(o->name, "out") != 0;
}

/* One place where an input is named; standard input goes to one of them. */
static int look_at(const char **path, bool *is_stdin_taken)
{
    bool is_stdin = *path && strcmp(*path, "-") == 0;

    if (!*path || !is_pipe(*path))
        return EXIT_DONE;
    if (is_stdin && *is_stdin_taken)
        return report_usage("standard input (-) can be read once only");
    *is_stdin_taken |= is_stdin;
    return keep(path);
}

int spool_inputs(struct call *c)
{
    bool is_stdin_taken = c->file && strcmp(c->file, "-") == 0;
    struct opt_walk w = { 0 };
    const struct opt *o;
    int status = EXIT_DONE;

    for (int i = 0; i < c->n_operands && (c->needs & NEED_TEXT); i++)
        is_stdin_taken |= strcmp(c->operands[i], "-") == 0;
    for (int i = 0; i < c->n_operands && (c->needs & NEED_DATA) && !status; i++) {
        const char *path = c->operands[i];
        status = look_at(&path, &is_stdin_taken);
        if (path != c->operands[i])
            c->operands[i] = at_arena_strdup(&c->arena, path);
    }
    while (!status && (o = opt_next(&w, c->table)))
        if (is_input(o))
            status = look_at(o->value, &is_stdin_taken);
    return status;
}

const char *spool_name(const char *path)
{
    for (size_t i = 0; i < n_kept; i++)
        if (strcmp(kept[i].path, path) == 0)
            return kept[i].name;
    return path;
}

/* The kept file whose path text starts with; NULL for none. */
static const struct kept *kept_at(const char *text)
{
    for (size_t i = 0; i < n_kept; i++) {
        size_t n = strlen(kept[i].path);
        if (strncmp(text, kept[i].path, n) == 0 && !(text[n] >= '0' && text[n] <= '9'))
            return &kept[i];
    }
    return NULL;
}

char *spool_named(const char *text)
{
    struct at_strbuf b = { 0 };

    at_strbuf_adds(&b, "");
    while (*text) {
        const struct kept *k = kept_at(text);
        if (k)
            at_strbuf_adds(&b, shown(k->name));
        else
            at_strbuf_addc(&b, *text);
        text += k ? strlen(k->path) : 1;
    }
    return at_strbuf_take(&b);
}
