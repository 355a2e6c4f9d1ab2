/* SPDX-License-Identifier: Apache-2.0 */
/* The vault while it serves: sequences of tokens from the scribe, batched through the engine, and every bit that leaves
 * counted against the budget. */
#ifndef ENCLAVE_VAULT_SERVE_H
#define ENCLAVE_VAULT_SERVE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "enclave/channel.h"
#include "enclave/setup.h"
#include "enclave/vault_open.h"
#include <stdint.h>

struct serving;

/* Bytes of memory that vault_serve_open takes, beside the engine's. */
uint64_t vault_serve_len(const struct engine_options *o, uint32_t vocab_n);

/* Takes all memory that serving will need; it lasts as long as the process.  v stays the caller's.  STATUS_NO_MEMORY;
 * what was taken is not given back then. */
must_check enum status vault_serve_open(struct serving **serving, struct vault_model *v,
                                        const struct vault_setup *setup, struct reason *why);

/* Returns when the warden or the scribe closes its channel (STATUS_NOT_FOUND), or on a message that is not allowed. */
must_check enum status vault_serve(struct serving *s, struct channel *warden, struct channel *scribe);

#endif
