/* SPDX-License-Identifier: Apache-2.0 */
/* A small blocking HTTPS client: TLS 1.3, HTTP/1.1, the server known by the SHA-256 of its key (SPKI), not by a
 * certificate authority.  Every call ends by its deadline. */
#ifndef SYS_HTTPS_CLIENT_H
#define SYS_HTTPS_CLIENT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/http_head.h"
#include "sys/tls_identity.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct https_url {
    char host[256];  /* without brackets */
    uint16_t port;   /* 443 when the text has none */
    char path[2048]; /* path and query; starts with '/' */
};

/* "https://host[:port][/path]" and nothing else: no user, no fragment, ASCII.  STATUS_USAGE otherwise. */
must_check enum status https_url_parse(struct https_url *url, const char *text, struct reason *why);

/* The client's connection; not shared between threads. */
struct https_client;

enum https_trust {
    HTTPS_TRUST_PINNED,  /* the key must hash to the given value */
    HTTPS_TRUST_NOTHING, /* any key: the caller checks https_client_spki against evidence before it sends a secret */
};

/* Connects and shakes hands within deadline_ms.  pin: SHA-256 of the server's SPKI for HTTPS_TRUST_PINNED, else NULL.
 * Numeric hosts need no resolver.  The process ignores SIGPIPE from then on.  STATUS_NETWORK; STATUS_FORGED when the
 * key is another one than pinned; STATUS_USAGE for trust and pin that do not fit. */
must_check enum status https_client_open(struct https_client **client, const char *host, uint16_t port,
                                         enum https_trust trust, const uint8_t *pin, uint32_t deadline_ms,
                                         struct reason *why);

/* The key that the server proved to hold in this connection. */
const uint8_t *https_client_spki(const struct https_client *client, size_t *spki_len);
const uint8_t *https_client_spki_sha256(const struct https_client *client); /* SHA256_LEN bytes */

struct https_call {
    const char *method;
    const char *path;           /* path and query, as in https_url */
    const char *const *headers; /* name, value, ..., NULL; Host and Content-Length are set by the client; or NULL */
    const void *body;
    size_t body_len;
    uint32_t deadline_ms; /* for the whole exchange */
    uint32_t silence_ms;  /* longest wait for the next byte */

    /* Where the body of the response goes: to body_out, up to body_capacity bytes, when piece is NULL; otherwise to
     * piece, as it comes, which returns false to stop. */
    uint8_t *body_out;
    size_t body_capacity;
    bool (*piece)(void *context, const struct http_head *head, const uint8_t *bytes, size_t len);
    void *context;
};

struct https_reply {
    const struct http_head *head; /* within the client, until its next request or close */
    size_t body_len;              /* also counted when the pieces went to a callback */
};

/* One request and its response; any HTTP status is STATUS_OK here.  STATUS_LIMIT when the body passes body_capacity;
 * STATUS_REFUSED when piece stopped it; STATUS_TRUNCATED when the connection ended within the response; STATUS_NETWORK
 * for other failures and deadlines; STATUS_MALFORMED for a response that is not HTTP.  After a failure the connection
 * cannot be used again. */
must_check enum status https_client_request(struct https_client *client, struct https_reply *reply,
                                            const struct https_call *call, struct reason *why);

/* True when another request can be sent on this connection. */
must_check bool https_client_usable(const struct https_client *client);

/* Says goodbye and frees; accepts NULL. */
void https_client_close(struct https_client *client);

#endif
