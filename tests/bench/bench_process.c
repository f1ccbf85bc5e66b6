/*
 * bench_process.c - time and memory of whole processes, as a user meets them.
 *
 *   bench_process REPEATS PROGRAM ARGUMENT...
 *
 * Prints one CSV row without a heading: best and median milliseconds from start to end, and the
 * largest memory of its own (anonymous, beside mapped files) in megabytes. Output of the program
 * goes to /dev/null.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "bench.h"

/* Anonymous memory of a running process in kB; 0 when it is gone. */
static long anonymous_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "RssAnon:", 8))
            kb = strtol(line + 8, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

/* Run it once; watching its memory takes time, so that is another run than the timed ones. */
static double once(char **argv, long *peak_kb)
{
    double start = bench_now();
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        execv(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    while (peak_kb && waitpid(pid, &status, WNOHANG) == 0) {
        long kb = anonymous_kb(pid);
        if (kb > *peak_kb)
            *peak_kb = kb;
        nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
    }
    if (!peak_kb)
        waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_process: %s failed\n", argv[0]);
        exit(1);
    }
    return bench_now() - start;
}

int main(int argc, char **argv)
{
    size_t repeats = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    double *took;
    long peak_kb = 0;

    if (repeats == 0) {
        fprintf(stderr, "usage: bench_process REPEATS PROGRAM ARGUMENT...\n");
        return 2;
    }
    took = at_malloc(repeats, sizeof *took);
    once(argv + 2, &peak_kb); /* also brings its files into the page cache */
    for (size_t i = 0; i < repeats; i++)
        took[i] = once(argv + 2, NULL);
    bench_sort(took, repeats);
    printf("%.1f,%.1f,%.1f\n", took[0] * 1e3, took[repeats / 2] * 1e3, (double)peak_kb / 1e3);
    free(took);
    return 0;
}
