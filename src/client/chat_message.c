/* SPDX-License-Identifier: Apache-2.0 */
#include "client/chat_message.h"

#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/codec/json_writer.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_FIXED_MAX = 1024, MESSAGE_FIXED_MAX = 64 };

enum status conversation_add(struct conversation *c, const char *role, const void *text, size_t len)
{
    if (c->messages_n == CONVERSATION_MAX)
        return STATUS_LIMIT;
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return STATUS_NO_MEMORY;
    if (len != 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    c->messages[c->messages_n].role = role;
    c->messages[c->messages_n].text = copy;
    c->messages[c->messages_n].len = len;
    c->messages_n++;
    return STATUS_OK;
}

static void put_number(struct json_writer *j, const char *name, const char *text)
{
    if (text == NULL)
        return;
    json_key(j, name);
    json_number_raw(j, text);
}

/* The schema's own text, which was read as JSON before. */
static void put_schema(struct json_writer *j, const struct conversation *c)
{
    json_key(j, "response_format");
    json_open_object(j);
    json_key(j, "json_schema");
    json_open_object(j);
    json_put_text(j, "name", "answer");
    json_key(j, "schema");
    json_number_raw(j, "");
    writer_bytes(j->out, c->schema, c->schema_len);
    json_put_bool(j, "strict", true);
    json_close(j);
    json_put_text(j, "type", "json_schema");
    json_close(j);
}

static void write_request(struct json_writer *j, const struct conversation *c)
{
    json_open_object(j);
    json_put_text(j, "model", c->model);
    json_key(j, "messages");
    json_open_array(j);
    for (size_t i = 0; i < c->messages_n; i++) {
        json_open_object(j);
        json_put_text(j, "role", c->messages[i].role);
        json_key(j, "content");
        json_text_len(j, c->messages[i].text, c->messages[i].len);
        json_close(j);
    }
    json_close(j);
    json_put_bool(j, "stream", true);
    if (c->max_tokens != 0)
        json_put_u64(j, "max_tokens", c->max_tokens);
    put_number(j, "temperature", c->temperature);
    put_number(j, "top_p", c->top_p);
    put_number(j, "min_p", c->min_p);
    if (c->top_k_given)
        json_put_u64(j, "top_k", c->top_k);
    if (c->seed_given)
        json_put_u64(j, "seed", c->seed);
    if (c->grammar != NULL) {
        json_key(j, "grammar");
        json_text_len(j, c->grammar, c->grammar_len);
    }
    if (c->schema != NULL)
        put_schema(j, c);
    json_close(j);
}

enum status conversation_write(uint8_t **body, size_t *body_len, const struct conversation *c)
{
    struct writer w;
    struct json_writer j;
    size_t capacity = REQUEST_FIXED_MAX + strlen(c->model) + 6 * c->grammar_len + c->schema_len;
    for (size_t i = 0; i < c->messages_n; i++)
        capacity += MESSAGE_FIXED_MAX + 6 * c->messages[i].len; /* a byte is at most \u00XX */
    *body = malloc(capacity);
    if (*body == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, *body, capacity);
    json_writer_init(&j, &w);
    write_request(&j, c);
    *body_len = writer_len(&w);
    return json_writer_end(&j);
}

void conversation_free(struct conversation *c)
{
    for (size_t i = 0; i < c->messages_n; i++) {
        wipe(c->messages[i].text, c->messages[i].len);
        free(c->messages[i].text);
    }
    c->messages_n = 0;
}
