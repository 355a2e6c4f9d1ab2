/* SPDX-License-Identifier: Apache-2.0 */
/* Wraps one by one, and the list of them.  The slots that hold the list are in slots.c. */
#include "core/seal/wraps.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/base/writer.h"

#include <string.h>

static const char info_label[] = "cloister sealed-model wrap v1";

enum { CONTEXT_LEN = sizeof info_label + SHA256_LEN + 2 + SEAL_RECIPIENT_ID_LEN };

/* What a wrap is bound to: label with its NUL, header hash, kind, recipient (SM-21). */
static void write_context(uint8_t context[CONTEXT_LEN], const uint8_t header_hash[SHA256_LEN],
                          const struct seal_wrap *wrap)
{
    struct writer w;
    writer_init(&w, context, CONTEXT_LEN);
    writer_bytes(&w, info_label, sizeof info_label);
    writer_bytes(&w, header_hash, SHA256_LEN);
    writer_u16be(&w, wrap->kind);
    writer_bytes(&w, wrap->recipient_id, sizeof wrap->recipient_id);
}

enum status seal_wrap_for_broker(struct seal_wrap *wrap, const struct seal_recipient *recipient,
                                 const struct x25519_private *ephemeral, const uint8_t header_hash[static SHA256_LEN],
                                 const struct seal_dek *dek)
{
    uint8_t context[CONTEXT_LEN];
    struct hpke hpke;
    memset(wrap, 0, sizeof *wrap);
    wrap->kind = SEAL_WRAP_BROKER;
    wrap->payload_len = SEAL_WRAP_BROKER_LEN;
    seal_recipient_id(wrap->recipient_id, recipient->public_key);
    write_context(context, header_hash, wrap);
    enum status status = hpke_init_sender(&hpke, wrap->payload, AEAD_AES_256_GCM, recipient->public_key, ephemeral,
                                          context, sizeof context);
    if (status == STATUS_OK)
        status = hpke_seal(&hpke, wrap->payload + HPKE_ENC_LEN, header_hash, SHA256_LEN, dek->bytes, SEAL_DEK_LEN);
    hpke_wipe(&hpke);
    if (status != STATUS_OK)
        memset(wrap, 0, sizeof *wrap);
    return status;
}

enum status seal_wrap_for_raw_key(struct seal_wrap *wrap, const struct seal_raw_key *key,
                                  const uint8_t nonce[static AEAD_NONCE_LEN],
                                  const uint8_t header_hash[static SHA256_LEN], const struct seal_dek *dek)
{
    uint8_t context[CONTEXT_LEN];
    memset(wrap, 0, sizeof *wrap);
    wrap->kind = SEAL_WRAP_RAW_KEY;
    wrap->payload_len = SEAL_WRAP_RAW_KEY_LEN;
    seal_raw_key_id(wrap->recipient_id, key);
    memcpy(wrap->payload, nonce, AEAD_NONCE_LEN);
    write_context(context, header_hash, wrap);
    enum status status = aead_seal(AEAD_AES_256_GCM, wrap->payload + AEAD_NONCE_LEN, key->bytes, nonce, context,
                                   sizeof context, dek->bytes, SEAL_DEK_LEN);
    if (status != STATUS_OK)
        memset(wrap, 0, sizeof *wrap);
    return status;
}

static const struct seal_wrap *find(const struct seal_wraps *wraps, unsigned kind,
                                    const uint8_t id[SEAL_RECIPIENT_ID_LEN])
{
    for (size_t i = 0; i < wraps->wraps_n; i++)
        if (wraps->wraps[i].kind == kind && memcmp(wraps->wraps[i].recipient_id, id, SEAL_RECIPIENT_ID_LEN) == 0)
            return &wraps->wraps[i];
    return NULL;
}

enum status seal_unwrap_private(struct seal_dek *dek, const struct seal_wraps *wraps,
                                const struct x25519_private *private_key, const uint8_t header_hash[static SHA256_LEN])
{
    uint8_t context[CONTEXT_LEN], public_key[X25519_LEN], id[SEAL_RECIPIENT_ID_LEN];
    struct hpke hpke;
    memset(dek, 0, sizeof *dek);
    enum status status = x25519_public(public_key, private_key);
    if (status != STATUS_OK)
        return status;
    seal_recipient_id(id, public_key);
    const struct seal_wrap *wrap = find(wraps, SEAL_WRAP_BROKER, id);
    if (wrap == NULL)
        return STATUS_NOT_FOUND;
    if (wrap->payload_len != SEAL_WRAP_BROKER_LEN)
        return STATUS_FORGED;
    write_context(context, header_hash, wrap);
    status = hpke_init_receiver(&hpke, AEAD_AES_256_GCM, private_key, wrap->payload, context, sizeof context);
    if (status == STATUS_OK)
        status = hpke_open(&hpke, dek->bytes, header_hash, SHA256_LEN, wrap->payload + HPKE_ENC_LEN,
                           SEAL_DEK_LEN + AEAD_TAG_LEN);
    hpke_wipe(&hpke);
    if (status != STATUS_OK)
        wipe(dek, sizeof *dek);
    return status;
}

enum status seal_unwrap_raw_key(struct seal_dek *dek, const struct seal_wraps *wraps, const struct seal_raw_key *key,
                                const uint8_t header_hash[static SHA256_LEN])
{
    uint8_t context[CONTEXT_LEN], id[SEAL_RECIPIENT_ID_LEN];
    memset(dek, 0, sizeof *dek);
    seal_raw_key_id(id, key);
    const struct seal_wrap *wrap = find(wraps, SEAL_WRAP_RAW_KEY, id);
    if (wrap == NULL)
        return STATUS_NOT_FOUND;
    if (wrap->payload_len != SEAL_WRAP_RAW_KEY_LEN)
        return STATUS_FORGED;
    write_context(context, header_hash, wrap);
    enum status status = aead_open(AEAD_AES_256_GCM, dek->bytes, key->bytes, wrap->payload, context, sizeof context,
                                   wrap->payload + AEAD_NONCE_LEN, SEAL_DEK_LEN + AEAD_TAG_LEN);
    if (status != STATUS_OK)
        wipe(dek, sizeof *dek);
    return status;
}

enum status seal_wraps_add(struct seal_wraps *wraps, const struct seal_wrap *wrap)
{
    const struct seal_wrap *old = find(wraps, wrap->kind, wrap->recipient_id);
    if (old != NULL) {
        wraps->wraps[old - wraps->wraps] = *wrap;
        return STATUS_OK;
    }
    if (wraps->wraps_n >= SEAL_WRAPS_MAX)
        return STATUS_LIMIT;
    wraps->wraps[wraps->wraps_n++] = *wrap;
    return STATUS_OK;
}

enum status seal_wraps_remove(struct seal_wraps *wraps, const uint8_t recipient_id[static SEAL_RECIPIENT_ID_LEN])
{
    size_t kept_n = 0;
    for (size_t i = 0; i < wraps->wraps_n; i++)
        if (memcmp(wraps->wraps[i].recipient_id, recipient_id, SEAL_RECIPIENT_ID_LEN) != 0)
            wraps->wraps[kept_n++] = wraps->wraps[i];
    enum status status = kept_n == wraps->wraps_n ? STATUS_NOT_FOUND : STATUS_OK;
    wraps->wraps_n = kept_n;
    return status;
}

enum status seal_wraps_write(uint8_t *out, size_t out_capacity, size_t *out_len, const struct seal_wraps *wraps)
{
    struct writer w;
    *out_len = 0;
    if (wraps->wraps_n == 0 || wraps->wraps_n > SEAL_WRAPS_MAX)
        return STATUS_USAGE;
    writer_init(&w, out, out_capacity);
    writer_u16be(&w, (uint16_t)wraps->wraps_n);
    for (size_t i = 0; i < wraps->wraps_n; i++) {
        const struct seal_wrap *wrap = &wraps->wraps[i];
        if (wrap->kind == 0 || wrap->payload_len > SEAL_WRAP_PAYLOAD_MAX)
            return STATUS_USAGE;
        writer_u16be(&w, wrap->kind);
        writer_u16be(&w, (uint16_t)wrap->payload_len);
        writer_bytes(&w, wrap->recipient_id, sizeof wrap->recipient_id);
        writer_bytes(&w, wrap->payload, wrap->payload_len);
    }
    *out_len = writer_len(&w);
    return writer_end(&w);
}

static void parse_wrap(struct seal_wrap *wrap, struct reader *r)
{
    wrap->kind = reader_u16be(r);
    size_t payload_len = reader_u16be(r);
    reader_copy(r, wrap->recipient_id, sizeof wrap->recipient_id);
    if (wrap->kind == 0 || payload_len > SEAL_WRAP_PAYLOAD_MAX ||
        (wrap->kind == SEAL_WRAP_BROKER && payload_len != SEAL_WRAP_BROKER_LEN) ||
        (wrap->kind == SEAL_WRAP_RAW_KEY && payload_len != SEAL_WRAP_RAW_KEY_LEN)) {
        reader_fail(r, STATUS_MALFORMED);
        return;
    }
    reader_copy(r, wrap->payload, payload_len);
    wrap->payload_len = payload_len;
}

enum status seal_wraps_parse(struct seal_wraps *wraps, const uint8_t *bytes, size_t bytes_len, struct reason *why)
{
    struct reader r;
    memset(wraps, 0, sizeof *wraps);
    reader_init(&r, bytes, bytes_len);
    size_t wraps_n = reader_u16be(&r);
    if (wraps_n == 0 || wraps_n > SEAL_WRAPS_MAX)
        reader_fail(&r, STATUS_MALFORMED);
    for (size_t i = 0; i < wraps_n && r.status == STATUS_OK; i++) {
        struct seal_wrap *wrap = &wraps->wraps[i];
        parse_wrap(wrap, &r);
        if (find(wraps, wrap->kind, wrap->recipient_id) != NULL)
            reader_fail(&r, STATUS_MALFORMED);
        wraps->wraps_n = i + 1;
    }
    enum status status = reader_end(&r);
    if (status != STATUS_OK) {
        memset(wraps, 0, sizeof *wraps);
        reason_set(why, "the list of wrapped keys is not well-formed", NULL);
    }
    return status;
}
