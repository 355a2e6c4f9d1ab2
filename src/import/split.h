/* SPDX-License-Identifier: Apache-2.0 */
/* A GGUF model in several files, joined into one: the keys of the first part without split.*, the tensors of all parts
 * in order.  spec/import.md, IMP-10 to IMP-12. */
#ifndef IMPORT_SPLIT_H
#define IMPORT_SPLIT_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/virtual_file.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPLIT_PARTS_MAX = 1024 };

/* The leading part of one file, as engine/gguf.h wants it. */
struct split_part {
    const uint8_t *meta;
    size_t meta_len;
    uint64_t file_len;
};

/* The number (from 1) and count of parts that the name of a file tells, NAME-00001-of-00003.gguf; false: none. */
bool split_name_read(const char *name, uint32_t *number, uint32_t *count);

/* Writes number as five digits over those that end at stem_len + 6 of such a name; name: the whole path. */
void split_name_set(char *name, size_t len, uint32_t number);

/* Joins parts[0..parts_n) in the order of their names; part i is source i of the file.  *f lives in a, which takes
 * split_arena_len bytes at most; it points to no part's metadata.
 * STATUS_MALFORMED, _TRUNCATED, _UNSUPPORTED, _LIMIT, _NO_MEMORY. */
must_check enum status split_join(struct virtual_file *f, struct arena *a, const struct split_part *parts,
                                  size_t parts_n, struct reason *why);

size_t split_arena_len(const struct split_part *parts, size_t parts_n);

#endif
