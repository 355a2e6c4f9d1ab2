/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/gate_exchange.h"

#include "core/base/constant_time.h"

#include <stdlib.h>
#include <string.h>

struct exchange *exchange_find(struct exchanges *e, uint64_t id)
{
    for (size_t i = 0; i < GATE_EXCHANGES_MAX; i++) {
        if (e->rows[i].id == id)
            return &e->rows[i];
    }
    return NULL;
}

struct exchange *exchange_add(struct exchanges *e, uint64_t id, enum exchange_state state)
{
    struct exchange *x = exchange_find(e, 0);
    if (x == NULL)
        return NULL;
    memset(x, 0, sizeof *x);
    x->id = id;
    x->state = state;
    return x;
}

enum status exchange_append(struct exchange *x, const void *bytes, size_t len)
{
    if (len > GATE_ANSWER_MAX - x->len)
        return STATUS_LIMIT;
    if (x->len + len > x->capacity) {
        size_t capacity = (x->len + len) * 2;
        uint8_t *larger = malloc(capacity);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (x->len != 0) {
            memcpy(larger, x->bytes, x->len);
            wipe(x->bytes, x->len);
        }
        free(x->bytes);
        x->bytes = larger;
        x->capacity = capacity;
    }
    memcpy(x->bytes + x->len, bytes, len);
    x->len += len;
    return STATUS_OK;
}

void exchange_end(struct exchange *x)
{
    if (x->bytes != NULL)
        wipe(x->bytes, x->len);
    free(x->bytes);
    memset(x, 0, sizeof *x);
}
