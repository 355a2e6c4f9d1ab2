/* SPDX-License-Identifier: Apache-2.0 */
/* The whole interface of the vault while it serves: frames of one fixed size that hold token ids, sampling parameters
 * and grammar elements in, token ids and log-probabilities out (spec/enclave.md, section 4).  Nothing else leaves the
 * process that holds the weights. */
#ifndef ENCLAVE_FRAME_H
#define ENCLAVE_FRAME_H

#include "core/base/status.h"
#include "enclave/channel.h"
#include <stdint.h>

enum {
    FRAME_LEN = 256,
    FRAME_WORDS_MAX = 46,
    FRAME_BIAS_MAX = FRAME_WORDS_MAX / 2, /* entries in one frame */
};

/* Why a sequence ended. */
enum frame_end {
    FRAME_END_STOP,    /* a token that stops, or the grammar's end */
    FRAME_END_LENGTH,  /* max_tokens, or the context is full */
    FRAME_END_STOPPED, /* the scribe asked */
    FRAME_END_BUDGET,  /* the egress budget is spent */
    FRAME_END_GRAMMAR, /* no token fits, or the grammar allows too many ways */
};

/* Every frame has every field; those that a message does not use are 0.  Floats travel as the bits of a binary32. */
struct frame {
    uint32_t prompt_n;   /* MESSAGE_START: tokens that will follow */
    uint32_t max_tokens; /* MESSAGE_START */
    uint32_t bias_n;     /* MESSAGE_START: entries that will follow */
    uint32_t grammar_n;  /* MESSAGE_START: elements that will follow; 0: any text */
    uint32_t logprobs_n; /* MESSAGE_START: 0: none, otherwise 1 and how many alternatives */
    /* MESSAGE_START: how tokens are drawn */
    uint32_t temperature_bits, top_k, top_p_bits, min_p_bits, typical_p_bits;
    uint32_t repeat_penalty_bits, repeat_last_n, frequency_penalty_bits, presence_penalty_bits;
    uint64_t seed;
    uint32_t end;     /* MESSAGE_END: enum frame_end */
    uint32_t words_n; /* used of words */
    /* MESSAGE_START: tokens that stop; MESSAGE_PROMPT: tokens; MESSAGE_BIAS: token and bits of its bias in turn;
     * MESSAGE_GRAMMAR: elements; MESSAGE_TOKEN: the token, then with logprobs_n the bits of its log-probability and,
     * for each alternative, its token and bits */
    uint32_t words[FRAME_WORDS_MAX];
};

/* The frame as the payload of a message. */
must_check enum status frame_write(uint8_t out[static FRAME_LEN], const struct frame *f);

/* STATUS_MALFORMED for another length, too many words, or a field that this message does not use and that is not 0; f
 * is zeroed then. */
must_check enum status frame_read(struct frame *f, const struct channel_message *m);

#endif
