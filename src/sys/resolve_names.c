/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum status resolve_host(struct resolved *out, const char *host, uint16_t port, struct reason *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char service[8];
    memset(out, 0, sizeof *out);
    snprintf(service, sizeof service, "%u", (unsigned)port);
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        reason_set(why, "cannot find the address of ", host, ": ", gai_strerror(error), NULL);
        return STATUS_NETWORK;
    }
    for (const struct addrinfo *a = found; a != NULL && out->n < RESOLVED_MAX; a = a->ai_next) {
        memcpy(&out->addresses[out->n].at, a->ai_addr, a->ai_addrlen);
        out->addresses[out->n++].len = a->ai_addrlen;
    }
    freeaddrinfo(found);
    return STATUS_OK;
}
