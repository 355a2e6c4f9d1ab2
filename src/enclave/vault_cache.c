/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/vault_cache.h"

#include "core/receipt/receipt.h"

static uint64_t pages_of(uint32_t tokens)
{
    return tokens / CACHE_PAGE + (tokens % CACHE_PAGE != 0);
}

static enum status too_small(struct reason *why, const struct vault_setup *setup, uint32_t tokens, uint64_t bytes)
{
    reason_set(why, "\"kv_cache_bytes\" of ", NULL);
    reason_add_u64(why, setup->kv_cache_bytes);
    reason_add(why, " holds less than one sequence: ");
    reason_add_u64(why, tokens);
    reason_add(why, " tokens in ");
    reason_add(why, cache_type_name((enum cache_type)setup->kv_cache));
    reason_add(why, " take ");
    reason_add_u64(why, bytes);
    reason_add(why, setup->context > CACHE_PAGE ? "; raise it or lower \"context\"" : "; raise it");
    return STATUS_LIMIT;
}

enum status vault_cache_choose(struct engine_options *o, const struct model *m, const struct vault_setup *setup,
                               struct reason *why)
{
    uint32_t limit = m->context_n < RECEIPT_TOKENS_MAX ? m->context_n : RECEIPT_TOKENS_MAX;
    if (setup->kv_cache > CACHE_F32)
        return STATUS_BROKEN;
    o->cache = (enum cache_type)setup->kv_cache;
    o->context_max = setup->context != 0 && setup->context < limit ? setup->context : limit;
    uint64_t page_len = engine_page_len(m, o->cache);
    uint64_t most = o->sequences_max * pages_of(o->context_max); /* more would never be used */
    uint64_t pages = setup->kv_cache_bytes == 0 ? most : setup->kv_cache_bytes / page_len;
    if (setup->context == 0 && pages != 0 && pages < pages_of(o->context_max))
        o->context_max = (uint32_t)pages * CACHE_PAGE; /* not said: what there is room for */
    if (pages < pages_of(o->context_max)) {
        uint32_t tokens = setup->context == 0 ? CACHE_PAGE : o->context_max;
        return too_small(why, setup, tokens, page_len * pages_of(tokens));
    }
    o->pages_max = (uint32_t)(pages < most ? pages : most);
    return STATUS_OK;
}
