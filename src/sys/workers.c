/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/workers.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SPINS = 500,        /* 10 to 30 microseconds: pause takes 40 to 140 cycles */
    ALONE_MIN = 4,      /* times as long as a thread was held up, the caller works by itself */
    ALONE_MAX = 64,     /* ... when that goes on */
    HELD_UP = 400000,   /* cycles of waiting that are never called held up */
    HELD_MAX = 1 << 26, /* more are counted as these */
};

/* job is even while a job may be worked on and odd while its fields change.  A thread works only between raising inside
 * and lowering it, and only if it finds job unchanged after raising it; the caller makes job odd before it waits for
 * inside to be 0.  So no thread ever sees fields of two jobs. */
struct worker_pool {
    _Atomic uint32_t job;      /* futex: threads wait for it to change */
    _Atomic uint32_t sleeping; /* threads in futex_wait on job */
    _Atomic uint64_t next;
    _Atomic uint32_t pieces_left; /* futex: the caller waits for 0 */
    _Atomic uint32_t caller_sleeps;
    _Atomic bool ending;
    _Atomic uint32_t inside; /* threads that may still read the fields below */
    void (*task)(void *argument, unsigned worker, size_t piece);
    void *argument;
    uint32_t pieces_n;
    unsigned n;
    uint64_t alone_until; /* cycles: the caller works by itself until then */
    uint64_t alone_len;   /* how long that was */
    unsigned alone_times; /* ALONE_MIN to ALONE_MAX, the next time */
    struct worker {
        struct worker_pool *pool;
        pthread_t thread;
        unsigned index;
    } workers[WORKER_POOL_MAX];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int n)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static void relax(void)
{
    __builtin_ia32_pause();
}

/* Takes pieces of the job until none is left. */
static void work(struct worker_pool *p, unsigned worker)
{
    for (;;) {
        uint64_t piece = atomic_fetch_add(&p->next, 1);
        if (piece >= p->pieces_n)
            return;
        p->task(p->argument, worker, (size_t)piece);
        if (atomic_fetch_sub(&p->pieces_left, 1) == 1 && atomic_load(&p->caller_sleeps) != 0)
            futex_wake(&p->pieces_left, 1);
    }
}

static bool is_new(uint32_t job, uint32_t seen)
{
    return job != seen && job % 2 == 0;
}

static uint32_t await_job(struct worker_pool *p, uint32_t seen)
{
    uint32_t job = seen;
    for (unsigned i = 0; i < SPINS; i++) {
        job = atomic_load(&p->job);
        if (is_new(job, seen))
            return job;
        relax();
    }
    atomic_fetch_add(&p->sleeping, 1);
    for (job = atomic_load(&p->job); !is_new(job, seen); job = atomic_load(&p->job))
        futex_wait(&p->job, job);
    atomic_fetch_sub(&p->sleeping, 1);
    return job;
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    struct worker_pool *p = w->pool;
    uint32_t seen = 0;
    for (;;) {
        seen = await_job(p, seen);
        if (atomic_load(&p->ending))
            return NULL;
        atomic_fetch_add(&p->inside, 1);
        if (atomic_load(&p->job) == seen)
            work(p, w->index);
        atomic_fetch_sub(&p->inside, 1);
    }
}

static void await_outside(struct worker_pool *p)
{
    for (unsigned i = 0; atomic_load(&p->inside) != 0; i++) {
        if (i < SPINS)
            relax();
        else
            sched_yield();
    }
}

static void await_pieces(struct worker_pool *p)
{
    uint32_t left;
    for (unsigned i = 0; i < SPINS; i++) {
        if (atomic_load(&p->pieces_left) == 0)
            return;
        relax();
    }
    atomic_store(&p->caller_sleeps, 1);
    while ((left = atomic_load(&p->pieces_left)) != 0)
        futex_wait(&p->pieces_left, left);
    atomic_store(&p->caller_sleeps, 0);
}

/* A thread that a busy neighbour on its processor holds up with a piece in hand costs a time slice, again and again.
 * When the wait for the others was longer than half of the caller's own work, the caller works alone for some times as
 * long as it waited, and for twice as many times if it happens again within as long as it was alone. */
static void judge(struct worker_pool *p, uint64_t start, uint64_t middle, uint64_t end)
{
    uint64_t waited = end - middle < HELD_MAX ? end - middle : HELD_MAX;
    if (waited > HELD_UP && end - middle > (middle - start) / 2) {
        bool again = end - p->alone_until < p->alone_len;
        p->alone_times = !again ? ALONE_MIN : p->alone_times < ALONE_MAX ? 2 * p->alone_times : ALONE_MAX;
        p->alone_len = waited * p->alone_times;
        p->alone_until = end + p->alone_len;
    }
}

/* Whether the caller does this job by itself.  A counter of cycles that jumped, as when a machine is moved, ends it. */
static bool alone(const struct worker_pool *p, size_t pieces_n)
{
    if (p->n == 1 || pieces_n <= 1 || pieces_n > UINT32_MAX / 2)
        return true;
    return p->alone_until - __builtin_ia32_rdtsc() < p->alone_len;
}

void worker_pool_run(void *pool, void (*task)(void *argument, unsigned worker, size_t piece), void *argument,
                     size_t pieces_n)
{
    struct worker_pool *p = pool;
    if (alone(p, pieces_n)) {
        for (size_t piece = 0; piece < pieces_n; piece++)
            task(argument, 0, piece);
        return;
    }
    atomic_fetch_add(&p->job, 1);
    await_outside(p);
    p->task = task;
    p->argument = argument;
    p->pieces_n = (uint32_t)pieces_n;
    atomic_store(&p->pieces_left, (uint32_t)pieces_n);
    atomic_store(&p->next, 0);
    atomic_fetch_add(&p->job, 1);
    if (atomic_load(&p->sleeping) != 0)
        futex_wake(&p->job, (int)p->n);
    uint64_t start = __builtin_ia32_rdtsc();
    work(p, 0);
    uint64_t middle = __builtin_ia32_rdtsc();
    await_pieces(p);
    judge(p, start, middle, __builtin_ia32_rdtsc());
}

enum status worker_pool_open(struct worker_pool **pool, unsigned n, struct reason *why)
{
    *pool = NULL;
    if (n == 0 || n > WORKER_POOL_MAX) {
        reason_set(why, "workers: the number of threads is not 1 to 256", NULL);
        return STATUS_USAGE;
    }
    struct worker_pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        reason_set(why, "workers: no memory", NULL);
        return STATUS_NO_MEMORY;
    }
    p->n = 1;
    for (unsigned i = 1; i < n; i++) {
        p->workers[i] = (struct worker){.pool = p, .index = i};
        if (pthread_create(&p->workers[i].thread, NULL, worker_main, &p->workers[i]) != 0) {
            reason_set(why, "workers: cannot start a thread", NULL);
            worker_pool_close(p);
            return STATUS_IO;
        }
        p->n = i + 1;
    }
    *pool = p;
    return STATUS_OK;
}

void worker_pool_close(struct worker_pool *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->ending, true);
    atomic_fetch_add(&pool->job, 2);
    futex_wake(&pool->job, (int)pool->n);
    for (unsigned i = 1; i < pool->n; i++)
        pthread_join(pool->workers[i].thread, NULL);
    free(pool);
}

unsigned worker_pool_n(const struct worker_pool *pool)
{
    return pool->n;
}
