/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at the parts of a tokenizer.json: their types, flags and steps. */
#ifndef IMPORT_SOURCE_JSON_H
#define IMPORT_SOURCE_JSON_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_STEPS_MAX = 8 };

/* Says "unsupported WHAT" and the text of seen, which may be NULL; returns STATUS_UNSUPPORTED. */
enum status source_unsupported(struct reason *why, const char *what, const struct json *seen);

bool source_is_type(const struct json *object, const char *type);

/* Absent or null. */
bool source_is_absent(const struct json *value);

/* The member is there and true (or false); source_flag: its value, or the fallback when it is neither. */
bool source_is(const struct json *object, const char *name, bool wanted);
bool source_flag(const struct json *object, const char *name, bool fallback);

/* True for the text U+2581, which stands for a space. */
bool source_is_mark(const struct json *text);

/* The steps of a Sequence, whose list has that name; a value that is none is its own only step, null has no step.
 * STATUS_UNSUPPORTED: more than SOURCE_STEPS_MAX, or a list that is none. */
must_check enum status source_steps(const struct json *steps[static SOURCE_STEPS_MAX], size_t *steps_n,
                                    const struct json *value, const char *list, struct reason *why);

#endif
