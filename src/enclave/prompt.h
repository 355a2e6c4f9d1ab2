/* SPDX-License-Identifier: Apache-2.0 */
/* From messages to the tokens that the model is fed: the chat template and the tokenizer.  Text of a message never
 * becomes a control token. */
#ifndef ENCLAVE_PROMPT_H
#define ENCLAVE_PROMPT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hash.h"
#include "enclave/chat_request.h"
#include "engine/tokenizer/tokenizer.h"
#include <stddef.h>
#include <stdint.h>

/* The templates that are known, told apart by the markers in the model's own template text. */
enum template_kind {
    TEMPLATE_PLAIN,   /* the model has none: contents, one a line */
    TEMPLATE_CHATML,  /* <|im_start|>role ... <|im_end|> */
    TEMPLATE_ZEPHYR,  /* <|user|> ... </s> */
    TEMPLATE_LLAMA_2, /* [INST] ... [/INST] */
    TEMPLATE_PHI_3,   /* <|user|> ... <|end|> */
    TEMPLATE_UNKNOWN, /* chat is refused; /infer works */
};

enum template_kind template_of(const struct tokenizer *t);

/* What a receipt's template_hash covers: the name of the kind and the model's template text. */
void template_hash(uint8_t hash[static SHA256_LEN], const struct tokenizer *t);

/* tokens: room for capacity.  STATUS_UNSUPPORTED for TEMPLATE_UNKNOWN, or a token that the vocabulary lacks;
 * STATUS_USAGE for messages that the template has no place for; STATUS_MALFORMED for an empty prompt; STATUS_LIMIT when
 * the tokens do not fit; takes and wipes its own scratch memory. */
must_check enum status prompt_tokens(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct tokenizer *t,
                                     const struct chat_request *request, struct reason *why);

#endif
