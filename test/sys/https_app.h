/* SPDX-License-Identifier: Apache-2.0 */
/* The server that test/sys/https.c talks to: a few routes, short limits, in a process of its own. */
#ifndef TEST_SYS_HTTPS_APP_H
#define TEST_SYS_HTTPS_APP_H

#include "sys/https_server.h"
#include <sys/types.h>

enum {
    APP_SHORT_MS = 300, /* every time limit */
    APP_CONNECTIONS_MAX = 16,
    APP_PEER_MAX = 10,
    APP_BODY_MAX = 100000,
    APP_BODIES_MAX = 250000,
    APP_QUEUE_MAX = 65536,
    APP_PIECE_LEN = 1000, /* of a stream */
};

/* GET /hello; POST /echo; GET /later (answers after 50 ms); GET /never; GET /stream?N (N pieces of APP_PIECE_LEN
 * bytes); GET /abort (two pieces, then cut); GET /counts ("gone connections bodies busy"); GET /header (a header that
 * cannot be sent, then a good one); GET /drain.  Never returns. */
_Noreturn void https_app_run(int listen_fd, const struct tls_identity *identity);

#endif
