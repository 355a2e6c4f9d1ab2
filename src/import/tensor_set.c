/* SPDX-License-Identifier: Apache-2.0 */
#include "import/tensor_set.h"

#include "engine/sort.h"

#include <string.h>

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int compare_at(const struct source_tensor *tensors, uint32_t a, uint32_t b)
{
    return compare(tensors[a].tensor.name, tensors[a].tensor.name_len, tensors[b].tensor.name,
                   tensors[b].tensor.name_len);
}

static bool is_before(const void *context, uint32_t a, uint32_t b)
{
    return compare_at(context, a, b) < 0;
}

enum status tensor_set_join(struct tensor_set *set, struct arena *a, const struct safetensors *files, size_t files_n,
                            struct reason *why)
{
    size_t n = 0;
    *set = (struct tensor_set){0};
    for (size_t i = 0; i < files_n; i++)
        n += files[i].tensors_n;
    if (n > SAFETENSORS_TENSORS_MAX) {
        reason_set(why, "safetensors: more than 65536 tensors", NULL);
        return STATUS_LIMIT;
    }
    set->tensors = arena_take(a, n + 1, sizeof *set->tensors, _Alignof(struct source_tensor));
    set->sorted = arena_take(a, n + 1, sizeof *set->sorted, _Alignof(uint32_t));
    if (set->tensors == NULL || set->sorted == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < files_n; i++)
        for (size_t k = 0; k < files[i].tensors_n; k++)
            set->tensors[set->n++] = (struct source_tensor){files[i].tensors[k], (uint32_t)i, false};
    sort_indices(set->sorted, n, is_before, set->tensors);
    for (size_t i = 1; i < n; i++) {
        if (compare_at(set->tensors, set->sorted[i - 1], set->sorted[i]) != 0)
            continue;
        const struct safetensors_tensor *t = &set->tensors[set->sorted[i]].tensor;
        reason_set(why, "safetensors: two files hold tensor ", NULL);
        reason_add_quoted(why, t->name, t->name_len);
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

const struct source_tensor *tensor_set_use(struct tensor_set *set, const char *name, size_t len)
{
    size_t low = 0;
    size_t high = set->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct source_tensor *t = &set->tensors[set->sorted[middle]];
        int order = compare(t->tensor.name, t->tensor.name_len, name, len);
        if (order == 0) {
            t->used = true;
            return t;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
