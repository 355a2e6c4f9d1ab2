/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of all files of a safetensors folder, found by name; who finds one has used it. */
#ifndef IMPORT_TENSOR_SET_H
#define IMPORT_TENSOR_SET_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/safetensors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_tensor {
    struct safetensors_tensor tensor;
    uint32_t source; /* number of the file */
    bool used;
};

struct tensor_set {
    struct source_tensor *tensors;
    size_t n;
    uint32_t *sorted; /* by name */
};

/* Joins the tables of files[0..files_n); names point where they did.  STATUS_MALFORMED: one name in two files;
 * STATUS_LIMIT, STATUS_NO_MEMORY.  128 bytes from a for each tensor. */
must_check enum status tensor_set_join(struct tensor_set *set, struct arena *a, const struct safetensors *files,
                                       size_t files_n, struct reason *why);

/* The tensor of that name, now used; NULL when there is none. */
const struct source_tensor *tensor_set_use(struct tensor_set *set, const char *name, size_t len);

#endif
