/*
 * report.c - see report.h.
 */
#include "cmd/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "cmd/guard.h"
#include "cmd/spool.h"

static const char *command = "atlas";
static int verbosity;
static char *left_out; /* the first reason for EXIT_SKIPPED that was not said */
static size_t n_left_out;
static bool line_is_drawn; /* a progress line stands where the next message goes */

void report_command(const char *name)
{
    command = name;
}

void report_verbosity(int level)
{
    verbosity = level;
}

AT_PRINTF(2, 0) static void say(const char *kind, const char *fmt, va_list ap)
{
    struct at_strbuf text = { 0 }, line = { 0 };
    char *named;

    (void)guard_flush();
    if (line_is_drawn) {
        fprintf(stderr, "\r\033[K");
        line_is_drawn = false;
    }
    at_strbuf_addf(&text, "%s: %s", command, kind);
    at_strbuf_addv(&text, fmt, ap);
    named = spool_named(text.s);
    at_strbuf_add_visible(&line, named, strlen(named), "");
    fprintf(stderr, "%s\n", line.s);
    free(named);
    at_strbuf_release(&text);
    at_strbuf_release(&line);
}

void report_dying(const char *const parts[])
{
    const char *before[] = { line_is_drawn ? "\r\033[K" : "", command, ": " };

    for (size_t i = 0; i < AT_COUNTOF(before); i++)
        (void)!write(STDERR_FILENO, before[i], strlen(before[i]));
    for (; *parts; parts++)
        (void)!write(STDERR_FILENO, *parts, strlen(*parts));
    (void)!write(STDERR_FILENO, "\n", 1);
}

int report_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
    return EXIT_FAILED;
}

int report_fault(const struct at_error *err)
{
    return report_error("%s", err->text);
}

int report_usage(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
    return EXIT_USAGE;
}

void report_warning(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 0)
        return;
    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void report_left_out(const char *fmt, ...)
{
    struct at_strbuf text = { 0 };
    va_list ap;

    va_start(ap, fmt);
    at_strbuf_addv(&text, fmt, ap);
    va_end(ap);
    report_warning("%s", text.s);
    if (verbosity < 0 && n_left_out++ == 0)
        left_out = at_strbuf_take(&text);
    at_strbuf_release(&text);
}

void report_note(const char *fmt, ...)
{
    va_list ap;

    if (verbosity < 1)
        return;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

int report_flush(int status)
{
    int why = guard_flush();

    if (status == EXIT_SKIPPED && n_left_out > 1)
        report_error("%s (and %zu more)", left_out, n_left_out - 1);
    else if (status == EXIT_SKIPPED && n_left_out)
        report_error("%s", left_out);
    free(left_out);
    left_out = NULL;
    n_left_out = 0;
    if (!why || status == EXIT_FAILED)
        return status;
    return report_error("cannot write to standard output: %s", strerror(why));
}

double report_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_start(struct progress *p, enum progress_mode mode, const char *what, const char *unit,
                    size_t total)
{
    *p = (struct progress){ .what = what, .unit = unit, .total = total };
    p->started = p->drawn = report_seconds();
    p->is_on = mode == PROGRESS_ALWAYS ||
               (mode == PROGRESS_AUTO && verbosity >= 0 && isatty(STDERR_FILENO));
}

/* "1:05" or "2:01:05". */
static void print_time(double seconds)
{
    long s = (long)(seconds + 0.5);

    if (s >= 3600)
        fprintf(stderr, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, "%ld:%02ld", s / 60, s % 60);
}

void progress_show(struct progress *p, size_t done)
{
    enum { CELLS = 24 };
    double now, rate;

    if (!p->is_on)
        return;
    now = report_seconds();
    if (now - p->started < 0.5 || (now - p->drawn < 0.1 && done != p->total))
        return;
    p->drawn = now;
    p->is_visible = line_is_drawn = true;
    rate = (double)done / (now - p->started);
    fprintf(stderr, "\r\033[K%s ", p->what);
    if (p->total) {
        size_t full = done * CELLS / p->total;
        fputc('[', stderr);
        for (size_t i = 0; i < CELLS; i++)
            fputc(i < full ? '=' : ' ', stderr);
        fprintf(stderr, "] %zu/%zu %s, %.3g/s, ", done, p->total, p->unit, rate);
        if (done) {
            print_time((double)(p->total - done) / rate);
            fprintf(stderr, " left");
        }
    } else {
        fprintf(stderr, "%zu %s, %.3g/s", done, p->unit, rate);
    }
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->is_visible && line_is_drawn) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
        line_is_drawn = false;
    }
    p->is_on = p->is_visible = false;
}
