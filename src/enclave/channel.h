/* SPDX-License-Identifier: Apache-2.0 */
/* A channel between two processes of the enclave: a sequenced-packet socket that keeps message borders. */
#ifndef ENCLAVE_CHANNEL_H
#define ENCLAVE_CHANNEL_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "enclave/message.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNEL_PAYLOAD_MAX = 32768,
    CHANNEL_HEAD_LEN = 16,        /* u32 message, u32 zero, u64 id */
    CHANNEL_QUEUE_MAX = 64 << 20, /* bytes that wait for a slow peer; beyond it the enclave ends */
};

struct channel_entry;

struct channel {
    int fd;
    struct channel_entry *first, *last; /* queued for sending */
    size_t queued;                      /* bytes in the queue */
};

struct channel_message {
    enum message type;
    uint64_t id;
    size_t len;
    uint8_t payload[CHANNEL_PAYLOAD_MAX];
};

/* STATUS_BROKEN when fd is no socket of this kind. */
must_check enum status channel_init(struct channel *c, int fd);

/* Sends now and waits for room.  For processes whose peer always reads. */
must_check enum status channel_send(struct channel *c, enum message type, uint64_t id, const void *payload, size_t len);

/* Sends now, or queues a copy when the peer has no room; never waits.  STATUS_LIMIT over CHANNEL_QUEUE_MAX. */
must_check enum status channel_queue(struct channel *c, enum message type, uint64_t id, const void *payload,
                                     size_t len);

/* Tells the warden why this process cannot start (MESSAGE_REFUSED); waits for room. */
must_check enum status channel_refuse(struct channel *warden, enum status status, const struct reason *why);

/* The payload cut into as many messages as it needs; queued as above. */
must_check enum status channel_queue_parts(struct channel *c, enum message type, uint64_t id, const void *payload,
                                           size_t len);

/* Sends what is queued, as far as the peer has room. */
must_check enum status channel_flush(struct channel *c);

/* True while channel_flush has work: wait for the socket to be writable. */
bool channel_has_queued(const struct channel *c);

/* The next message.  wait: block for one; otherwise STATUS_BUSY when there is none.  STATUS_NOT_FOUND when the peer has
 * closed; STATUS_MALFORMED for a message too short, too long or with an unknown type. */
must_check enum status channel_receive(struct channel *c, struct channel_message *m, bool wait);

/* One row of a protocol: in this state this message may come, with a payload of these lengths. */
struct channel_rule {
    int state;
    enum message type;
    size_t len_min;
    size_t len_max;
    enum status (*handler)(void *context, const struct channel_message *m);
};

/* Calls the handler of the row for state and message.  A message that no row allows is STATUS_REFUSED: the caller ends
 * the process, and with it the enclave. */
must_check enum status channel_dispatch(const struct channel_rule *rules, size_t rules_n, int state, void *context,
                                        const struct channel_message *m);

#endif
