/* SPDX-License-Identifier: Apache-2.0 */
/* The whole interface of the vault while it serves: frames of one fixed size that hold token ids and sampling
 * parameters in, token ids out (spec/enclave.md, section 4).  Nothing else leaves the process that holds the weights.
 */
#ifndef ENCLAVE_FRAME_H
#define ENCLAVE_FRAME_H

#include "core/base/status.h"
#include "enclave/channel.h"
#include <stdint.h>

enum {
    FRAME_LEN = 256,
    FRAME_TOKENS_MAX = 48,
};

/* Why a sequence ended. */
enum frame_end {
    FRAME_END_STOP,    /* the model's end token */
    FRAME_END_LENGTH,  /* max_tokens, or the context is full */
    FRAME_END_STOPPED, /* the scribe asked */
    FRAME_END_BUDGET,  /* the egress budget is spent */
};

/* Every frame has every field; those that a message does not use are 0. */
struct frame {
    uint32_t prompt_n;         /* MESSAGE_START: tokens that will follow */
    uint32_t max_tokens;       /* MESSAGE_START */
    uint32_t end_token;        /* MESSAGE_START: ends the sequence when sampled; UINT32_MAX: none */
    uint32_t temperature_bits; /* MESSAGE_START: IEEE 754 binary32 */
    uint32_t top_p_bits;
    uint32_t top_k;
    uint64_t seed;
    uint32_t end;      /* MESSAGE_END: enum frame_end */
    uint32_t tokens_n; /* MESSAGE_PROMPT: 1 to FRAME_TOKENS_MAX; MESSAGE_TOKEN: 1 */
    uint32_t tokens[FRAME_TOKENS_MAX];
};

/* The frame as the payload of a message. */
must_check enum status frame_write(uint8_t out[static FRAME_LEN], const struct frame *f);

/* STATUS_MALFORMED for another length, too many tokens, padding that is not zero, or a field that this message does not
 * use and that is not 0; f is zeroed then. */
must_check enum status frame_read(struct frame *f, const struct channel_message *m);

#endif
