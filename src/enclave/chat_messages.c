/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/chat_messages.h"

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

/* An object or array that is being made. */
struct made {
    struct arena *arena;
    struct json *node;
    const struct json **link; /* where the next member goes */
    enum status status;       /* the first failure sticks */
};

static struct json *new_node(struct made *m)
{
    struct json *node = arena_take(m->arena, 1, sizeof *node, _Alignof(struct json));
    if (node == NULL)
        m->status = STATUS_NO_MEMORY;
    return node;
}

static struct made open_node(struct arena *arena, enum json_type type)
{
    struct made m = {.arena = arena, .status = STATUS_OK};
    m.node = new_node(&m);
    if (m.node != NULL) {
        m.node->type = type;
        m.link = &m.node->first;
    }
    return m;
}

/* Appends a copy of value, named unless key is NULL; nothing when value is NULL. */
static void put(struct made *m, const char *key, const struct json *value)
{
    struct json *copy = value == NULL || m->status != STATUS_OK ? NULL : new_node(m);
    if (copy == NULL)
        return;
    *copy = *value;
    copy->key = key;
    copy->key_len = key == NULL ? 0 : strlen(key);
    copy->next = NULL;
    *m->link = copy;
    m->link = &copy->next;
    m->node->members_n++;
}

static void put_text(struct made *m, const char *key, struct chat_text text)
{
    put(m, key, &(struct json){.type = JSON_STRING, .text = text.text, .text_len = text.len});
}

/* content: a text, or parts of type "text", which are joined in the arena. */
static enum status take_content(struct chat_text *out, struct arena *arena, const struct json *content,
                                struct reason *why)
{
    size_t len = 0;
    if (content != NULL && content->type == JSON_STRING) {
        *out = (struct chat_text){content->text, content->text_len};
        return STATUS_OK;
    }
    if (content == NULL || content->type != JSON_ARRAY)
        return wrong(why, "messages.content", "a text or a list of parts of type \"text\"");
    for (const struct json *part = content->first; part != NULL; part = part->next) {
        const struct json *text = json_get(part, "text");
        if (!json_is_text(json_get(part, "type"), "text") || text == NULL || text->type != JSON_STRING)
            return wrong(why, "messages.content", "a text or a list of parts of type \"text\"");
        len += text->text_len;
    }
    char *joined = arena_take(arena, len + 1, 1, 1);
    if (joined == NULL)
        return STATUS_NO_MEMORY;
    *out = (struct chat_text){joined, len};
    for (const struct json *part = content->first; part != NULL; part = part->next) {
        const struct json *text = json_get(part, "text");
        memcpy(joined, text->text, text->text_len);
        joined += text->text_len;
    }
    return STATUS_OK;
}

static bool is_text(const struct json *value)
{
    return value != NULL && value->type == JSON_STRING;
}

/* Arguments are an object's text in the protocol; templates are written for the object. */
static enum status take_arguments(struct made *function, const struct json *given, struct reason *why)
{
    const struct json *parsed = given;
    if (absent(given))
        return STATUS_OK;
    if (!is_text(given) && given->type != JSON_OBJECT)
        return wrong(why, "messages.tool_calls.function.arguments", "an object, or its text");
    if (is_text(given)) {
        enum status status = json_parse(&parsed, function->arena, given->text, given->text_len, NULL);
        if (status == STATUS_NO_MEMORY)
            return status;
        if (status != STATUS_OK || parsed->type != JSON_OBJECT)
            parsed = given; /* as the model wrote it */
    }
    put(function, "arguments", parsed);
    return function->status;
}

static enum status take_call(struct made *calls, const struct json *given, struct reason *why)
{
    const struct json *function = json_get(given, "function"), *id = json_get(given, "id");
    struct made call = open_node(calls->arena, JSON_OBJECT), inner = open_node(calls->arena, JSON_OBJECT);
    if (!is_text(json_get(function, "name")) || (!absent(id) && !is_text(id)))
        return wrong(why, "messages.tool_calls", "a list of calls of functions with a name");
    if (call.status != STATUS_OK || inner.status != STATUS_OK)
        return STATUS_NO_MEMORY;
    put(&inner, "name", json_get(function, "name"));
    enum status status = take_arguments(&inner, json_get(function, "arguments"), why);
    if (status != STATUS_OK)
        return status;
    if (is_text(id))
        put(&call, "id", id);
    put_text(&call, "type", (struct chat_text){"function", 8});
    put(&call, "function", inner.node);
    put(calls, NULL, call.node);
    return call.status != STATUS_OK ? call.status : calls->status;
}

static enum status take_calls(struct made *message, const struct json *given, struct reason *why)
{
    struct made calls = open_node(message->arena, JSON_ARRAY);
    enum status status = calls.status;
    if (given->type != JSON_ARRAY)
        return wrong(why, "messages.tool_calls", "a list");
    for (const struct json *one = given->first; one != NULL && status == STATUS_OK; one = one->next)
        status = take_call(&calls, one, why);
    if (status == STATUS_OK && given->members_n > 0)
        put(message, "tool_calls", calls.node);
    return status == STATUS_OK ? message->status : status;
}

static enum status take_texts(struct made *message, const struct json *given, struct reason *why)
{
    static const char *const names[] = {"name", "tool_call_id", "reasoning_content", "reasoning", "thinking"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json *text = json_get(given, names[i]);
        if (absent(text))
            continue;
        if (!is_text(text))
            return wrong(why, names[i], "a text");
        put(message, names[i], text);
    }
    return message->status;
}

static bool is_role(const struct json *role)
{
    static const char *const roles[] = {"system", "developer", "user", "assistant", "tool"};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (json_is_text(role, roles[i]))
            return true;
    }
    return false;
}

static enum status take_message(struct made *messages, struct chat_message *plain, const struct json *given,
                                struct reason *why)
{
    const struct json *role = json_get(given, "role"), *content = json_get(given, "content");
    const struct json *calls = json_get(given, "tool_calls");
    struct made message = open_node(messages->arena, JSON_OBJECT);
    enum status status = message.status;
    if (!is_role(role))
        return wrong(why, "messages.role", "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\"");
    if (!absent(calls) && !json_is_text(role, "assistant"))
        return wrong(why, "messages.tool_calls", "in a message of the assistant");
    plain->role = (struct chat_text){role->text, role->text_len};
    plain->content = (struct chat_text){"", 0};
    if (status == STATUS_OK && (absent(calls) || !absent(content))) /* a call needs no words */
        status = take_content(&plain->content, messages->arena, content, why);
    if (status != STATUS_OK)
        return status;
    put_text(&message, "role", plain->role);
    put_text(&message, "content", plain->content);
    status = take_texts(&message, given, why);
    if (status == STATUS_OK && !absent(calls))
        status = take_calls(&message, calls, why);
    if (status == STATUS_OK)
        put(messages, NULL, message.node);
    return status == STATUS_OK ? messages->status : status;
}

static enum status take_messages(struct chat_messages *m, struct arena *arena, const struct json *root,
                                 struct reason *why)
{
    const struct json *list = json_get(root, "messages");
    if (list == NULL || list->type != JSON_ARRAY || list->members_n == 0)
        return wrong(why, "messages", "a list that is not empty");
    struct chat_message *plain = arena_take(arena, list->members_n, sizeof *plain, _Alignof(struct chat_message));
    struct made messages = open_node(arena, JSON_ARRAY);
    enum status status = plain == NULL ? STATUS_NO_MEMORY : messages.status;
    for (const struct json *one = list->first; one != NULL && status == STATUS_OK; one = one->next)
        status = take_message(&messages, &plain[m->n++], one, why);
    m->list = plain;
    m->messages = messages.node;
    return status;
}

static enum status take_tools(struct chat_messages *m, const struct json *root, struct reason *why)
{
    const struct json *tools = json_get(root, "tools"), *choice = json_get(root, "tool_choice");
    if (!absent(choice) && !json_is_text(choice, "auto") && !json_is_text(choice, "none")) {
        reason_set(why, "\"tool_choice\" other than \"auto\" and \"none\" is not supported", NULL);
        return STATUS_UNSUPPORTED;
    }
    if (absent(tools))
        return STATUS_OK;
    if (tools->type != JSON_ARRAY)
        return wrong(why, "tools", "a list of functions");
    for (const struct json *one = tools->first; one != NULL; one = one->next) {
        const struct json *function = json_get(one, "function");
        if (!json_is_text(json_get(one, "type"), "function") || !is_text(json_get(function, "name")))
            return wrong(why, "tools", "a list of objects of type \"function\", each with a name");
    }
    if (tools->members_n > 0 && !json_is_text(choice, "none"))
        m->tools = tools;
    return STATUS_OK;
}

static enum status take_variables(struct chat_messages *m, struct arena *arena, const struct json *root,
                                  struct reason *why)
{
    const struct json *given = json_get(root, "chat_template_kwargs");
    if (absent(given))
        return STATUS_OK;
    if (given->type != JSON_OBJECT || given->members_n > CHAT_VARIABLES_MAX)
        return wrong(why, "chat_template_kwargs", "an object of at most 16 members");
    for (const struct json *one = given->first; one != NULL; one = one->next) {
        if (one->type == JSON_ARRAY || one->type == JSON_OBJECT || one->key_len >= CHAT_VARIABLE_NAME_MAX)
            return wrong(why, "chat_template_kwargs", "of texts, numbers, true, false and null, with short names");
        char *name = arena_take(arena, one->key_len + 1, 1, 1);
        if (name == NULL)
            return STATUS_NO_MEMORY;
        memcpy(name, one->key, one->key_len);
        m->variables[m->variables_n++] = (struct template_variable){name, one, true, false};
    }
    return STATUS_OK;
}

enum status chat_messages_take(struct chat_messages *m, struct arena *arena, const struct json *root,
                               struct reason *why)
{
    memset(m, 0, sizeof *m);
    enum status status = take_messages(m, arena, root, why);
    if (status == STATUS_OK)
        status = take_tools(m, root, why);
    if (status == STATUS_OK)
        status = take_variables(m, arena, root, why);
    return status;
}
