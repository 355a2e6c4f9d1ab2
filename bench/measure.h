/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks of the engine share: the clock, the median, and an end when something fails. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "core/base/reason.h"
#include "core/base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds, from any start. */
static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void must(enum status status, const struct reason *why)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s: %s\n", status_name(status), why->text);
    exit(1);
}

static inline int measure_order(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values. */
static inline double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, measure_order);
    return values[n / 2];
}

#endif
