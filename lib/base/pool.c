/*
 * pool.c - see pool.h.
 *
 * A forward pass makes hundreds of short calls, so threads spin for a moment before they sleep:
 * waking one costs more than many of the products it would help with. A call ends when its tasks
 * are done, not when every worker has noticed it: one that the system keeps from running holds up
 * nobody unless it has a task in hand.
 */
#define _GNU_SOURCE /* affinity */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/cgroup.h"

enum { SPINS = 4000 }; /* about 100 microseconds */

struct at_pool {
    size_t n_threads;
    pthread_t *threads; /* n_threads - 1 */
    int caller_cpu;     /* that the workers keep off; -1 before the first call */
    /* The call in hand. Whoever takes a number above 0 from `left` owns task n_tasks - number, and
       then the other three stand still until that task is counted in `done`. */
    at_task_fn fn;
    void *arg;
    size_t n_tasks;
    _Atomic long long left; /* tasks not handed out; falls below 0 as workers find none */
    _Atomic size_t done;
    _Atomic bool is_closing;
    _Atomic size_t n_asleep; /* workers, and the caller when it waits for them */
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

struct worker {
    struct at_pool *pool;
    size_t slot;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool has_tasks(const struct at_pool *p)
{
    return atomic_load(&p->left) > 0 || atomic_load(&p->is_closing);
}

static bool is_done(const struct at_pool *p)
{
    return atomic_load(&p->done) == p->n_tasks;
}

/* Spin, then sleep, until the condition holds. */
static void wait_until(struct at_pool *p, bool (*holds)(const struct at_pool *p))
{
    for (int i = 0; i < SPINS; i++) {
        if (holds(p))
            return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->n_asleep, 1);
    while (!holds(p))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->n_asleep, 1);
    pthread_mutex_unlock(&p->lock);
}

/* After a change that somebody may wait for. A sleeper counts itself before it looks at the
   condition for the last time, so it either sees the change or is seen here. */
static void wake_sleepers(struct at_pool *p)
{
    if (atomic_load(&p->n_asleep) == 0)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

static void work(struct at_pool *p, size_t slot)
{
    long long number;

    while ((number = atomic_fetch_sub(&p->left, 1)) > 0) {
        size_t n = p->n_tasks;
        p->fn(p->arg, n - (size_t)number, slot);
        if (atomic_fetch_add(&p->done, 1) + 1 == n)
            wake_sleepers(p);
    }
}

static void *worker_main(void *arg)
{
    struct worker w = *(struct worker *)arg;

    free(arg);
    for (;;) {
        wait_until(w.pool, has_tasks);
        if (atomic_load(&w.pool->is_closing))
            return NULL;
        work(w.pool, w.slot);
    }
}

/* Processors that the calling thread may run on, or fewer if it may not use all of their time. */
static size_t count_processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = online > 0 ? (size_t)online : 1, granted = at_cgroup_processors("");
#ifdef __linux__
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        n = (size_t)CPU_COUNT(&allowed);
#endif
    return granted > 0 ? AT_MIN(n, granted) : n;
}

/* Leave the caller's processor to the caller. A worker that is woken while the others are busy for
   a moment would be put there, behind the caller, and stay for longer than a pass takes. */
static void keep_workers_off(struct at_pool *p)
{
#ifdef __linux__
    int cpu = sched_getcpu();
    cpu_set_t others;

    if (cpu == p->caller_cpu || sched_getaffinity(0, sizeof others, &others) != 0)
        return;
    p->caller_cpu = cpu;
    CPU_CLR(cpu, &others);
    if (p->n_threads - 1 > (size_t)CPU_COUNT(&others))
        return; /* they have to share: the caller's will be free when it waits for them */
    for (size_t i = 1; i < p->n_threads; i++)
        pthread_setaffinity_np(p->threads[i - 1], sizeof others, &others);
#else
    (void)p;
#endif
}

struct at_pool *at_pool_new(size_t n_threads)
{
    struct at_pool *p = at_calloc(1, sizeof *p);

    if (n_threads == 0)
        n_threads = count_processors();
    p->threads = at_calloc(n_threads, sizeof *p->threads);
    p->n_threads = 1;
    p->caller_cpu = -1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (size_t i = 1; i < n_threads; i++) {
        struct worker *w = at_malloc(1, sizeof *w);
        *w = (struct worker){ p, i };
        if (pthread_create(&p->threads[i - 1], NULL, worker_main, w) != 0) {
            free(w);
            break; /* fewer threads are slower, not wrong */
        }
        p->n_threads++;
    }
    return p;
}

void at_pool_free(struct at_pool *p)
{
    if (!p)
        return;
    atomic_store(&p->is_closing, true);
    wake_sleepers(p);
    for (size_t i = 1; i < p->n_threads; i++)
        pthread_join(p->threads[i - 1], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p);
}

size_t at_pool_size(const struct at_pool *p)
{
    return p ? p->n_threads : 1;
}

void at_pool_run(struct at_pool *p, size_t n_tasks, at_task_fn fn, void *arg)
{
    if (!p || p->n_threads == 1 || n_tasks < 2) {
        for (size_t i = 0; i < n_tasks; i++)
            fn(arg, i, 0);
        return;
    }
    keep_workers_off(p);
    p->fn = fn;
    p->arg = arg;
    p->n_tasks = n_tasks;
    atomic_store(&p->done, 0);
    atomic_store(&p->left, (long long)n_tasks);
    wake_sleepers(p);
    work(p, 0);
    wait_until(p, is_done);
}
