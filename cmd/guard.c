/*
 * guard.c - see guard.h. The filter is a stream whose function writes: fopencookie(), and a
 * stdout that can be assigned, are GNU's.
 */
#define _GNU_SOURCE
#include "cmd/guard.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/utf8.h"

static char held[4]; /* the beginning of a character whose rest has not come yet */
static size_t n_held;
static int fault; /* errno of the first write that failed */

/* Bytes at the end of s that may be the beginning of a character. */
static size_t open_end(const char *s, size_t n)
{
    for (size_t k = 1; k <= 3 && k <= n; k++) {
        unsigned char c = (unsigned char)s[n - k];
        if (c >= 0xC0)
            return c < 0xF8 && k < (c < 0xE0 ? 2u : c < 0xF0 ? 3u : 4u) ? k : 0;
        if (c < 0x80)
            return 0;
    }
    return 0;
}

static void write_all(const char *s, size_t n)
{
    while (n > 0 && !fault) {
        ssize_t done = write(STDOUT_FILENO, s, n);
        if (done < 0 && errno != EINTR) {
            fault = errno;
        } else if (done > 0) {
            s += done;
            n -= (size_t)done;
        }
    }
}

/* Text up to the next sequence of our own, then its first byte, and so on. */
static void show(const char *s, size_t n)
{
    struct at_strbuf b = { 0 };

    while (n > 0) {
        const char *own = memchr(s, (unsigned char)OWN_ESC[0], n);
        size_t plain = own ? (size_t)(own - s) : n;
        at_strbuf_add_visible(&b, s, plain, "\n\t");
        if (own) {
            at_strbuf_addc(&b, '\033');
            plain++;
        }
        s += plain;
        n -= plain;
    }
    write_all(b.s, b.n);
    at_strbuf_release(&b);
}

static ssize_t filter(void *cookie, const char *s, size_t n)
{
    struct at_strbuf b = { 0 };
    size_t open;

    (void)cookie;
    at_strbuf_add(&b, held, n_held);
    at_strbuf_add(&b, s, n);
    open = open_end(b.s, b.n);
    memcpy(held, b.s + b.n - open, open);
    n_held = open;
    show(b.s, b.n - open);
    at_strbuf_release(&b);
    if (fault) {
        errno = fault;
        return 0;
    }
    return (ssize_t)n;
}

void guard_stdout(void)
{
    FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = filter });

    if (!f)
        return; /* no memory: the first allocation will say so */
    setvbuf(f, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
    stdout = f;
}

int guard_flush(void)
{
    if (fflush(stdout) == EOF && !fault)
        fault = errno ? errno : EIO;
    if (n_held > 0)
        show(held, n_held);
    n_held = 0;
    return fault;
}

int guard_fault(void)
{
    return fault;
}

int guard_descriptor(FILE *f)
{
    return f == stdout ? STDOUT_FILENO : fileno(f);
}
