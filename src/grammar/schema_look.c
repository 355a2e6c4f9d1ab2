/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into schemas without writing anything. */
#include "grammar/schema_rules.h"

#include <string.h>

enum { LOOK_DEPTH_MAX = 16, COUNT_MAX = 16384 };

bool schema_key_is(const struct json *member, const char *name)
{
    return member->key_len == strlen(name) && memcmp(member->key, name, member->key_len) == 0;
}

/* Members that say something to people, or that only hold what is referred to. */
bool schema_is_annotation(const struct json *member)
{
    static const char *const names[] = {"title",    "description", "default",  "examples",  "$schema", "$id",
                                        "$comment", "deprecated",  "readOnly", "writeOnly", "$defs",   "definitions"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (schema_key_is(member, names[i]))
            return true;
    }
    return false;
}

bool schema_is_any(const struct json *node)
{
    bool any = node->type == JSON_TRUE || node->type == JSON_OBJECT;
    for (const struct json *member = node->first; any && member != NULL; member = member->next)
        any = schema_is_annotation(member);
    return any;
}

uint32_t schema_count(struct schema *s, const struct json *node, const char *name, uint32_t fallback)
{
    uint64_t value;
    const struct json *member = json_get(node, name);
    if (member == NULL)
        return fallback;
    if (json_u64(&value, member) == STATUS_OK && value <= COUNT_MAX)
        return (uint32_t)value;
    schema_refuse(s, name, strlen(name), " must be a whole number from 0 to 16384");
    return fallback;
}

/* ---- references ---- */

/* The next step of a JSON pointer (RFC 6901) from node. */
static const struct json *step(const struct json *node, const char *text, size_t len)
{
    uint64_t index = 0;
    if (node->type == JSON_ARRAY) {
        for (size_t i = 0; i < len; i++) {
            if (text[i] < '0' || text[i] > '9' || index > UINT32_MAX)
                return NULL;
            index = index * 10 + (uint64_t)(text[i] - '0');
        }
        const struct json *one = len == 0 ? NULL : node->first;
        for (; one != NULL && index > 0; index--)
            one = one->next;
        return one;
    }
    for (const struct json *member = node->first; node->type == JSON_OBJECT && member != NULL; member = member->next) {
        size_t at = 0, k = 0;
        for (; at < len && k < member->key_len; at++, k++) {
            char c = text[at];
            if (c == '~' && at + 1 < len)
                c = text[++at] == '1' ? '/' : '~';
            if (c != member->key[k])
                break;
        }
        if (at == len && k == member->key_len)
            return member;
    }
    return NULL;
}

const struct json *schema_resolve(struct schema *s, const struct json *reference)
{
    const struct json *node = s->root;
    if (reference->type != JSON_STRING || reference->text_len == 0 || reference->text[0] != '#' ||
        (reference->text_len > 1 && reference->text[1] != '/') ||
        memchr(reference->text, '%', reference->text_len) != NULL) {
        schema_fail(s, STATUS_UNSUPPORTED, "\"$ref\" must be local, like \"#/$defs/NAME\"");
        return NULL;
    }
    const char *at = reference->text + 1, *end = reference->text + reference->text_len;
    while (node != NULL && at < end) {
        const char *from = ++at;
        while (at < end && *at != '/')
            at++;
        node = step(node, from, (size_t)(at - from));
    }
    if (node == NULL)
        schema_fail(s, STATUS_MALFORMED, "\"$ref\" points to nothing");
    return node;
}

/* ---- alternatives that exclude each other ---- */

/* Follows references; NULL when that leads too far. */
static const struct json *behind_references(struct schema *s, const struct json *node)
{
    for (unsigned i = 0; i < LOOK_DEPTH_MAX && node != NULL; i++) {
        const struct json *reference = json_get(node, "$ref");
        if (reference == NULL)
            return node;
        node = schema_resolve(s, reference);
    }
    return NULL;
}

static unsigned bit_of(enum json_type type)
{
    return 1U << (type == JSON_TRUE ? JSON_FALSE : type);
}

static unsigned bits_of_name(const struct json *name)
{
    static const struct {
        const char *name;
        enum json_type type;
    } names[] = {{"null", JSON_NULL},     {"boolean", JSON_FALSE}, {"integer", JSON_NUMBER}, {"number", JSON_NUMBER},
                 {"string", JSON_STRING}, {"array", JSON_ARRAY},   {"object", JSON_OBJECT}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_is_text(name, names[i].name))
            return bit_of(names[i].type);
    }
    return ~0U;
}

/* The kinds of values that a schema can accept, at most. */
static unsigned kinds_of(struct schema *s, const struct json *node, unsigned depth)
{
    unsigned bits = 0;
    s->looks_left -= s->looks_left > 0;
    node = depth == LOOK_DEPTH_MAX || s->looks_left == 0 ? NULL : behind_references(s, node);
    if (node == NULL)
        return ~0U;
    const struct json *type = json_get(node, "type"), *list = json_get(node, "enum"), *one = json_get(node, "const");
    if (one != NULL)
        return bit_of(one->type);
    if (type != NULL && type->type == JSON_STRING)
        return bits_of_name(type);
    if (list == NULL)
        list = json_get(node, "anyOf");
    if (list == NULL)
        list = json_get(node, "oneOf");
    if (list == NULL)
        list = type;
    if (list == NULL)
        return ~0U;
    bool values = list == json_get(node, "enum");
    for (one = list->first; one != NULL; one = one->next)
        bits |= values ? bit_of(one->type) : list == type ? bits_of_name(one) : kinds_of(s, one, depth + 1);
    return bits;
}

static bool same_scalar(const struct json *a, const struct json *b)
{
    if (a->type == JSON_NUMBER || a->type >= JSON_ARRAY) /* 1 and 1.0: not looked into */
        return a->type == b->type;
    return a->type == b->type &&
           (a->type != JSON_STRING || (a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0));
}

/* The values that a schema lists: its const, or the first of its enum with *list_all set. */
static const struct json *listed(const struct json *node, bool *list_all)
{
    const struct json *list = json_get(node, "enum");
    *list_all = list != NULL;
    return list != NULL ? list->first : json_get(node, "const");
}

/* Whether both list their values and have none in common. */
static bool lists_differ(struct schema *s, const struct json *a, const struct json *b)
{
    bool a_all, b_all;
    const struct json *first_a = listed(a, &a_all), *first_b = listed(b, &b_all);
    if (first_a == NULL || first_b == NULL)
        return false;
    for (const struct json *x = first_a; x != NULL; x = a_all ? x->next : NULL) {
        for (const struct json *y = first_b; y != NULL; y = b_all ? y->next : NULL) {
            s->looks_left -= s->looks_left > 0;
            if (s->looks_left == 0 || same_scalar(x, y))
                return false;
        }
    }
    return true;
}

static bool requires(const struct json *node, const struct json *property)
{
    const struct json *required = json_get(node, "required");
    for (const struct json *one = required == NULL ? NULL : required->first; one != NULL; one = one->next) {
        if (one->type == JSON_STRING && one->text_len == property->key_len &&
            memcmp(one->text, property->key, one->text_len) == 0)
            return true;
    }
    return false;
}

/* Whether a property that both demand tells them apart. */
static bool property_differs(struct schema *s, const struct json *a, const struct json *b)
{
    const struct json *properties = json_get(a, "properties"), *others = json_get(b, "properties");
    for (const struct json *one = properties == NULL ? NULL : properties->first; one != NULL; one = one->next) {
        const struct json *other = others == NULL ? NULL : others->first;
        while (other != NULL && (other->key_len != one->key_len || memcmp(other->key, one->key, one->key_len) != 0))
            other = other->next;
        if (other != NULL && requires(a, one) && requires(b, other) && lists_differ(s, one, other))
            return true;
    }
    return false;
}

void schema_check_disjoint(struct schema *s, const struct json *alternatives)
{
    for (const struct json *a = alternatives->first; a != NULL && !schema_failed(s); a = a->next) {
        for (const struct json *b = a->next; b != NULL && !schema_failed(s); b = b->next) {
            const struct json *left = behind_references(s, a), *right = behind_references(s, b);
            if (left == NULL || right == NULL ||
                ((kinds_of(s, a, 0) & kinds_of(s, b, 0)) != 0 && !lists_differ(s, left, right) &&
                 !property_differs(s, left, right)))
                schema_fail(s, STATUS_UNSUPPORTED,
                            "\"oneOf\" has alternatives that may both hold; use \"anyOf\", or tell them apart by type "
                            "or by a required property with a \"const\"");
        }
    }
}
