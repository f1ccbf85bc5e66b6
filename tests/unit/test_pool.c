/*
 * test_pool.c - every task runs once, with a slot of its own, round after round.
 */
#define _GNU_SOURCE /* affinity */
#include "base/pool.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/attr.h"
#include "close.h"

enum { TASKS = 500 };

struct tally {
    atomic_int runs[TASKS];
    atomic_int in_slot[16]; /* tasks running there now */
    atomic_int shared_slot; /* times a slot was found taken */
    size_t n_slots;
};

static void count(void *arg, size_t task, size_t slot)
{
    struct tally *t = arg;

    if (slot >= t->n_slots || atomic_fetch_add(&t->in_slot[slot], 1) != 0)
        atomic_fetch_add(&t->shared_slot, 1);
    atomic_fetch_add(&t->runs[task], 1);
    atomic_fetch_sub(&t->in_slot[slot], 1);
}

static void run_rounds(struct at_pool *p, int rounds)
{
    static const size_t sizes[] = { TASKS, 0, 1, 2, 7 };

    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < AT_COUNTOF(sizes); i++) {
            struct tally *t = calloc(1, sizeof *t);
            assert_non_null(t);
            t->n_slots = at_pool_size(p);
            at_pool_run(p, sizes[i], count, t);
            for (size_t k = 0; k < TASKS; k++)
                assert_int_equal(t->runs[k], k < sizes[i]);
            assert_int_equal(t->shared_slot, 0);
            free(t);
        }
}

static void test_each_task_once(void **state)
{
    static const size_t threads[] = { 1, 2, 3, 8 };

    (void)state;
    for (size_t i = 0; i < AT_COUNTOF(threads); i++) {
        struct at_pool *p = at_pool_new(threads[i]);
        assert_int_equal(at_pool_size(p), threads[i]);
        run_rounds(p, 20);
        at_pool_free(p);
    }
}

static void test_without_a_pool(void **state)
{
    (void)state;
    assert_int_equal(at_pool_size(NULL), 1);
    run_rounds(NULL, 1);
    at_pool_free(NULL);
}

static void test_default_size_and_unused(void **state)
{
    struct at_pool *p = at_pool_new(0);

    (void)state;
    assert_true(at_pool_size(p) >= 1);
    at_pool_free(p); /* threads that never worked end too */
}

#ifdef __linux__
static cpu_set_t allowed(void)
{
    cpu_set_t set;

    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    return set;
}

static void test_default_size_is_what_is_allowed(void **state)
{
    cpu_set_t all = allowed(), one;
    int cpu = 0;

    (void)state;
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct at_pool *p = at_pool_new(0);
    assert_int_equal(at_pool_size(p), 1);
    at_pool_free(p);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    p = at_pool_new(0);
    assert_int_equal(at_pool_size(p), CPU_COUNT(&all));
    at_pool_free(p);
}

struct seen {
    size_t n_threads;
    atomic_size_t n_started;
    cpu_set_t *set; /* by slot */
};

/* Ends when every thread has a task: nobody has two. */
static void look(void *arg, size_t task, size_t slot)
{
    struct seen *seen = arg;

    (void)task;
    if (sched_getaffinity(0, sizeof *seen->set, &seen->set[slot]) != 0)
        CPU_ZERO(&seen->set[slot]);
    atomic_fetch_add(&seen->n_started, 1);
    while (seen->n_started < seen->n_threads)
        sched_yield();
}

/* The caller may go where it likes, the workers to so many of the same processors. */
static void check_workers(size_t n_threads, int n_processors)
{
    cpu_set_t all = allowed(), common;
    struct at_pool *p = at_pool_new(n_threads);
    struct seen seen = { n_threads, 0, calloc(n_threads, sizeof *seen.set) };

    assert_non_null(seen.set);
    assert_int_equal(at_pool_size(p), n_threads);
    at_pool_run(p, n_threads, look, &seen);
    assert_true(CPU_EQUAL(&seen.set[0], &all));
    for (size_t i = 1; i < n_threads; i++) {
        CPU_AND(&common, &all, &seen.set[i]);
        assert_true(CPU_EQUAL(&seen.set[i], &common));
        assert_int_equal(CPU_COUNT(&common), n_processors);
    }
    free(seen.set);
    at_pool_free(p);
}

static void test_workers_keep_off_the_callers_processor(void **state)
{
    cpu_set_t all = allowed();
    int n = CPU_COUNT(&all);

    (void)state;
    if (n == 1)
        skip();
    check_workers(2, n - 1);
    check_workers((size_t)n, n - 1);
    check_workers((size_t)n + 1, n); /* too many for that */
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_task_once),
        cmocka_unit_test(test_without_a_pool),
        cmocka_unit_test(test_default_size_and_unused),
#ifdef __linux__
        cmocka_unit_test(test_workers_keep_off_the_callers_processor),
        cmocka_unit_test(test_default_size_is_what_is_allowed),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
