/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/listen.h"

#include "sys/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* "host:port" in two; brackets around host are dropped. */
static bool split_address(char host[static 48], uint16_t *port, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        colon[1] == '\0')
        return false;
    unsigned long number = strtoul(colon + 1, NULL, 10);
    size_t len = (size_t)(colon - address);
    bool bracketed = len >= 2 && address[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        address++;
        len -= 2;
    }
    if (number > 65535 || len >= 48 || (!bracketed && memchr(address, ':', len) != NULL))
        return false;
    memcpy(host, address, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return true;
}

static bool fill_address(struct sockaddr_storage *out, socklen_t *out_len, const char *address)
{
    char host[48];
    uint16_t port;
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (!split_address(host, &port, address))
        return false;
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : strcmp(host, "*") == 0 ? "0.0.0.0" : host;
    if (inet_pton(AF_INET, numeric, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *out_len = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, numeric, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *out_len = sizeof *v6;
        return true;
    }
    return false;
}

static void write_chosen(char chosen[static LISTEN_ADDRESS_SIZE], int fd)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";
    memset(&bound, 0, sizeof bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
        return;
    if (bound.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&bound;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(chosen, LISTEN_ADDRESS_SIZE, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&bound;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(chosen, LISTEN_ADDRESS_SIZE, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    }
}

static enum status fail_bind(struct reason *why, const char *address, int error)
{
    switch (error) {
    case EADDRINUSE:
        reason_set(why, "another program already listens on ", address, "; stop it or choose another port", NULL);
        return STATUS_BUSY;
    case EACCES:
    case EPERM:
        reason_set(why, "not permitted to listen on ", address, "; choose a port from 1024 on", NULL);
        return STATUS_REFUSED;
    case EADDRNOTAVAIL:
        reason_set(why, "cannot listen on ", address, ": this machine does not have that address", NULL);
        return STATUS_USAGE;
    default: errno = error; return status_from_errno(why, "cannot listen on", address);
    }
}

enum status listen_on(int *fd, char chosen[static LISTEN_ADDRESS_SIZE], const char *address, struct reason *why)
{
    struct sockaddr_storage name;
    socklen_t name_len;
    const int one = 1;
    *fd = -1;
    chosen[0] = '\0';
    if (!fill_address(&name, &name_len, address)) {
        reason_set(why, "not an address to listen on: ", NULL);
        reason_add_quoted(why, address, strlen(address));
        reason_add(why, "; write it as 127.0.0.1:8443 or [::1]:8443");
        return STATUS_USAGE;
    }
    int made = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0)
        return fail_bind(why, address, errno);
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (name.ss_family == AF_INET6)
        setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(made, (struct sockaddr *)&name, name_len) != 0 || listen(made, BACKLOG) != 0) {
        int error = errno;
        close(made);
        return fail_bind(why, address, error);
    }
    write_chosen(chosen, made);
    *fd = made;
    return STATUS_OK;
}
