/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/chat_request.h"

#include "enclave/request_member.h"

#include <string.h>

static enum status wrong(struct reason *why, const char *member, const char *wanted)
{
    reason_set(why, "\"", member, "\" must be ", wanted, NULL);
    return STATUS_MALFORMED;
}

static enum status parse_object(const struct json **root, struct chat_request *r, struct arena *arena, const void *text,
                                size_t text_len, struct reason *why)
{
    memset(r, 0, sizeof *r);
    r->body_len = text_len;
    request_options_init(&r->options);
    enum status status = json_parse(root, arena, text, text_len, why);
    if (status == STATUS_OK && (*root)->type != JSON_OBJECT) {
        reason_set(why, "the body must be a JSON object", NULL);
        status = STATUS_MALFORMED;
    }
    return status;
}

static enum status take_model(struct chat_request *r, const struct json *root, struct reason *why)
{
    if (json_copy_text(r->model, sizeof r->model, json_get(root, "model")) == STATUS_OK)
        return STATUS_OK;
    return wrong(why, "model", "the name of a model, see /v1/models");
}

enum status chat_request_parse(struct chat_request *r, struct arena *arena, const void *text, size_t text_len,
                               struct reason *why)
{
    const struct json *root;
    enum status status = parse_object(&root, r, arena, text, text_len, why);
    if (status == STATUS_OK)
        status = take_model(r, root, why);
    if (status == STATUS_OK)
        status = chat_messages_take(&r->chat, arena, root, why);
    if (status == STATUS_OK)
        status = request_options_take(&r->options, arena, root, why);
    if (status == STATUS_OK)
        status = request_chat_logprobs(&r->options, root, why);
    return status;
}

static enum status take_prompt_tokens(struct chat_request *r, struct arena *arena, const struct json *list)
{
    uint64_t number;
    uint32_t *tokens = arena_take(arena, list->members_n, sizeof *tokens, _Alignof(uint32_t));
    if (tokens == NULL)
        return STATUS_NO_MEMORY;
    r->prompt_tokens = tokens;
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        if (json_u64(&number, one) != STATUS_OK || number > UINT32_MAX)
            return STATUS_MALFORMED;
        tokens[r->prompt_tokens_n++] = (uint32_t)number;
    }
    return STATUS_OK;
}

static enum status take_prompt(struct chat_request *r, struct arena *arena, const struct json *root, struct reason *why)
{
    const struct json *prompt = json_get(root, "prompt");
    enum status status = STATUS_MALFORMED;
    if (prompt != NULL && prompt->type == JSON_STRING) {
        r->prompt = (struct chat_text){prompt->text, prompt->text_len};
        return STATUS_OK;
    }
    if (prompt != NULL && prompt->type == JSON_ARRAY && prompt->members_n > 0)
        status = take_prompt_tokens(r, arena, prompt);
    return status == STATUS_MALFORMED ? wrong(why, "prompt", "one text, or a list of tokens") : status;
}

enum status completion_request_parse(struct chat_request *r, struct arena *arena, const void *text, size_t text_len,
                                     struct reason *why)
{
    const struct json *root;
    bool echo = false;
    enum status status = parse_object(&root, r, arena, text, text_len, why);
    r->options.max_tokens = COMPLETION_TOKENS_DEFAULT; /* OpenAI's */
    if (status == STATUS_OK)
        status = take_model(r, root, why);
    if (status == STATUS_OK)
        status = take_prompt(r, arena, root, why);
    if (status == STATUS_OK)
        status = request_options_take(&r->options, arena, root, why);
    if (status == STATUS_OK)
        status = request_legacy_logprobs(&r->options, root, why);
    if (status == STATUS_OK)
        status = request_bool(&echo, root, "echo", why);
    if (status == STATUS_OK && echo) {
        reason_set(why, "\"echo\" is not supported; leave it out", NULL);
        status = STATUS_UNSUPPORTED;
    }
    return status;
}

static size_t characters_n(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80; /* all but continuation bytes */
    return n;
}

enum status infer_request_parse(struct chat_request *r, struct arena *arena, const void *text, size_t text_len,
                                struct reason *why)
{
    const struct json *root;
    enum status status = parse_object(&root, r, arena, text, text_len, why);
    if (status != STATUS_OK)
        return status;
    const struct json *prompt = json_get(root, "prompt");
    if (prompt == NULL || prompt->type != JSON_STRING)
        return wrong(why, "prompt", "a text");
    if (characters_n(prompt->text, prompt->text_len) > INFER_PROMPT_MAX) {
        reason_set(why, "Prompt too long", NULL);
        return STATUS_LIMIT;
    }
    r->prompt = (struct chat_text){prompt->text, prompt->text_len};
    r->options.max_tokens = INFER_TOKENS_DEFAULT;
    r->options.sampling.temperature = 0;
    return request_count(&r->options.max_tokens, root, "max_new_tokens", 1, INT32_MAX, why);
}
