/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a connection: its callbacks, its clock and its end.  Reading requests is in https_receive.c. */
#include "sys/https_connection.h"

#include "core/base/constant_time.h"
#include "sys/clock.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    INPUT_MAX = 2 * HTTP_HEAD_MAX, /* bytes read ahead of what is being parsed */
    LINGER_MS = 1000,
    LINGER_LEN_MAX = 1 << 20,
};

void connection_drop_request(struct connection *c)
{
    if (c->body != NULL)
        wipe(c->body, c->body_capacity);
    c->server->bodies_len -= c->body_capacity;
    free(c->body);
    free(c->head);
    c->body = NULL;
    c->head = NULL;
    c->body_len = c->body_capacity = 0;
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context);

void connection_close(struct connection *c, bool tell)
{
    struct https_server *server = c->server;
    uint64_t exchange = c->exchange;
    connection_drop_request(c);
    server->connections[c->slot] = NULL;
    server->connections_n--;
    if (c->bev != NULL) {
        evbuffer_remove_cb(bufferevent_get_output(c->bev), on_output, c);
        bufferevent_free(c->bev); /* with its socket and TLS state */
    }
    if (c->timer != NULL)
        event_free(c->timer);
    free(c);
    if (tell && exchange != 0)
        server->callbacks.gone(server->callbacks.context, exchange);
}

static uint64_t add_ms(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* A body may take body_ms in all, and after the grace must have come at the minimum rate. */
static uint64_t body_deadline(const struct connection *c)
{
    const struct https_options *o = &c->server->options;
    uint64_t whole = o->body_ms;
    uint64_t paid_ms = (uint64_t)c->body_len * 1000 / o->body_min_rate;
    uint64_t rate = paid_ms > o->body_grace_ms ? paid_ms : o->body_grace_ms;
    return add_ms(c->since_ms, rate < whole ? rate : whole);
}

uint64_t connection_deadline(const struct connection *c)
{
    const struct https_options *o = &c->server->options;
    bool writing = c->bev != NULL && evbuffer_get_length(bufferevent_get_output(c->bev)) != 0;
    uint64_t write_end = writing ? add_ms(c->progress_ms, o->write_ms) : UINT64_MAX;
    if (c->doomed)
        return 0;
    switch (c->state) {
    case CONNECTION_HANDSHAKE: return add_ms(c->since_ms, o->handshake_ms);
    case CONNECTION_IDLE: return add_ms(c->since_ms, o->idle_ms);
    case CONNECTION_HEAD: return add_ms(c->since_ms, o->head_ms);
    case CONNECTION_BODY: return body_deadline(c);
    case CONNECTION_LINGER: return add_ms(c->since_ms, LINGER_MS);
    case CONNECTION_ASKED:
    case CONNECTION_STREAM:
    case CONNECTION_FLUSH: break;
    }
    return write_end;
}

static void set_timer(struct connection *c)
{
    uint64_t deadline = connection_deadline(c), now = clock_monotonic_ms();
    if (deadline == UINT64_MAX) {
        event_del(c->timer);
        return;
    }
    uint64_t wait = deadline > now ? deadline - now : 0;
    struct timeval tv = {.tv_sec = (time_t)(wait / 1000), .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
    event_add(c->timer, &tv);
}

void connection_enter(struct connection *c, enum connection_state state)
{
    c->state = state;
    c->since_ms = clock_monotonic_ms();
    set_timer(c);
}

/* Says goodbye in TLS and TCP, and waits for the peer to do the same: closing at once with input unread would make the
 * kernel reset the connection and the peer lose the answer. */
static void linger(struct connection *c)
{
    ERR_clear_error();
    SSL_shutdown(bufferevent_openssl_get_ssl(c->bev));
    shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    connection_enter(c, CONNECTION_LINGER);
}

/* Closes so that the kernel drops what the peer did not take. */
static void cut(struct connection *c)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    connection_close(c, true);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;
    (void)fd, (void)what;
    if (clock_monotonic_ms() < connection_deadline(c)) {
        set_timer(c);
        return;
    }
    if (c->doomed) {
        cut(c);
        return;
    }
    switch (c->state) {
    case CONNECTION_IDLE: linger(c); return;
    case CONNECTION_HEAD: connection_refuse(c, 408, "the request head took too long", "timeout"); return;
    case CONNECTION_BODY: connection_refuse(c, 408, "the request body came too slowly", "timeout"); return;
    case CONNECTION_HANDSHAKE:
    case CONNECTION_LINGER:
    case CONNECTION_ASKED:
    case CONNECTION_STREAM:
    case CONNECTION_FLUSH: cut(c);
    }
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *c = context;
    (void)output;
    if (info->n_deleted != 0 || info->orig_size == 0)
        c->progress_ms = clock_monotonic_ms();
    if (info->orig_size == 0 && info->n_added != 0)
        set_timer(c);
}

static void on_read(struct bufferevent *bev, void *context)
{
    struct connection *c = context;
    struct evbuffer *input = bufferevent_get_input(bev);
    bool closing = c->state == CONNECTION_LINGER || (c->state == CONNECTION_FLUSH && !c->keep_alive);
    if (!closing) {
        connection_advance(c);
        return;
    }
    c->discarded += evbuffer_get_length(input);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (c->discarded > LINGER_LEN_MAX)
        cut(c);
}

static void on_write(struct bufferevent *bev, void *context)
{
    struct connection *c = context;
    size_t queued = evbuffer_get_length(bufferevent_get_output(bev));
    const struct https_callbacks *callbacks = &c->server->callbacks;
    if (c->state == CONNECTION_STREAM && c->want_room && !c->doomed) {
        c->want_room = false;
        callbacks->writable(callbacks->context, c->exchange);
        return;
    }
    if (c->state != CONNECTION_FLUSH || queued != 0 || c->doomed)
        return;
    if (!c->keep_alive) {
        linger(c);
        return;
    }
    connection_enter(c, CONNECTION_IDLE);
    connection_advance(c);
}

static void on_event(struct bufferevent *bev, short what, void *context)
{
    struct connection *c = context;
    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0 && c->state == CONNECTION_HANDSHAKE)
        connection_enter(c, CONNECTION_IDLE);
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) != 0) {
        ERR_clear_error();
        connection_close(c, true);
    }
}

static void read_peer(struct connection *c, const struct sockaddr_storage *peer)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
    memset(&c->peer, 0, sizeof c->peer);
    c->peer.bytes[0] = (uint8_t)peer->ss_family;
    strcpy(c->peer_text, "local");
    if (peer->ss_family == AF_INET) {
        memcpy(c->peer.bytes + 1, &v4->sin_addr, 4);
        inet_ntop(AF_INET, &v4->sin_addr, c->peer_text, sizeof c->peer_text);
    } else if (peer->ss_family == AF_INET6) {
        memcpy(c->peer.bytes + 1, &v6->sin6_addr, 8);
        inet_ntop(AF_INET6, &v6->sin6_addr, c->peer_text, sizeof c->peer_text);
    }
}

/* A free slot, if neither limit is reached. */
static bool find_slot(size_t *slot, const struct https_server *server, const struct peer_key *peer)
{
    size_t same_peer = 0;
    bool found = false;
    for (size_t i = 0; i < server->options.connections_max; i++) {
        const struct connection *c = server->connections[i];
        if (c == NULL && !found) {
            *slot = i;
            found = true;
        }
        same_peer += c != NULL && memcmp(&c->peer, peer, sizeof *peer) == 0;
    }
    return found && same_peer < server->options.connections_peer_max;
}

void connection_new(struct https_server *server, int fd, const struct sockaddr_storage *peer)
{
    struct connection *c = calloc(1, sizeof *c);
    SSL *ssl = SSL_new(server->tls);
    if (c == NULL || ssl == NULL)
        goto fail;
    read_peer(c, peer);
    c->server = server;
    c->timer = event_new(server->base, -1, 0, on_time, c);
    if (c->timer == NULL || !find_slot(&c->slot, server, &c->peer))
        goto fail;
    /* deferred callbacks: none runs within a function that the application calls */
    c->bev = bufferevent_openssl_socket_new(server->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                            BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (c->bev == NULL)
        goto fail;
    server->connections[c->slot] = c;
    server->connections_n++;
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
    bufferevent_setwatermark(c->bev, EV_WRITE, server->options.queue_max / 2, 0);
    evbuffer_add_cb(bufferevent_get_output(c->bev), on_output, c);
    connection_enter(c, CONNECTION_HANDSHAKE);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    return;
fail:
    if (c != NULL && c->timer != NULL)
        event_free(c->timer);
    SSL_free(ssl);
    free(c);
    close(fd);
}
