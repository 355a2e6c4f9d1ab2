/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

/* FNV-1a. */
static uint32_t hash_of(const uint8_t *text, size_t len)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ text[i]) * 16777619U;
    return hash;
}

/* Spreads the hash over the slots. */
static uint32_t first_slot(const struct tokenizer *t, uint32_t hash)
{
    hash ^= hash >> 16;
    hash *= 0x7feb352dU;
    hash ^= hash >> 15;
    return hash & (t->slots_n - 1);
}

enum status vocabulary_fill(struct tokenizer *t)
{
    for (uint32_t i = 0; i < t->tokens_n; i++) {
        uint32_t probes = 0;
        if (t->tokens[i].kind == TOKEN_BYTE || t->tokens[i].len == 0)
            continue;
        uint32_t hash = hash_of(t->tokens[i].text, t->tokens[i].len);
        uint32_t slot = first_slot(t, hash);
        while (t->slots[slot].token_plus_one != 0) {
            if (++probes > VOCABULARY_PROBES_MAX)
                return STATUS_MALFORMED;
            slot = (slot + 1) & (t->slots_n - 1);
        }
        t->slots[slot] = (struct tokenizer_slot){.hash = hash, .token_plus_one = i + 1};
    }
    return STATUS_OK;
}

uint32_t vocabulary_find(const struct tokenizer *t, const uint8_t *text, size_t len, unsigned kinds)
{
    if (len > t->longest)
        return TOKENIZER_NO_TOKEN;
    uint32_t hash = hash_of(text, len);
    uint32_t slot = first_slot(t, hash);
    for (uint32_t probes = 0; probes <= VOCABULARY_PROBES_MAX && t->slots[slot].token_plus_one != 0; probes++) {
        uint32_t id = t->slots[slot].token_plus_one - 1;
        const struct token *token = &t->tokens[id];
        if (t->slots[slot].hash == hash && token->len == len && (kinds >> token->kind & 1) != 0 &&
            memcmp(token->text, text, len) == 0)
            return id;
        slot = (slot + 1) & (t->slots_n - 1);
    }
    return TOKENIZER_NO_TOKEN;
}
