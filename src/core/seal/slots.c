/* SPDX-License-Identifier: Apache-2.0 */
/* The two slots of the wrap area (spec/sealed-model.md SM-24 to SM-31).  The head of a slot says what the slot is:
 * all zero, empty; the mark, being rewritten and to be ignored; anything else must be the head of a whole list. */
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/seal/wraps.h"

#include <stdbool.h>
#include <string.h>

enum { MAGIC_LEN = 16, BODY_MAX = SEAL_SLOT_LEN - SEAL_SLOT_HEAD_LEN };

static const char head_magic[MAGIC_LEN + 1] = "CLOISTER WRAPS 1";
static const uint8_t mark[SEAL_SLOT_HEAD_LEN] = "CLOISTER REWRAP\n";
static const uint8_t zeros[SEAL_SLOT_LEN];

uint64_t seal_slot_offset(unsigned slot)
{
    return SEAL_HEADER_PAGE_LEN + (uint64_t)slot * SEAL_SLOT_LEN;
}

static void slot_hash(uint8_t hash[SHA256_LEN], uint64_t sequence, const uint8_t *body, size_t body_len)
{
    uint8_t numbers[16];
    struct writer w;
    struct hash h;
    writer_init(&w, numbers, sizeof numbers);
    writer_u64be(&w, sequence);
    writer_u64be(&w, body_len);
    hash_init(&h, HASH_SHA256);
    hash_add(&h, head_magic, MAGIC_LEN);
    hash_add(&h, numbers, sizeof numbers);
    hash_add(&h, body, body_len);
    hash_end(&h, hash);
}

enum status seal_slot_write(uint8_t out[static SEAL_SLOT_LEN], uint64_t sequence, const struct seal_wraps *wraps)
{
    uint8_t hash[SHA256_LEN], *body = out + SEAL_SLOT_HEAD_LEN;
    size_t body_len;
    struct writer w;
    memset(out, 0, SEAL_SLOT_LEN);
    enum status status = seal_wraps_write(body, BODY_MAX, &body_len, wraps);
    if (status != STATUS_OK)
        return status;
    slot_hash(hash, sequence, body, body_len);
    writer_init(&w, out, SEAL_SLOT_HEAD_LEN);
    writer_bytes(&w, head_magic, MAGIC_LEN);
    writer_u64be(&w, sequence);
    writer_u64be(&w, body_len);
    writer_bytes(&w, hash, sizeof hash);
    return writer_end(&w);
}

struct seal_exchange_write seal_exchange_step(unsigned step, unsigned old_slot,
                                              const uint8_t new_slot_bytes[static SEAL_SLOT_LEN])
{
    uint64_t old_at = seal_slot_offset(old_slot), new_at = seal_slot_offset(1 - old_slot);
    const uint8_t *body = new_slot_bytes + SEAL_SLOT_HEAD_LEN;
    const struct seal_exchange_write steps[SEAL_EXCHANGE_STEPS_N] = {
        {new_at, mark, SEAL_SLOT_HEAD_LEN},           {new_at + SEAL_SLOT_HEAD_LEN, body, BODY_MAX},
        {new_at, new_slot_bytes, SEAL_SLOT_HEAD_LEN}, /* from here on the new list counts */
        {old_at, mark, SEAL_SLOT_HEAD_LEN},           {old_at + SEAL_SLOT_HEAD_LEN, zeros, BODY_MAX},
        {old_at, zeros, SEAL_SLOT_HEAD_LEN},
    };
    return steps[step];
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

enum slot_state { SLOT_EMPTY, SLOT_MARKED, SLOT_LIVE, SLOT_BAD };

struct slot {
    enum slot_state state;
    uint64_t sequence;
    const uint8_t *body;
    size_t body_len;
};

/* A head that is neither zero nor the mark must be right in every byte, and so must the body that it speaks of. */
static enum slot_state parse_live_slot(struct slot *slot, const uint8_t *bytes)
{
    uint8_t hash[SHA256_LEN];
    struct reader r;
    reader_init(&r, bytes, SEAL_SLOT_HEAD_LEN);
    const uint8_t *start = reader_bytes(&r, MAGIC_LEN);
    slot->sequence = reader_u64be(&r);
    uint64_t body_len = reader_u64be(&r);
    const uint8_t *stated = reader_bytes(&r, SHA256_LEN);
    size_t zeros_len = reader_left(&r);
    const uint8_t *padding = reader_bytes(&r, zeros_len);
    if (reader_end(&r) != STATUS_OK || memcmp(start, head_magic, MAGIC_LEN) != 0 || !all_zero(padding, zeros_len) ||
        body_len > BODY_MAX)
        return SLOT_BAD;
    slot->body_len = (size_t)body_len;
    slot->body = bytes + SEAL_SLOT_HEAD_LEN;
    slot_hash(hash, slot->sequence, slot->body, slot->body_len);
    if (memcmp(hash, stated, SHA256_LEN) != 0 || !all_zero(slot->body + slot->body_len, BODY_MAX - slot->body_len))
        return SLOT_BAD;
    return SLOT_LIVE;
}

static void parse_slot(struct slot *slot, const uint8_t bytes[SEAL_SLOT_LEN])
{
    memset(slot, 0, sizeof *slot);
    if (all_zero(bytes, SEAL_SLOT_HEAD_LEN))
        slot->state = all_zero(bytes, SEAL_SLOT_LEN) ? SLOT_EMPTY : SLOT_BAD;
    else if (memcmp(bytes, mark, sizeof mark) == 0)
        slot->state = SLOT_MARKED;
    else
        slot->state = parse_live_slot(slot, bytes);
}

enum status seal_slots_parse(struct seal_wraps *wraps, uint64_t *sequence, unsigned *slot, const uint8_t *bytes,
                             size_t bytes_len, struct reason *why)
{
    struct slot slots[SEAL_SLOTS_N];
    memset(wraps, 0, sizeof *wraps);
    *sequence = 0;
    *slot = 0;
    if (bytes_len != SEAL_SLOTS_N * SEAL_SLOT_LEN) {
        reason_set(why, "the file ends within its wrapped keys", NULL);
        return STATUS_TRUNCATED;
    }
    for (unsigned i = 0; i < SEAL_SLOTS_N; i++)
        parse_slot(&slots[i], bytes + i * SEAL_SLOT_LEN);
    bool both = slots[0].state == SLOT_LIVE && slots[1].state == SLOT_LIVE;
    unsigned live = slots[0].state != SLOT_LIVE || (both && slots[1].sequence > slots[0].sequence) ? 1 : 0;
    if (slots[0].state == SLOT_BAD || slots[1].state == SLOT_BAD || slots[live].state != SLOT_LIVE ||
        (both && slots[0].sequence == slots[1].sequence)) {
        reason_set(why, "the wrapped keys are damaged", NULL);
        return STATUS_FORGED;
    }
    enum status status = seal_wraps_parse(wraps, slots[live].body, slots[live].body_len, why);
    if (status == STATUS_OK) {
        *sequence = slots[live].sequence;
        *slot = live;
    }
    return status;
}
