/* SPDX-License-Identifier: Apache-2.0 */
/* The form that an answer's text must have: "response_format", "grammar", "json_schema". */
#include "enclave/request_member.h"
#include "enclave/request_options.h"
#include "engine/grammar.h"
#include "grammar/gbnf.h"
#include "grammar/schema.h"

#include <stdlib.h>
#include <string.h>

static enum status set_form(struct request_options *o, enum request_form form, struct reason *why)
{
    if (o->form != FORM_TEXT) {
        reason_set(why, "\"response_format\", \"json_schema\" and \"grammar\" cannot be combined", NULL);
        return STATUS_MALFORMED;
    }
    o->form = form;
    return STATUS_OK;
}

static enum status set_schema(struct request_options *o, const struct json *schema, struct reason *why)
{
    if (request_absent(schema))
        return request_wrong(why, "response_format.json_schema.schema", "a JSON schema");
    o->schema = schema;
    return set_form(o, FORM_SCHEMA, why);
}

/* {"type":"text"}, {"type":"json_object"} (with llama.cpp's "schema"), {"type":"json_schema","json_schema":{...}} */
static enum status take_response_format(struct request_options *o, const struct json *format, struct reason *why)
{
    static const char *const text[] = {"type", NULL}, *const object[] = {"type", "schema", NULL},
                             *const schema[] = {"type", "json_schema", NULL},
                             *const inner[] = {"name", "description", "schema", "strict", NULL};
    const struct json *type = json_get(format, "type"), *within = json_get(format, "json_schema");
    if (request_absent(format))
        return STATUS_OK;
    if (json_is_text(type, "text"))
        return json_only(format, text, why);
    if (json_is_text(type, "json_object")) {
        enum status status = json_only(format, object, why);
        if (status != STATUS_OK)
            return status;
        const struct json *given = json_get(format, "schema");
        return request_absent(given) ? set_form(o, FORM_JSON, why) : set_schema(o, given, why);
    }
    if (!json_is_text(type, "json_schema") || within == NULL || within->type != JSON_OBJECT)
        return request_wrong(why, "response_format", "of type \"text\", \"json_object\" or \"json_schema\"");
    enum status status = json_only(format, schema, why);
    if (status == STATUS_OK)
        status = json_only(within, inner, why);
    return status == STATUS_OK ? set_schema(o, json_get(within, "schema"), why) : status;
}

enum status request_form_take(struct request_options *o, const struct json *root, struct reason *why)
{
    const struct json *grammar = json_get(root, "grammar"), *schema = json_get(root, "json_schema");
    enum status status = take_response_format(o, json_get(root, "response_format"), why);
    if (status == STATUS_OK && !request_absent(schema))
        status = set_schema(o, schema, why);
    if (status != STATUS_OK || request_absent(grammar))
        return status;
    if (grammar->type != JSON_STRING)
        return request_wrong(why, "grammar", "a text in GBNF");
    o->grammar = (struct chat_text){grammar->text, grammar->text_len};
    return grammar->text_len == 0 ? STATUS_OK : set_form(o, FORM_GBNF, why);
}

enum status request_form_compile(uint32_t **elements, size_t *elements_n, const struct request_options *o,
                                 struct reason *why)
{
    struct arena arena;
    enum status status = STATUS_NO_MEMORY;
    size_t memory_len = o->form == FORM_GBNF ? gbnf_arena_len() : schema_arena_len();
    *elements = NULL;
    *elements_n = 0;
    if (o->form == FORM_TEXT)
        return STATUS_OK;
    void *memory = malloc(memory_len);
    uint32_t *room = malloc(GRAMMAR_ELEMENTS_MAX * sizeof room[0]);
    if (memory == NULL || room == NULL)
        goto out;
    arena_init(&arena, memory, memory_len);
    if (o->form == FORM_GBNF)
        status = gbnf_parse(room, GRAMMAR_ELEMENTS_MAX, elements_n, &arena, o->grammar.text, o->grammar.len, why);
    else if (o->form == FORM_SCHEMA)
        status = schema_parse(room, GRAMMAR_ELEMENTS_MAX, elements_n, &arena, o->schema, why);
    else
        status = schema_any_object(room, GRAMMAR_ELEMENTS_MAX, elements_n, &arena, why);
    if (status == STATUS_OK) {
        *elements = malloc(*elements_n * sizeof room[0]);
        if (*elements == NULL)
            status = STATUS_NO_MEMORY;
        else
            memcpy(*elements, room, *elements_n * sizeof room[0]);
    }
out:
    free(memory);
    free(room);
    return status;
}
