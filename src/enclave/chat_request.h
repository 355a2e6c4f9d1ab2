/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON bodies of POST /v1/chat/completions (OpenAI) and POST /infer: bytes to fields.  What is asked for and not
 * supported is refused, never left out; members that are not known are ignored, as OpenAI's servers do. */
#ifndef ENCLAVE_CHAT_REQUEST_H
#define ENCLAVE_CHAT_REQUEST_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "enclave/chat_messages.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHAT_STOPS_MAX = 4,
    CHAT_MODEL_MAX = 64,
    INFER_PROMPT_MAX = 4096, /* characters */
    INFER_TOKENS_DEFAULT = 256,
};

struct chat_request {
    char model[CHAT_MODEL_MAX];
    struct chat_messages chat; /* its list is NULL for /infer */
    struct chat_text prompt;   /* /infer */
    size_t body_len;
    bool stream;
    bool include_usage;
    uint32_t max_tokens; /* 0: as many as the context holds */
    float temperature;   /* 0: greedy */
    float top_p;
    uint32_t top_k; /* 0: all */
    bool seed_given;
    uint64_t seed;
    struct chat_text stops[CHAT_STOPS_MAX];
    size_t stops_n;
};

/* The tree lives in the arena and points into text.  STATUS_MALFORMED for JSON that is wrong, STATUS_UNSUPPORTED for a
 * feature that is not there, STATUS_LIMIT, STATUS_NO_MEMORY; why is for the client. */
must_check enum status chat_request_parse(struct chat_request *r, struct arena *arena, const void *text,
                                          size_t text_len, struct reason *why);

/* STATUS_LIMIT, with "Prompt too long" in why, over INFER_PROMPT_MAX characters. */
must_check enum status infer_request_parse(struct chat_request *r, struct arena *arena, const void *text,
                                           size_t text_len, struct reason *why);

#endif
