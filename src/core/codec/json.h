/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON (RFC 8259) into a tree in the caller's arena.  Refused: duplicate keys, bad or overlong UTF-8, lone
 * surrogates, U+0000, raw control characters, NaN and the like, a byte order mark, trailing text, nesting over
 * JSON_DEPTH_MAX.  Numbers keep their text; nothing is rounded. */
#ifndef CORE_CODEC_JSON_H
#define CORE_CODEC_JSON_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 64 };

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* One value.  Members of an array or object are a list in the order of the text. */
struct json {
    enum json_type type;
    const char *key; /* member of an object: its name, UTF-8, not NUL-terminated; otherwise NULL */
    size_t key_len;
    const char *text; /* string: unescaped UTF-8; number: its text as written; otherwise NULL */
    size_t text_len;
    const struct json *first; /* array or object: first member, or NULL */
    const struct json *next;  /* next member of the same parent, or NULL */
    size_t members_n;
};

/* Parses the whole of text.  The tree lives in the arena and points into the arena or into text, so text must outlive
 * it.  STATUS_MALFORMED (why says what and at which byte), STATUS_LIMIT for depth, STATUS_NO_MEMORY when the arena is
 * too small: 64 + text_len * 56 bytes are enough for every well-formed text.  Nothing of the arena stays in use then.
 */
must_check enum status json_parse(const struct json **root, struct arena *arena, const void *text, size_t text_len,
                                  struct reason *why);

/* Member of an object by name; NULL when object is NULL, is not an object, or has none. */
const struct json *json_get(const struct json *object, const char *name);

/* True when the value is a string equal to text. */
must_check bool json_is_text(const struct json *value, const char *text);

/* The value as an integer: STATUS_NOT_FOUND for NULL, STATUS_MALFORMED when it is no number without fraction and
 * exponent or does not fit; *out is 0 then. */
must_check enum status json_u64(uint64_t *out, const struct json *value);
must_check enum status json_i64(int64_t *out, const struct json *value);

/* The value as a double: correctly rounded; STATUS_MALFORMED when it is no number or overflows. */
must_check enum status json_double(double *out, const struct json *value);

/* STATUS_NOT_FOUND for NULL, STATUS_MALFORMED when it is neither true nor false. */
must_check enum status json_bool(bool *out, const struct json *value);

/* Copies a string and ends it with NUL; STATUS_LIMIT when it does not fit; out[0] is NUL then. */
must_check enum status json_copy_text(char *out, size_t out_capacity, const struct json *value);

/* A string of hex digits into exactly out_len bytes. */
must_check enum status json_hex(uint8_t *out, size_t out_len, const struct json *value);

/* A string of standard base64. */
must_check enum status json_base64(uint8_t *out, size_t out_capacity, size_t *out_len, const struct json *value);

/* STATUS_MALFORMED, with the first such name in why, when object has a member that names (NULL-terminated) lacks. */
must_check enum status json_only(const struct json *object, const char *const *names, struct reason *why);

#endif
