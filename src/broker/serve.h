/* SPDX-License-Identifier: Apache-2.0 */
/* The broker on the network: HTTPS in one event loop, until SIGTERM or SIGINT. */
#ifndef BROKER_SERVE_H
#define BROKER_SERVE_H

#include "broker/broker.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include <stdbool.h>

/* Takes the directory's lock (STATUS_BUSY when another broker serves it), listens on address ("host:port"), prints
 * where and under which key to standard output, and serves.  b must be unlocked. */
must_check enum status broker_serve(struct broker *b, const char *address, bool json, struct reason *why);

#endif
