/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical form and digest: spec/evidence.md, sections 3 and 4. */
#include "core/evidence/keyset.h"

#include <string.h>

#define KEYSET_DOMAIN  "cloister keyset v1"
#define CLIENT_DOMAIN  "cloister attestation v1"
#define RELEASE_DOMAIN "cloister release v1"

static void write_field(struct writer *out, const uint8_t *bytes, size_t len)
{
    writer_u16be(out, (uint16_t)len);
    writer_bytes(out, bytes, len);
}

enum status keyset_write(struct writer *out, const struct keyset *k)
{
    if (k->hpke_config_len == 0 || k->hpke_config_len > KEYSET_HPKE_CONFIG_MAX ||
        (k->labels & ~(uint32_t)LABELS_ALL) != 0)
        return STATUS_USAGE;
    writer_bytes(out, KEYSET_DOMAIN, sizeof KEYSET_DOMAIN); /* with its NUL */
    write_field(out, k->tls_spki_sha256, sizeof k->tls_spki_sha256);
    write_field(out, k->hpke_config, k->hpke_config_len);
    write_field(out, k->receipt_key, sizeof k->receipt_key);
    write_field(out, k->model_root, sizeof k->model_root);
    write_field(out, k->engine_hash, sizeof k->engine_hash);
    write_field(out, k->configuration, sizeof k->configuration);
    writer_u32be(out, k->labels);
    return writer_end(out);
}

enum status keyset_digest(uint8_t digest[static SHA256_LEN], const struct keyset *k)
{
    uint8_t canonical[KEYSET_CANONICAL_MAX];
    struct writer w;
    writer_init(&w, canonical, sizeof canonical);
    enum status status = keyset_write(&w, k);
    memset(digest, 0, SHA256_LEN);
    if (status == STATUS_OK)
        sha256(digest, canonical, writer_len(&w));
    return status;
}

void report_data_for_client(uint8_t out[static REPORT_DATA_LEN], const uint8_t nonce[static EVIDENCE_NONCE_LEN],
                            const uint8_t keyset_digest[static SHA256_LEN])
{
    struct hash h;
    hash_init(&h, HASH_SHA512);
    hash_add(&h, CLIENT_DOMAIN, sizeof CLIENT_DOMAIN); /* with its NUL */
    hash_add(&h, nonce, EVIDENCE_NONCE_LEN);
    hash_add(&h, keyset_digest, SHA256_LEN);
    hash_end(&h, out);
}

enum status report_data_for_release(uint8_t out[static REPORT_DATA_LEN], const uint8_t nonce[static EVIDENCE_NONCE_LEN],
                                    const uint8_t public_key[static X25519_LEN],
                                    const uint8_t model_root[static MODEL_ROOT_LEN], const char *purpose)
{
    size_t purpose_len = strlen(purpose);
    memset(out, 0, REPORT_DATA_LEN);
    if (purpose_len > PURPOSE_LEN_MAX)
        return STATUS_USAGE;
    uint8_t length[2] = {0, (uint8_t)purpose_len};
    struct hash h;
    hash_init(&h, HASH_SHA512);
    hash_add(&h, RELEASE_DOMAIN, sizeof RELEASE_DOMAIN); /* with its NUL */
    hash_add(&h, nonce, EVIDENCE_NONCE_LEN);
    hash_add(&h, public_key, X25519_LEN);
    hash_add(&h, model_root, MODEL_ROOT_LEN);
    hash_add(&h, length, sizeof length);
    hash_add(&h, purpose, purpose_len);
    hash_end(&h, out);
    return STATUS_OK;
}
