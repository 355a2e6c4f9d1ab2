/* SPDX-License-Identifier: Apache-2.0 */
/* The hash chain over a response (spec/receipt.md): each chunk that leaves the enclave is bound to all before it, and
 * the end is marked, so a signed chain proves how much was sent and whether that was all.
 *
 *     c[0]   = SHA-256("cloister stream v1\n", request hash)
 *     c[i+1] = SHA-256(0x00, c[i], SHA-256(chunk i))
 *     final  = SHA-256(0x01, c[n], n as u64 big endian)        only when the response is complete
 */
#ifndef CORE_RECEIPT_CHAIN_H
#define CORE_RECEIPT_CHAIN_H

#include "core/crypto/hash.h"
#include <stddef.h>
#include <stdint.h>

struct receipt_chain {
    uint8_t value[SHA256_LEN];
    uint64_t chunks_n;
    struct hash response; /* over all chunk bytes */
};

void receipt_chain_init(struct receipt_chain *c, const uint8_t request_hash[static SHA256_LEN]);

/* Adds the bytes of one chunk, as the client gets them. */
void receipt_chain_add(struct receipt_chain *c, const void *bytes, size_t len);

/* The value to sign: with final nonzero the response is complete, otherwise it is a prefix.  Ends the chain. */
void receipt_chain_end(struct receipt_chain *c, int final, uint8_t value[static SHA256_LEN],
                       uint8_t response_hash[static SHA256_LEN]);

#endif
