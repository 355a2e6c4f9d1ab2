/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental decoder of the chunked transfer coding (RFC 9112 section 7.1), strict: a size is 1 to 8 hexadecimal
 * digits, no extensions, no trailer fields, CRLF only.  Reads bytes from anyone; copies nothing. */
#ifndef CORE_CODEC_HTTP_CHUNKED_H
#define CORE_CODEC_HTTP_CHUNKED_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_chunked_state {
    HTTP_CHUNKED_SIZE = 0,
    HTTP_CHUNKED_SIZE_LF,
    HTTP_CHUNKED_DATA,
    HTTP_CHUNKED_DATA_CR,
    HTTP_CHUNKED_DATA_LF,
    HTTP_CHUNKED_END_CR,
    HTTP_CHUNKED_END_LF,
    HTTP_CHUNKED_DONE,
    HTTP_CHUNKED_FAILED,
};

struct http_chunked {
    enum http_chunked_state state;
    uint32_t left;     /* bytes of this chunk's data not seen yet */
    unsigned digits_n; /* of the size being read */
};

void http_chunked_init(struct http_chunked *c);

/* Takes bytes from the front of the len at bytes: *taken of them, and *piece (in place, *piece_len bytes, NULL and 0
 * when none) is body data among these.  Call again with the rest until it is empty or http_chunked_done.  Takes nothing
 * after the end, so what follows belongs to the next message.  STATUS_MALFORMED, for good, when the coding is broken.
 */
must_check enum status http_chunked_parse(struct http_chunked *c, size_t *taken, const uint8_t **piece,
                                          size_t *piece_len, const void *bytes, size_t len);

/* True once the last chunk and its empty line were taken; a stream that ends before is truncated. */
must_check bool http_chunked_done(const struct http_chunked *c);

enum { HTTP_CHUNK_HEAD_MAX = 10 }; /* 8 digits, CR, LF */

/* Writes the line before a chunk of data_len (1 to 2^32 - 1) bytes and returns its length; data and CRLF follow. */
size_t http_chunked_write_head(char out[static HTTP_CHUNK_HEAD_MAX], uint32_t data_len);

#endif
