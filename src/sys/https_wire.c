/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/https_wire.h"

#include "sys/clock.h"
#include "sys/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum status fail(struct reason *why, const char *what, const char *detail)
{
    reason_set(why, what, detail == NULL ? NULL : ": ", detail, NULL);
    return STATUS_NETWORK;
}

/* Waits for fd; STATUS_NETWORK when end_ms comes first. */
static enum status wait_for(int fd, short events, uint64_t end_ms, struct reason *why)
{
    for (;;) {
        uint64_t now = clock_monotonic_ms();
        if (now >= end_ms)
            return fail(why, "the peer did not answer in time", NULL);
        struct pollfd p = {.fd = fd, .events = events};
        uint64_t left = end_ms - now;
        int ready = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return STATUS_OK;
        if (ready < 0 && errno != EINTR)
            return fail(why, "poll", strerror(errno));
    }
}

static enum status connect_to(int *fd, const struct sockaddr *address, socklen_t address_len, uint64_t end_ms,
                              struct reason *why)
{
    const int one = 1;
    int error = 0;
    socklen_t error_len = sizeof error;
    *fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return fail(why, "cannot make a socket", strerror(errno));
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(*fd, address, address_len) == 0)
        return STATUS_OK;
    enum status status = STATUS_NETWORK;
    if (errno != EINPROGRESS) {
        fail(why, "cannot connect", strerror(errno));
        goto out;
    }
    status = wait_for(*fd, POLLOUT, end_ms, why);
    if (status != STATUS_OK)
        goto out;
    if (getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0 || error != 0)
        status = fail(why, "cannot connect", strerror(error != 0 ? error : errno));
out:
    if (status != STATUS_OK) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

/* A numeric address needs no resolver, which a static program may not have. */
static bool numeric_address(struct sockaddr_storage *out, socklen_t *out_len, const char *host, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *out_len = sizeof *v4;
        return true;
    }
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *out_len = sizeof *v6;
        return true;
    }
    return false;
}

static enum status connect_host(int *fd, const char *host, uint16_t port, uint64_t end_ms, struct reason *why)
{
    struct sockaddr_storage address;
    socklen_t address_len;
    if (numeric_address(&address, &address_len, host, port))
        return connect_to(fd, (struct sockaddr *)&address, address_len, end_ms, why);
    struct resolved found;
    enum status status = resolve_host(&found, host, port, why);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < found.n; i++) {
        const struct sockaddr *at = (const struct sockaddr *)&found.addresses[i].at;
        status = connect_to(fd, at, found.addresses[i].len, end_ms, why);
        if (status == STATUS_OK)
            break;
    }
    return status;
}

static enum status fail_tls(struct reason *why, const char *what)
{
    unsigned long error = ERR_get_error();
    const char *detail = error == 0 ? NULL : ERR_reason_error_string(error);
    ERR_clear_error();
    return fail(why, what, detail == NULL ? "the peer closed the connection" : detail);
}

/* After an SSL call that returned result: waits for what it needs.  STATUS_OK means call again. */
static enum status wait_tls(struct https_wire *w, int result, uint64_t end_ms, const char *what, struct reason *why)
{
    int error = SSL_get_error(w->ssl, result);
    if (error == SSL_ERROR_WANT_READ)
        return wait_for(w->fd, POLLIN, end_ms, why);
    if (error == SSL_ERROR_WANT_WRITE)
        return wait_for(w->fd, POLLOUT, end_ms, why);
    return fail_tls(why, what);
}

static enum status handshake(struct https_wire *w, const char *host, uint64_t end_ms, struct reason *why)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    struct sockaddr_storage address;
    socklen_t address_len;
    w->tls = SSL_CTX_new(TLS_client_method());
    if (w->tls == NULL || SSL_CTX_set_min_proto_version(w->tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(w->tls, alpn, sizeof alpn - 1) != 0)
        return fail_tls(why, "cannot set up TLS");
    SSL_CTX_set_verify(w->tls, SSL_VERIFY_NONE, NULL); /* the caller judges the key, not a certificate chain */
    SSL_CTX_set_session_cache_mode(w->tls, SSL_SESS_CACHE_OFF);
    w->ssl = SSL_new(w->tls);
    if (w->ssl == NULL || SSL_set_fd(w->ssl, w->fd) != 1)
        return fail_tls(why, "cannot set up TLS");
    SSL_set_mode(w->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    void *name = (void *)(uintptr_t)host; /* the macro takes it without const and only copies it */
    if (!numeric_address(&address, &address_len, host, 0) &&
        SSL_ctrl(w->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)
        return fail_tls(why, "cannot set up TLS");
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(w->ssl);
        if (result == 1)
            return STATUS_OK;
        enum status status = wait_tls(w, result, end_ms, "the TLS 1.3 handshake failed", why);
        if (status != STATUS_OK)
            return status;
    }
}

enum status https_wire_open(struct https_wire *w, const char *host, uint16_t port, uint64_t end_ms, struct reason *why)
{
    *w = (struct https_wire){.fd = -1};
    enum status status = connect_host(&w->fd, host, port, end_ms, why);
    if (status == STATUS_OK)
        status = handshake(w, host, end_ms, why);
    return status;
}

enum status https_wire_write(struct https_wire *w, const void *bytes, size_t len, uint64_t end_ms, struct reason *why)
{
    const uint8_t *at = bytes;
    while (len != 0) {
        size_t written = 0;
        ERR_clear_error();
        int result = SSL_write_ex(w->ssl, at, len, &written);
        enum status status =
            result == 1 ? STATUS_OK : wait_tls(w, result, end_ms, "the connection broke while sending", why);
        if (status != STATUS_OK)
            return status;
        at += written;
        len -= written;
    }
    return STATUS_OK;
}

enum status https_wire_read(struct https_wire *w, void *out, size_t *len, size_t capacity, uint64_t end_ms,
                            struct reason *why)
{
    *len = 0;
    for (;;) {
        ERR_clear_error();
        int result = SSL_read_ex(w->ssl, out, capacity, len);
        if (result == 1)
            return STATUS_OK;
        if (SSL_get_error(w->ssl, result) == SSL_ERROR_ZERO_RETURN)
            return STATUS_OK;
        enum status status = wait_tls(w, result, end_ms, "the connection broke while receiving", why);
        if (status != STATUS_OK)
            return status;
    }
}

void https_wire_close(struct https_wire *w)
{
    if (w->ssl != NULL && SSL_is_init_finished(w->ssl))
        SSL_shutdown(w->ssl); /* sends close_notify, once, without waiting */
    SSL_free(w->ssl);
    SSL_CTX_free(w->tls);
    if (w->fd >= 0)
        close(w->fd);
    ERR_clear_error();
    *w = (struct https_wire){.fd = -1};
}
