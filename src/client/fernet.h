/* SPDX-License-Identifier: Apache-2.0 */
/* Fernet tokens as large files (the Fernet specification of the pyca `cryptography` project): URL-safe base64 of
 * version 0x80, timestamp (8 bytes), IV (16), AES-128-CBC ciphertext with PKCS 7 padding, HMAC-SHA256 (32) over all
 * before it.  Read once in order with the HMAC running along, then at any place. */
#ifndef CLIENT_FERNET_H
#define CLIENT_FERNET_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/cbc.h"
#include "core/crypto/hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FERNET_HEAD_LEN = 25, /* version, timestamp, IV */
    FERNET_TAG_LEN = SHA256_LEN,
    FERNET_KEY_TEXT_MAX = 64,
};

/* A secret: 16 bytes that sign, 16 that encrypt. */
struct fernet_key {
    uint8_t signing[16];
    uint8_t encryption[CBC_KEY_LEN];
};

/* The key file: 32 bytes in URL-safe base64, at most one newline. */
must_check enum status fernet_key_parse(struct fernet_key *key, const char *text, size_t text_len, struct reason *why);

/* The bytes before the ciphertext.  timestamp_s: when it was made, seconds since 1970. */
must_check enum status fernet_head_parse(uint64_t *timestamp_s, uint8_t iv[static CBC_BLOCK_LEN], const uint8_t *bytes,
                                         size_t bytes_len, struct reason *why);

/* An open file.  Holds secrets: fernet_close wipes it. */
struct fernet {
    int fd; /* the caller's */
    struct fernet_key key;
    uint64_t text_len;   /* base64 characters, padding included */
    uint64_t binary_len; /* bytes they stand for */
    uint64_t cipher_len;
    uint64_t plain_len; /* without padding */
    uint8_t iv[CBC_BLOCK_LEN];
    bool authentic;              /* fernet_end_first_pass has found the tag right */
    uint64_t hashed_len;         /* binary bytes under the running HMAC */
    uint8_t last[CBC_BLOCK_LEN]; /* the last ciphertext block under it */
    struct hash inner;           /* of HMAC */
    uint8_t *text;               /* scratch: base64 in the first half, bytes in the second; one read at a time */
    size_t text_capacity;
};

/* Reads head and padding; nothing of them is authentic yet.  file_len is the length of the file behind fd. */
must_check enum status fernet_open(struct fernet *f, int fd, uint64_t file_len, const struct fernet_key *key,
                                   struct reason *why);
void fernet_close(struct fernet *f);

/* Plaintext bytes [offset, offset + len); offset a multiple of 16, len at most 1 MiB.  Before fernet_end_first_pass
 * the reads must follow one another from 0 on (STATUS_BROKEN otherwise), and their bytes are not to be used. */
must_check enum status fernet_read(struct fernet *f, uint64_t offset, uint8_t *out, size_t len, struct reason *why);

/* After everything was read once: STATUS_FORGED when the tag does not match. */
must_check enum status fernet_end_first_pass(struct fernet *f, struct reason *why);

#endif
