/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/json_writer.h"

#include "core/base/constant_time.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "core/codec/utf8.h"

#include <string.h>

void json_writer_init(struct json_writer *j, struct writer *out)
{
    memset(j, 0, sizeof *j);
    j->out = out;
    j->first = true;
}

static bool in_object(const struct json_writer *j)
{
    return j->depth != 0 && j->close[j->depth - 1] == '}';
}

/* A value follows: after a key, in an array, or once at the top. */
static void begin_value(struct json_writer *j)
{
    if (in_object(j) != j->after_key || (j->depth == 0 && !j->first))
        writer_fail(j->out, STATUS_BROKEN);
    if (!j->after_key && !j->first)
        writer_u8(j->out, ',');
    j->after_key = false;
    j->first = false;
}

static void open_level(struct json_writer *j, char open, char close)
{
    begin_value(j);
    writer_u8(j->out, (uint8_t)open);
    if (j->depth == JSON_WRITER_DEPTH_MAX) {
        writer_fail(j->out, STATUS_BROKEN);
        return;
    }
    j->close[j->depth++] = close;
    j->first = true;
}

void json_open_object(struct json_writer *j)
{
    open_level(j, '{', '}');
}

void json_open_array(struct json_writer *j)
{
    open_level(j, '[', ']');
}

void json_close(struct json_writer *j)
{
    if (j->depth == 0 || j->after_key) {
        writer_fail(j->out, STATUS_BROKEN);
        return;
    }
    writer_u8(j->out, (uint8_t)j->close[--j->depth]);
    j->first = false;
}

static void write_control(struct writer *out, uint8_t c)
{
    static const char plain[] = "\b\f\n\r\t", names[] = "bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *found = memchr(plain, c, sizeof plain - 1);
    writer_u8(out, '\\');
    if (found != NULL) {
        writer_u8(out, (uint8_t)names[found - plain]);
        return;
    }
    writer_text(out, "u00");
    writer_u8(out, (uint8_t)digits[c >> 4]);
    writer_u8(out, (uint8_t)digits[c & 15]);
}

/* RFC 8785 section 3.2.2.2: the shortest escape, and only where one is needed. */
static void write_string(struct writer *out, const uint8_t *bytes, size_t len)
{
    writer_u8(out, '"');
    for (size_t i = 0; i < len;) {
        size_t char_len = utf8_char_len(bytes + i, len - i);
        if (char_len == 0) {
            writer_fail(out, STATUS_MALFORMED);
            return;
        }
        if (bytes[i] < 0x20) {
            write_control(out, bytes[i]);
        } else {
            if (bytes[i] == '"' || bytes[i] == '\\')
                writer_u8(out, '\\');
            writer_bytes(out, bytes + i, char_len);
        }
        i += char_len;
    }
    writer_u8(out, '"');
}

void json_key(struct json_writer *j, const char *name)
{
    if (!in_object(j) || j->after_key)
        writer_fail(j->out, STATUS_BROKEN);
    if (!j->first)
        writer_u8(j->out, ',');
    write_string(j->out, (const uint8_t *)name, strlen(name));
    writer_u8(j->out, ':');
    j->after_key = true;
    j->first = false;
}

void json_text_len(struct json_writer *j, const void *text, size_t len)
{
    begin_value(j);
    write_string(j->out, text, len);
}

void json_text(struct json_writer *j, const char *text)
{
    json_text_len(j, text, strlen(text));
}

void json_number_u64(struct json_writer *j, uint64_t value)
{
    begin_value(j);
    writer_decimal(j->out, value);
}

void json_number_i64(struct json_writer *j, int64_t value)
{
    begin_value(j);
    if (value < 0)
        writer_u8(j->out, '-');
    writer_decimal(j->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_number_raw(struct json_writer *j, const char *text)
{
    begin_value(j);
    writer_text(j->out, text);
}

void json_bool_value(struct json_writer *j, bool value)
{
    begin_value(j);
    writer_text(j->out, value ? "true" : "false");
}

void json_null(struct json_writer *j)
{
    begin_value(j);
    writer_text(j->out, "null");
}

enum { PIECE_LEN = 48 }; /* a multiple of 3, so that base64 pads at the end only */

void json_hex_value(struct json_writer *j, const void *bytes, size_t len)
{
    char text[2 * PIECE_LEN + 1];
    begin_value(j);
    writer_u8(j->out, '"');
    for (size_t i = 0; i < len; i += PIECE_LEN) {
        size_t piece = len - i < PIECE_LEN ? len - i : PIECE_LEN;
        hex_write(text, (const uint8_t *)bytes + i, piece);
        writer_bytes(j->out, text, 2 * piece);
    }
    writer_u8(j->out, '"');
    wipe(text, sizeof text);
}

void json_base64_value(struct json_writer *j, const void *bytes, size_t len)
{
    char text[PIECE_LEN / 3 * 4 + 1];
    begin_value(j);
    writer_u8(j->out, '"');
    for (size_t i = 0; i < len; i += PIECE_LEN) {
        size_t piece = len - i < PIECE_LEN ? len - i : PIECE_LEN;
        base64_write(BASE64_STANDARD, text, (const uint8_t *)bytes + i, piece);
        writer_bytes(j->out, text, base64_text_len(BASE64_STANDARD, piece));
    }
    writer_u8(j->out, '"');
    wipe(text, sizeof text);
}

void json_put_text(struct json_writer *j, const char *name, const char *text)
{
    json_key(j, name);
    json_text(j, text);
}

void json_put_u64(struct json_writer *j, const char *name, uint64_t value)
{
    json_key(j, name);
    json_number_u64(j, value);
}

void json_put_bool(struct json_writer *j, const char *name, bool value)
{
    json_key(j, name);
    json_bool_value(j, value);
}

void json_put_hex(struct json_writer *j, const char *name, const void *bytes, size_t len)
{
    json_key(j, name);
    json_hex_value(j, bytes, len);
}

void json_put_base64(struct json_writer *j, const char *name, const void *bytes, size_t len)
{
    json_key(j, name);
    json_base64_value(j, bytes, len);
}

enum status json_writer_end(const struct json_writer *j)
{
    enum status status = writer_end(j->out);
    if (status != STATUS_OK)
        return status;
    return j->depth == 0 && !j->after_key && !j->first ? STATUS_OK : STATUS_BROKEN;
}
