/* SPDX-License-Identifier: Apache-2.0 */
/* Time, as an argument for everything pure. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Seconds since 1970-01-01 UTC. */
uint64_t clock_unix_seconds(void);

/* Milliseconds and nanoseconds that never go back. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_ns(void);

#endif
