/* SPDX-License-Identifier: Apache-2.0 */
/* Key configurations of an Oblivious HTTP gateway (RFC 9458 section 3). */
#ifndef CORE_OHTTP_OHTTP_KEY_CONFIG_H
#define CORE_OHTTP_OHTTP_KEY_CONFIG_H

#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/crypto/aead.h"
#include "core/crypto/x25519.h"
#include <stddef.h>
#include <stdint.h>

enum {
    OHTTP_SUITES_MAX = 8,
    OHTTP_KEY_CONFIG_MAX = 1 + 2 + X25519_LEN + 2 + 4 * OHTTP_SUITES_MAX, /* bytes of one configuration */
};

struct ohttp_suite {
    uint16_t kdf;
    uint16_t aead;
};

struct ohttp_key_config {
    uint8_t key_id;
    uint8_t public_key[X25519_LEN];              /* DHKEM(X25519, HKDF-SHA256) is the one KEM known */
    struct ohttp_suite suites[OHTTP_SUITES_MAX]; /* as listed, the unknown too */
    size_t suites_n;                             /* at least 1 */
};

/* One configuration, without a length before it.  STATUS_MALFORMED, STATUS_TRUNCATED, STATUS_UNSUPPORTED for another
 * KEM or more than OHTTP_SUITES_MAX suites; config is zeroed then. */
must_check enum status ohttp_key_config_parse(struct ohttp_key_config *config, const void *bytes, size_t len);

/* A list in the media type application/ohttp-keys: each configuration after its length.  Those with another KEM are
 * left out; *configs_n is how many are in configs.  STATUS_LIMIT when capacity is passed, STATUS_UNSUPPORTED when none
 * is left. */
must_check enum status ohttp_key_configs_parse(struct ohttp_key_config *configs, size_t *configs_n, size_t capacity,
                                               const void *bytes, size_t len);

void ohttp_key_config_write(struct writer *out, const struct ohttp_key_config *config);

/* The same with its length before it: an element of a list. */
void ohttp_key_config_write_element(struct writer *out, const struct ohttp_key_config *config);

/* The AEAD to use: AES-256-GCM where offered with HKDF-SHA256, else AES-128-GCM, else STATUS_UNSUPPORTED. */
must_check enum status ohttp_key_config_choose(enum aead_kind *aead, const struct ohttp_key_config *config);

/* STATUS_OK when the configuration offers the AEAD with HKDF-SHA256, else STATUS_UNSUPPORTED. */
must_check enum status ohttp_key_config_check(const struct ohttp_key_config *config, enum aead_kind aead);

#endif
