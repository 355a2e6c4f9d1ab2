/* SPDX-License-Identifier: Apache-2.0 */
/* The weight types: how a row stands in a file and how 16 rows stand in memory.  A row is cut into units of a few
 * columns; a unit has fields (codes, high bits, scales); in memory each field of all units of a group of 16 rows is one
 * section, with the rows interleaved piece by piece.  Type numbers and units: the ggml project's GGUF types. */
#ifndef ENGINE_FORMAT_H
#define ENGINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FORMAT_ROWS = 16,   /* rows in a group, and lanes in every fixed sum */
    FORMAT_BLOCK = 32,  /* columns that share a scale of the input */
    FORMAT_SUPER = 256, /* columns in the longest unit, and in a chunk of quantised input */
    FORMAT_FIELDS_MAX = 5,
};

enum weight_type {
    WEIGHT_F32 = 0,
    WEIGHT_F16,
    WEIGHT_BF16,
    WEIGHT_Q4_0,
    WEIGHT_Q4_1,
    WEIGHT_Q5_0,
    WEIGHT_Q5_1,
    WEIGHT_Q8_0,
    WEIGHT_Q2_K,
    WEIGHT_Q3_K,
    WEIGHT_Q4_K,
    WEIGHT_Q5_K,
    WEIGHT_Q6_K,
    WEIGHT_Q8_K,
    WEIGHT_IQ4_NL,
    WEIGHT_IQ4_XS,
    WEIGHT_MXFP4,
    WEIGHT_TYPES_N,
};

/* How products read a type. */
enum weight_class {
    CLASS_FLOAT, /* F32, F16: f32 inputs */
    CLASS_BF16,  /* BF16 inputs */
    CLASS_CODES, /* whole numbers times a scale for each block: int8 inputs */
};

/* What a field's numbers are, for the check that they are finite and for unpacking. */
enum field_kind {
    FIELD_BITS,   /* codes, or whole-number scales: any value is good */
    FIELD_SIGNED, /* int8, kept as value + 128 */
    FIELD_F16,
    FIELD_BF16,
    FIELD_F32,
    FIELD_E8M0, /* power of two; 255 is NaN */
    FIELD_HIGH, /* 32 high bits of the columns in order, kept as 4 bytes whose bit i belongs to columns 4i.. 4i + 3 */
    FIELD_PACKED4, /* 12 bytes: 8 scales and 8 minima of 6 bits, kept as bytes [8][rows], [8][rows] */
    FIELD_PACKED3, /* 12 bytes: 16 scales of 6 bits, kept as int8 [16][rows] */
    FIELD_PACKEDX, /* 2 + 4 bytes: 8 scales of 6 bits, kept as int8 [8][rows] */
};

struct weight_field {
    enum field_kind kind;
    uint16_t at;    /* in the unit of the file */
    uint16_t len;   /* bytes of it in the file's unit */
    uint16_t piece; /* bytes of one row that stay together; divides len */
    uint16_t room;  /* bytes for each row and unit in memory; at least len */
};

struct weight_format {
    const char *name;
    uint32_t number; /* in a GGUF file */
    enum weight_class class;
    uint16_t unit_columns;
    uint16_t unit_len;   /* bytes in the file */
    uint16_t block;      /* CLASS_CODES: columns that share a weight scale, 16 or 32 */
    uint8_t code_max;    /* CLASS_CODES: the largest code; 255: all of a byte */
    uint8_t code_offset; /* CLASS_CODES: value = code - offset */
    bool has_min;        /* a minimum for each block is subtracted */
    uint8_t fields_n;
    struct weight_field fields[FORMAT_FIELDS_MAX];
};

/* The format of a type below WEIGHT_TYPES_N. */
const struct weight_format *format_of(enum weight_type type);

/* The type of that number in a GGUF file, or WEIGHT_TYPES_N. */
enum weight_type format_find(uint32_t number);

/* The name that GGUF gives a type number, known here or not; "unknown" otherwise. */
const char *format_number_name(uint32_t number);

#endif
