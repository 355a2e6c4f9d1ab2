/* SPDX-License-Identifier: Apache-2.0 */
/* HPKE base mode.  Section numbers are RFC 9180's. */
#include "core/crypto/hpke.h"

#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"

#include <string.h>

enum {
    SUITE_ID_MAX = 10,
    LABELED_MAX = 7 + SUITE_ID_MAX + 32 + HPKE_INFO_MAX + 2,
    MODE_BASE = 0x00,
};

/* The names that section 4 calls suite_id. */
struct suite {
    uint8_t id[SUITE_ID_MAX];
    size_t id_len;
};

static struct suite kem_suite(void)
{
    struct suite suite = {.id = {'K', 'E', 'M', 0x00, HPKE_KEM_X25519_HKDF_SHA256}, .id_len = 5};
    return suite;
}

static uint8_t aead_id(enum aead_kind aead)
{
    switch (aead) {
    case AEAD_AES_128_GCM: return HPKE_AEAD_AES_128_GCM;
    case AEAD_AES_256_GCM: return HPKE_AEAD_AES_256_GCM;
    }
    return 0;
}

static struct suite hpke_suite(enum aead_kind aead)
{
    struct suite suite = {
        .id = {'H', 'P', 'K', 'E', 0x00, HPKE_KEM_X25519_HKDF_SHA256, 0x00, HPKE_KDF_HKDF_SHA256, 0x00, aead_id(aead)},
        .id_len = 10};
    return suite;
}

/* LabeledExtract with an empty salt or one of 32 bytes (section 4). */
static enum status labeled_extract(uint8_t prk[static SHA256_LEN], const struct suite *suite, const uint8_t *salt,
                                   const char *label, const void *ikm, size_t ikm_len)
{
    uint8_t buffer[LABELED_MAX];
    struct writer w;
    writer_init(&w, buffer, sizeof buffer);
    writer_text(&w, "HPKE-v1");
    writer_bytes(&w, suite->id, suite->id_len);
    writer_text(&w, label);
    writer_bytes(&w, ikm, ikm_len);
    hkdf_extract(HASH_SHA256, prk, salt, salt == NULL ? 0 : SHA256_LEN, buffer, writer_len(&w));
    wipe(buffer, sizeof buffer);
    return writer_end(&w);
}

/* LabeledExpand (section 4). */
static enum status labeled_expand(uint8_t *out, size_t out_len, const struct suite *suite,
                                  const uint8_t prk[static SHA256_LEN], const char *label, const void *info,
                                  size_t info_len)
{
    uint8_t buffer[LABELED_MAX];
    struct writer w;
    writer_init(&w, buffer, sizeof buffer);
    writer_u16be(&w, (uint16_t)out_len);
    writer_text(&w, "HPKE-v1");
    writer_bytes(&w, suite->id, suite->id_len);
    writer_text(&w, label);
    writer_bytes(&w, info, info_len);
    enum status status = writer_end(&w);
    if (status == STATUS_OK && out_len > UINT16_MAX)
        status = STATUS_LIMIT;
    if (status == STATUS_OK)
        status = hkdf_expand(HASH_SHA256, out, out_len, prk, buffer, writer_len(&w));
    else
        wipe(out, out_len);
    return status;
}

/* ExtractAndExpand of the KEM (section 4.1): shared secret from the agreed secret and both public keys. */
static enum status kem_secret(uint8_t secret[static SHA256_LEN], const uint8_t dh[static X25519_LEN],
                              const uint8_t enc[static HPKE_ENC_LEN], const uint8_t recipient[static X25519_LEN])
{
    uint8_t prk[SHA256_LEN];
    uint8_t context[HPKE_ENC_LEN + X25519_LEN];
    struct suite suite = kem_suite();
    memcpy(context, enc, HPKE_ENC_LEN);
    memcpy(context + HPKE_ENC_LEN, recipient, X25519_LEN);
    enum status status = labeled_extract(prk, &suite, NULL, "eae_prk", dh, X25519_LEN);
    if (status == STATUS_OK)
        status = labeled_expand(secret, SHA256_LEN, &suite, prk, "shared_secret", context, sizeof context);
    wipe(prk, sizeof prk);
    return status;
}

/* KeySchedule for mode base, without a pre-shared key (section 5.1). */
static enum status key_schedule(struct hpke *h, enum aead_kind aead, const uint8_t shared[static SHA256_LEN],
                                const void *info, size_t info_len)
{
    uint8_t context[1 + 2 * SHA256_LEN] = {MODE_BASE};
    uint8_t secret[SHA256_LEN] = {0};
    struct suite suite = hpke_suite(aead);
    h->aead = aead;
    h->sequence = 0;
    enum status status = info_len <= HPKE_INFO_MAX ? STATUS_OK : STATUS_LIMIT;
    if (status == STATUS_OK)
        status = labeled_extract(context + 1, &suite, NULL, "psk_id_hash", NULL, 0);
    if (status == STATUS_OK)
        status = labeled_extract(context + 1 + SHA256_LEN, &suite, NULL, "info_hash", info, info_len);
    if (status == STATUS_OK)
        status = labeled_extract(secret, &suite, shared, "secret", NULL, 0);
    if (status == STATUS_OK)
        status = labeled_expand(h->key, aead_key_len(aead), &suite, secret, "key", context, sizeof context);
    if (status == STATUS_OK)
        status =
            labeled_expand(h->base_nonce, sizeof h->base_nonce, &suite, secret, "base_nonce", context, sizeof context);
    if (status == STATUS_OK)
        status = labeled_expand(h->exporter_secret, sizeof h->exporter_secret, &suite, secret, "exp", context,
                                sizeof context);
    wipe(secret, sizeof secret);
    return status;
}

enum status hpke_init_sender(struct hpke *h, uint8_t enc[static HPKE_ENC_LEN], enum aead_kind aead,
                             const uint8_t recipient[static X25519_LEN], const struct x25519_private *ephemeral,
                             const void *info, size_t info_len)
{
    uint8_t dh[X25519_LEN];
    uint8_t shared[SHA256_LEN] = {0};
    memset(h, 0, sizeof *h);
    enum status status = x25519_public(enc, ephemeral);
    if (status == STATUS_OK)
        status = x25519_shared(dh, ephemeral, recipient);
    if (status == STATUS_OK)
        status = kem_secret(shared, dh, enc, recipient);
    if (status == STATUS_OK)
        status = key_schedule(h, aead, shared, info, info_len);
    wipe(dh, sizeof dh);
    wipe(shared, sizeof shared);
    if (status != STATUS_OK) {
        hpke_wipe(h);
        memset(enc, 0, HPKE_ENC_LEN);
    }
    return status;
}

enum status hpke_init_receiver(struct hpke *h, enum aead_kind aead, const struct x25519_private *private_key,
                               const uint8_t enc[static HPKE_ENC_LEN], const void *info, size_t info_len)
{
    uint8_t dh[X25519_LEN];
    uint8_t ours[X25519_LEN];
    uint8_t shared[SHA256_LEN] = {0};
    memset(h, 0, sizeof *h);
    enum status status = x25519_public(ours, private_key);
    if (status == STATUS_OK)
        status = x25519_shared(dh, private_key, enc);
    if (status == STATUS_OK)
        status = kem_secret(shared, dh, enc, ours);
    if (status == STATUS_OK)
        status = key_schedule(h, aead, shared, info, info_len);
    wipe(dh, sizeof dh);
    wipe(shared, sizeof shared);
    if (status != STATUS_OK)
        hpke_wipe(h);
    return status;
}

/* ComputeNonce (section 5.2): the sequence number, big endian, over the base nonce. */
static void next_nonce(uint8_t nonce[static AEAD_NONCE_LEN], const struct hpke *h)
{
    memcpy(nonce, h->base_nonce, AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(h->sequence >> (8 * i));
}

enum status hpke_seal(struct hpke *h, uint8_t *out, const void *aad, size_t aad_len, const void *in, size_t in_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    if (h->sequence == UINT64_MAX)
        return STATUS_LIMIT;
    next_nonce(nonce, h);
    enum status status = aead_seal(h->aead, out, h->key, nonce, aad, aad_len, in, in_len);
    if (status == STATUS_OK)
        h->sequence++;
    return status;
}

enum status hpke_open(struct hpke *h, uint8_t *out, const void *aad, size_t aad_len, const void *in, size_t in_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    if (h->sequence == UINT64_MAX)
        return STATUS_LIMIT;
    next_nonce(nonce, h);
    enum status status = aead_open(h->aead, out, h->key, nonce, aad, aad_len, in, in_len);
    if (status == STATUS_OK)
        h->sequence++;
    return status;
}

enum status hpke_export(const struct hpke *h, uint8_t *out, size_t out_len, const void *context, size_t context_len)
{
    struct suite suite = hpke_suite(h->aead);
    if (context_len > HPKE_INFO_MAX) {
        wipe(out, out_len);
        return STATUS_LIMIT;
    }
    return labeled_expand(out, out_len, &suite, h->exporter_secret, "sec", context, context_len);
}

void hpke_wipe(struct hpke *h)
{
    wipe(h, sizeof *h);
}
