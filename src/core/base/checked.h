/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on sizes that come from outside: every function is true when the result fits and is in *out;
 * on overflow it is false and *out is 0. */
#ifndef CORE_BASE_CHECKED_H
#define CORE_BASE_CHECKED_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline must_check bool checked_add_u64(uint64_t *out, uint64_t a, uint64_t b)
{
    bool fits = !__builtin_add_overflow(a, b, out);
    if (!fits)
        *out = 0;
    return fits;
}

static inline must_check bool checked_mul_u64(uint64_t *out, uint64_t a, uint64_t b)
{
    bool fits = !__builtin_mul_overflow(a, b, out);
    if (!fits)
        *out = 0;
    return fits;
}

static inline must_check bool checked_add_size(size_t *out, size_t a, size_t b)
{
    bool fits = !__builtin_add_overflow(a, b, out);
    if (!fits)
        *out = 0;
    return fits;
}

static inline must_check bool checked_mul_size(size_t *out, size_t a, size_t b)
{
    bool fits = !__builtin_mul_overflow(a, b, out);
    if (!fits)
        *out = 0;
    return fits;
}

/* Rounds value up to a multiple of unit (unit > 0). */
static inline must_check bool checked_round_up_u64(uint64_t *out, uint64_t value, uint64_t unit)
{
    uint64_t padded;
    if (!checked_add_u64(&padded, value, unit - 1)) {
        *out = 0;
        return false;
    }
    *out = padded - padded % unit;
    return true;
}

#endif
