/* SPDX-License-Identifier: Apache-2.0 */
/* The sealing of a released key: spec/release.md, section 4. */
#include "core/evidence/release.h"

#include "core/base/constant_time.h"

#include <string.h>

#define INFO_DOMAIN "cloister release v1"

enum {
    INFO_LEN_MAX =
        sizeof INFO_DOMAIN + MODEL_ROOT_LEN + RELEASE_KEY_ID_LEN + EVIDENCE_NONCE_LEN + sizeof RELEASE_PURPOSE,
    AAD_LEN = MODEL_ROOT_LEN + X25519_LEN,
};

/* info = label 00 | model root | key id | nonce | purpose; aad = model root | public key */
static enum status bind(uint8_t info[static INFO_LEN_MAX], size_t *info_len, uint8_t aad[static AAD_LEN],
                        const struct release_request *request, const uint8_t public_key[static X25519_LEN])
{
    struct writer w;
    writer_init(&w, info, INFO_LEN_MAX);
    writer_bytes(&w, INFO_DOMAIN, sizeof INFO_DOMAIN);
    writer_bytes(&w, request->model_root, MODEL_ROOT_LEN);
    writer_bytes(&w, request->key_id, RELEASE_KEY_ID_LEN);
    writer_bytes(&w, request->nonce, EVIDENCE_NONCE_LEN);
    writer_text(&w, RELEASE_PURPOSE);
    *info_len = writer_len(&w);
    memcpy(aad, request->model_root, MODEL_ROOT_LEN);
    memcpy(aad + MODEL_ROOT_LEN, public_key, X25519_LEN);
    return writer_end(&w);
}

enum status release_response_seal(struct release_response *response, const struct release_request *request,
                                  const struct release_key *key, const struct x25519_private *ephemeral)
{
    uint8_t info[INFO_LEN_MAX];
    size_t info_len;
    uint8_t aad[AAD_LEN];
    struct hpke h;
    enum status status = bind(info, &info_len, aad, request, request->public_key);
    memset(response, 0, sizeof *response);
    if (status != STATUS_OK)
        return status;
    status = hpke_init_sender(&h, response->enc, AEAD_AES_256_GCM, request->public_key, ephemeral, info, info_len);
    if (status == STATUS_OK)
        status = hpke_seal(&h, response->ciphertext, aad, sizeof aad, key->bytes, sizeof key->bytes);
    hpke_wipe(&h);
    if (status != STATUS_OK)
        memset(response, 0, sizeof *response);
    return status;
}

enum status release_response_open(struct release_key *key, const struct release_response *response,
                                  const struct release_request *request, const struct x25519_private *private_key)
{
    uint8_t info[INFO_LEN_MAX];
    size_t info_len;
    uint8_t aad[AAD_LEN];
    uint8_t public_key[X25519_LEN];
    struct hpke h;
    wipe(key, sizeof *key);
    enum status status = x25519_public(public_key, private_key);
    if (status == STATUS_OK)
        status = bind(info, &info_len, aad, request, public_key);
    if (status != STATUS_OK)
        return status;
    status = hpke_init_receiver(&h, AEAD_AES_256_GCM, private_key, response->enc, info, info_len);
    if (status == STATUS_OK)
        status = hpke_open(&h, key->bytes, aad, sizeof aad, response->ciphertext, sizeof response->ciphertext);
    hpke_wipe(&h);
    if (status != STATUS_OK)
        wipe(key, sizeof *key);
    return status;
}
