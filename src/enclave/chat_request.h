/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON bodies of POST /v1/chat/completions and /v1/completions (OpenAI) and POST /infer: bytes to fields.  What is
 * asked for and not supported is refused, never left out; members that are not known are ignored, as OpenAI's servers
 * do. */
#ifndef ENCLAVE_CHAT_REQUEST_H
#define ENCLAVE_CHAT_REQUEST_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "enclave/chat_messages.h"
#include "enclave/request_options.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHAT_MODEL_MAX = 64,
    INFER_PROMPT_MAX = 4096, /* characters */
    INFER_TOKENS_DEFAULT = 256,
    COMPLETION_TOKENS_DEFAULT = 16,
};

struct chat_request {
    char model[CHAT_MODEL_MAX];
    struct chat_messages chat;     /* its list is NULL for the other two */
    struct chat_text prompt;       /* /infer and /v1/completions */
    const uint32_t *prompt_tokens; /* /v1/completions with a list of tokens; in the arena, not checked; or NULL */
    size_t prompt_tokens_n;
    size_t body_len;
    struct request_options options;
};

/* The tree lives in the arena and points into text.  STATUS_MALFORMED for JSON that is wrong, STATUS_UNSUPPORTED for a
 * feature that is not there, STATUS_LIMIT, STATUS_NO_MEMORY; why is for the client. */
must_check enum status chat_request_parse(struct chat_request *r, struct arena *arena, const void *text,
                                          size_t text_len, struct reason *why);

/* POST /v1/completions: "prompt" is a text or a list of tokens; the rest as above. */
must_check enum status completion_request_parse(struct chat_request *r, struct arena *arena, const void *text,
                                                size_t text_len, struct reason *why);

/* STATUS_LIMIT, with "Prompt too long" in why, over INFER_PROMPT_MAX characters. */
must_check enum status infer_request_parse(struct chat_request *r, struct arena *arena, const void *text,
                                           size_t text_len, struct reason *why);

#endif
