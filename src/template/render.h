/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's state, shared by its files.  The first failure sticks: after it evaluation gives undefined values
 * and loops end. */
#ifndef TEMPLATE_RENDER_H
#define TEMPLATE_RENDER_H

#include "template/node.h"
#include "template/template.h"
#include "template/value.h"

/* Text with a mark for each byte: 0 from the template, 1 from the input.  Filled from the front. */
struct area {
    uint8_t *text, *marks;
    size_t used, capacity;
    const char *limit; /* its name for a person */
};

struct render {
    const struct template *template;
    const struct template_input *input;
    struct arena *values;
    struct area texts;  /* texts that were computed */
    struct area output; /* with what blocks and macros hold back at its end */
    struct scope *scope;
    uint64_t steps; /* left */
    uint32_t depth; /* left */
    uint32_t line;
    uint32_t kept; /* counts values put where they outlive the expression that made them */
    enum { JUMP_NONE, JUMP_BREAK, JUMP_CONTINUE } jump;
    enum status status;
    struct reason *why;
};

/* ---- failures and limits (render.c) ---- */
/* Records what went wrong at the current line, and about what name or text unless that is NULL. */
void render_fail(struct render *r, enum status status, const char *what, const struct value *about);
/* Counts steps; false when there are none left or something failed before. */
must_check bool render_charge(struct render *r, uint64_t steps);
/* Zeroed memory, or NULL after a failure. */
must_check void *render_take(struct render *r, size_t count, size_t size);
/* One more level; false when there are too many.  Every true needs a render_leave. */
must_check bool render_enter(struct render *r);
void render_leave(struct render *r);

/* ---- names (scope.c) ---- */
must_check struct scope *scope_open(struct render *r, struct scope *parent);
void scope_set(struct render *r, struct scope *scope, uint32_t symbol, struct value value);
void scope_set_name(struct render *r, struct scope *scope, const char *name, struct value value);
/* False when no scope has it. */
bool scope_find(const struct render *r, uint32_t symbol, struct value *value);

/* ---- lists and dicts (collection.c) ---- */
struct value list_make(struct render *r, enum list_form form, size_t capacity);
void list_add(struct render *r, struct list *list, struct value value);
struct value dict_make(struct render *r, size_t capacity);
void dict_set(struct render *r, struct dict *dict, struct value key, struct value value);
/* The entry of a key, or NULL. */
struct entry *dict_find(struct render *r, const struct dict *dict, struct value key);
struct entry *dict_find_text(const struct dict *dict, const char *key);
void dict_remove(struct dict *dict, struct entry *entry);
struct value dict_list(struct render *r, struct value dict, enum list_form form);
/* What a `for` goes over: a list's items, a dict's keys, a text's characters.  An iterator is used up. */
struct value value_iterate(struct render *r, struct value v);
/* A JSON value as one of ours. */
struct value value_from_json(struct render *r, const struct json *json, enum origin origin);

/* ---- comparisons (compare.c) ---- */
bool value_truth(struct value v);
bool value_equal(struct render *r, struct value a, struct value b);
/* Below 0, 0 or above 0; a failure for what has no order. */
int value_order(struct render *r, struct value a, struct value b);
bool value_contains(struct render *r, struct value in, struct value item);
/* The number as a double; false for what is no number. */
bool value_real(struct value v, double *real);
const char *value_type(struct value v); /* Python's name */

/* ---- texts (text.c) ---- */
void area_add(struct render *r, struct area *a, const void *text, size_t len, enum origin origin);
void area_add_text(struct render *r, struct area *a, struct value text); /* with its marks */
void area_add_from(struct render *r, struct area *a, struct value text, size_t first, size_t len);
struct value text_end(struct render *r, size_t start);                 /* what was added to r->texts since */
struct value area_cut(struct render *r, struct area *a, size_t start); /* takes the end of a as a text */
struct value text_part(const struct render *r, struct value text, size_t first, size_t len);
struct value text_concat(struct render *r, struct value a, struct value b);
bool text_is(struct value text, const char *literal);
bool text_same(struct value a, struct value b);
bool text_input(const struct render *r, struct value text, size_t first, size_t len); /* any byte of these */
size_t text_find(struct render *r, struct value in, struct value what, size_t from);  /* the first place, or SIZE_MAX */
size_t text_characters(struct value text);
size_t text_offset(struct value text, size_t character); /* in bytes; len past the end */
uint32_t text_character(struct value text, size_t at, size_t *len);
/* As Python's str(), into the heap; a text as it is. */
struct value value_to_text(struct render *r, struct value v);

/* ---- printing (print.c, json_print.c, number_text.c) ---- */
void print_text(struct render *r, struct area *a, struct value v);   /* str() */
void print_quoted(struct render *r, struct area *a, struct value v); /* repr() */
struct json_style {
    bool ensure_ascii, indented, sort_keys;
    struct value indent, item_separator, key_separator;
};
void print_json(struct render *r, struct area *a, struct value v, const struct json_style *style);
enum { NUMBER_TEXT_MAX = 400 };
size_t number_float(char out[static NUMBER_TEXT_MAX], double real); /* repr() */
size_t number_fixed(char out[static NUMBER_TEXT_MAX], double real, unsigned decimals);
size_t number_integer(char out[static NUMBER_TEXT_MAX], int64_t integer);

/* ---- evaluation (evaluate.c, operator.c, access.c, call.c, statement.c) ---- */
struct value evaluate(struct render *r, const struct node *node);
struct value operator_apply(struct render *r, uint32_t op, struct value a, struct value b);
struct value value_attribute(struct render *r, struct value of, struct value name);
struct value value_item(struct render *r, struct value of, struct value index);
struct value value_slice(struct render *r, struct value of, const struct value bounds[static 3]);
struct value call_node(struct render *r, const struct node *node);
struct value call_filter(struct render *r, const struct node *node);
struct value call_test(struct render *r, const struct node *node);
struct value call_macro_block(struct render *r, const struct node *node);
void render_body(struct render *r, const struct node *body);
void assign(struct render *r, const struct node *target, struct value value);

#endif
