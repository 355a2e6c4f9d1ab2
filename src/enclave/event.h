/* SPDX-License-Identifier: Apache-2.0 */
/* The enclave's log: an event and up to two whole numbers, never text from outside, so no prompt and no key can reach
 * it. */
#ifndef ENCLAVE_EVENT_H
#define ENCLAVE_EVENT_H

#include "enclave/role.h"
#include <stdint.h>

enum log_event {
    EVENT_PROCESS_STARTED, /* pid */
    EVENT_PROCESS_ENDED,   /* pid, wait status */
    EVENT_ENDING,          /* the enclave ends; signal or 0 */
    EVENT_USERS_SHARED,    /* not started as root: the processes run as one user */
    EVENT_MEMORY_UNLOCKED, /* a process's memory may be swapped; its keyset says so */
    EVENT_LANDLOCK_MISSING,
    EVENT_KEY_RELEASED,  /* milliseconds */
    EVENT_MODEL_OPENED,  /* bytes, milliseconds */
    EVENT_CACHE_BF16,    /* the KV cache and what it holds: tokens, bytes */
    EVENT_CACHE_Q8,      /* the same */
    EVENT_CACHE_F32,     /* the same */
    EVENT_KERNELS_WRONG, /* kernels that give other numbers than the reference here, and are not used */
    EVENT_EXFILTRATION,  /* seconds that the weights would take through the permitted egress, bits an hour */
    EVENT_SERVING,       /* port */
    EVENT_REQUEST_ENDED, /* tokens in, tokens out */
    EVENT_BUDGET_SPENT,  /* bits in this hour */
    EVENT_PROTOCOL,      /* a peer process sent what its state does not allow: state, message */
    EVENT_PEER_LOST,     /* a peer process closed its channel */
    EVENT_FAILED,        /* status, line of this program */
};

/* Writes one line to standard error. */
void event_log(enum role role, enum log_event event, int64_t first, int64_t second);

#endif
