/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the HTTPS server and the server's own state; private to https_server.c, https_connection.c and
 * https_answer.c.
 * Only event callbacks free a connection; a function that the application calls marks it doomed and wakes its timer. */
#ifndef SYS_HTTPS_CONNECTION_H
#define SYS_HTTPS_CONNECTION_H

#include "core/codec/http_chunked.h"
#include "sys/https_server.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <sys/socket.h>

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_IDLE,   /* before a request's first byte */
    CONNECTION_HEAD,   /* within a head */
    CONNECTION_BODY,   /* within a body */
    CONNECTION_ASKED,  /* handed over, nothing answered */
    CONNECTION_STREAM, /* a stream was started */
    CONNECTION_FLUSH,  /* the whole answer is queued */
    CONNECTION_LINGER, /* said goodbye; discards what the peer still sends, so that it can read the answer */
};

struct peer_key {
    uint8_t bytes[17]; /* address family, then an IPv4 address or an IPv6 /64 */
};

struct connection {
    struct https_server *server;
    size_t slot;
    struct bufferevent *bev;
    struct event *timer;
    enum connection_state state;
    uint64_t since_ms;    /* when the state began */
    uint64_t progress_ms; /* when output was last taken, or first queued */
    uint64_t exchange;    /* 0 when none waits for an answer */
    struct peer_key peer;
    char peer_text[48];

    struct http_head *head; /* the current request's, followed by its bytes; NULL before and after */
    struct http_chunked chunked;
    uint8_t *body;
    size_t body_len, body_capacity, body_max;

    bool keep_alive;  /* after this exchange */
    bool is_head;     /* the request's method is HEAD: the answer has no body */
    bool is_http10;   /* no chunks to this peer */
    bool want_room;   /* a stream piece was refused for lack of room */
    bool doomed;      /* to be closed by its timer */
    size_t discarded; /* bytes thrown away while lingering */
};

struct https_server {
    struct event_base *base;
    struct event *listener, *retry;
    int listen_fd;
    SSL_CTX *tls;
    struct https_options options;
    struct https_callbacks callbacks;
    struct connection **connections; /* [options.connections_max], NULL where free */
    size_t connections_n;
    size_t bodies_len; /* sum of body_capacity */
    uint64_t serial;   /* of the last exchange */
    bool draining;
};

/* Takes fd over; closes it when there is no room. */
void connection_new(struct https_server *server, int fd, const struct sockaddr_storage *peer);

/* Frees it; tells the application when tell and an exchange was open. */
void connection_close(struct connection *c, bool tell);

/* Changes the state and sets the timer for it. */
void connection_enter(struct connection *c, enum connection_state state);

/* Reads requests as far as the input and the state allow. */
void connection_advance(struct connection *c);

/* Drops the current request's head and body. */
void connection_drop_request(struct connection *c);

/* Queues a JSON error as the last answer of this connection. */
void connection_refuse(struct connection *c, unsigned status, const char *message, const char *code);

/* Milliseconds of the monotonic clock when the connection's time is over; UINT64_MAX for never. */
uint64_t connection_deadline(const struct connection *c);

/* The connection that waits for an answer to exchange, or NULL. */
struct connection *connection_find(const struct https_server *server, uint64_t exchange);

#endif
