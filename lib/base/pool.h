/*
 * pool.h - a fixed set of threads that work through numbered tasks.
 *
 * The caller's thread is one of them. Tasks are handed out in order of their number, one at a
 * time; which thread gets which is not fixed, so a task writes only what belongs to its number and
 * uses its slot (0..n_threads-1) to pick scratch memory. One call at a time per pool.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct at_pool;

typedef void (*at_task_fn)(void *arg, size_t task, size_t slot);

/* at_pool_new - n_threads in all, the caller's included; 0 means one for each processor that the
   caller may run on, or fewer if it may not use all of their time (base/cgroup.h). The others keep
   off the processor that the caller is on, if there are enough. */
struct at_pool *at_pool_new(size_t n_threads);
void at_pool_free(struct at_pool *p); /* accepts NULL */

/* at_pool_size - number of slots; 1 for a NULL pool. */
size_t at_pool_size(const struct at_pool *p);

/* at_pool_run - fn(arg, i, slot) for i = 0..n_tasks-1; returns when all are done. NULL: in line. */
void at_pool_run(struct at_pool *p, size_t n_tasks, at_task_fn fn, void *arg);

#endif
