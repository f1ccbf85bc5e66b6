/*
 * pool.c - see pool.h.
 *
 * A forward pass makes hundreds of short calls, so workers spin for a moment before they sleep:
 * waking a sleeping thread costs more than many of the products it would help with.
 */
#define _DEFAULT_SOURCE
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

enum { SPINS = 4000 }; /* about 100 microseconds */

struct at_pool {
    size_t n_threads;
    pthread_t *threads; /* n_threads - 1 */
    at_task_fn fn;
    void *arg;
    size_t n_tasks;
    _Atomic size_t next;    /* next task to hand out */
    _Atomic size_t busy;    /* workers that have not finished this round */
    _Atomic unsigned round; /* counts calls; workers wait for it to change */
    _Atomic bool is_closing;
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

static void work(struct at_pool *p, size_t slot)
{
    size_t i;

    while ((i = atomic_fetch_add(&p->next, 1)) < p->n_tasks)
        p->fn(p->arg, i, slot);
}

static void wait_for_round(struct at_pool *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->round) != seen)
            return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->round) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg)
{
    struct worker w = *(struct worker *)arg;
    unsigned seen = 0;

    free(arg);
    for (;;) {
        wait_for_round(w.pool, seen);
        seen = atomic_load(&w.pool->round);
        if (atomic_load(&w.pool->is_closing))
            return NULL;
        work(w.pool, w.slot);
        atomic_fetch_sub(&w.pool->busy, 1);
    }
}

static void start_round(struct at_pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

struct at_pool *at_pool_new(size_t n_threads)
{
    struct at_pool *p = at_calloc(1, sizeof *p);
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (n_threads == 0)
        n_threads = online > 0 ? (size_t)online : 1;
    p->threads = at_calloc(n_threads, sizeof *p->threads);
    p->n_threads = 1;
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
    start_round(p);
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
    p->fn = fn;
    p->arg = arg;
    p->n_tasks = n_tasks;
    atomic_store(&p->next, 0);
    atomic_store(&p->busy, p->n_threads - 1);
    start_round(p);
    work(p, 0);
    for (int i = 0; atomic_load(&p->busy); i = AT_MIN(i + 1, SPINS))
        if (i < SPINS)
            relax();
        else
            sched_yield(); /* the others may be waiting for this very processor */
}
