/* SPDX-License-Identifier: Apache-2.0 */
/* The exchanges that the gate has passed on and waits for.  One whose client is gone stays until the other process has
 * ended its answer, so that late messages find it. */
#ifndef ENCLAVE_GATE_EXCHANGE_H
#define ENCLAVE_GATE_EXCHANGE_H

#include "core/base/status.h"
#include "enclave/message.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATE_EXCHANGES_MAX = 240,  /* below the scribe's JOBS_MAX */
    GATE_ANSWER_MAX = 4 << 20, /* bytes of an answer that is not streamed */
};

/* Also the states of the protocol with warden and scribe. */
enum exchange_state {
    EXCHANGE_NONE,
    EXCHANGE_EVIDENCE,  /* asked of the warden */
    EXCHANGE_REQUESTED, /* asked of the scribe */
    EXCHANGE_WHOLE,     /* the scribe answers; the bytes are kept until the end */
    EXCHANGE_STREAM,    /* the scribe answers; the bytes go out as they come */
};

struct exchange {
    uint64_t id; /* of the HTTPS server; 0 for a free row */
    enum exchange_state state;
    bool gone; /* the client: drop what comes */
    unsigned status;
    enum content content;
    uint8_t *bytes;
    size_t len, capacity;
};

struct exchanges {
    struct exchange rows[GATE_EXCHANGES_MAX];
};

/* NULL when all rows are taken, or there is no such exchange. */
struct exchange *exchange_add(struct exchanges *e, uint64_t id, enum exchange_state state);
struct exchange *exchange_find(struct exchanges *e, uint64_t id);

/* Keeps bytes of the answer; STATUS_LIMIT over GATE_ANSWER_MAX. */
must_check enum status exchange_append(struct exchange *x, const void *bytes, size_t len);

/* Wipes and frees the row. */
void exchange_end(struct exchange *x);

#endif
