/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/nonces.h"

#include "core/base/constant_time.h"

#include <string.h>

void nonces_init(struct nonces *list)
{
    memset(list, 0, sizeof *list);
}

static void drop(struct nonces *list, size_t index)
{
    list->n--;
    list->list[index] = list->list[list->n];
    memset(&list->list[list->n], 0, sizeof list->list[0]);
}

enum status nonces_add(struct nonces *list, const uint8_t nonce[static EVIDENCE_NONCE_LEN], uint64_t now_ms)
{
    /* kept for twice their life, so that a late request is told "stale", unless the room is needed */
    for (size_t i = list->n; i-- > 0;) {
        uint64_t age = now_ms - list->list[i].issued_ms;
        if (age > 2 * NONCE_LIFE_MS || (age > NONCE_LIFE_MS && list->n == NONCES_MAX))
            drop(list, i);
    }
    if (list->n == NONCES_MAX)
        return STATUS_BUSY;
    memcpy(list->list[list->n].bytes, nonce, EVIDENCE_NONCE_LEN);
    list->list[list->n].issued_ms = now_ms;
    list->n++;
    return STATUS_OK;
}

enum status nonces_use(struct nonces *list, const uint8_t nonce[static EVIDENCE_NONCE_LEN], uint64_t now_ms)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!constant_time_equal(list->list[i].bytes, nonce, EVIDENCE_NONCE_LEN))
            continue;
        bool stale = now_ms - list->list[i].issued_ms >= NONCE_LIFE_MS;
        drop(list, i);
        return stale ? STATUS_STALE : STATUS_OK;
    }
    return STATUS_REFUSED;
}

bool nonces_count_refusal(struct nonces *list, uint64_t now_ms)
{
    if (now_ms - list->minute_ms >= 60 * 1000) {
        list->minute_ms = now_ms;
        list->refusals_n = 0;
    }
    if (list->refusals_n == NONCE_REFUSALS_MAX)
        return false;
    list->refusals_n++;
    return true;
}
