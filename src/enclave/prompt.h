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
#include "template/template.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A model's way from messages to tokens. */
struct prompt {
    const struct tokenizer *tokenizer;
    bool has_template;
    enum status template_status; /* of parsing it; chat is refused with this and the reason unless STATUS_OK */
    struct reason template_why;
    struct template template;
    void *tree; /* the template's memory */
};

/* Parses the model's chat template.  A template that is not understood is no failure: chat is refused, /infer works.
 * The tokenizer stays the caller's.  STATUS_NO_MEMORY.  Free with prompt_close. */
must_check enum status prompt_open(struct prompt *p, const struct tokenizer *t);
void prompt_close(struct prompt *p);

/* What a receipt's template_hash covers: the interpreter's version and the model's template text. */
void prompt_template_hash(uint8_t hash[static SHA256_LEN], const struct tokenizer *t);

/* tokens: room for capacity.  now_s: what the template is told when it asks for the time.  A model without a template
 * gets the contents, one a line.  STATUS_REFUSED: the template refuses these messages, why has its words;
 * STATUS_UNSUPPORTED: the model's template is not understood; STATUS_USAGE: it fails on these messages;
 * STATUS_MALFORMED for an empty prompt; STATUS_LIMIT when the tokens do not fit, without words, or with those of the
 * template when that asks for too much; takes and wipes its own scratch
 * memory. */
must_check enum status prompt_tokens(uint32_t *tokens, size_t capacity, size_t *tokens_n, const struct prompt *p,
                                     const struct chat_request *request, int64_t now_s, struct reason *why);

#endif
