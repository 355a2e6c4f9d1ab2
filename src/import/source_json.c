/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source_json.h"

enum status source_unsupported(struct reason *why, const char *what, const struct json *seen)
{
    reason_set(why, "tokenizer.json: unsupported ", what, " ", NULL);
    if (seen != NULL && seen->type == JSON_STRING)
        reason_add_quoted(why, seen->text, seen->text_len);
    return STATUS_UNSUPPORTED;
}

bool source_is_type(const struct json *object, const char *type)
{
    return json_is_text(json_get(object, "type"), type);
}

bool source_is_absent(const struct json *value)
{
    return value == NULL || value->type == JSON_NULL;
}

bool source_is(const struct json *object, const char *name, bool wanted)
{
    const struct json *value = json_get(object, name);
    return value != NULL && value->type == (wanted ? JSON_TRUE : JSON_FALSE);
}

bool source_flag(const struct json *object, const char *name, bool fallback)
{
    return fallback ? !source_is(object, name, false) : source_is(object, name, true);
}

bool source_is_mark(const struct json *text)
{
    return json_is_text(text, "\xe2\x96\x81");
}

enum status source_steps(const struct json *steps[static SOURCE_STEPS_MAX], size_t *steps_n, const struct json *value,
                         const char *list, struct reason *why)
{
    *steps_n = 0;
    if (source_is_absent(value))
        return STATUS_OK;
    if (!source_is_type(value, "Sequence")) {
        steps[(*steps_n)++] = value;
        return STATUS_OK;
    }
    const struct json *members = json_get(value, list);
    if (members == NULL || members->type != JSON_ARRAY || members->members_n > SOURCE_STEPS_MAX)
        return source_unsupported(why, "Sequence without a list of 8 steps at most:", json_get(value, "type"));
    for (const struct json *m = members->first; m != NULL; m = m->next)
        steps[(*steps_n)++] = m;
    return STATUS_OK;
}
