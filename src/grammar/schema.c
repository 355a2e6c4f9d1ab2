/* SPDX-License-Identifier: Apache-2.0 */
/* One schema: which kind it is, what it may say besides, and the rules that are referred to. */
#include "grammar/schema.h"

#include "grammar/schema_rules.h"

#include <string.h>

enum { LOOKS_MAX = 1 << 20 };

size_t schema_arena_len(void)
{
    return build_arena_len() + SCHEMA_REFERENCES_MAX * sizeof(struct schema_reference) +
           (BUILD_RANGES_MAX + 1) * sizeof(struct code_range) +
           SCHEMA_DEPTH_MAX * (SCHEMA_PROPERTIES_MAX * sizeof(struct schema_property) + 16) + 64;
}

bool schema_failed(const struct schema *s)
{
    return s->build.status != STATUS_OK;
}

void schema_fail(struct schema *s, enum status status, const char *what)
{
    if (schema_failed(s))
        return;
    s->build.status = status;
    reason_set(s->build.why, "JSON schema: ", what, NULL);
}

void schema_refuse(struct schema *s, const char *name, size_t name_len, const char *what)
{
    if (schema_failed(s))
        return;
    s->build.status = STATUS_UNSUPPORTED;
    reason_set(s->build.why, "JSON schema: ", NULL);
    reason_add_quoted(s->build.why, name, name_len);
    reason_add(s->build.why, what);
}

/* What each kind may say.  A member that is in none of the lists in use is refused. */
enum kind { KIND_NULL, KIND_BOOLEAN, KIND_INTEGER, KIND_NUMBER, KIND_STRING, KIND_ARRAY, KIND_OBJECT, KINDS_N };

static const struct {
    const char *name;
    const char *members[6];
} kinds[KINDS_N] = {
    {"null", {NULL}},
    {"boolean", {NULL}},
    {"integer", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", NULL}},
    {"number", {NULL}},
    {"string", {"minLength", "maxLength", "pattern", "format", NULL}},
    {"array", {"items", "prefixItems", "minItems", "maxItems", NULL}},
    {"object", {"properties", "required", "additionalProperties", NULL}},
};

static bool kind_says(enum kind kind, const struct json *member)
{
    for (size_t i = 0; kinds[kind].members[i] != NULL; i++) {
        if (schema_key_is(member, kinds[kind].members[i]))
            return true;
    }
    return false;
}

/* Refuses every member but the one named and annotations. */
static void check_alone(struct schema *s, const struct json *node, const char *name, const char *other)
{
    for (const struct json *member = node->first; member != NULL && !schema_failed(s); member = member->next) {
        if (schema_is_annotation(member) || schema_key_is(member, name) ||
            (other != NULL && schema_key_is(member, other)))
            continue;
        schema_refuse(s, member->key, member->key_len, " is not supported beside \"");
        reason_add(s->build.why, name);
        reason_add(s->build.why, "\"");
    }
}

/* used: bit of each kind. */
static void check_members(struct schema *s, const struct json *node, unsigned used)
{
    for (const struct json *member = node->first; member != NULL && !schema_failed(s); member = member->next) {
        bool known = schema_is_annotation(member) || schema_key_is(member, "type");
        for (unsigned kind = 0; kind < KINDS_N; kind++)
            known = known || ((used >> kind & 1) != 0 && kind_says((enum kind)kind, member));
        if (!known)
            schema_refuse(s, member->key, member->key_len, " is not supported here");
    }
}

static bool find_kind(enum kind *kind, const struct json *name)
{
    for (unsigned i = 0; i < KINDS_N; i++) {
        if (json_is_text(name, kinds[i].name)) {
            *kind = (enum kind)i;
            return true;
        }
    }
    return false;
}

static void write_kind(struct schema *s, enum kind kind, const struct json *node, unsigned depth)
{
    switch (kind) {
    case KIND_NULL: build_words(&s->build, "null"); return;
    case KIND_BOOLEAN: schema_json(s, JSON_RULE_BOOLEAN); return;
    case KIND_INTEGER: schema_integer(s, node); return;
    case KIND_NUMBER: schema_json(s, JSON_RULE_NUMBER); return;
    case KIND_STRING: schema_string(s, node); return;
    case KIND_ARRAY: schema_array(s, node, depth); return;
    case KIND_OBJECT: schema_object(s, node, depth); return;
    case KINDS_N: return;
    }
}

/* "type": one name or a list of them. */
static void write_typed(struct schema *s, const struct json *node, const struct json *type, unsigned depth)
{
    bool several = type->type == JSON_ARRAY;
    size_t opened = build_open(&s->build);
    unsigned used = 0;
    enum kind kind;
    for (const struct json *one = several ? type->first : type; one != NULL; one = several ? one->next : NULL) {
        if (!find_kind(&kind, one)) {
            schema_fail(s, STATUS_UNSUPPORTED, "\"type\" must be one of the seven types of JSON, or a list of them");
            return;
        }
        if ((used >> kind & 1) != 0)
            continue;
        if (used != 0)
            build_or(&s->build);
        used |= 1U << kind;
        write_kind(s, kind, node, depth);
    }
    if (used == 0)
        schema_fail(s, STATUS_MALFORMED, "\"type\" is an empty list");
    check_members(s, node, used);
    build_close_in_place(&s->build, opened);
}

/* The kind that the members speak of: a value of another kind would be accepted too, but is not made. */
static void write_untyped(struct schema *s, const struct json *node, unsigned depth)
{
    static const enum kind guesses[] = {KIND_OBJECT, KIND_ARRAY, KIND_STRING, KIND_INTEGER};
    for (const struct json *member = node->first; member != NULL; member = member->next) {
        for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
            if (!kind_says(guesses[i], member))
                continue;
            check_members(s, node, 1U << guesses[i]);
            write_kind(s, guesses[i], node, depth);
            return;
        }
    }
    check_members(s, node, 0);
    schema_json(s, JSON_RULE_VALUE);
}

/* ---- values listed, alternatives, references ---- */

static bool has_type(const struct json *value, const struct json *type)
{
    static const char *const names[] = {"null", "boolean", "boolean", "number", "string", "array", "object"};
    bool several = type != NULL && type->type == JSON_ARRAY;
    if (type == NULL)
        return true;
    for (const struct json *one = several ? type->first : type; one != NULL; one = several ? one->next : NULL) {
        int64_t number;
        if (json_is_text(one, names[value->type]) ||
            (json_is_text(one, "integer") && json_i64(&number, value) == STATUS_OK))
            return true;
    }
    return false;
}

static void write_enum(struct schema *s, const struct json *node, const struct json *list)
{
    size_t opened = build_open(&s->build);
    size_t written_n = 0;
    check_alone(s, node, "enum", "type");
    if (list->type != JSON_ARRAY) {
        schema_fail(s, STATUS_MALFORMED, "\"enum\" must be a list");
        return;
    }
    for (const struct json *one = list->first; one != NULL && !schema_failed(s); one = one->next) {
        if (!has_type(one, json_get(node, "type")))
            continue;
        if (written_n++ > 0)
            build_or(&s->build);
        schema_literal(s, one, 0);
    }
    if (written_n == 0)
        schema_fail(s, STATUS_UNSUPPORTED, "\"enum\" holds no value of its type");
    build_close_in_place(&s->build, opened);
}

static void write_alternatives(struct schema *s, const struct json *list, unsigned depth)
{
    size_t opened = build_open(&s->build);
    if (list->type != JSON_ARRAY || list->members_n == 0) {
        schema_fail(s, STATUS_MALFORMED, "\"anyOf\" and \"oneOf\" must be lists that are not empty");
        return;
    }
    for (const struct json *one = list->first; one != NULL && !schema_failed(s); one = one->next) {
        if (one != list->first)
            build_or(&s->build);
        schema_value(s, one, depth + 1);
    }
    build_close_in_place(&s->build, opened);
}

/* A rule for what is referred to; it is written later, once. */
static void write_reference(struct schema *s, const struct json *reference)
{
    const struct json *node = schema_resolve(s, reference);
    for (size_t i = 0; i < s->references_n && !schema_failed(s); i++) {
        if (s->references[i].node == node) {
            build_rule(&s->build, s->references[i].rule);
            return;
        }
    }
    if (s->references_n == SCHEMA_REFERENCES_MAX)
        schema_fail(s, STATUS_LIMIT, "more than 512 schemas are referred to");
    if (schema_failed(s))
        return;
    s->references[s->references_n] = (struct schema_reference){node, build_new_rule(&s->build)};
    build_rule(&s->build, s->references[s->references_n++].rule);
}

void schema_value(struct schema *s, const struct json *node, unsigned depth)
{
    const struct json *member;
    if (depth >= SCHEMA_DEPTH_MAX)
        schema_fail(s, STATUS_LIMIT, "it is nested too deep");
    if (schema_failed(s))
        return;
    if (schema_is_any(node)) {
        schema_json(s, JSON_RULE_VALUE);
    } else if (node->type != JSON_OBJECT) {
        schema_fail(s, STATUS_UNSUPPORTED, "a schema must be an object, or true");
    } else if ((member = json_get(node, "$ref")) != NULL) {
        check_alone(s, node, "$ref", NULL);
        write_reference(s, member);
    } else if ((member = json_get(node, "const")) != NULL) {
        check_alone(s, node, "const", "type");
        if (!has_type(member, json_get(node, "type")))
            schema_fail(s, STATUS_UNSUPPORTED, "\"const\" is not of its type");
        schema_literal(s, member, 0);
    } else if ((member = json_get(node, "enum")) != NULL) {
        write_enum(s, node, member);
    } else if ((member = json_get(node, "anyOf")) != NULL) {
        check_alone(s, node, "anyOf", NULL);
        write_alternatives(s, member, depth);
    } else if ((member = json_get(node, "oneOf")) != NULL) {
        check_alone(s, node, "oneOf", NULL);
        schema_check_disjoint(s, member);
        write_alternatives(s, member, depth);
    } else if (json_get(node, "allOf") != NULL) {
        schema_all_of(s, node, depth);
    } else if ((member = json_get(node, "type")) != NULL) {
        write_typed(s, node, member, depth);
    } else {
        write_untyped(s, node, depth);
    }
}

/* ---- the whole ---- */

static void init(struct schema *s, struct arena *arena, const struct json *root, struct reason *why)
{
    *s = (struct schema){.arena = arena, .root = root, .looks_left = LOOKS_MAX};
    build_init(&s->build, arena, why);
    s->references =
        arena_take(arena, SCHEMA_REFERENCES_MAX, sizeof s->references[0], _Alignof(struct schema_reference));
    s->ranges = arena_take(arena, BUILD_RANGES_MAX + 1, sizeof s->ranges[0], _Alignof(struct code_range));
    if (s->references == NULL || s->ranges == NULL)
        schema_fail(s, STATUS_NO_MEMORY, "no memory for it");
}

static enum status finish(struct schema *s, uint32_t *elements, size_t capacity, size_t *elements_n)
{
    uint32_t rule;
    *elements_n = 0;
    if (schema_failed(s))
        return s->build.status;
    enum status status = build_finish(&s->build, elements, capacity, elements_n, &rule);
    if (status == STATUS_UNSUPPORTED)
        reason_set(s->build.why, "JSON schema: a \"$ref\" leads back to itself without anything between", NULL);
    return status;
}

enum status schema_parse(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena,
                         const struct json *schema, struct reason *why)
{
    struct schema s;
    init(&s, arena, schema, why);
    uint32_t root = build_new_rule(&s.build);
    size_t opened = build_open(&s.build);
    schema_json(&s, JSON_RULE_SPACE); /* many a vocabulary begins its words with a space */
    schema_value(&s, schema, 0);
    build_close(&s.build, opened, root);
    for (size_t i = 0; i < s.references_n && !schema_failed(&s); i++) {
        opened = build_open(&s.build);
        schema_value(&s, s.references[i].node, 0);
        build_close(&s.build, opened, s.references[i].rule);
    }
    return finish(&s, elements, capacity, elements_n);
}

enum status schema_any_object(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena,
                              struct reason *why)
{
    struct schema s;
    init(&s, arena, NULL, why);
    uint32_t root = build_new_rule(&s.build);
    size_t opened = build_open(&s.build);
    schema_json(&s, JSON_RULE_SPACE);
    schema_json(&s, JSON_RULE_OBJECT);
    build_close(&s.build, opened, root);
    return finish(&s, elements, capacity, elements_n);
}
