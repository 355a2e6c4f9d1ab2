/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that every template can call. */
#include "template/function.h"
#include "template/render.h"

#include <string.h>

static struct value make_range(struct render *r, const struct call *c)
{
    int64_t start = 0, stop = given_integer(r, c->given[0], 0), step = given_integer(r, c->given[2], 1);
    if (c->all->n + c->all->named_n == 0 || step == 0)
        render_fail(r, STATUS_USAGE, "range needs an end, and a step that is not 0", NULL);
    if (is_given(c->given[1])) {
        start = stop;
        stop = given_integer(r, c->given[1], 0);
    }
    struct value made = list_make(r, LIST_RANGE, 0);
    for (int64_t i = start; (step > 0 ? i < stop : i > stop) && render_charge(r, 1);) {
        list_add(r, made.as.list, value_integer(i));
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return made;
}

static void add_named(struct render *r, struct value dict, const struct arguments *all)
{
    for (uint32_t i = 0; i < all->named_n && r->status == STATUS_OK; i++)
        dict_set(r, dict.as.dict, all->named[i].key, all->named[i].value);
}

static struct value make_dict(struct render *r, const struct call *c)
{
    struct value made = dict_make(r, c->all->named_n);
    if (c->given[0].kind == VALUE_DICT) {
        for (uint32_t i = 0; i < c->given[0].as.dict->n && r->status == STATUS_OK; i++)
            dict_set(r, made.as.dict, c->given[0].as.dict->entries[i].key, c->given[0].as.dict->entries[i].value);
        made.origin = c->given[0].origin;
    } else if (is_given(c->given[0])) {
        struct value pairs = value_iterate(r, c->given[0]);
        for (uint32_t i = 0; r->status == STATUS_OK && i < pairs.as.list->n; i++) {
            struct value pair = pairs.as.list->items[i];
            if (pair.kind == VALUE_LIST && pair.as.list->n == 2)
                dict_set(r, made.as.dict, pair.as.list->items[0], pair.as.list->items[1]);
            else
                render_fail(r, STATUS_USAGE, "dict needs pairs", NULL);
        }
    }
    if (r->status == STATUS_OK)
        add_named(r, made, c->all);
    return made;
}

static struct value make_namespace(struct render *r, const struct call *c)
{
    struct value made = make_dict(r, c);
    if (r->status == STATUS_OK)
        made.kind = VALUE_NAMESPACE;
    return made;
}

static struct value refuse(struct render *r, const struct call *c)
{
    struct value text = value_to_text(r, c->given[0]);
    if (r->status != STATUS_OK)
        return c->of;
    r->status = STATUS_REFUSED;
    reason_set(r->why, "the chat template refuses: ", NULL);
    if (text.len > 0)
        reason_add_shown(r->why, text.as.text, text.len);
    return c->of;
}

static struct value now(struct render *r, const struct call *c)
{
    return time_text(r, c->given[0]);
}

static const struct function globals[] = {
    {"range", make_range, {"*"}, 0},         {"dict", make_dict, {"*"}, 0},
    {"namespace", make_namespace, {"*"}, 0}, {"raise_exception", refuse, {"message"}, 0},
    {"strftime_now", now, {"format"}, 0},
};

bool global_find(const struct render *r, struct value name, struct value *found)
{
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        if (!text_is(name, globals[i].name) || (globals[i].body == now && r->input->now_s < 0))
            continue;
        *found = (struct value){.kind = VALUE_FUNCTION, .as.integer = (int64_t)i};
        return true;
    }
    return false;
}

struct value global_call(struct render *r, int64_t which, const struct arguments *all)
{
    return function_call(r, &globals[which], value_undefined(), all);
}
