/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/api_error.h"

#include "core/base/arena.h"
#include "core/codec/json.h"

enum { BODY_MAX = 1024, ARENA_LEN = 64 + BODY_MAX * 57 };

void api_error_add(struct reason *why, const void *body, size_t body_len)
{
    _Alignas(16) uint8_t memory[ARENA_LEN];
    struct arena arena;
    struct reason unread;
    const struct json *root;
    const struct json *message = NULL;
    arena_init(&arena, memory, sizeof memory);
    if (body_len <= BODY_MAX && json_parse(&root, &arena, body, body_len, &unread) == STATUS_OK)
        message = json_get(json_get(root, "error"), "message");
    if (message != NULL && message->type == JSON_STRING)
        reason_add_shown(why, message->text, message->text_len);
    else
        reason_add_quoted(why, body, body_len);
}
