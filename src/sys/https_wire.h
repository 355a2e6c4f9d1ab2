/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS connection of the client with deadlines on every step; private to https_client.c and https_wire.c. */
#ifndef SYS_HTTPS_WIRE_H
#define SYS_HTTPS_WIRE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

struct https_wire {
    int fd; /* non-blocking, or -1 */
    SSL_CTX *tls;
    SSL *ssl;
};

/* TCP to host:port, then the TLS handshake, by end_ms of the monotonic clock.  After a failure too the wire is closed
 * with https_wire_close. */
must_check enum status https_wire_open(struct https_wire *w, const char *host, uint16_t port, uint64_t end_ms,
                                       struct reason *why);

must_check enum status https_wire_write(struct https_wire *w, const void *bytes, size_t len, uint64_t end_ms,
                                        struct reason *why);

/* At least one byte; *len 0 when the peer ended the connection in order (TLS close_notify). */
must_check enum status https_wire_read(struct https_wire *w, void *out, size_t *len, size_t capacity, uint64_t end_ms,
                                       struct reason *why);

void https_wire_close(struct https_wire *w);

#endif
