/* SPDX-License-Identifier: Apache-2.0 */
/* Content, trailers and padding as they come (RFC 9292 sections 3.6 to 3.8). */
#include "core/ohttp/bhttp.h"

#include "core/ohttp/bhttp_text.h"
#include "core/ohttp/varint.h"

#include <string.h>

void bhttp_body_init(struct bhttp_body *b, bool is_indeterminate)
{
    memset(b, 0, sizeof *b);
    b->state = BHTTP_BODY_LEN;
    b->is_indeterminate = is_indeterminate;
}

/* Where trailers go on after a field line: to the next one, or to the padding. */
static enum bhttp_body_state next_field(const struct bhttp_body *b)
{
    return b->is_indeterminate || b->trailer_left != 0 ? BHTTP_BODY_NAME_LEN : BHTTP_BODY_PADDING;
}

static enum bhttp_body_state after_content(const struct bhttp_body *b)
{
    return b->is_indeterminate ? BHTTP_BODY_NAME_LEN : BHTTP_BODY_TRAILER_LEN;
}

/* The state after a whole varint. */
static enum bhttp_body_state next_of_varint(struct bhttp_body *b, uint64_t value)
{
    b->left = value;
    switch (b->state) {
    case BHTTP_BODY_LEN: b->started = value != 0; return value == 0 ? after_content(b) : BHTTP_BODY_CONTENT;
    case BHTTP_BODY_TRAILER_LEN:
        b->trailer_left = value;
        if (value > BHTTP_HEAD_MAX)
            return BHTTP_BODY_FAILED;
        return next_field(b);
    case BHTTP_BODY_NAME_LEN:
        if (value == 0)
            return b->is_indeterminate ? BHTTP_BODY_PADDING : BHTTP_BODY_FAILED;
        b->started = true;
        return value > BHTTP_HEAD_MAX ? BHTTP_BODY_FAILED : BHTTP_BODY_NAME;
    case BHTTP_BODY_VALUE_LEN:
        if (value > BHTTP_HEAD_MAX)
            return BHTTP_BODY_FAILED;
        return value == 0 ? next_field(b) : BHTTP_BODY_VALUE;
    case BHTTP_BODY_CONTENT:
    case BHTTP_BODY_NAME:
    case BHTTP_BODY_VALUE:
    case BHTTP_BODY_PADDING:
    case BHTTP_BODY_FAILED: break;
    }
    return BHTTP_BODY_FAILED;
}

static enum bhttp_body_state next_of_varint_byte(struct bhttp_body *b, uint8_t byte)
{
    struct reader r;
    b->varint[b->varint_len++] = byte;
    if (b->varint_len < varint_len_of(b->varint[0]))
        return b->state;
    reader_init(&r, b->varint, b->varint_len);
    uint64_t value = varint_read(&r);
    b->varint_len = 0;
    return next_of_varint(b, value);
}

/* Bytes of trailers are counted against their section and against the limit. */
static bool count_trailer_byte(struct bhttp_body *b)
{
    if (!b->is_indeterminate && b->trailer_left-- == 0)
        return false;
    return ++b->trailers_len <= BHTTP_HEAD_MAX;
}

static enum bhttp_body_state next_state(struct bhttp_body *b, uint8_t byte)
{
    bool in_trailer = b->state == BHTTP_BODY_NAME_LEN || b->state == BHTTP_BODY_NAME ||
                      b->state == BHTTP_BODY_VALUE_LEN || b->state == BHTTP_BODY_VALUE;
    if (in_trailer && !count_trailer_byte(b))
        return BHTTP_BODY_FAILED;
    switch (b->state) {
    case BHTTP_BODY_LEN:
    case BHTTP_BODY_TRAILER_LEN:
    case BHTTP_BODY_NAME_LEN:
    case BHTTP_BODY_VALUE_LEN: return next_of_varint_byte(b, byte);
    case BHTTP_BODY_NAME:
        if (!bhttp_name_char(byte))
            return BHTTP_BODY_FAILED;
        return --b->left == 0 ? BHTTP_BODY_VALUE_LEN : BHTTP_BODY_NAME;
    case BHTTP_BODY_VALUE:
        if (!bhttp_value_char(byte))
            return BHTTP_BODY_FAILED;
        return --b->left == 0 ? next_field(b) : BHTTP_BODY_VALUE;
    case BHTTP_BODY_PADDING: return byte == 0 ? BHTTP_BODY_PADDING : BHTTP_BODY_FAILED;
    case BHTTP_BODY_CONTENT:
    case BHTTP_BODY_FAILED: break;
    }
    return BHTTP_BODY_FAILED;
}

enum status bhttp_body_parse(struct bhttp_body *b, size_t *taken, const uint8_t **piece, size_t *piece_len,
                             const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    size_t at = 0;
    *piece = NULL;
    *piece_len = 0;
    while (at < len && b->state != BHTTP_BODY_CONTENT && b->state != BHTTP_BODY_FAILED)
        b->state = next_state(b, byte[at++]);
    if (b->state == BHTTP_BODY_CONTENT && at < len) {
        *piece = byte + at;
        *piece_len = len - at < b->left ? len - at : (size_t)b->left;
        at += *piece_len;
        b->left -= *piece_len;
        if (b->left == 0)
            b->state = b->is_indeterminate ? BHTTP_BODY_LEN : BHTTP_BODY_TRAILER_LEN;
    }
    *taken = at;
    return b->state == BHTTP_BODY_FAILED ? STATUS_MALFORMED : STATUS_OK;
}

/* A message may be cut where everything that is missing would be empty (section 3.8): before the content begins, and
 * before the trailers begin.  Content in pieces has begun with its first piece and needs its end. */
enum status bhttp_body_end(const struct bhttp_body *b)
{
    switch (b->state) {
    case BHTTP_BODY_FAILED: return STATUS_MALFORMED;
    case BHTTP_BODY_PADDING: return STATUS_OK;
    case BHTTP_BODY_LEN: return b->varint_len == 0 && !b->started ? STATUS_OK : STATUS_TRUNCATED;
    case BHTTP_BODY_TRAILER_LEN: return b->varint_len == 0 ? STATUS_OK : STATUS_TRUNCATED;
    case BHTTP_BODY_NAME_LEN:
        return b->varint_len == 0 && b->is_indeterminate && !b->started ? STATUS_OK : STATUS_TRUNCATED;
    case BHTTP_BODY_CONTENT:
    case BHTTP_BODY_NAME:
    case BHTTP_BODY_VALUE_LEN:
    case BHTTP_BODY_VALUE: break;
    }
    return STATUS_TRUNCATED;
}
