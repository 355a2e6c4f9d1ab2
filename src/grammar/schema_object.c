/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: the properties in the order of the schema, the optional ones there or not, then others where they may be. */
#include "grammar/schema_rules.h"

#include <string.h>

enum { KEY_DEPTH_MAX = 48 };

struct object {
    struct schema_property *properties; /* [SCHEMA_PROPERTIES_MAX] */
    size_t n;
    const struct json *additional; /* schema of others; NULL: any value, or none may be */
    bool others;                   /* may be */
    bool said;                     /* additionalProperties was there */
};

static bool same_name(const struct schema_property *p, const char *name, size_t len)
{
    return p->name_len == len && memcmp(p->name, name, len) == 0;
}

static void add_property(struct schema *s, struct object *o, struct schema_property property)
{
    if (o->n == SCHEMA_PROPERTIES_MAX)
        schema_fail(s, STATUS_LIMIT, "an object of more than 1024 properties");
    else
        o->properties[o->n++] = property;
}

static void take_properties(struct schema *s, struct object *o, const struct json *node)
{
    const struct json *properties = json_get(node, "properties");
    if (properties != NULL && properties->type != JSON_OBJECT)
        schema_fail(s, STATUS_MALFORMED, "\"properties\" must be an object");
    for (const struct json *one = properties == NULL ? NULL : properties->first; one != NULL && !schema_failed(s);
         one = one->next) {
        for (size_t i = 0; i < o->n; i++) {
            if (same_name(&o->properties[i], one->key, one->key_len))
                schema_fail(s, STATUS_UNSUPPORTED, "two parts of \"allOf\" have the same property");
        }
        add_property(s, o, (struct schema_property){one->key, one->key_len, one, false});
    }
}

/* A name that is required and has no schema is another property. */
static void take_required(struct schema *s, struct object *o, const struct json *node)
{
    const struct json *required = json_get(node, "required");
    if (required != NULL && required->type != JSON_ARRAY)
        schema_fail(s, STATUS_MALFORMED, "\"required\" must be a list");
    for (const struct json *one = required == NULL ? NULL : required->first; one != NULL && !schema_failed(s);
         one = one->next) {
        size_t i = 0;
        if (one->type != JSON_STRING) {
            schema_fail(s, STATUS_MALFORMED, "\"required\" must hold names");
            return;
        }
        while (i < o->n && !same_name(&o->properties[i], one->text, one->text_len))
            i++;
        if (i < o->n)
            o->properties[i].required = true;
        else if (o->said && !o->others)
            schema_fail(s, STATUS_UNSUPPORTED, "\"required\" names a property that may not be");
        else
            add_property(s, o, (struct schema_property){one->text, one->text_len, o->additional, true});
    }
}

/* Absent: others may be when no properties are named. */
static void take_additional(struct object *o, const struct json *node)
{
    const struct json *additional = json_get(node, "additionalProperties");
    const struct json *properties = json_get(node, "properties");
    o->said = additional != NULL;
    o->others = additional == NULL ? properties == NULL || properties->members_n == 0 : additional->type != JSON_FALSE;
    o->additional = o->others && additional != NULL && !schema_is_any(additional) ? additional : NULL;
}

/* ---- keys that are none of the properties ---- */

struct keys {
    const struct schema_property *properties;
    size_t n;
};

/* Whether the name begins with those bytes, and goes on with a character that needs no escape. */
static bool goes_on(const struct schema_property *p, const char *prefix, size_t len)
{
    return p->name_len > len && memcmp(p->name, prefix, len) == 0 && (uint8_t)p->name[len] >= 0x20 &&
           p->name[len] != '"' && p->name[len] != '\\' && p->name[len] != 0x7f;
}

static uint32_t character_at(const char *text, size_t *len)
{
    const uint8_t *at = (const uint8_t *)text; /* well-formed: the JSON reader saw to it */
    *len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    uint32_t value = *len == 1 ? at[0] : at[0] & (0x7fU >> *len);
    for (size_t i = 1; i < *len; i++)
        value = value << 6 | (at[i] & 0x3f);
    return value;
}

static void any_characters(struct schema *s)
{
    size_t item = build_open(&s->build);
    schema_json(s, JSON_RULE_CHARACTER);
    build_repeat(&s->build, item, 0, BUILD_UNLIMITED);
}

/* The rest of a key that begins as some names do: it leaves them with a character that none has here, goes on with
 * one, or ends where no name does.  No escape is made before it has left them, as it could spell a name. */
static void other_rest(struct schema *s, const struct keys *k, const char *prefix, size_t len, unsigned depth)
{
    struct code_range nexts[BUILD_RANGES_MAX / 4 + 5];
    size_t nexts_n = 0, opened = build_open(&s->build);
    bool is_name = false;
    for (size_t i = 0; i < k->n; i++) {
        size_t character_len;
        is_name = is_name || same_name(&k->properties[i], prefix, len);
        if (!goes_on(&k->properties[i], prefix, len))
            continue;
        uint32_t next = character_at(k->properties[i].name + len, &character_len);
        nexts[nexts_n++] = (struct code_range){next, next};
        if (nexts_n == BUILD_RANGES_MAX / 4)
            nexts_n = code_ranges_merge(nexts, nexts_n);
        if (nexts_n == BUILD_RANGES_MAX / 4) {
            schema_fail(s, STATUS_LIMIT, "properties with too many different beginnings beside additional ones");
            return;
        }
    }
    struct code_range out[BUILD_RANGES_MAX / 4 + 5];
    memcpy(out, nexts, nexts_n * sizeof out[0]);
    size_t out_n = nexts_n;
    out[out_n++] = (struct code_range){0, 0x1f};
    out[out_n++] = (struct code_range){'"', '"'};
    out[out_n++] = (struct code_range){'\\', '\\'};
    out[out_n++] = (struct code_range){0x7f, 0x7f};
    build_class(&s->build, out, out_n, true);
    any_characters(s);
    nexts_n = code_ranges_merge(nexts, nexts_n);
    for (size_t i = 0; i < nexts_n && depth < KEY_DEPTH_MAX; i++) {
        for (uint32_t c = nexts[i].first; c <= nexts[i].last && !schema_failed(s); c++) {
            const struct schema_property *with = NULL;
            size_t character_len = 0;
            for (size_t p = 0; p < k->n && with == NULL; p++) {
                if (goes_on(&k->properties[p], prefix, len) &&
                    character_at(k->properties[p].name + len, &character_len) == c)
                    with = &k->properties[p];
            }
            if (with == NULL)
                continue;
            build_or(&s->build);
            build_code_point(&s->build, c);
            other_rest(s, k, with->name, len + character_len, depth + 1);
        }
    }
    if (!is_name)
        build_or(&s->build);
    build_close_in_place(&s->build, opened);
}

static void member_value(struct schema *s, const struct json *schema, unsigned depth)
{
    build_words(&s->build, ":");
    schema_json(s, JSON_RULE_SPACE);
    if (schema == NULL)
        schema_json(s, JSON_RULE_VALUE);
    else
        schema_value(s, schema, depth + 1);
}

/* A rule of one member, so that it is written once; its number. */
static uint32_t property_rule(struct schema *s, const struct schema_property *p, unsigned depth)
{
    uint32_t rule = build_new_rule(&s->build);
    size_t opened = build_open(&s->build);
    schema_string_literal(s, p->name, p->name_len);
    member_value(s, p->schema, depth);
    build_close(&s->build, opened, rule);
    return rule;
}

static uint32_t other_rule(struct schema *s, const struct object *o, unsigned depth)
{
    const struct keys keys = {o->properties, o->n};
    uint32_t rule = build_new_rule(&s->build);
    size_t opened = build_open(&s->build);
    build_words(&s->build, "\"");
    if (o->n == 0)
        any_characters(s);
    else
        other_rest(s, &keys, "", 0, 0);
    build_words(&s->build, "\"");
    member_value(s, o->additional, depth);
    build_close(&s->build, opened, rule);
    return rule;
}

static void comma(struct schema *s)
{
    build_words(&s->build, ",");
    schema_json(s, JSON_RULE_SPACE);
}

static void more_others(struct schema *s, uint32_t other)
{
    size_t item = build_open(&s->build);
    comma(s);
    build_rule(&s->build, other);
    build_repeat(&s->build, item, 0, BUILD_UNLIMITED);
}

/* Two chains of rules, from the last property to the first: what may follow when a member was written before, and when
 * none was. */
static void write_members(struct schema *s, const struct object *o, unsigned depth)
{
    struct build *b = &s->build;
    uint32_t other = o->others ? other_rule(s, o, depth) : 0;
    uint32_t behind = build_new_rule(b), front = build_new_rule(b);
    size_t opened = build_open(b);
    if (o->others)
        more_others(s, other);
    schema_json(s, JSON_RULE_SPACE);
    build_close(b, opened, behind);
    opened = build_open(b);
    if (o->others) {
        build_rule(b, other);
        build_rule(b, behind); /* more of them, and the space */
        build_or(b);
    }
    build_close(b, opened, front);
    for (size_t i = o->n; i-- > 0 && !schema_failed(s);) {
        uint32_t property = property_rule(s, &o->properties[i], depth);
        uint32_t next_behind = build_new_rule(b), next_front = build_new_rule(b);
        opened = build_open(b);
        comma(s);
        build_rule(b, property);
        build_rule(b, behind);
        if (!o->properties[i].required) {
            build_or(b);
            build_rule(b, behind);
        }
        build_close(b, opened, next_behind);
        opened = build_open(b);
        build_rule(b, property);
        build_rule(b, behind);
        if (!o->properties[i].required) {
            build_or(b);
            build_rule(b, front);
        }
        build_close(b, opened, next_front);
        behind = next_behind;
        front = next_front;
    }
    build_words(b, "{");
    schema_json(s, JSON_RULE_SPACE);
    build_rule(b, front);
    build_words(b, "}");
}

static bool take_room(struct schema *s, struct object *o)
{
    *o = (struct object){.properties = NULL};
    o->properties =
        arena_take(s->arena, SCHEMA_PROPERTIES_MAX, sizeof o->properties[0], _Alignof(struct schema_property));
    if (o->properties == NULL)
        schema_fail(s, STATUS_NO_MEMORY, "no memory for it");
    return o->properties != NULL;
}

void schema_object(struct schema *s, const struct json *node, unsigned depth)
{
    struct object o;
    size_t used = arena_used(s->arena);
    if (!take_room(s, &o))
        return;
    take_properties(s, &o, node);
    take_additional(&o, node);
    take_required(s, &o, node);
    if (!schema_failed(s))
        write_members(s, &o, depth);
    arena_rewind(s->arena, used);
}

/* ---- allOf ---- */

/* A part must be an object that says properties and required alone. */
static void check_part(struct schema *s, const struct json *part, bool whole)
{
    static const char *const names[] = {"type", "properties", "required"};
    const struct json *type = json_get(part, "type");
    if (part->type != JSON_OBJECT || (type != NULL && !json_is_text(type, "object"))) {
        schema_fail(s, STATUS_UNSUPPORTED, "\"allOf\" of several schemas is supported for objects alone");
        return;
    }
    for (const struct json *member = part->first; member != NULL && !schema_failed(s); member = member->next) {
        bool known = schema_is_annotation(member) || (whole && schema_key_is(member, "allOf"));
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            known = known || schema_key_is(member, names[i]);
        if (!known)
            schema_refuse(s, member->key, member->key_len, " is not supported in \"allOf\"");
    }
}

static const struct json *resolved(struct schema *s, const struct json *part)
{
    for (unsigned i = 0; i < SCHEMA_DEPTH_MAX && part != NULL && json_get(part, "$ref") != NULL; i++)
        part = part->members_n == 1 ? schema_resolve(s, json_get(part, "$ref")) : NULL;
    if (part == NULL || json_get(part, "$ref") != NULL)
        schema_fail(s, STATUS_UNSUPPORTED, "a \"$ref\" in \"allOf\" with something beside it, or to itself");
    return schema_failed(s) ? NULL : part;
}

void schema_all_of(struct schema *s, const struct json *node, unsigned depth)
{
    const struct json *list = json_get(node, "allOf"), *part;
    struct object o;
    size_t used = arena_used(s->arena), says_n = 0;
    for (part = node->first; part != NULL; part = part->next)
        says_n += !schema_is_annotation(part);
    if (list->type != JSON_ARRAY || list->members_n == 0)
        schema_fail(s, STATUS_MALFORMED, "\"allOf\" must be a list that is not empty");
    if (schema_failed(s))
        return;
    if (list->members_n == 1 && says_n == 1) {
        schema_value(s, list->first, depth + 1);
        return;
    }
    if (!take_room(s, &o))
        return;
    check_part(s, node, true);
    take_properties(s, &o, node);
    for (const struct json *one = list->first; one != NULL && !schema_failed(s); one = one->next) {
        part = resolved(s, one);
        if (part == NULL)
            break;
        check_part(s, part, false);
        take_properties(s, &o, part);
    }
    take_required(s, &o, node);
    for (const struct json *one = list->first; one != NULL && !schema_failed(s); one = one->next)
        take_required(s, &o, resolved(s, one));
    if (!schema_failed(s))
        write_members(s, &o, depth);
    arena_rewind(s->arena, used);
}
