/* SPDX-License-Identifier: Apache-2.0 */
/* The public header of a sealed model, and where everything lies in the file (spec/sealed-model.md SM-1 to SM-9):
 *
 *     0      header, its tag, zeros to 4096
 *     4096   two slots of wraps, 30,720 bytes each (core/seal/wraps.h)
 *     65536  the chunks: ciphertext and 16-byte tag each, every one but the last of 1 MiB + 16
 */
#ifndef CORE_SEAL_HEADER_H
#define CORE_SEAL_HEADER_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include <stddef.h>
#include <stdint.h>

enum {
    SEAL_VERSION = 1,
    SEAL_HEADER_LEN = 128,
    SEAL_HEADER_PAGE_LEN = 4096, /* header, tag and zeros */
    SEAL_HEAD_LEN = 65536,       /* header page and both slots: all that stands before the first chunk */
    SEAL_CHUNK_LEN = 1 << 20,    /* plaintext of every chunk but the last */
    SEAL_LEAF_LEN = 1 << 16,     /* plaintext of every leaf of the Merkle tree but the last */
    SEAL_ROOT_LEN = SHA256_LEN,
    SEAL_FILE_ID_LEN = 16,
};

/* Longest plaintext: 2^48 bytes. */
#define SEAL_PLAIN_LEN_MAX ((uint64_t)1 << 48)

/* The fields; everything in it is public.  Genuine only after seal_header_verify (core/seal/chunk.h). */
struct seal_header {
    uint64_t plain_len;                /* 1 to SEAL_PLAIN_LEN_MAX */
    uint64_t meta_len;                 /* leading plaintext bytes that hold no weights; 0 when not known */
    uint8_t root[SEAL_ROOT_LEN];       /* the model's identity: core/seal/tree.h over the plaintext */
    uint8_t file_id[SEAL_FILE_ID_LEN]; /* random: no two sealed files share a header */
};

/* Writes and parses the SEAL_HEADER_LEN bytes.  Parsing: STATUS_MALFORMED for what is no sealed model, _UNSUPPORTED
 * for another version or chunk length, and h zeroed. */
void seal_header_write(uint8_t out[static SEAL_HEADER_LEN], const struct seal_header *h);
must_check enum status seal_header_parse(struct seal_header *h, const uint8_t *bytes, size_t bytes_len,
                                         struct reason *why);

/* The hash that binds chunks and wraps to this header. */
void seal_header_hash(uint8_t hash[static SHA256_LEN], const struct seal_header *h);

/* The page at offset 0: header, tag, zeros.  Parsing takes exactly SEAL_HEADER_PAGE_LEN bytes and demands the zeros. */
void seal_header_page_write(uint8_t page[static SEAL_HEADER_PAGE_LEN], const struct seal_header *h,
                            const uint8_t tag[static AEAD_TAG_LEN]);
must_check enum status seal_header_page_parse(struct seal_header *h, uint8_t tag[static AEAD_TAG_LEN],
                                              const uint8_t *page, size_t page_len, struct reason *why);

/* Places, for a parsed header: index < seal_chunks_n(h). */
uint64_t seal_chunks_n(const struct seal_header *h);
size_t seal_chunk_plain_len(const struct seal_header *h, uint64_t index);
uint64_t seal_chunk_offset(uint64_t index); /* of the ciphertext in the file */
uint64_t seal_file_len(const struct seal_header *h);

#endif
