/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sort.h"

static void sift(uint32_t *heap, size_t root, size_t n, bool (*before)(const void *, uint32_t, uint32_t),
                 const void *context)
{
    uint32_t moving = heap[root];
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && before(context, heap[child], heap[child + 1]))
            child++;
        if (!before(context, moving, heap[child]))
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moving;
}

void sort_indices(uint32_t *indices, size_t n, bool (*before)(const void *context, uint32_t a, uint32_t b),
                  const void *context)
{
    for (size_t i = 0; i < n; i++)
        indices[i] = (uint32_t)i;
    for (size_t i = n / 2; i-- > 0;)
        sift(indices, i, n, before, context);
    for (size_t end = n; end > 1; end--) {
        uint32_t largest = indices[0];
        indices[0] = indices[end - 1];
        indices[end - 1] = largest;
        sift(indices, 0, end - 1, before, context);
    }
}
