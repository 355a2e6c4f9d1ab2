/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a chat answer (server-sent events): text for a person, the hash chain for the receipt, and the receipt
 * itself. */
#ifndef CLIENT_CHAT_STREAM_H
#define CLIENT_CHAT_STREAM_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hash.h"
#include "core/receipt/chain.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CHAT_STREAM_MAX = 64 << 20 }; /* bytes of one answer */

struct chat_stream {
    FILE *out;      /* text goes here as it comes; NULL: nowhere */
    bool escape;    /* control characters of the text are shown as '?', for a terminal */
    uint8_t *bytes; /* not yet a whole event; or, when the answer is no stream, all of it */
    size_t len, capacity;
    size_t total;
    struct receipt_chain chain;
    uint8_t *text; /* the whole text; owned */
    size_t text_len, text_capacity;
    uint8_t *receipt; /* one line with its newline; owned; NULL before it came */
    size_t receipt_len;
    bool done;
    enum status status;
    struct reason why;
};

void chat_stream_init(struct chat_stream *s, FILE *out, const uint8_t request_hash[static SHA256_LEN]);

/* Takes bytes of the answer; false when the stream is broken (status and why say how).  Fits private_request. */
bool chat_stream_take(void *stream, const uint8_t *bytes, size_t len);

/* STATUS_TRUNCATED unless receipt and end have come. */
must_check enum status chat_stream_end(struct chat_stream *s, struct reason *why);

void chat_stream_free(struct chat_stream *s);

#endif
