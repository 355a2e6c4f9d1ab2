/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema to a compiled grammar (spec/grammar.md): every text that the grammar allows is JSON that the schema
 * accepts.  What the grammar cannot hold is refused by name, never left out. */
#ifndef GRAMMAR_SCHEMA_H
#define GRAMMAR_SCHEMA_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SCHEMA_REFERENCES_MAX = 512,
    SCHEMA_PROPERTIES_MAX = 1024, /* of one object */
    SCHEMA_DEPTH_MAX = 64,
};

/* Arena bytes that both functions below take. */
size_t schema_arena_len(void);

/* schema: a parsed JSON value; elements: room for capacity, GRAMMAR_ELEMENTS_MAX are enough.  STATUS_UNSUPPORTED names
 * what is not supported; STATUS_MALFORMED for a schema that is none; STATUS_LIMIT. */
must_check enum status schema_parse(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena,
                                    const struct json *schema, struct reason *why);

/* The grammar of any JSON object. */
must_check enum status schema_any_object(uint32_t *elements, size_t capacity, size_t *elements_n, struct arena *arena,
                                         struct reason *why);

#endif
