/* SPDX-License-Identifier: Apache-2.0 */
/* Lists, and dicts that keep the order of their keys. */
#include "template/render.h"

#include <string.h>

enum { FEW = 4 };

struct value list_make(struct render *r, enum list_form form, size_t capacity)
{
    struct list *list = render_take(r, 1, sizeof *list);
    if (list == NULL)
        return value_undefined();
    if (capacity > 0) {
        list->items = render_take(r, capacity, sizeof list->items[0]);
        list->capacity = list->items == NULL ? 0 : (uint32_t)capacity;
    }
    list->form = form;
    return (struct value){.kind = VALUE_LIST, .as.list = list};
}

void list_add(struct render *r, struct list *list, struct value value)
{
    if (list->n == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? FEW : 2 * list->capacity;
        struct value *items = render_take(r, capacity, sizeof items[0]);
        if (items == NULL)
            return;
        if (list->n > 0)
            memcpy(items, list->items, list->n * sizeof items[0]);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = value;
}

struct value dict_make(struct render *r, size_t capacity)
{
    struct dict *dict = render_take(r, 1, sizeof *dict);
    if (dict == NULL)
        return value_undefined();
    if (capacity > 0) {
        dict->entries = render_take(r, capacity, sizeof dict->entries[0]);
        dict->capacity = dict->entries == NULL ? 0 : (uint32_t)capacity;
    }
    return (struct value){.kind = VALUE_DICT, .as.dict = dict};
}

static bool same_key(struct render *r, struct value a, struct value b)
{
    if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
        return a.len == b.len && (a.len == 0 || memcmp(a.as.text, b.as.text, a.len) == 0);
    return value_equal(r, a, b);
}

struct entry *dict_find(struct render *r, const struct dict *dict, struct value key)
{
    if (!render_charge(r, dict->n / 4))
        return NULL;
    for (uint32_t i = 0; i < dict->n; i++) {
        if (same_key(r, dict->entries[i].key, key))
            return &dict->entries[i];
    }
    return NULL;
}

struct entry *dict_find_text(const struct dict *dict, const char *key)
{
    for (uint32_t i = 0; i < dict->n; i++) {
        if (text_is(dict->entries[i].key, key))
            return &dict->entries[i];
    }
    return NULL;
}

/* Appends without a look at the keys that are there. */
static void append_entry(struct render *r, struct dict *dict, struct value key, struct value value)
{
    if (dict->n == dict->capacity) {
        uint32_t capacity = dict->capacity == 0 ? FEW : 2 * dict->capacity;
        struct entry *entries = render_take(r, capacity, sizeof entries[0]);
        if (entries == NULL)
            return;
        if (dict->n > 0)
            memcpy(entries, dict->entries, dict->n * sizeof entries[0]);
        dict->entries = entries;
        dict->capacity = capacity;
    }
    dict->entries[dict->n++] = (struct entry){key, value};
}

void dict_set(struct render *r, struct dict *dict, struct value key, struct value value)
{
    bool list = key.kind == VALUE_LIST && key.as.list->form != LIST_TUPLE;
    if (list || key.kind == VALUE_DICT) {
        render_fail(r, STATUS_USAGE, "a list or dict cannot be a key", NULL);
        return;
    }
    struct entry *entry = dict_find(r, dict, key);
    if (entry != NULL)
        entry->value = value;
    else if (r->status == STATUS_OK)
        append_entry(r, dict, key, value);
}

void dict_remove(struct dict *dict, struct entry *entry)
{
    struct entry *end = dict->entries + dict->n--;
    memmove(entry, entry + 1, (size_t)(end - entry - 1) * sizeof *entry);
}

struct value dict_list(struct render *r, struct value v, enum list_form form)
{
    const struct dict *dict = v.as.dict;
    struct value made = list_make(r, form, dict->n);
    for (uint32_t i = 0; i < dict->n && render_charge(r, 1); i++) {
        struct value item = form == LIST_VALUES ? dict->entries[i].value : dict->entries[i].key;
        if (form == LIST_ITEMS) {
            item = list_make(r, LIST_TUPLE, 2);
            if (r->status != STATUS_OK)
                break;
            list_add(r, item.as.list, dict->entries[i].key);
            list_add(r, item.as.list, dict->entries[i].value);
        }
        list_add(r, made.as.list, item);
    }
    made.origin = v.origin;
    return made;
}

static struct value characters(struct render *r, struct value text)
{
    struct value made = list_make(r, LIST_PLAIN, text.len);
    for (size_t at = 0, len; at < text.len && render_charge(r, 1); at += len) {
        text_character(text, at, &len);
        list_add(r, made.as.list, text_part(r, text, at, len));
    }
    made.origin = text.origin == FROM_TEMPLATE ? FROM_TEMPLATE : FROM_INPUT;
    return made;
}

/* What is left of an iterator, which is used up. */
static struct value drain(struct render *r, struct value v)
{
    struct list *from = v.as.list;
    struct value made = list_make(r, LIST_PLAIN, 0);
    if (r->status == STATUS_OK) {
        *made.as.list = (struct list){
            .items = from->n == 0 ? NULL : from->items + from->at, .n = from->n - from->at, .form = LIST_PLAIN};
        made.as.list->capacity = made.as.list->n;
        made.origin = v.origin;
        from->at = from->n;
    }
    return made;
}

struct value value_iterate(struct render *r, struct value v)
{
    if (v.kind == VALUE_LIST)
        return v.as.list->form == LIST_ITERATOR ? drain(r, v) : v;
    if (v.kind == VALUE_DICT)
        return dict_list(r, v, LIST_KEYS);
    if (v.kind == VALUE_TEXT)
        return characters(r, v);
    if (v.kind != VALUE_UNDEFINED)
        render_fail(r, STATUS_USAGE, "this cannot be iterated over:",
                    &(struct value){.kind = VALUE_TEXT,
                                    .as.text = (const uint8_t *)value_type(v),
                                    .len = (uint32_t)strlen(value_type(v))});
    return list_make(r, LIST_PLAIN, 0);
}

static struct value from_number(const struct json *json)
{
    int64_t integer;
    double real;
    if (json_i64(&integer, json) == STATUS_OK)
        return value_integer(integer);
    if (memchr(json->text, '.', json->text_len) == NULL && memchr(json->text, 'e', json->text_len) == NULL &&
        memchr(json->text, 'E', json->text_len) == NULL) {
        struct value number = value_text(json->text, json->text_len, FROM_INPUT);
        number.kind = VALUE_NUMBER;
        return number;
    }
    if (json_double(&real, json) != STATUS_OK) { /* beyond the range: infinite, as Python reads it */
        real = 1.7976931348623157e308;
        real = (json->text[0] == '-' ? -real : real) * 10;
    }
    return value_float(real);
}

static struct value from_members(struct render *r, const struct json *json, enum origin origin)
{
    bool list = json->type == JSON_ARRAY;
    struct value made = list ? list_make(r, LIST_PLAIN, json->members_n) : dict_make(r, json->members_n);
    if (!render_enter(r))
        return made;
    for (const struct json *one = json->first; one != NULL && render_charge(r, 1); one = one->next) {
        struct value value = value_from_json(r, one, origin);
        if (r->status == STATUS_OK && list)
            list_add(r, made.as.list, value);
        else if (r->status == STATUS_OK) /* json_parse refuses a key that is there twice */
            append_entry(r, made.as.dict, value_text(one->key, one->key_len, origin), value);
    }
    render_leave(r);
    return made;
}

struct value value_from_json(struct render *r, const struct json *json, enum origin origin)
{
    struct value value = value_none();
    switch (json->type) {
    case JSON_NULL: break;
    case JSON_FALSE: value = value_bool(false); break;
    case JSON_TRUE: value = value_bool(true); break;
    case JSON_NUMBER: value = from_number(json); break;
    case JSON_STRING: value = value_text(json->text, json->text_len, origin); break;
    case JSON_ARRAY:
    case JSON_OBJECT: value = from_members(r, json, origin); break;
    }
    value.origin = (uint8_t)origin;
    return value;
}
