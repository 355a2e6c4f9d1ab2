/* SPDX-License-Identifier: Apache-2.0 */
/* How the warden comes by the model's data key. */
#ifndef ENCLAVE_OBTAIN_H
#define ENCLAVE_OBTAIN_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/chunk.h"
#include "enclave/attestor.h"
#include "enclave/config.h"
#include "sys/model_stream.h"

/* Asks the broker: nonce, evidence that binds nonce and a fresh key, HPKE-sealed answer (spec/release.md).  dek is
 * wiped on error; why passes on what the broker said. */
must_check enum status obtain_from_broker(struct seal_dek *dek, const struct config *config, struct attestor *attestor,
                                          const struct model_stream *model, struct reason *why);

/* Unwraps with the raw key of MODEL_KEY_BASE64, and takes that out of the environment. */
must_check enum status obtain_from_environment(struct seal_dek *dek, const struct model_stream *model,
                                               struct reason *why);

#endif
