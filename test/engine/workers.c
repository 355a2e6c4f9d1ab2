/* SPDX-License-Identifier: Apache-2.0 */
/* The pool runs each piece once, on a worker it may use, for many short jobs in a row. */
#include "tap.h"

#include "sys/workers.h"

#include <stdatomic.h>

enum { PIECES_MAX = 64, JOBS = 3000 };

struct job {
    _Atomic unsigned times[PIECES_MAX];
    _Atomic unsigned busy[WORKER_POOL_MAX];
    _Atomic bool wrong;
    unsigned n;
};

static void task(void *argument, unsigned worker, size_t piece)
{
    struct job *j = argument;
    if (worker >= j->n || piece >= PIECES_MAX || atomic_fetch_add(&j->busy[worker % WORKER_POOL_MAX], 1) != 0)
        atomic_store(&j->wrong, true);
    atomic_fetch_add(&j->times[piece % PIECES_MAX], 1);
    atomic_fetch_sub(&j->busy[worker % WORKER_POOL_MAX], 1);
}

static void test_pool(unsigned threads)
{
    struct worker_pool *pool;
    struct reason why;
    bool once = true;
    if (!check(worker_pool_open(&pool, threads, &why) == STATUS_OK, "a pool of %u", threads))
        return;
    for (unsigned i = 0; i < JOBS; i++) {
        struct job j = {.n = worker_pool_n(pool)};
        size_t pieces = i % (PIECES_MAX + 1);
        worker_pool_run(pool, task, &j, pieces);
        for (size_t k = 0; k < PIECES_MAX; k++)
            once = once && atomic_load(&j.times[k]) == (k < pieces);
        once = once && !atomic_load(&j.wrong);
        if (i % 500 == 499)
            usleep(2000); /* long enough to fall asleep */
    }
    check(once, "%u threads: %d jobs, each piece once", threads, JOBS);
    worker_pool_close(pool);
}

int main(void)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    struct worker_pool *pool;
    struct reason why;
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
        test_pool(threads[i]);
    check(worker_pool_open(&pool, 0, &why) == STATUS_USAGE && pool == NULL, "no threads: %s", why.text);
    check(worker_pool_open(&pool, WORKER_POOL_MAX + 1, &why) == STATUS_USAGE && pool == NULL, "too many threads");
    worker_pool_close(NULL);
    return tap_done();
}
