/* SPDX-License-Identifier: Apache-2.0 */
/* Heap sort of indices: in place, n log n for any input. */
#ifndef ENGINE_SORT_H
#define ENGINE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets indices to a permutation of 0..n-1 in the order of before(context, a, b); n is below 2^32. */
void sort_indices(uint32_t *indices, size_t n, bool (*before)(const void *context, uint32_t a, uint32_t b),
                  const void *context);

#endif
