/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the model inside the vault: decrypt, verify and place the weights in locked memory, and start the engine. */
#ifndef ENCLAVE_VAULT_OPEN_H
#define ENCLAVE_VAULT_OPEN_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "enclave/setup.h"
#include "engine/engine.h"
#include "engine/model.h"
#include "engine/token_bytes.h"
#include "sys/workers.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vault_model {
    struct model model;
    struct engine engine;
    struct worker_pool *pool;
    uint8_t *memory; /* weights, then the engine's; locked, not dumped */
    size_t memory_len;
    size_t weights_len;
    struct token_bytes vocabulary; /* for grammars; tokens_n 0: there is none */
    void *vocabulary_memory;
};

/* model_fd: the sealed file; kernels: chosen before the sandbox, which forbids asking for AMX.  Nothing of the
 * plaintext is left behind on error.  why names tensors and sizes, never values. */
must_check enum status vault_open(struct vault_model *v, int model_fd, const struct vault_setup *setup,
                                  const struct kernels *kernels, struct reason *why);

/* Wipes weights, caches and keys. */
void vault_close(struct vault_model *v);

#endif
