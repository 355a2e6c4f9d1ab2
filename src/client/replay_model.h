/* SPDX-License-Identifier: Apache-2.0 */
/* A model in memory for the auditor: from a plain file or a sealed one, with its root computed from every byte. */
#ifndef CLIENT_REPLAY_MODEL_H
#define CLIENT_REPLAY_MODEL_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/header.h"
#include "engine/model.h"
#include "engine/token_bytes.h"
#include "sys/command.h"
#include <stddef.h>
#include <stdint.h>

/* Free with replay_model_close, which wipes the weights. */
struct replay_model {
    uint8_t root[SEAL_ROOT_LEN];
    struct model model;
    uint8_t *tables; /* the model's */
    uint8_t *weights;
    size_t weights_len;
    struct token_bytes vocabulary; /* for receipts with a grammar; tokens_n 0: there is none */
    void *vocabulary_memory;
};

/* Opens --model of line, with its key when it is sealed, on threads_n threads. */
must_check enum status replay_model_open(struct replay_model *m, const struct command_line *line, unsigned threads_n,
                                         struct reason *why);
void replay_model_close(struct replay_model *m);

#endif
