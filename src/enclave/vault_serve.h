/* SPDX-License-Identifier: Apache-2.0 */
/* The vault while it serves: sequences of tokens from the scribe, batched through the engine, and every bit that leaves
 * counted against the budget. */
#ifndef ENCLAVE_VAULT_SERVE_H
#define ENCLAVE_VAULT_SERVE_H

#include "core/base/status.h"
#include "enclave/channel.h"
#include "enclave/setup.h"
#include "enclave/vault_open.h"

/* Returns when the warden or the scribe closes its channel (STATUS_NOT_FOUND), or on a message that is not allowed. */
must_check enum status vault_serve(struct vault_model *v, const struct vault_setup *setup, struct channel *warden,
                                   struct channel *scribe);

#endif
