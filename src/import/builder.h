/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a virtual GGUF file (version 3): keys and tensors in the order in which they are added.  The first failure
 * sticks and is told by builder_finish.  Format: the GGUF specification of the ggml project. */
#ifndef IMPORT_BUILDER_H
#define IMPORT_BUILDER_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/writer.h"
#include "engine/gguf.h"
#include "import/virtual_file.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct builder {
    struct arena *arena;
    struct writer keys, tensors;
    uint64_t keys_n, tensors_n;
    uint64_t alignment;               /* of tensors; 32 unless set right after builder_init */
    struct virtual_segment *segments; /* the first is kept for the metadata */
    size_t segments_n, segments_max;
    uint64_t data_len; /* of the tensors so far, padded */
    uint64_t filled;   /* where the next segment starts */
    enum status status;
};

/* Takes room for keys_len bytes of keys, tensors_max tensors and segments_max segments from arena. */
void builder_init(struct builder *b, struct arena *arena, size_t keys_len, size_t tensors_max, size_t segments_max);

/* Arena bytes that a builder with these bounds takes, builder_finish included. */
size_t builder_arena_len(size_t keys_len, size_t tensors_max, size_t segments_max);

/* A key and its value. */
void builder_u32(struct builder *b, const char *key, uint32_t value);
void builder_f32(struct builder *b, const char *key, float value);
void builder_bool(struct builder *b, const char *key, bool value);
void builder_text(struct builder *b, const char *key, const void *text, size_t len);

/* A value as it stands in another GGUF file. */
void builder_value(struct builder *b, const struct gguf_value *value);

/* Starts an array of n elements, which the caller adds with builder_element_text, or to b->keys. */
void builder_array(struct builder *b, const char *key, enum gguf_type element, uint64_t n);
void builder_element_text(struct builder *b, const void *text, size_t len);

/* A tensor of len bytes, which the segments added next fill: dimensions innermost first, type as in the file. */
void builder_tensor(struct builder *b, const void *name, size_t name_len, const uint64_t *dimensions,
                    uint32_t dimensions_n, uint32_t type, uint64_t len);

/* The next bytes of that tensor; at is set here. */
void builder_segment(struct builder *b, struct virtual_segment segment);

/* The file.  Its metadata was parsed again (engine/gguf.h).  *f lives in the arena; zeroed on error.  STATUS_MALFORMED:
 * a name twice; STATUS_LIMIT, STATUS_NO_MEMORY. */
must_check enum status builder_finish(struct virtual_file *f, struct builder *b, struct reason *why);

#endif
