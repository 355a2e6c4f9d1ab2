/* SPDX-License-Identifier: Apache-2.0 */
/* A request that only the enclave can read: chunked OHTTP to the key that the evidence vouches for, over a connection
 * that was verified. */
#ifndef CLIENT_PRIVATE_REQUEST_H
#define CLIENT_PRIVATE_REQUEST_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/evidence/keyset.h"
#include "sys/https_client.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct private_request {
    const char *method;
    const char *path;
    const void *body;
    size_t body_len;

    /* Content of the answer as it comes; false stops. */
    bool (*piece)(void *context, const uint8_t *bytes, size_t len);
    void *context;
};

/* *status_code: of the enclave's own answer.  STATUS_TRUNCATED when the answer was cut anywhere (its final chunk is
 * missing), STATUS_FORGED when a chunk was changed, STATUS_REFUSED when piece stopped it or the gate refused (why says
 * which), STATUS_NETWORK. */
must_check enum status private_request_send(struct https_client *client, const struct keyset *keyset,
                                            const struct private_request *request, unsigned *status_code,
                                            struct reason *why);

#endif
