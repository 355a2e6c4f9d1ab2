/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/workers.h"

static void run_here(void *context, void (*task)(void *argument, unsigned worker, size_t piece), void *argument,
                     size_t pieces_n)
{
    (void)context;
    for (size_t piece = 0; piece < pieces_n; piece++)
        task(argument, 0, piece);
}

struct workers workers_none(void)
{
    return (struct workers){.n = 1, .context = NULL, .run = run_here};
}
