/* SPDX-License-Identifier: Apache-2.0 */
/* What a request wants, by method, path and content type alone: the gate does not look into bodies. */
#ifndef ENCLAVE_GATE_ROUTE_H
#define ENCLAVE_GATE_ROUTE_H

#include "core/base/status.h"
#include "core/codec/http_head.h"
#include "core/evidence/claims.h"
#include "enclave/message.h"
#include <stddef.h>
#include <stdint.h>

enum { GATE_BODY_MAX = 1 << 20 };

enum route_kind {
    ROUTE_UNKNOWN,
    ROUTE_WRONG_METHOD,
    ROUTE_WRONG_TYPE, /* content type */
    ROUTE_HEALTH,
    ROUTE_ATTESTATION,
    ROUTE_SCRIBE, /* with enum request_kind */
};

struct route {
    enum route_kind kind;
    enum request_kind request;
};

struct route route_of(const struct http_head *head);

/* Bytes of body that this request may have. */
size_t route_body_max(const struct http_head *head);

/* The query "nonce=" and 64 hexadecimal digits, and nothing else; STATUS_MALFORMED otherwise. */
must_check enum status route_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], const struct http_head *head);

#endif
