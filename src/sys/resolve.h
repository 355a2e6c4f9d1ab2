/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts to addresses.  Two files define this and each program links one: the tool resolve_names.c, which asks
 * the system's resolver; the enclave resolve_numeric.c, which refuses names, because glibc's resolver would load
 * libraries that nobody measured. */
#ifndef SYS_RESOLVE_H
#define SYS_RESOLVE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RESOLVED_MAX = 16 };

struct resolved {
    struct {
        struct sockaddr_storage at;
        socklen_t len;
    } addresses[RESOLVED_MAX];
    size_t n; /* at least 1 after STATUS_OK */
};

/* host: a name, not a numeric address.  STATUS_NETWORK when it has no address, STATUS_USAGE where names are refused. */
must_check enum status resolve_host(struct resolved *out, const char *host, uint16_t port, struct reason *why);

#endif
