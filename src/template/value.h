/* SPDX-License-Identifier: Apache-2.0 */
/* The values that a template computes with.  Every value knows whether it comes from the template or from the input;
 * a text knows it for each byte. */
#ifndef TEMPLATE_VALUE_H
#define TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_UNDEFINED, /* text: the name that was looked for */
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_NUMBER, /* an integer over 64 bits: its text, for printing only */
    VALUE_FLOAT,
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_DICT,
    VALUE_NAMESPACE,
    VALUE_MACRO,
    VALUE_FUNCTION, /* integer: which */
    VALUE_METHOD,   /* bound to a value */
    VALUE_LOOP,
};

enum origin {
    FROM_TEMPLATE,
    FROM_INPUT,
    FROM_BOTH, /* a text in the heap whose bytes have marks */
};

/* What Python would call the list's type. */
enum list_form {
    LIST_PLAIN,
    LIST_TUPLE,
    LIST_RANGE,
    LIST_ITERATOR, /* read once: at counts what was read */
    LIST_KEYS,
    LIST_VALUES,
    LIST_ITEMS,
};

struct value {
    uint8_t kind;   /* enum value_kind */
    uint8_t origin; /* enum origin; FROM_BOTH for texts only */
    bool safe;      /* a text that went through the filter `safe` */
    uint32_t len;   /* of a text, in bytes */
    union {
        bool truth;
        int64_t integer;
        double real;
        const uint8_t *text;
        struct list *list;
        struct dict *dict; /* also of a namespace */
        struct macro *macro;
        struct method *method;
        struct loop *loop;
    } as;
};

struct list {
    struct value *items;
    uint32_t n, capacity;
    uint32_t at;
    enum list_form form;
};

struct entry {
    struct value key, value;
};

/* In the order of insertion. */
struct dict {
    struct entry *entries;
    uint32_t n, capacity;
};

struct method {
    struct value of;
    uint32_t which;
};

/* A `for` that is running. */
struct loop {
    const struct list *items;
    uint32_t index; /* from 0 */
    struct value changed;
    bool changed_set;
};

/* A name's value in a scope; names are numbers of the template's symbol table. */
struct binding {
    uint32_t symbol;
    struct value value;
};

struct scope {
    struct scope *parent;
    struct binding *bindings;
    uint32_t n, capacity;
    bool kept; /* a macro was defined in it */
};

struct node;

struct macro {
    const struct node *node; /* NODE_MACRO or NODE_CALL_BLOCK */
    struct scope *scope;     /* where it was defined */
};

static inline struct value value_none(void)
{
    return (struct value){.kind = VALUE_NONE};
}

static inline struct value value_undefined(void)
{
    return (struct value){.kind = VALUE_UNDEFINED};
}

static inline struct value value_bool(bool truth)
{
    return (struct value){.kind = VALUE_BOOL, .as.truth = truth};
}

static inline struct value value_integer(int64_t integer)
{
    return (struct value){.kind = VALUE_INTEGER, .as.integer = integer};
}

static inline struct value value_float(double real)
{
    return (struct value){.kind = VALUE_FLOAT, .as.real = real};
}

static inline struct value value_text(const void *text, size_t len, enum origin origin)
{
    return (struct value){.kind = VALUE_TEXT, .origin = (uint8_t)origin, .len = (uint32_t)len, .as.text = text};
}

/* The same value, said to come from the input when any says so. */
static inline struct value value_mixed(struct value v, struct value a, struct value b)
{
    if (a.origin != FROM_TEMPLATE || b.origin != FROM_TEMPLATE)
        v.origin = FROM_INPUT;
    return v;
}

static inline bool value_is(struct value v, enum value_kind kind)
{
    return v.kind == kind;
}

#endif
