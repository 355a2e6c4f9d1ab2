/* SPDX-License-Identifier: Apache-2.0 */
/* Who may open a sealed model: the data key, wrapped once for each recipient (spec/sealed-model.md SM-19 to SM-31).
 * Wraps stand in one of two slots, so that they are exchanged at any time without touching the weights and a crash
 * leaves the old or the new set.  A wrap is bound to the header; the list of wraps is not authenticated: who can write
 * the file can take wraps away, or put back old ones, and gains nothing but a file that does not open. */
#ifndef CORE_SEAL_WRAPS_H
#define CORE_SEAL_WRAPS_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hpke.h"
#include "core/crypto/x25519.h"
#include "core/seal/chunk.h"
#include "core/seal/header.h"
#include "core/seal/recipient.h"
#include <stddef.h>
#include <stdint.h>

enum seal_wrap_kind {
    SEAL_WRAP_BROKER = 1,  /* HPKE to an X25519 key: enc (32), sealed DEK (48) */
    SEAL_WRAP_RAW_KEY = 2, /* AES-256-GCM under a raw key: nonce (12), sealed DEK (48) */
    /* 3 (passphrase) and 4 (k of n) are kept free; a reader carries kinds that it does not know */
};

enum {
    SEAL_WRAPS_MAX = 64,
    SEAL_WRAP_PAYLOAD_MAX = 400,
    SEAL_WRAP_BROKER_LEN = HPKE_ENC_LEN + SEAL_DEK_LEN + AEAD_TAG_LEN,
    SEAL_WRAP_RAW_KEY_LEN = AEAD_NONCE_LEN + SEAL_DEK_LEN + AEAD_TAG_LEN,
    SEAL_SLOTS_N = 2,
    SEAL_SLOT_LEN = 30720,
    SEAL_SLOT_HEAD_LEN = 512, /* written in one go; what it says decides whether the rest of the slot counts */
};

struct seal_wrap {
    uint16_t kind;
    uint8_t recipient_id[SEAL_RECIPIENT_ID_LEN];
    size_t payload_len;
    uint8_t payload[SEAL_WRAP_PAYLOAD_MAX];
};

struct seal_wraps {
    struct seal_wrap wraps[SEAL_WRAPS_MAX];
    size_t wraps_n;
};

/* One wrap.  ephemeral and nonce are fresh randomness for this call alone. */
must_check enum status seal_wrap_for_broker(struct seal_wrap *wrap, const struct seal_recipient *recipient,
                                            const struct x25519_private *ephemeral,
                                            const uint8_t header_hash[static SHA256_LEN], const struct seal_dek *dek);
must_check enum status seal_wrap_for_raw_key(struct seal_wrap *wrap, const struct seal_raw_key *key,
                                             const uint8_t nonce[static AEAD_NONCE_LEN],
                                             const uint8_t header_hash[static SHA256_LEN], const struct seal_dek *dek);

/* Opens the wrap for this key.  STATUS_NOT_FOUND when none is for it, STATUS_FORGED when one is but does not open (or
 * belongs to another header); dek is zeroed then.  The header itself is checked by seal_header_verify. */
must_check enum status seal_unwrap_private(struct seal_dek *dek, const struct seal_wraps *wraps,
                                           const struct x25519_private *private_key,
                                           const uint8_t header_hash[static SHA256_LEN]);
must_check enum status seal_unwrap_raw_key(struct seal_dek *dek, const struct seal_wraps *wraps,
                                           const struct seal_raw_key *key,
                                           const uint8_t header_hash[static SHA256_LEN]);

/* The list.  Adding replaces the wrap of the same kind and recipient; STATUS_LIMIT beyond SEAL_WRAPS_MAX.  Removing
 * takes every wrap of that recipient; STATUS_NOT_FOUND when there is none. */
must_check enum status seal_wraps_add(struct seal_wraps *wraps, const struct seal_wrap *wrap);
must_check enum status seal_wraps_remove(struct seal_wraps *wraps,
                                         const uint8_t recipient_id[static SEAL_RECIPIENT_ID_LEN]);

/* A list as bytes: what stands in a slot, and what a broker stores of a model.  Parsing is strict: no two wraps of the
 * same kind and recipient, at least one, nothing left over. */
must_check enum status seal_wraps_write(uint8_t *out, size_t out_capacity, size_t *out_len,
                                        const struct seal_wraps *wraps);
must_check enum status seal_wraps_parse(struct seal_wraps *wraps, const uint8_t *bytes, size_t bytes_len,
                                        struct reason *why);

/* ---- slots ---- */

/* Where slot 0 or 1 starts in the file. */
uint64_t seal_slot_offset(unsigned slot);

/* Both slots, SEAL_SLOTS_N * SEAL_SLOT_LEN bytes, as read from the file: finds the live one.  Every byte is accounted
 * for: one slot holds wraps; the other is zero, holds an older set, or is marked as being rewritten.  sequence and slot
 * tell where they stand. */
must_check enum status seal_slots_parse(struct seal_wraps *wraps, uint64_t *sequence, unsigned *slot,
                                        const uint8_t *bytes, size_t bytes_len, struct reason *why);

/* A whole slot: SEAL_SLOT_LEN bytes. */
must_check enum status seal_slot_write(uint8_t out[static SEAL_SLOT_LEN], uint64_t sequence,
                                       const struct seal_wraps *wraps);

/* The exchange of wraps as writes to the file, in the order of SM-30: a crash after any of them, or within one, leaves
 * the old or the new list.  fsync follows each. */
enum { SEAL_EXCHANGE_STEPS_N = 6 };
struct seal_exchange_write {
    uint64_t offset; /* in the file */
    const uint8_t *bytes;
    size_t len;
};

/* Step (below SEAL_EXCHANGE_STEPS_N) that replaces the list in old_slot by new_slot_bytes (seal_slot_write, with the
 * next sequence) in the other one.  The bytes point into new_slot_bytes or constants. */
struct seal_exchange_write seal_exchange_step(unsigned step, unsigned old_slot,
                                              const uint8_t new_slot_bytes[static SEAL_SLOT_LEN]);

#endif
