/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/https_server.h"

#include "sys/https_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 16,
    RETRY_MS = 100,
    CONNECTIONS_LIMIT = 65536,
};

/* ALPN (RFC 7301): a client that names protocols must name http/1.1. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned int in_len, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl, (void)context;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* TLS 1.3 (RFC 8446) alone, without resumption, so that no ticket key has to be kept. */
static SSL_CTX *new_tls(const struct tls_identity *identity)
{
    char groups[] = "X25519:P-256";
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL)
        return NULL;
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(tls, select_alpn, NULL);
    if (SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(tls, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(tls, 0) == 1 &&
        SSL_CTX_set1_groups_list(tls, groups) == 1 &&
        SSL_CTX_set_ciphersuites(tls, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") ==
            1 &&
        SSL_CTX_use_certificate(tls, identity->certificate) == 1 && SSL_CTX_use_PrivateKey(tls, identity->key) == 1)
        return tls;
    SSL_CTX_free(tls);
    return NULL;
}

static bool options_are_whole(const struct https_options *o)
{
    return o->handshake_ms != 0 && o->head_ms != 0 && o->body_ms != 0 && o->body_grace_ms != 0 &&
           o->body_min_rate != 0 && o->idle_ms != 0 && o->write_ms != 0 && o->connections_max != 0 &&
           o->connections_max <= CONNECTIONS_LIMIT && o->connections_peer_max != 0 && o->bodies_max != 0 &&
           o->queue_max != 0;
}

static void set_socket_options(int fd)
{
    const int one = 1, send_buffer = 1 << 17; /* the kernel's share of an answer's queue */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
}

/* Waits a little when descriptors or memory ran out: the pending connection would wake the loop at once again. */
static void on_retry(evutil_socket_t fd, short what, void *context)
{
    struct https_server *server = context;
    (void)fd, (void)what;
    if (!server->draining)
        event_add(server->listener, NULL);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *context)
{
    struct https_server *server = context;
    static const struct timeval pause = {0, RETRY_MS * 1000};
    (void)what;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        memset(&peer, 0, sizeof peer);
        int fd = accept4(listen_fd, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            if (exhausted && event_del(server->listener) == 0)
                event_add(server->retry, &pause);
            return;
        }
        set_socket_options(fd);
        connection_new(server, fd, &peer);
    }
}

enum status https_server_new(struct https_server **server, struct event_base *base, int listen_fd,
                             const struct tls_identity *identity, const struct https_options *options,
                             const struct https_callbacks *callbacks, struct reason *why)
{
    *server = NULL;
    if (!options_are_whole(options) || callbacks->body_max == NULL || callbacks->request == NULL ||
        callbacks->writable == NULL || callbacks->gone == NULL) {
        reason_set(why, "the HTTPS server needs every option and callback", NULL);
        return STATUS_USAGE;
    }
    struct https_server *made = calloc(1, sizeof *made);
    if (made == NULL)
        goto fail;
    signal(SIGPIPE, SIG_IGN);
    made->base = base;
    made->listen_fd = -1;
    made->options = *options;
    made->callbacks = *callbacks;
    made->connections = calloc(options->connections_max, sizeof(struct connection *));
    made->tls = new_tls(identity);
    made->listener = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_accept, made);
    made->retry = event_new(base, -1, 0, on_retry, made);
    if (made->connections == NULL || made->tls == NULL || made->listener == NULL || made->retry == NULL ||
        event_add(made->listener, NULL) != 0)
        goto fail;
    made->listen_fd = listen_fd;
    *server = made;
    return STATUS_OK;
fail:
    reason_set(why, "cannot start the HTTPS server: no memory, or TLS refuses the key", NULL);
    https_server_free(made);
    return STATUS_NO_MEMORY;
}

static void stop_listening(struct https_server *server)
{
    if (server->listener != NULL)
        event_free(server->listener);
    if (server->retry != NULL)
        event_free(server->retry);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    server->listener = server->retry = NULL;
    server->listen_fd = -1;
}

void https_server_free(struct https_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; server->connections != NULL && i < server->options.connections_max; i++) {
        if (server->connections[i] != NULL)
            connection_close(server->connections[i], false);
    }
    stop_listening(server);
    SSL_CTX_free(server->tls);
    free(server->connections);
    free(server);
}

void https_server_drain(struct https_server *server)
{
    server->draining = true;
    stop_listening(server);
    for (size_t i = 0; i < server->options.connections_max; i++) {
        struct connection *c = server->connections[i];
        if (c == NULL)
            continue;
        c->keep_alive = false;
        c->doomed = c->doomed || c->state == CONNECTION_HANDSHAKE;
        if (c->doomed || c->state == CONNECTION_IDLE)
            connection_enter(c, c->state);
    }
}

size_t https_server_connections_n(const struct https_server *server)
{
    return server->connections_n;
}

struct connection *connection_find(const struct https_server *server, uint64_t exchange)
{
    struct connection *c = server->connections[exchange % server->options.connections_max];
    bool waits = c != NULL && exchange != 0 && c->exchange == exchange && !c->doomed;
    return waits ? c : NULL;
}
