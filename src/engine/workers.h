/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine asks for parallel work.  The engine has no threads of its own; the caller lends some. */
#ifndef ENGINE_WORKERS_H
#define ENGINE_WORKERS_H

#include <stddef.h>

enum { WORKERS_MAX = 256 };

struct workers {
    unsigned n; /* workers, the caller of run among them; 1 to WORKERS_MAX */
    void *context;
    /* Calls task(argument, worker, piece) once for each piece below pieces_n, each on some worker below n and never two
     * at once on the same worker, and returns when all have returned. */
    void (*run)(void *context, void (*task)(void *argument, unsigned worker, size_t piece), void *argument,
                size_t pieces_n);
};

/* Everything on the calling thread. */
struct workers workers_none(void);

#endif
