/*
 * sandbox.c - see sandbox.h.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/atlas-unit-XXXXXX";

int sandbox_setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

int sandbox_teardown(void **state)
{
    (void)state;
    return nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

const char *sandbox_path(const char *name)
{
    static char paths[8][512];
    static size_t turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *sandbox_write(const char *name, const void *bytes, size_t n)
{
    const char *path = sandbox_path(name);
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

const char *sandbox_text(const char *name, const char *text)
{
    return sandbox_write(name, text, strlen(text));
}

char *sandbox_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text;
    size_t n;

    if (!f)
        return NULL;
    text = calloc(1 << 20, 1);
    assert_non_null(text);
    n = fread(text, 1, (1 << 20) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

size_t sandbox_count(void)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

int sandbox_status(void (*fn)(void))
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit none = { 0, 0 };
        int quiet = open("/dev/null", O_WRONLY);
        setrlimit(RLIMIT_CORE, &none);
        dup2(quiet, 2);
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

bool sandbox_aborts(void (*fn)(void))
{
    return sandbox_status(fn) == -SIGABRT;
}
