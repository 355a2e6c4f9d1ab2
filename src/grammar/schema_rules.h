/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the schema compiler.  Each function adds elements to the rule that is being written.  Private to it. */
#ifndef GRAMMAR_SCHEMA_RULES_H
#define GRAMMAR_SCHEMA_RULES_H

#include "core/codec/json.h"
#include "grammar/build.h"
#include "grammar/schema.h"

/* Rules of JSON itself, written when they are first wanted. */
enum json_rule {
    JSON_RULE_SPACE,
    JSON_RULE_CHARACTER, /* one of a string */
    JSON_RULE_STRING,
    JSON_RULE_INTEGER,
    JSON_RULE_NUMBER,
    JSON_RULE_BOOLEAN,
    JSON_RULE_MEMBER,
    JSON_RULE_OBJECT,
    JSON_RULE_ARRAY,
    JSON_RULE_VALUE,
    JSON_RULES_N,
};

struct schema_reference {
    const struct json *node;
    uint32_t rule;
};

struct schema_property {
    const char *name;
    size_t name_len;
    const struct json *schema; /* NULL: any value */
    bool required;
};

struct schema {
    struct build build;
    struct arena *arena;
    const struct json *root;
    uint32_t json_rules[JSON_RULES_N];   /* plus 1; 0: not written yet */
    struct schema_reference *references; /* [SCHEMA_REFERENCES_MAX] */
    size_t references_n;
    struct code_range *ranges; /* [BUILD_RANGES_MAX + 1] */
    uint32_t looks_left;       /* schemas and values to compare before "oneOf" is given up */
};

/* Fails naming a member of the schema. */
void schema_refuse(struct schema *s, const char *name, size_t name_len, const char *what);
void schema_fail(struct schema *s, enum status status, const char *what);
bool schema_failed(const struct schema *s);

/* ---- JSON itself (schema_json.c) ---- */
void schema_json(struct schema *s, enum json_rule rule);
/* One character of a string's value out of a class, as it stands in JSON text.  ranges: of s->ranges. */
void schema_class(struct schema *s, size_t ranges_n, bool negate);
/* A value as it is. */
void schema_literal(struct schema *s, const struct json *value, unsigned depth);
void schema_string_literal(struct schema *s, const char *text, size_t len);

/* ---- values by kind ---- */
void schema_value(struct schema *s, const struct json *node, unsigned depth);
void schema_object(struct schema *s, const struct json *node, unsigned depth);
/* The properties of several objects as one. */
void schema_all_of(struct schema *s, const struct json *node, unsigned depth);
void schema_array(struct schema *s, const struct json *node, unsigned depth);
void schema_string(struct schema *s, const struct json *node);
void schema_integer(struct schema *s, const struct json *node);
void schema_pattern(struct schema *s, const char *text, size_t len);
/* A key of a member that is none of the properties, without its quotes. */
void schema_other_key(struct schema *s, const struct schema_property *properties, size_t properties_n);

/* ---- looking into schemas (schema_look.c) ---- */
/* The value that a local reference points to; NULL, with a failure, when there is none. */
const struct json *schema_resolve(struct schema *s, const struct json *reference);
/* A node without restrictions: true, or an object with annotations alone. */
bool schema_is_any(const struct json *node);
bool schema_is_annotation(const struct json *member);
bool schema_key_is(const struct json *member, const char *name);
/* Fails unless no two of the alternatives can accept the same value, as far as that is easily seen. */
void schema_check_disjoint(struct schema *s, const struct json *alternatives);
/* A count at name: fallback when it is absent. */
uint32_t schema_count(struct schema *s, const struct json *node, const char *name, uint32_t fallback);

#endif
