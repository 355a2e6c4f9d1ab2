/* SPDX-License-Identifier: Apache-2.0 */
/* Binary HTTP (RFC 9292): requests and responses of known and of indeterminate length, strict.  A message is a head
 * (framing, interim responses, control data, header fields) and then content, trailer fields and zero padding; trailers
 * and interim responses are checked and dropped.  Reads bytes from anyone. */
#ifndef CORE_OHTTP_BHTTP_H
#define CORE_OHTTP_BHTTP_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/codec/http_head.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BHTTP_HEAD_MAX = 16384, /* bytes */
    BHTTP_FIELDS_MAX = 64,
    BHTTP_INTERIM_MAX = 8,
};

struct bhttp_head {
    bool is_response;
    bool is_indeterminate;                       /* content comes in pieces of its own */
    struct http_text method;                     /* requests */
    struct http_text scheme;                     /* requests */
    struct http_text authority;                  /* requests: may be empty */
    struct http_text path;                       /* requests: path and query */
    unsigned status;                             /* responses: 200 to 599 */
    struct http_header fields[BHTTP_FIELDS_MAX]; /* names in lower case */
    size_t fields_n;
};

/* Parses the head at the front of bytes; *head_len is its length.  head points into bytes.  at_end: no more bytes
 * follow, so that a message cut after its control data has no fields (section 3.8).  STATUS_TRUNCATED when more bytes
 * are needed, STATUS_MALFORMED, STATUS_LIMIT (over the limits above); head is zeroed and *head_len 0 then. */
must_check enum status bhttp_head_parse(struct bhttp_head *head, size_t *head_len, const void *bytes, size_t len,
                                        bool at_end, struct reason *why);

/* The first field of that name, in lower case, or NULL. */
const struct http_text *bhttp_head_get(const struct bhttp_head *head, const char *name);

/* What follows a head, as it comes. */
enum bhttp_body_state {
    BHTTP_BODY_LEN, /* a varint: length of a content piece, or of the whole content */
    BHTTP_BODY_CONTENT,
    BHTTP_BODY_TRAILER_LEN, /* known length: of the trailer section */
    BHTTP_BODY_NAME_LEN,
    BHTTP_BODY_NAME,
    BHTTP_BODY_VALUE_LEN,
    BHTTP_BODY_VALUE,
    BHTTP_BODY_PADDING,
    BHTTP_BODY_FAILED,
};

struct bhttp_body {
    enum bhttp_body_state state;
    bool is_indeterminate;
    bool started;          /* content or trailers have a first byte that wants an end */
    uint64_t left;         /* bytes of the content piece, name or value to come */
    uint64_t trailer_left; /* known length: bytes of the trailer section to come */
    size_t trailers_len;   /* seen so far, of at most BHTTP_HEAD_MAX */
    uint8_t varint[8];
    size_t varint_len;
};

void bhttp_body_init(struct bhttp_body *b, bool is_indeterminate);

/* Takes bytes from the front: *taken of them (all, once the content is over), and *piece (in place; NULL and 0 when
 * none) is content among these.  Call again with the rest until it is empty.  STATUS_MALFORMED, for good. */
must_check enum status bhttp_body_parse(struct bhttp_body *b, size_t *taken, const uint8_t **piece, size_t *piece_len,
                                        const void *bytes, size_t len);

/* At the end of the message: STATUS_TRUNCATED when something had begun and is not whole. */
must_check enum status bhttp_body_end(const struct bhttp_body *b);

struct bhttp_message {
    struct bhttp_head head;
    const uint8_t *content;
    size_t content_len;
};

/* A whole message.  content points into bytes, or into the arena when it came in several pieces (never more than len
 * bytes of it).  Status as bhttp_head_parse, and STATUS_NO_MEMORY; message is zeroed then. */
must_check enum status bhttp_parse(struct bhttp_message *message, struct arena *arena, const void *bytes, size_t len,
                                   struct reason *why);

/* Writes the head; the writer fails with STATUS_USAGE for parts that bhttp_head_parse would refuse. */
void bhttp_head_write(struct writer *out, const struct bhttp_head *head);

/* After a known-length head: the whole content, and no trailers. */
void bhttp_content_write(struct writer *out, const void *content, size_t content_len);

/* After an indeterminate head: any number of pieces (an empty one writes nothing), then the end. */
void bhttp_piece_write(struct writer *out, const void *piece, size_t piece_len);
void bhttp_end_write(struct writer *out);

#endif
