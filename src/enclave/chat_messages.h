/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation in a chat request: messages, tools and what else the chat template is given.  Bytes are the
 * client's; spec/enclave.md EN-42 and EN-43. */
#ifndef ENCLAVE_CHAT_MESSAGES_H
#define ENCLAVE_CHAT_MESSAGES_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "enclave/chat_text.h"
#include "template/template.h"
#include <stddef.h>

enum {
    CHAT_VARIABLES_MAX = 16,     /* members of chat_template_kwargs */
    CHAT_VARIABLE_NAME_MAX = 64, /* bytes of one's name */
};

struct chat_message {
    struct chat_text role;
    struct chat_text content;
};

struct chat_messages {
    const struct chat_message *list; /* in the arena */
    size_t n;
    const struct json *messages; /* for the template: contents are one text, a call's arguments an object */
    const struct json *tools;    /* or NULL */
    struct template_variable variables[CHAT_VARIABLES_MAX];
    size_t variables_n;
};

/* Reads "messages", "tools", "tool_choice" and "chat_template_kwargs" of a request's object.  What is made lives in the
 * arena and points into the tree.  STATUS_MALFORMED, STATUS_UNSUPPORTED, STATUS_LIMIT, STATUS_NO_MEMORY; why is for the
 * client. */
must_check enum status chat_messages_take(struct chat_messages *m, struct arena *arena, const struct json *root,
                                          struct reason *why);

#endif
