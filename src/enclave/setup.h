/* SPDX-License-Identifier: Apache-2.0 */
/* What the warden tells vault and scribe before they start, as bytes of a message. */
#ifndef ENCLAVE_SETUP_H
#define ENCLAVE_SETUP_H

#include "core/base/status.h"
#include "core/crypto/hash.h"
#include "core/evidence/claims.h"
#include "core/seal/chunk.h"
#include "enclave/config.h"
#include <stddef.h>
#include <stdint.h>

enum { SETUP_LEN_MAX = 1024 };

/* To the vault. */
struct vault_setup {
    struct seal_dek dek;
    uint32_t threads;
    uint32_t sequences;
    uint32_t context; /* 0: the model's own limit */
    uint32_t batch;
    uint32_t kv_cache;         /* enum cache_type */
    uint64_t kv_cache_bytes;   /* 0: every sequence at its longest */
    uint64_t memory_available; /* bytes that this machine has left; 0: not known */
    uint64_t egress_bits_per_hour;
    uint64_t exfiltration_floor_s;
    uint32_t logprobs; /* 1: they may leave */
};

/* To the scribe, once the vault is open and the keyset is complete. */
struct scribe_setup {
    char model_name[CONFIG_NAME_MAX];
    char tee[32]; /* kind of evidence, for receipts */
    char isa[16]; /* kernels that the vault runs */
    uint8_t model_root[MODEL_ROOT_LEN];
    uint8_t engine_hash[SHA256_LEN];
    uint8_t keyset_digest[SHA256_LEN];
    uint32_t threads;
    uint32_t sequences;
    uint32_t context;
    uint32_t kv_cache; /* enum cache_type, for receipts */
    uint32_t pages_n;  /* of the KV cache, CACHE_PAGE tokens each */
    uint32_t vocab_n;
    uint32_t logprobs; /* 1: the configuration permits them */
};

/* Both directions; *len is at most SETUP_LEN_MAX.  Reading refuses leftovers. */
must_check enum status vault_setup_write(uint8_t out[static SETUP_LEN_MAX], size_t *len, const struct vault_setup *s);
must_check enum status vault_setup_read(struct vault_setup *s, const uint8_t *bytes, size_t len);
must_check enum status scribe_setup_write(uint8_t out[static SETUP_LEN_MAX], size_t *len, const struct scribe_setup *s);
must_check enum status scribe_setup_read(struct scribe_setup *s, const uint8_t *bytes, size_t len);

#endif
