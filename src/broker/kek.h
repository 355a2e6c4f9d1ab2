/* SPDX-License-Identifier: Apache-2.0 */
/* The key-encryption key, under which everything secret in a broker's directory lies (spec/release.md, section 5). */
#ifndef BROKER_KEK_H
#define BROKER_KEK_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/aead.h"
#include "core/evidence/release.h"
#include <stddef.h>
#include <stdint.h>

enum {
    KEK_LEN = 32,
    KEK_SECRET_LEN = 32, /* of what it wraps: a data key, or an X25519 private key */
    KEK_WRAPPED_LEN = AEAD_NONCE_LEN + KEK_SECRET_LEN + AEAD_TAG_LEN,
    KEK_SALT_LEN = 16,
    KEK_RECORD_LEN = 1 + KEK_SALT_LEN + 1 + 4 + 4,
    KEK_PASSPHRASE_MIN = 8,
    KEK_PASSPHRASE_MAX = 1024,
};

struct kek {
    uint8_t bytes[KEK_LEN];
};

/* How a KEK comes to be; a new kind is a new row in kek.c. */
enum kek_kind {
    KEK_FILE = 1,       /* 64 hexadecimal digits in a file that only its owner can read */
    KEK_PASSPHRASE = 2, /* scrypt of a passphrase */
};

/* What the database remembers of it; nothing secret. */
struct kek_record {
    enum kek_kind kind;
    uint8_t salt[KEK_SALT_LEN]; /* passphrase only */
    uint8_t log2_n;
    uint32_t r;
    uint32_t p;
};

/* Where the person says that it is; paths outlive the call. */
struct kek_source {
    const char *file;            /* of KEK_FILE */
    const char *passphrase_file; /* of KEK_PASSPHRASE; NULL when not given; "/dev/fd/N" names a descriptor */
};

/* A record for a new broker: of the passphrase when one is given, otherwise of the file, which is made unless it is
 * there. */
must_check enum status kek_create(struct kek *kek, struct kek_record *record, const struct kek_source *source,
                                  struct reason *why);

/* STATUS_USAGE when the source is of another kind than the record, STATUS_REFUSED when others can read the file. */
must_check enum status kek_open(struct kek *kek, const struct kek_record *record, const struct kek_source *source,
                                struct reason *why);

void kek_record_write(uint8_t out[static KEK_RECORD_LEN], const struct kek_record *record);
must_check enum status kek_record_parse(struct kek_record *record, const uint8_t *bytes, size_t bytes_len,
                                        struct reason *why);

/* What a wrapped secret belongs to; a wrap opens for exactly the same. */
struct kek_binding {
    const char *purpose;
    uint8_t model_root[MODEL_ROOT_LEN]; /* zero when there is no model */
    uint8_t key_id[RELEASE_KEY_ID_LEN];
};

must_check enum status kek_wrap(uint8_t wrapped[static KEK_WRAPPED_LEN], const struct kek *kek,
                                const struct kek_binding *binding, const uint8_t secret[static KEK_SECRET_LEN]);

/* STATUS_FORGED for another KEK, binding or altered bytes; secret is zeroed then. */
must_check enum status kek_unwrap(uint8_t secret[static KEK_SECRET_LEN], const struct kek *kek,
                                  const struct kek_binding *binding, const uint8_t wrapped[static KEK_WRAPPED_LEN]);

#endif
