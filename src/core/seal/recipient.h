/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that wrap a data key, and their files (spec/sealed-model.md SM-32 to SM-36).  A public key is one line
 * `cloister-x25519 BASE64 COMMENT`, its private half one line `cloister-x25519-private BASE64 COMMENT`, a raw key 32
 * bytes in base64 and nothing else. */
#ifndef CORE_SEAL_RECIPIENT_H
#define CORE_SEAL_RECIPIENT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/x25519.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SEAL_RAW_KEY_LEN = 32,
    SEAL_RECIPIENT_ID_LEN = 16,
    SEAL_COMMENT_MAX = 128,
    SEAL_KEY_LINE_MAX = 256, /* of any of the three files, with the NUL */
};

/* A broker, or anyone with an X25519 key. */
struct seal_recipient {
    uint8_t public_key[X25519_LEN];
    char comment[SEAL_COMMENT_MAX + 1]; /* printable ASCII, may be empty */
};

/* A secret shared by hand. */
struct seal_raw_key {
    uint8_t bytes[SEAL_RAW_KEY_LEN];
};

/* Public key line, with its newline.  Parsing: STATUS_MALFORMED says in why what is wrong; one newline at the end may
 * be there or not. */
must_check enum status seal_recipient_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len,
                                            const struct seal_recipient *recipient);
must_check enum status seal_recipient_parse(struct seal_recipient *recipient, const char *text, size_t text_len,
                                            struct reason *why);

/* Private key line.  The caller wipes out. */
must_check enum status seal_identity_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len,
                                           const struct x25519_private *private_key, const char *comment);
must_check enum status seal_identity_parse(struct x25519_private *private_key, const char *text, size_t text_len,
                                           struct reason *why);

/* Raw key: 44 characters of base64, standard or URL-safe, and at most one newline.  The caller wipes out. */
void seal_raw_key_write(char out[static SEAL_KEY_LINE_MAX], size_t *out_len, const struct seal_raw_key *key);
must_check enum status seal_raw_key_parse(struct seal_raw_key *key, const char *text, size_t text_len,
                                          struct reason *why);

/* What a wrap names its recipient by: a hash of the public key, or of a raw key (which is random,
 * so its hash tells nothing). */
void seal_recipient_id(uint8_t id[static SEAL_RECIPIENT_ID_LEN], const uint8_t public_key[static X25519_LEN]);
void seal_raw_key_id(uint8_t id[static SEAL_RECIPIENT_ID_LEN], const struct seal_raw_key *key);

#endif
