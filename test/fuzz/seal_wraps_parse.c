/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of wraps, and slots that hold them, of any bytes: what is accepted is written the same again, and no key opens
 * it by accident. */
#include "core/seal/wraps.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_list(const uint8_t *bytes, size_t len)
{
    static struct seal_wraps wraps;
    static uint8_t again[SEAL_SLOT_LEN], area[SEAL_SLOTS_N * SEAL_SLOT_LEN];
    static const struct seal_raw_key key;
    static const uint8_t header_hash[SHA256_LEN];
    struct seal_dek dek;
    size_t again_len;
    uint64_t sequence;
    unsigned slot;
    if (seal_wraps_parse(&wraps, bytes, len, NULL) != STATUS_OK)
        return;
    must(seal_wraps_write(again, sizeof again, &again_len, &wraps) == STATUS_OK);
    must(again_len == len && memcmp(again, bytes, len) == 0);
    must(seal_unwrap_raw_key(&dek, &wraps, &key, header_hash) != STATUS_OK);
    must(seal_slot_write(area + SEAL_SLOT_LEN, 7, &wraps) == STATUS_OK);
    must(seal_slots_parse(&wraps, &sequence, &slot, area, sizeof area, NULL) == STATUS_OK);
    must(sequence == 7 && slot == 1);
}

/* The bytes in slot 0 and, from their middle on, in slot 1. */
static void check_slots(const uint8_t *bytes, size_t len)
{
    static struct seal_wraps wraps;
    static uint8_t area[SEAL_SLOTS_N * SEAL_SLOT_LEN];
    struct reason why = {""};
    uint64_t sequence;
    unsigned slot;
    size_t half = len / 2 < SEAL_SLOT_LEN ? len / 2 : SEAL_SLOT_LEN;
    memset(area, 0, sizeof area);
    memcpy(area, bytes, half);
    memcpy(area + SEAL_SLOT_LEN, bytes + half, len - half < SEAL_SLOT_LEN ? len - half : SEAL_SLOT_LEN);
    enum status status = seal_slots_parse(&wraps, &sequence, &slot, area, sizeof area, &why);
    must(status == STATUS_OK ? wraps.wraps_n != 0 : why.text[0] != '\0');
    must(seal_slots_parse(&wraps, &sequence, &slot, bytes, len, &why) != STATUS_OK || len == sizeof area);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    check_list(bytes, len);
    check_slots(bytes, len);
    return 0;
}
