/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/chat_request.h"

#include <string.h>

static enum status wrong(struct reason *why, const char *member, const char *wanted)
{
    reason_set(why, "\"", member, "\" must be ", wanted, NULL);
    return STATUS_MALFORMED;
}

static bool absent(const struct json *value)
{
    return value == NULL || value->type == JSON_NULL;
}

static enum status take_bool(bool *out, const struct json *object, const char *member, struct reason *why)
{
    const struct json *value = json_get(object, member);
    if (absent(value) || json_bool(out, value) == STATUS_OK)
        return STATUS_OK;
    return wrong(why, member, "true or false");
}

static enum status take_count(uint32_t *out, const struct json *object, const char *member, uint64_t min,
                              struct reason *why)
{
    uint64_t number = *out;
    const struct json *value = json_get(object, member);
    if (!absent(value) && (json_u64(&number, value) != STATUS_OK || number < min || number > INT32_MAX))
        return wrong(why, member, min == 0 ? "a whole number" : "a whole number above 0");
    *out = (uint32_t)number;
    return STATUS_OK;
}

static enum status take_float(float *out, const struct json *object, const char *member, double min, double max,
                              struct reason *why)
{
    double number;
    const struct json *value = json_get(object, member);
    if (absent(value))
        return STATUS_OK;
    if (json_double(&number, value) != STATUS_OK || !(number >= min && number <= max))
        return wrong(why, member, "a number within its range");
    *out = (float)number;
    return STATUS_OK;
}

static enum status take_seed(struct chat_request *r, const struct json *root, struct reason *why)
{
    int64_t number;
    const struct json *value = json_get(root, "seed");
    if (absent(value))
        return STATUS_OK;
    if (json_i64(&number, value) != STATUS_OK)
        return wrong(why, "seed", "a whole number");
    r->seed = (uint64_t)number;
    r->seed_given = true;
    return STATUS_OK;
}

static enum status take_stops(struct chat_request *r, const struct json *root, struct reason *why)
{
    const struct json *value = json_get(root, "stop");
    if (absent(value))
        return STATUS_OK;
    const struct json *one = value->type == JSON_ARRAY ? value->first : value;
    for (; one != NULL; one = value->type == JSON_ARRAY ? one->next : NULL) {
        if (one->type != JSON_STRING || one->text_len == 0 || r->stops_n == CHAT_STOPS_MAX)
            return wrong(why, "stop", "a text or at most 4 texts, none of them empty");
        r->stops[r->stops_n++] = (struct chat_text){one->text, one->text_len};
    }
    return STATUS_OK;
}

/* Features that change the answer and are not there: refused unless they are absent or off. */
static enum status refuse_features(const struct json *root, struct reason *why)
{
    static const char *const lists[] = {"functions", "logit_bias", NULL};
    static const char *const penalties[] = {"frequency_penalty", "presence_penalty", NULL};
    const char *found = NULL;
    bool logprobs = false;
    uint64_t n = 1;
    double number = 0;
    const struct json *format = json_get(root, "response_format");
    for (size_t i = 0; lists[i] != NULL; i++) {
        const struct json *value = json_get(root, lists[i]);
        bool empty =
            value != NULL && (value->type == JSON_ARRAY || value->type == JSON_OBJECT) && value->members_n == 0;
        if (!absent(value) && !empty)
            found = lists[i];
    }
    for (size_t i = 0; penalties[i] != NULL; i++) {
        const struct json *value = json_get(root, penalties[i]);
        if (!absent(value) && (json_double(&number, value) != STATUS_OK || number != 0))
            found = penalties[i];
    }
    if (!absent(json_get(root, "logprobs")) &&
        (json_bool(&logprobs, json_get(root, "logprobs")) != STATUS_OK || logprobs))
        found = "logprobs";
    if (!absent(json_get(root, "n")) && (json_u64(&n, json_get(root, "n")) != STATUS_OK || n != 1))
        found = "n";
    if (!absent(format) && !json_is_text(json_get(format, "type"), "text"))
        found = "response_format";
    if (found == NULL)
        return STATUS_OK;
    reason_set(why, "\"", found, "\" is not supported; leave it out", NULL);
    return STATUS_UNSUPPORTED;
}

static enum status take_options(struct chat_request *r, const struct json *root, struct reason *why)
{
    enum status status = take_bool(&r->stream, root, "stream", why);
    if (status == STATUS_OK)
        status = take_bool(&r->include_usage, json_get(root, "stream_options"), "include_usage", why);
    if (status == STATUS_OK)
        status = take_count(&r->max_tokens, root, "max_tokens", 1, why);
    if (status == STATUS_OK)
        status = take_count(&r->max_tokens, root, "max_completion_tokens", 1, why);
    if (status == STATUS_OK)
        status = take_float(&r->temperature, root, "temperature", 0, 100, why);
    if (status == STATUS_OK)
        status = take_float(&r->top_p, root, "top_p", 1e-6, 1, why);
    if (status == STATUS_OK)
        status = take_count(&r->top_k, root, "top_k", 0, why);
    if (status == STATUS_OK)
        status = take_seed(r, root, why);
    if (status == STATUS_OK)
        status = take_stops(r, root, why);
    if (status == STATUS_OK)
        status = refuse_features(root, why);
    return status;
}

static enum status parse_object(const struct json **root, struct chat_request *r, struct arena *arena, const void *text,
                                size_t text_len, struct reason *why)
{
    memset(r, 0, sizeof *r);
    r->body_len = text_len;
    r->top_p = 1;
    enum status status = json_parse(root, arena, text, text_len, why);
    if (status == STATUS_OK && (*root)->type != JSON_OBJECT) {
        reason_set(why, "the body must be a JSON object", NULL);
        status = STATUS_MALFORMED;
    }
    return status;
}

enum status chat_request_parse(struct chat_request *r, struct arena *arena, const void *text, size_t text_len,
                               struct reason *why)
{
    const struct json *root;
    enum status status = parse_object(&root, r, arena, text, text_len, why);
    r->temperature = 1; /* OpenAI's default */
    if (status == STATUS_OK && json_copy_text(r->model, sizeof r->model, json_get(root, "model")) != STATUS_OK)
        status = wrong(why, "model", "the name of a model, see /v1/models");
    if (status == STATUS_OK)
        status = chat_messages_take(&r->chat, arena, root, why);
    if (status == STATUS_OK)
        status = take_options(r, root, why);
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
    r->max_tokens = INFER_TOKENS_DEFAULT;
    return take_count(&r->max_tokens, root, "max_new_tokens", 1, why);
}
