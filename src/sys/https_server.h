/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTPS server in an event loop that its owner shares: TLS 1.3, HTTP/1.1, one request at a time per connection.  A
 * request is handed over whole; the answer may come at once or at any later time.  Every byte of memory and every
 * second a peer can take is bounded by the options. After https_server_new the server needs these system calls only:
 * accept4, read, write, close, shutdown, setsockopt, epoll_ctl (and the loop's epoll_wait), clock_gettime, getrandom,
 * getpid, brk, mmap, munmap, mremap, madvise, futex. */
#ifndef SYS_HTTPS_SERVER_H
#define SYS_HTTPS_SERVER_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/http_head.h"
#include "sys/tls_identity.h"
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct https_server;

/* Every field is mandatory and above 0.  A connection that passes a time limit is closed, with a 408 where one can be
 * sent. */
struct https_options {
    uint32_t handshake_ms;       /* from the TCP connection to the end of the TLS handshake */
    uint32_t head_ms;            /* from a request's first byte to the end of its head */
    uint32_t body_ms;            /* for a whole body */
    uint32_t body_grace_ms;      /* the minimum rate counts after this */
    uint32_t body_min_rate;      /* bytes a second, on average over the body so far */
    uint32_t idle_ms;            /* between requests */
    uint32_t write_ms;           /* an answer waits in the queue and the peer takes none of it */
    size_t connections_max;      /* beyond it a new connection is closed at once; at most 65536 */
    size_t connections_peer_max; /* the same for one peer: an IPv4 address or an IPv6 /64 */
    size_t bodies_max;           /* bytes of bodies being received, over all connections; beyond it 503 */
    size_t queue_max;            /* bytes of an answer that wait to be written, per connection */
};

struct https_request {
    const struct http_head *head;
    const uint8_t *body; /* body_len bytes, already out of any chunked coding */
    size_t body_len;
    const char *peer; /* numeric address, for a log */
};

/* An exchange is one request and its answer.  Its number is never used again, so a late answer to a dead exchange finds
 * nothing.  Numbers are never 0. */
struct https_callbacks {
    void *context;

    /* Bytes of body that this request may have; more is a 413.  Asked once the head is there. */
    size_t (*body_max)(void *context, const struct http_head *head);

    /* A whole request; what request points to lives until this returns.  May answer from within. */
    void (*request)(void *context, uint64_t exchange, const struct https_request *request);

    /* A stream whose last https_stream_send was STATUS_BUSY has room for half of queue_max again. */
    void (*writable)(void *context, uint64_t exchange);

    /* The peer went away, or was cut off, before the answer was complete; the number is dead.  A peer that ends its own
     * direction of the connection counts as gone. */
    void (*gone)(void *context, uint64_t exchange);
};

struct https_response {
    unsigned status;
    const char *content_type;   /* NULL when there is no body */
    const char *const *headers; /* more headers: name, value, name, value, ..., NULL; or NULL */
    const void *body;
    size_t body_len;
};

/* Serves on listen_fd (bound, listening), which becomes the server's.  identity is copied by reference count and may be
 * freed; options and callbacks are copied.  The process ignores SIGPIPE from then on.  STATUS_USAGE for an option that
 * is 0. */
must_check enum status https_server_new(struct https_server **server, struct event_base *base, int listen_fd,
                                        const struct tls_identity *identity, const struct https_options *options,
                                        const struct https_callbacks *callbacks, struct reason *why);

/* Closes every connection (no gone callbacks) and frees; accepts NULL.  Not from within a callback. */
void https_server_free(struct https_server *server);

/* Takes no new connections and closes each one after its current exchange. */
void https_server_drain(struct https_server *server);

/* Connections open now, those still in their handshake included. */
size_t https_server_connections_n(const struct https_server *server);

/* The functions below answer an exchange: STATUS_NOT_FOUND when it is dead or answered, STATUS_USAGE for a header that
 * cannot be sent, STATUS_REFUSED for a stream function out of turn.  They copy what they are given. */

/* The whole answer.  STATUS_LIMIT, with nothing sent, over queue_max. */
must_check enum status https_answer(struct https_server *server, uint64_t exchange,
                                    const struct https_response *response);

/* {"error":{"message":...,"type":...,"param":null,"code":...}}; code NULL gives null. */
must_check enum status https_answer_error(struct https_server *server, uint64_t exchange, unsigned status,
                                          const char *message, const char *type, const char *code);

/* A chunked answer: start sends the head (response->body must be NULL), send one piece, end the last chunk.  An
 * HTTP/1.0 peer gets the body until close.  send takes all of the piece or, with STATUS_BUSY, none of it because
 * queue_max would be passed. */
must_check enum status https_stream_start(struct https_server *server, uint64_t exchange,
                                          const struct https_response *response);
must_check enum status https_stream_send(struct https_server *server, uint64_t exchange, const void *bytes, size_t len);
must_check enum status https_stream_end(struct https_server *server, uint64_t exchange);

/* Closes the connection without a last chunk, so that the peer sees a truncated answer. */
void https_stream_abort(struct https_server *server, uint64_t exchange);

/* Bytes that https_stream_send takes now; 0 for a dead exchange. */
size_t https_stream_room(const struct https_server *server, uint64_t exchange);

/* The standard phrase of a status code, such as "Not Found"; never NULL. */
const char *https_status_phrase(unsigned status);

#endif
