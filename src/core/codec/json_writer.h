/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out, compact, into a struct writer.  Commas are placed by the writer; nesting errors make it fail with
 * STATUS_BROKEN.  Written objects are canonical (RFC 8785 for strings and integers) when the caller gives the keys in
 * order. */
#ifndef CORE_CODEC_JSON_WRITER_H
#define CORE_CODEC_JSON_WRITER_H

#include "core/base/status.h"
#include "core/base/writer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_WRITER_DEPTH_MAX = 16 };

struct json_writer {
    struct writer *out;
    size_t depth;
    char close[JSON_WRITER_DEPTH_MAX]; /* the character that ends each open level */
    bool first;                        /* nothing written at this level yet */
    bool after_key;
};

void json_writer_init(struct json_writer *j, struct writer *out);

void json_open_object(struct json_writer *j);
void json_open_array(struct json_writer *j);
void json_close(struct json_writer *j); /* whichever is open */

void json_key(struct json_writer *j, const char *name);

/* Values.  Text must be valid UTF-8 (the writer fails with STATUS_MALFORMED otherwise); control characters, '"' and
 * '\\' are escaped. */
void json_text(struct json_writer *j, const char *text);
void json_text_len(struct json_writer *j, const void *text, size_t len);
void json_number_u64(struct json_writer *j, uint64_t value);
void json_number_i64(struct json_writer *j, int64_t value);
void json_number_raw(struct json_writer *j, const char *text); /* a number's text of our own */
void json_bool_value(struct json_writer *j, bool value);
void json_null(struct json_writer *j);
void json_hex_value(struct json_writer *j, const void *bytes, size_t len);
void json_base64_value(struct json_writer *j, const void *bytes, size_t len);

/* Key and value in one call. */
void json_put_text(struct json_writer *j, const char *name, const char *text);
void json_put_u64(struct json_writer *j, const char *name, uint64_t value);
void json_put_bool(struct json_writer *j, const char *name, bool value);
void json_put_hex(struct json_writer *j, const char *name, const void *bytes, size_t len);
void json_put_base64(struct json_writer *j, const char *name, const void *bytes, size_t len);

/* STATUS_OK when everything fitted and every level is closed. */
must_check enum status json_writer_end(const struct json_writer *j);

#endif
