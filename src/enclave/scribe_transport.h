/* SPDX-License-Identifier: Apache-2.0 */
/* How a request came and its answer goes: in plain TLS, or in OHTTP (RFC 9458), whole or in chunks.  Turns the body
 * that the gate passed on into a request, and the parts of an answer into messages for the gate. */
#ifndef ENCLAVE_SCRIBE_TRANSPORT_H
#define ENCLAVE_SCRIBE_TRANSPORT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/x25519.h"
#include "enclave/channel.h"
#include "enclave/message.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an answer that is not streamed: sealed and framed it is still below the gate's bound. */
enum { TRANSPORT_WHOLE_MAX = (4 << 20) - 4096 };

struct transport_ohttp;

struct transport {
    enum request_kind kind;
    uint64_t exchange;
    struct transport_ohttp *ohttp; /* NULL for plain TLS */
    bool begun;
    bool whole;       /* the gate or we keep the answer until its end */
    bool too_long;    /* such an answer is over TRANSPORT_WHOLE_MAX */
    size_t whole_len; /* of it so far */
};

/* The request inside; points into memory of the transport or of the body. */
struct transport_request {
    const char *method;
    size_t method_len;
    const char *path;
    size_t path_len;
    const uint8_t *body;
    size_t body_len;
};

/* The OHTTP key configuration (RFC 9458 section 3.1) for key. */
must_check enum status transport_key_config(uint8_t *out, size_t capacity, size_t *len,
                                            const struct x25519_private *key);

/* STATUS_FORGED, _MALFORMED, _TRUNCATED, _UNSUPPORTED: the client's fault, answer it in plain; others are ours.  body
 * is overwritten with plaintext. */
must_check enum status transport_open(struct transport *t, struct transport_request *request, enum request_kind kind,
                                      uint64_t exchange, const struct x25519_private *key, uint8_t *body,
                                      size_t body_len, struct reason *why);

/* Head, parts and end of the answer.  content: of the answer itself; what the gate is told follows from the kind.  An
 * answer that goes out whole and is longer than TRANSPORT_WHOLE_MAX is given up at its end, as by transport_abort. */
must_check enum status transport_begin(struct transport *t, struct channel *gate, unsigned status, enum content content,
                                       bool stream);
must_check enum status transport_send(struct transport *t, struct channel *gate, const void *bytes, size_t len);
must_check enum status transport_end(struct transport *t, struct channel *gate);

/* Gives up: the client sees a truncated answer, or, before transport_begin, a closed connection. */
must_check enum status transport_abort(struct transport *t, struct channel *gate);

void transport_wipe(struct transport *t);

#endif
