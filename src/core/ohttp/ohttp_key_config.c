/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ohttp/ohttp_key_config.h"

#include "core/base/reader.h"
#include "core/crypto/hpke.h"

#include <string.h>

/* RFC 9458 section 3.1. */
static enum status read_config(struct ohttp_key_config *config, const void *bytes, size_t len)
{
    struct reader r;
    reader_init(&r, bytes, len);
    config->key_id = reader_u8(&r);
    uint16_t kem = reader_u16be(&r);
    if (r.status == STATUS_OK && kem != HPKE_KEM_X25519_HKDF_SHA256)
        return STATUS_UNSUPPORTED;
    reader_copy(&r, config->public_key, sizeof config->public_key);
    size_t suites_len = reader_u16be(&r);
    if (r.status == STATUS_OK && (suites_len == 0 || suites_len % 4 != 0))
        return STATUS_MALFORMED;
    if (suites_len / 4 > OHTTP_SUITES_MAX)
        return STATUS_UNSUPPORTED;
    config->suites_n = suites_len / 4;
    for (size_t i = 0; i < config->suites_n; i++) {
        config->suites[i].kdf = reader_u16be(&r);
        config->suites[i].aead = reader_u16be(&r);
    }
    return reader_end(&r);
}

enum status ohttp_key_config_parse(struct ohttp_key_config *config, const void *bytes, size_t len)
{
    memset(config, 0, sizeof *config);
    enum status status = read_config(config, bytes, len);
    if (status != STATUS_OK)
        memset(config, 0, sizeof *config);
    return status;
}

static enum status read_configs(struct ohttp_key_config *configs, size_t *configs_n, size_t capacity, struct reader *r)
{
    while (reader_left(r) != 0) {
        struct ohttp_key_config config;
        size_t len = reader_u16be(r);
        const uint8_t *element = reader_bytes(r, len);
        if (element == NULL)
            break;
        enum status status = ohttp_key_config_parse(&config, element, len);
        if (status == STATUS_UNSUPPORTED)
            continue;
        if (status == STATUS_OK && *configs_n == capacity)
            status = STATUS_LIMIT;
        if (status != STATUS_OK)
            return status;
        configs[(*configs_n)++] = config;
    }
    if (r->status == STATUS_OK && *configs_n == 0)
        return STATUS_UNSUPPORTED;
    return reader_end(r);
}

enum status ohttp_key_configs_parse(struct ohttp_key_config *configs, size_t *configs_n, size_t capacity,
                                    const void *bytes, size_t len)
{
    struct reader r;
    *configs_n = 0;
    reader_init(&r, bytes, len);
    enum status status = read_configs(configs, configs_n, capacity, &r);
    if (status != STATUS_OK)
        *configs_n = 0;
    return status;
}

void ohttp_key_config_write(struct writer *out, const struct ohttp_key_config *config)
{
    if (config->suites_n == 0 || config->suites_n > OHTTP_SUITES_MAX) {
        writer_fail(out, STATUS_USAGE);
        return;
    }
    writer_u8(out, config->key_id);
    writer_u16be(out, HPKE_KEM_X25519_HKDF_SHA256);
    writer_bytes(out, config->public_key, sizeof config->public_key);
    writer_u16be(out, (uint16_t)(4 * config->suites_n));
    for (size_t i = 0; i < config->suites_n; i++) {
        writer_u16be(out, config->suites[i].kdf);
        writer_u16be(out, config->suites[i].aead);
    }
}

void ohttp_key_config_write_element(struct writer *out, const struct ohttp_key_config *config)
{
    struct writer measure;
    writer_init(&measure, NULL, 0);
    ohttp_key_config_write(&measure, config);
    writer_u16be(out, (uint16_t)measure.needed);
    ohttp_key_config_write(out, config);
}

enum status ohttp_key_config_check(const struct ohttp_key_config *config, enum aead_kind aead)
{
    uint16_t id = aead == AEAD_AES_256_GCM ? HPKE_AEAD_AES_256_GCM : HPKE_AEAD_AES_128_GCM;
    for (size_t i = 0; i < config->suites_n; i++) {
        if (config->suites[i].kdf == HPKE_KDF_HKDF_SHA256 && config->suites[i].aead == id)
            return STATUS_OK;
    }
    return STATUS_UNSUPPORTED;
}

enum status ohttp_key_config_choose(enum aead_kind *aead, const struct ohttp_key_config *config)
{
    *aead = AEAD_AES_256_GCM;
    if (ohttp_key_config_check(config, *aead) == STATUS_OK)
        return STATUS_OK;
    *aead = AEAD_AES_128_GCM;
    return ohttp_key_config_check(config, *aead);
}
