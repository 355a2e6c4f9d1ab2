/* SPDX-License-Identifier: Apache-2.0 */
/* Section numbers are RFC 9458's. */
#include "core/ohttp/ohttp.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"
#include "core/crypto/kdf.h"

#include <string.h>

enum {
    IDS_LEN = 7, /* of the header: key, KEM, KDF, AEAD */
    INFO_MAX = 64,
};

static const char *request_label(enum ohttp_kind kind)
{
    return kind == OHTTP_CHUNKED ? "message/bhttp chunked request" : "message/bhttp request";
}

static const char *response_label(enum ohttp_kind kind)
{
    return kind == OHTTP_CHUNKED ? "message/bhttp chunked response" : "message/bhttp response";
}

void ohttp_wipe(struct ohttp_exchange *x)
{
    wipe(x, sizeof *x);
}

size_t ohttp_nonce_len(enum aead_kind aead)
{
    size_t key_len = aead_key_len(aead);
    return key_len > AEAD_NONCE_LEN ? key_len : AEAD_NONCE_LEN;
}

static uint16_t aead_id(enum aead_kind aead)
{
    return aead == AEAD_AES_256_GCM ? HPKE_AEAD_AES_256_GCM : HPKE_AEAD_AES_128_GCM;
}

/* The label, a zero byte and the header's identifiers (section 4.3). */
static size_t write_info(uint8_t info[static INFO_MAX], enum ohttp_kind kind, const uint8_t ids[static IDS_LEN])
{
    struct writer w;
    writer_init(&w, info, INFO_MAX);
    writer_text(&w, request_label(kind));
    writer_u8(&w, 0);
    writer_bytes(&w, ids, IDS_LEN);
    return writer_len(&w);
}

enum status ohttp_client_begin(struct ohttp_exchange *x, uint8_t header[static OHTTP_HEADER_LEN], enum ohttp_kind kind,
                               const struct ohttp_key_config *config, enum aead_kind aead,
                               const struct x25519_private *ephemeral)
{
    uint8_t info[INFO_MAX];
    struct writer w;
    memset(x, 0, sizeof *x);
    memset(header, 0, OHTTP_HEADER_LEN);
    enum status status = ohttp_key_config_check(config, aead);
    if (status != STATUS_OK)
        return status;
    writer_init(&w, header, OHTTP_HEADER_LEN);
    writer_u8(&w, config->key_id);
    writer_u16be(&w, HPKE_KEM_X25519_HKDF_SHA256);
    writer_u16be(&w, HPKE_KDF_HKDF_SHA256);
    writer_u16be(&w, aead_id(aead));
    size_t info_len = write_info(info, kind, header);
    x->kind = kind;
    x->aead = aead;
    status = hpke_init_sender(&x->hpke, x->enc, aead, config->public_key, ephemeral, info, info_len);
    if (status != STATUS_OK) {
        ohttp_wipe(x);
        memset(header, 0, OHTTP_HEADER_LEN);
        return status;
    }
    memcpy(header + IDS_LEN, x->enc, HPKE_ENC_LEN);
    return STATUS_OK;
}

/* The AEAD that a header names, when config has the key and the algorithms. */
static enum status read_header(enum aead_kind *aead, const struct ohttp_key_config *config,
                               const uint8_t header[static OHTTP_HEADER_LEN])
{
    struct reader r;
    reader_init(&r, header, OHTTP_HEADER_LEN);
    uint8_t key_id = reader_u8(&r);
    uint16_t kem = reader_u16be(&r), kdf = reader_u16be(&r), id = reader_u16be(&r);
    if (key_id != config->key_id)
        return STATUS_NOT_FOUND;
    if (kem != HPKE_KEM_X25519_HKDF_SHA256 || kdf != HPKE_KDF_HKDF_SHA256 ||
        (id != HPKE_AEAD_AES_128_GCM && id != HPKE_AEAD_AES_256_GCM))
        return STATUS_UNSUPPORTED;
    *aead = id == HPKE_AEAD_AES_256_GCM ? AEAD_AES_256_GCM : AEAD_AES_128_GCM;
    return ohttp_key_config_check(config, *aead);
}

enum status ohttp_gateway_begin(struct ohttp_exchange *x, enum ohttp_kind kind, const struct ohttp_key_config *config,
                                const struct x25519_private *private_key, const uint8_t header[static OHTTP_HEADER_LEN])
{
    uint8_t info[INFO_MAX];
    memset(x, 0, sizeof *x);
    enum status status = read_header(&x->aead, config, header);
    if (status == STATUS_OK) {
        size_t info_len = write_info(info, kind, header);
        x->kind = kind;
        memcpy(x->enc, header + IDS_LEN, HPKE_ENC_LEN);
        status = hpke_init_receiver(&x->hpke, x->aead, private_key, x->enc, info, info_len);
    }
    if (status != STATUS_OK)
        ohttp_wipe(x);
    return status;
}

enum status ohttp_request_encapsulate(struct ohttp_exchange *x, uint8_t *out, const struct ohttp_key_config *config,
                                      enum aead_kind aead, const struct x25519_private *ephemeral, const void *in,
                                      size_t in_len)
{
    enum status status = ohttp_client_begin(x, out, OHTTP_WHOLE, config, aead, ephemeral);
    if (status == STATUS_OK)
        status = hpke_seal(&x->hpke, out + OHTTP_HEADER_LEN, NULL, 0, in, in_len);
    if (status != STATUS_OK)
        ohttp_wipe(x);
    return status;
}

enum status ohttp_request_decapsulate(struct ohttp_exchange *x, uint8_t *out, const struct ohttp_key_config *config,
                                      const struct x25519_private *private_key, const uint8_t *in, size_t in_len)
{
    memset(x, 0, sizeof *x);
    if (in_len < OHTTP_REQUEST_EXTRA)
        return STATUS_TRUNCATED;
    enum status status = ohttp_gateway_begin(x, OHTTP_WHOLE, config, private_key, in);
    if (status == STATUS_OK)
        status = hpke_open(&x->hpke, out, NULL, 0, in + OHTTP_HEADER_LEN, in_len - OHTTP_HEADER_LEN);
    if (status != STATUS_OK) {
        ohttp_wipe(x);
        if (in_len > OHTTP_REQUEST_EXTRA)
            wipe(out, in_len - OHTTP_REQUEST_EXTRA);
    }
    return status;
}

enum status ohttp_response_keys(const struct ohttp_exchange *x, uint8_t key[static AEAD_KEY_LEN_MAX],
                                uint8_t aead_nonce[static AEAD_NONCE_LEN], const uint8_t *nonce)
{
    uint8_t secret[OHTTP_NONCE_MAX], salt[HPKE_ENC_LEN + OHTTP_NONCE_MAX], prk[SHA256_LEN];
    size_t nonce_len = ohttp_nonce_len(x->aead);
    const char *label = response_label(x->kind);
    memset(key, 0, AEAD_KEY_LEN_MAX);
    memset(aead_nonce, 0, AEAD_NONCE_LEN);
    enum status status = hpke_export(&x->hpke, secret, nonce_len, label, strlen(label));
    if (status != STATUS_OK)
        return status;
    memcpy(salt, x->enc, HPKE_ENC_LEN);
    memcpy(salt + HPKE_ENC_LEN, nonce, nonce_len);
    hkdf_extract(HASH_SHA256, prk, salt, HPKE_ENC_LEN + nonce_len, secret, nonce_len);
    status = hkdf_expand(HASH_SHA256, key, aead_key_len(x->aead), prk, "key", 3);
    if (status == STATUS_OK)
        status = hkdf_expand(HASH_SHA256, aead_nonce, AEAD_NONCE_LEN, prk, "nonce", 5);
    wipe(secret, sizeof secret);
    wipe(prk, sizeof prk);
    return status;
}

enum status ohttp_response_encapsulate(const struct ohttp_exchange *x, uint8_t *out, const uint8_t *nonce,
                                       const void *in, size_t in_len)
{
    uint8_t key[AEAD_KEY_LEN_MAX], aead_nonce[AEAD_NONCE_LEN];
    size_t nonce_len = ohttp_nonce_len(x->aead);
    enum status status = ohttp_response_keys(x, key, aead_nonce, nonce);
    if (status == STATUS_OK)
        status = aead_seal(x->aead, out + nonce_len, key, aead_nonce, NULL, 0, in, in_len);
    if (status == STATUS_OK)
        memcpy(out, nonce, nonce_len);
    wipe(key, sizeof key);
    return status;
}

enum status ohttp_response_decapsulate(const struct ohttp_exchange *x, uint8_t *out, const uint8_t *in, size_t in_len)
{
    uint8_t key[AEAD_KEY_LEN_MAX], aead_nonce[AEAD_NONCE_LEN];
    size_t nonce_len = ohttp_nonce_len(x->aead);
    if (in_len < nonce_len + AEAD_TAG_LEN)
        return STATUS_TRUNCATED;
    enum status status = ohttp_response_keys(x, key, aead_nonce, in);
    if (status == STATUS_OK)
        status = aead_open(x->aead, out, key, aead_nonce, NULL, 0, in + nonce_len, in_len - nonce_len);
    wipe(key, sizeof key);
    return status;
}
