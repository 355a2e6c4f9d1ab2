/* SPDX-License-Identifier: Apache-2.0 */
/* Names and their values.  A scope is short: blocks set few names. */
#include "template/parser.h"
#include "template/render.h"

#include <string.h>

struct scope *scope_open(struct render *r, struct scope *parent)
{
    struct scope *scope = render_take(r, 1, sizeof *scope);
    if (scope != NULL)
        scope->parent = parent;
    return scope;
}

void scope_set(struct render *r, struct scope *scope, uint32_t symbol, struct value value)
{
    if (scope == NULL || symbol == NODE_UNKNOWN)
        return;
    for (uint32_t i = 0; i < scope->n; i++) {
        if (scope->bindings[i].symbol == symbol) {
            scope->bindings[i].value = value;
            return;
        }
    }
    if (scope->n == scope->capacity) {
        uint32_t capacity = scope->capacity == 0 ? 4 : 2 * scope->capacity;
        struct binding *bindings = render_take(r, capacity, sizeof bindings[0]);
        if (bindings == NULL || !render_charge(r, capacity))
            return;
        if (scope->n > 0)
            memcpy(bindings, scope->bindings, scope->n * sizeof bindings[0]);
        scope->bindings = bindings;
        scope->capacity = capacity;
    }
    scope->bindings[scope->n++] = (struct binding){symbol, value};
}

void scope_set_name(struct render *r, struct scope *scope, const char *name, struct value value)
{
    scope_set(r, scope, template_symbol(r->template, (const uint8_t *)name, strlen(name)), value);
}

bool scope_find(const struct render *r, uint32_t symbol, struct value *value)
{
    for (const struct scope *scope = r->scope; scope != NULL; scope = scope->parent) {
        for (uint32_t i = 0; i < scope->n; i++) {
            if (scope->bindings[i].symbol == symbol) {
                *value = scope->bindings[i].value;
                return true;
            }
        }
    }
    return false;
}
