/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/http_chunked.h"

enum { SIZE_DIGITS_MAX = 8 }; /* 32 bits, so that the size cannot overflow */

void http_chunked_init(struct http_chunked *c)
{
    c->state = HTTP_CHUNKED_SIZE;
    c->left = 0;
    c->digits_n = 0;
}

/* One character of a size line. */
static enum http_chunked_state next_of_size(struct http_chunked *c, uint8_t byte)
{
    uint32_t digit;
    uint8_t lower = byte | 0x20;
    if (byte == '\r' && c->digits_n != 0)
        return HTTP_CHUNKED_SIZE_LF;
    if (byte >= '0' && byte <= '9')
        digit = (uint32_t)(byte - '0');
    else if (lower >= 'a' && lower <= 'f')
        digit = (uint32_t)(lower - 'a' + 10);
    else
        return HTTP_CHUNKED_FAILED;
    if (c->digits_n == SIZE_DIGITS_MAX)
        return HTTP_CHUNKED_FAILED;
    c->digits_n++;
    c->left = c->left << 4 | digit;
    return HTTP_CHUNKED_SIZE;
}

/* The state after a byte that is not data. */
static enum http_chunked_state next_state(struct http_chunked *c, uint8_t byte)
{
    switch (c->state) {
    case HTTP_CHUNKED_SIZE: return next_of_size(c, byte);
    case HTTP_CHUNKED_SIZE_LF:
        c->digits_n = 0;
        if (byte != '\n')
            return HTTP_CHUNKED_FAILED;
        return c->left == 0 ? HTTP_CHUNKED_END_CR : HTTP_CHUNKED_DATA;
    case HTTP_CHUNKED_DATA_CR: return byte == '\r' ? HTTP_CHUNKED_DATA_LF : HTTP_CHUNKED_FAILED;
    case HTTP_CHUNKED_DATA_LF: return byte == '\n' ? HTTP_CHUNKED_SIZE : HTTP_CHUNKED_FAILED;
    case HTTP_CHUNKED_END_CR: return byte == '\r' ? HTTP_CHUNKED_END_LF : HTTP_CHUNKED_FAILED;
    case HTTP_CHUNKED_END_LF: return byte == '\n' ? HTTP_CHUNKED_DONE : HTTP_CHUNKED_FAILED;
    case HTTP_CHUNKED_DATA:
    case HTTP_CHUNKED_DONE:
    case HTTP_CHUNKED_FAILED: break;
    }
    return HTTP_CHUNKED_FAILED;
}

enum status http_chunked_parse(struct http_chunked *c, size_t *taken, const uint8_t **piece, size_t *piece_len,
                               const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    size_t at = 0;
    *piece = NULL;
    *piece_len = 0;
    while (at < len && c->state != HTTP_CHUNKED_DATA && c->state != HTTP_CHUNKED_DONE &&
           c->state != HTTP_CHUNKED_FAILED)
        c->state = next_state(c, byte[at++]);
    if (c->state == HTTP_CHUNKED_DATA && at < len) {
        *piece = byte + at;
        *piece_len = len - at < c->left ? len - at : c->left;
        at += *piece_len;
        c->left -= (uint32_t)*piece_len;
        if (c->left == 0)
            c->state = HTTP_CHUNKED_DATA_CR;
    }
    *taken = at;
    return c->state == HTTP_CHUNKED_FAILED ? STATUS_MALFORMED : STATUS_OK;
}

bool http_chunked_done(const struct http_chunked *c)
{
    return c->state == HTTP_CHUNKED_DONE;
}

size_t http_chunked_write_head(char out[static HTTP_CHUNK_HEAD_MAX], uint32_t data_len)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    int shift = 28;
    while (shift > 0 && data_len >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        out[len++] = digits[data_len >> shift & 15];
    out[len++] = '\r';
    out[len++] = '\n';
    return len;
}
