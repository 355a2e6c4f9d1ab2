/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on secrets: no branch and no address depends on the bytes. */
#ifndef CORE_BASE_CONSTANT_TIME_H
#define CORE_BASE_CONSTANT_TIME_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>

/* True when the len bytes at a and b are equal; the time depends on len alone. */
must_check bool constant_time_equal(const void *a, const void *b, size_t len);

/* Overwrites len bytes with zero; the compiler cannot drop it. */
void wipe(void *bytes, size_t len);

#endif
