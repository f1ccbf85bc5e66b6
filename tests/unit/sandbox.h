/*
 * sandbox.h - a folder of its own for a test program, and a child process for what must abort.
 */
#ifndef UNIT_SANDBOX_H
#define UNIT_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Group fixtures for cmocka_run_group_tests(): the folder is made, and removed with all in it. */
int sandbox_setup(void **state);
int sandbox_teardown(void **state);

/* sandbox_path - "<folder>/name"; the string lives until the eighth call from now. */
const char *sandbox_path(const char *name);

/* sandbox_write - a file in the folder; its path, as sandbox_path() gives it. */
const char *sandbox_write(const char *name, const void *bytes, size_t n);
const char *sandbox_text(const char *name, const char *text);

/* sandbox_read - the whole file as a string, the caller's to free; NULL when it is not there. */
char *sandbox_read(const char *path);

/* sandbox_count - entries in the folder. */
size_t sandbox_count(void);

/* sandbox_status - run fn in a child process: 0 when it comes back, its exit status, or -signal. */
int sandbox_status(void (*fn)(void));
/* sandbox_aborts - true when fn ends by abort(), as a failed bug check does. */
bool sandbox_aborts(void (*fn)(void));

#endif
