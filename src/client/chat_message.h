/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to a model: the messages of a conversation and the sampling asked for, as a request's JSON. */
#ifndef CLIENT_CHAT_MESSAGE_H
#define CLIENT_CHAT_MESSAGE_H

#include "core/base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONVERSATION_MAX = 256 };

struct conversation {
    const char *model;
    const char *temperature; /* a number's text, or NULL for the server's default; so the next two */
    const char *top_p, *min_p;
    bool top_k_given;
    unsigned long long top_k;
    const uint8_t *grammar; /* GBNF, or NULL: the answer keeps to it; the caller's */
    size_t grammar_len;
    const uint8_t *schema; /* a JSON schema, or NULL: likewise */
    size_t schema_len;
    unsigned long long max_tokens; /* 0: the server's default */
    bool seed_given;
    unsigned long long seed;
    struct {
        const char *role; /* a literal */
        char *text;       /* owned, UTF-8 */
        size_t len;
    } messages[CONVERSATION_MAX];
    size_t messages_n;
};

/* Copies the text.  STATUS_LIMIT beyond CONVERSATION_MAX, STATUS_NO_MEMORY. */
must_check enum status conversation_add(struct conversation *c, const char *role, const void *text, size_t len);

/* The body of POST /v1/chat/completions, streamed; the caller frees *body.  STATUS_MALFORMED for text that is no
 * UTF-8. */
must_check enum status conversation_write(uint8_t **body, size_t *body_len, const struct conversation *c);

/* Wipes and frees the messages. */
void conversation_free(struct conversation *c);

#endif
