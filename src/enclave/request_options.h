/* SPDX-License-Identifier: Apache-2.0 */
/* How a request wants its tokens drawn and told: sampling, bias, stops, log-probabilities, choices, the form of the
 * text.  OpenAI's names, and llama.cpp's where OpenAI has none. */
#ifndef ENCLAVE_REQUEST_OPTIONS_H
#define ENCLAVE_REQUEST_OPTIONS_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "enclave/chat_text.h"
#include "engine/sample.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REQUEST_STOPS_MAX = 4,
    REQUEST_STOP_TOKENS_MAX = 16,
    REQUEST_CHOICES_MAX = 8,
    REQUEST_REPEAT_LAST_N = 64, /* when it is not said */
    REQUEST_LEGACY_LOGPROBS_MAX = 5,
};

/* What the answer's text must be. */
enum request_form {
    FORM_TEXT,
    FORM_JSON,   /* any object */
    FORM_SCHEMA, /* JSON that the schema accepts */
    FORM_GBNF,   /* what the grammar takes */
};

struct request_options {
    bool stream, include_usage;
    uint32_t max_tokens; /* 0: as many as the context holds */
    uint32_t choices_n;
    struct sample_options sampling;
    bool seed_given;
    const struct sample_bias *bias; /* in the arena; the tokens are not checked */
    size_t bias_n;
    struct chat_text stops[REQUEST_STOPS_MAX];
    size_t stops_n;
    uint32_t stop_tokens[REQUEST_STOP_TOKENS_MAX]; /* not checked */
    size_t stop_tokens_n;
    bool ignore_eos;
    uint32_t logprobs_n; /* 0: none, otherwise 1 and the alternatives */
    enum request_form form;
    const struct json *schema; /* FORM_SCHEMA; in the tree */
    struct chat_text grammar;  /* FORM_GBNF */
};

/* The defaults of OpenAI's endpoints. */
void request_options_init(struct request_options *o);

/* Members of both endpoints.  STATUS_MALFORMED, STATUS_UNSUPPORTED, STATUS_NO_MEMORY; why is for the client. */
must_check enum status request_options_take(struct request_options *o, struct arena *arena, const struct json *root,
                                            struct reason *why);

/* "logprobs" and "top_logprobs" of a chat; "logprobs", a number, of a completion. */
must_check enum status request_chat_logprobs(struct request_options *o, const struct json *root, struct reason *why);
must_check enum status request_legacy_logprobs(struct request_options *o, const struct json *root, struct reason *why);

/* ---- parts (request_form.c) ---- */
must_check enum status request_form_take(struct request_options *o, const struct json *root, struct reason *why);

/* The compiled grammar in memory of its own, which the caller frees; NULL and 0 for FORM_TEXT.  Statuses as the
 * compilers'. */
must_check enum status request_form_compile(uint32_t **elements, size_t *elements_n, const struct request_options *o,
                                            struct reason *why);

#endif
