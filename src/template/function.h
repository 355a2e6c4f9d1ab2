/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, tests, functions and methods: tables of names. */
#ifndef TEMPLATE_FUNCTION_H
#define TEMPLATE_FUNCTION_H

#include "template/value.h"

struct render;

enum { PARAMETERS_MAX = 4 };

/* Arguments as they were written. */
struct arguments {
    struct value *items;
    uint32_t n;
    struct entry *named;
    uint32_t named_n;
};

/* A call of a filter, method or function. */
struct call {
    struct value of;                    /* what it is applied to */
    struct value given[PARAMETERS_MAX]; /* by place and by name; those that are not given are undefined */
    const struct arguments *all;
    int variant; /* of the function's row */
};

typedef struct value function_body(struct render *r, const struct call *c);

struct function {
    const char *name;
    function_body *body;
    const char *parameters[PARAMETERS_MAX]; /* "*": whatever is given, the body looks for itself */
    int variant;                            /* which of several functions with one body */
};

/* Binds and calls. */
struct value function_call(struct render *r, const struct function *f, struct value of, const struct arguments *all);

/* Which filter or test has the name; NODE_UNKNOWN. */
uint32_t filter_find(struct value name);
uint32_t test_find(struct value name);
struct value filter_apply(struct render *r, uint32_t which, struct value name, struct value of,
                          const struct arguments *all);
bool test_apply(struct render *r, uint32_t which, struct value name, struct value of, const struct arguments *all);

/* Global functions; false when there is none of that name. */
bool global_find(const struct render *r, struct value name, struct value *found);
struct value global_call(struct render *r, int64_t which, const struct arguments *all);

/* The method of a value; false when its type has none of that name. */
bool method_find(struct render *r, struct value of, struct value name, struct value *found);
struct value method_call(struct render *r, const struct method *method, const struct arguments *all);

/* Tables, each ending with a NULL name. */
extern const struct function filters_text[], filters_list[], filters_choose[], filters_value[];
extern const struct function methods_text[], methods_text_search[], methods_list[], methods_dict[], methods_loop[];

/* A whole number that a parameter is; fallback when it is not given. */
int64_t given_integer(struct render *r, struct value given, int64_t fallback);
bool is_given(struct value given);

struct value format_percent(struct render *r, struct value format, struct value values);
struct value format_braces(struct render *r, struct value format, const struct arguments *all);
struct value time_text(struct render *r, struct value format);

/* Pieces of texts (piece.c), for filters and methods alike. */
enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };
struct value text_strip(struct render *r, struct value text, struct value characters, int sides);
struct value text_replace(struct render *r, struct value text, struct value old, struct value new, int64_t count);
struct value text_join(struct render *r, struct value separator, struct value items);
struct value text_cased(struct render *r, struct value text, bool upper);
struct value text_capitalized(struct render *r, struct value text);
struct value text_pad(struct render *r, struct value text, int64_t width, struct value fill, int64_t before_of_2);
struct value text_lines(struct render *r, struct value text, bool keep_ends);

/* Sorts by key, equal keys in their order; backwards: the greatest first. */
void entries_sort(struct render *r, struct entry *entries, size_t n, bool backwards);
/* What an attribute path such as "function.name" leads to; the item itself when none is given. */
struct value value_path(struct render *r, struct value of, struct value path);
/* A text in lower case for comparisons, anything else as it is. */
struct value value_folded(struct render *r, struct value v, struct value case_sensitive);
/* Python's int() and float() of a text; false when it is no number. */
bool text_integer(struct value text, int64_t base, int64_t *integer);
bool text_real(struct value text, double *real);

/* Characters (character.c). */
bool character_is_space(uint32_t c);
bool character_is_word(uint32_t c);
bool character_is_upper(uint32_t c);
bool character_is_lower(uint32_t c);
bool character_is_printable(uint32_t c);
/* One character in the other case, as up to three. */
size_t character_upper(uint32_t out[static 3], uint32_t c);
size_t character_lower(uint32_t out[static 3], uint32_t c);

#endif
