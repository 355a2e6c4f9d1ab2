/* SPDX-License-Identifier: Apache-2.0 */
/* A listening TCP socket. */
#ifndef SYS_LISTEN_H
#define SYS_LISTEN_H

#include "core/base/reason.h"
#include "core/base/status.h"

enum { LISTEN_ADDRESS_SIZE = 64 };

/* Binds and listens on "host:port": host is a numeric IPv4 address, a numeric IPv6 address in brackets, `localhost`
 * (127.0.0.1) or `*` (every IPv4 address); port 0 lets the kernel choose.  *fd is non-blocking and close-on-exec and
 * the caller's; chosen gets the address with the real port.  STATUS_USAGE for another form, STATUS_BUSY when the port
 * is taken, STATUS_REFUSED when binding it is not permitted, STATUS_IO; *fd is -1 then. */
must_check enum status listen_on(int *fd, char chosen[static LISTEN_ADDRESS_SIZE], const char *address,
                                 struct reason *why);

#endif
