/* SPDX-License-Identifier: Apache-2.0 */
/* The leading part of a GGUF file (versions 2 and 3, little endian): key-value metadata and the tensor table.  The
 * bytes are hostile.  Format: the GGUF specification of the ggml project. */
#ifndef ENGINE_GGUF_H
#define ENGINE_GGUF_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GGUF_ENTRIES_MAX = 65536, /* of key-value pairs, and of tensors */
    GGUF_DIMENSIONS_MAX = 4,
    GGUF_NAME_MAX = 128, /* bytes of a key or a tensor name */
    GGUF_ALIGNMENT_MAX = 65536,
};

/* The types of metadata values, numbered as in the file. */
enum gguf_type {
    GGUF_U8 = 0,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

/* Bytes inside the file's leading part; not NUL-terminated. */
struct gguf_text {
    const uint8_t *bytes;
    size_t len;
};

struct gguf_value {
    struct gguf_text key;
    enum gguf_type type;    /* GGUF_ARRAY: an array of elements */
    enum gguf_type element; /* of an array; otherwise equal to type */
    uint64_t elements_n;    /* 1 unless an array */
    struct gguf_text bytes; /* the elements as they stand in the file, strings each with their 8-byte length */
};

struct gguf_tensor {
    struct gguf_text name;
    uint32_t dimensions_n;                    /* 1..4 */
    uint64_t dimensions[GGUF_DIMENSIONS_MAX]; /* innermost first, 1 where absent; none is 0 */
    uint32_t type;                            /* the ggml type number, not checked */
    uint64_t offset;                          /* from data_offset; a multiple of the alignment, not checked further */
};

struct gguf {
    uint32_t version;
    uint64_t alignment;
    uint64_t data_offset; /* from the start of the file to the tensor data, aligned */
    struct gguf_value *values;
    size_t values_n;
    struct gguf_tensor *tensors; /* in file order */
    size_t tensors_n;
    uint32_t *values_sorted; /* indices in the order of names */
    uint32_t *tensors_sorted;
};

/* How many leading bytes of a file hold no weights: everything up to the aligned start of the tensor data.  bytes are
 * the first bytes_len bytes of the file.
 * STATUS_TRUNCATED: more leading bytes are needed (or the file ends early); STATUS_MALFORMED; STATUS_UNSUPPORTED;
 * STATUS_LIMIT.  *meta_len is 0 unless STATUS_OK; it can exceed bytes_len by the padding before the data. */
must_check enum status gguf_meta_len(uint64_t *meta_len, const void *bytes, size_t bytes_len, struct reason *why);

/* Parses the leading part: meta_len >= the bytes up to the end of the tensor table.  Every text and value in *g points
 * into meta, which the caller keeps alive and unchanged as long as *g is used; tables are taken from a.  Names are
 * unique.  Does not look at tensor types, sizes or offsets beyond their alignment.
 * STATUS_TRUNCATED, STATUS_MALFORMED, STATUS_UNSUPPORTED, STATUS_LIMIT, STATUS_NO_MEMORY; *g is zeroed on error. */
must_check enum status gguf_parse(struct gguf *g, struct arena *a, const void *meta, size_t meta_len,
                                  struct reason *why);

/* The value or tensor of that name, or NULL. */
const struct gguf_value *gguf_value_find(const struct gguf *g, const char *key);
const struct gguf_tensor *gguf_tensor_find(const struct gguf *g, const char *name);

/* One value of the named key as a whole number (any integer type, not negative), a number or a text.  STATUS_NOT_FOUND:
 * no such key; STATUS_MALFORMED: another type, or out of range.  The output is zeroed on error. */
must_check enum status gguf_u64(uint64_t *out, const struct gguf *g, const char *key, struct reason *why);
must_check enum status gguf_f32(float *out, const struct gguf *g, const char *key, struct reason *why);
must_check enum status gguf_text(struct gguf_text *out, const struct gguf *g, const char *key, struct reason *why);
must_check enum status gguf_bool(bool *out, const struct gguf *g, const char *key, struct reason *why);

/* The array of the named key when its elements have that type. */
must_check enum status gguf_array(const struct gguf_value **out, const struct gguf *g, const char *key,
                                  enum gguf_type element, struct reason *why);

/* True when the text is exactly literal. */
bool gguf_text_is(struct gguf_text text, const char *literal);

#endif
