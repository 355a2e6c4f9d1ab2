/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of threads that share out numbered pieces of work.  The calling thread works along; idle threads spin for a
 * short bounded time and then sleep on a futex. */
#ifndef SYS_WORKERS_H
#define SYS_WORKERS_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>

enum { WORKER_POOL_MAX = 256 };

struct worker_pool;

/* Starts n - 1 threads; n counts the caller, 1 to WORKER_POOL_MAX.  The pool is taken from the heap and given back by
 * worker_pool_close.  STATUS_USAGE, STATUS_NO_MEMORY, STATUS_IO; *pool is NULL on error. */
must_check enum status worker_pool_open(struct worker_pool **pool, unsigned n, struct reason *why);

/* Ends the threads; NULL is ignored.  Not while worker_pool_run runs. */
void worker_pool_close(struct worker_pool *pool);

unsigned worker_pool_n(const struct worker_pool *pool);

/* Calls task(argument, worker, piece) once for each piece below pieces_n and returns when all have returned; worker is
 * below n, 0 for the caller.  One caller at a time; a task must not call it.  Fits the `run` of the engine's
 * struct workers, with the pool as context. */
void worker_pool_run(void *pool, void (*task)(void *argument, unsigned worker, size_t piece), void *argument,
                     size_t pieces_n);

#endif
