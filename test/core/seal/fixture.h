/* SPDX-License-Identifier: Apache-2.0 */
/* A sealed model in memory, made with the same calls as `cloister seal`, from fixed keys. */
#ifndef TEST_CORE_SEAL_FIXTURE_H
#define TEST_CORE_SEAL_FIXTURE_H

#include "core/seal/chunk.h"
#include "core/seal/header.h"
#include "core/seal/tree.h"
#include "core/seal/wraps.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct seal_header header;
    uint8_t header_hash[SHA256_LEN];
    struct seal_dek dek;
    struct seal_raw_key raw_key;
    struct x25519_private identity;
    struct seal_recipient recipient;
    struct seal_wraps wraps;
    uint8_t *plain;
    uint8_t *file;
    size_t file_len;
};

/* Plaintext byte i of a model of this seed. */
static inline uint8_t fixture_byte(uint64_t i, unsigned seed)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + seed;
    return (uint8_t)(x >> 40 ^ x >> 17);
}

static inline enum status fixture_wrap(struct fixture *f, unsigned seed)
{
    struct seal_wrap wrap;
    struct x25519_private ephemeral;
    uint8_t nonce[AEAD_NONCE_LEN];
    memset(&ephemeral, (int)(seed + 5), sizeof ephemeral);
    memset(nonce, (int)(seed + 6), sizeof nonce);
    enum status status = seal_wrap_for_broker(&wrap, &f->recipient, &ephemeral, f->header_hash, &f->dek);
    if (status == STATUS_OK)
        status = seal_wraps_add(&f->wraps, &wrap);
    if (status == STATUS_OK)
        status = seal_wrap_for_raw_key(&wrap, &f->raw_key, nonce, f->header_hash, &f->dek);
    if (status == STATUS_OK)
        status = seal_wraps_add(&f->wraps, &wrap);
    return status;
}

static inline enum status fixture_write(struct fixture *f)
{
    uint8_t tag[AEAD_TAG_LEN];
    enum status status = seal_header_tag(tag, &f->dek, &f->header);
    seal_header_page_write(f->file, &f->header, tag);
    if (status == STATUS_OK)
        status = seal_slot_write(f->file + seal_slot_offset(0), 1, &f->wraps);
    for (uint64_t i = 0; i < seal_chunks_n(&f->header) && status == STATUS_OK; i++)
        status = seal_chunk_seal(f->file + seal_chunk_offset(i), &f->dek, &f->header, f->header_hash, i,
                                 f->plain + i * SEAL_CHUNK_LEN, seal_chunk_plain_len(&f->header, i));
    return status;
}

/* Everything from one small number: keys, file id and plaintext.  Ends the test program when it cannot. */
static inline void fixture_open(struct fixture *f, size_t plain_len, unsigned seed)
{
    struct seal_tree tree;
    uint8_t hash[SHA256_LEN];
    memset(f, 0, sizeof *f);
    memset(&f->dek, (int)(seed + 1), sizeof f->dek);
    memset(&f->raw_key, (int)(seed + 2), sizeof f->raw_key);
    memset(&f->identity, (int)(seed + 3), sizeof f->identity);
    memset(f->header.file_id, (int)(seed + 4), sizeof f->header.file_id);
    f->plain = malloc(plain_len);
    if (f->plain == NULL || x25519_public(f->recipient.public_key, &f->identity) != STATUS_OK)
        abort();
    for (size_t i = 0; i < plain_len; i++)
        f->plain[i] = fixture_byte(i, seed);
    f->header.plain_len = plain_len;
    f->header.meta_len = plain_len / 3;
    seal_tree_init(&tree);
    for (uint64_t i = 0; i < seal_chunks_n(&f->header); i++) {
        seal_tree_chunk(&sha256_lanes_scalar, hash, f->plain + i * SEAL_CHUNK_LEN, seal_chunk_plain_len(&f->header, i));
        seal_tree_add(&tree, hash);
    }
    seal_tree_root(&tree, f->header.root);
    seal_header_hash(f->header_hash, &f->header);
    f->file_len = (size_t)seal_file_len(&f->header);
    f->file = calloc(1, f->file_len);
    if (f->file == NULL || fixture_wrap(f, seed) != STATUS_OK || fixture_write(f) != STATUS_OK)
        abort();
}

static inline void fixture_close(struct fixture *f)
{
    free(f->plain);
    free(f->file);
    memset(f, 0, sizeof *f);
}

#endif
