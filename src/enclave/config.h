/* SPDX-License-Identifier: Apache-2.0 */
/* The enclave's configuration file: one JSON object whose SHA-256 is in the evidence (spec/enclave.md).  Every member
 * but those of the KV cache and "logprobs" is mandatory and an unknown one is refused: no default permits anything. */
#ifndef ENCLAVE_CONFIG_H
#define ENCLAVE_CONFIG_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/crypto/hash.h"
#include "core/evidence/claims.h"
#include "engine/cache.h"
#include "sys/https_client.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_TEXT_MAX = 16384,
    CONFIG_PATH_MAX = 1024,
    CONFIG_NAME_MAX = 64,
};

struct config {
    uint8_t hash[SHA256_LEN]; /* of the file's bytes */
    char listen[64];          /* "host:port" */
    char model_path[CONFIG_PATH_MAX];
    char model_name[CONFIG_NAME_MAX]; /* as clients call it */
    uint8_t model_root[MODEL_ROOT_LEN];
    enum evidence_kind evidence;
    char simulator_key_path[CONFIG_PATH_MAX]; /* for EVIDENCE_SIMULATOR */
    bool raw_key;                             /* the key comes in MODEL_KEY_BASE64, not from a broker */
    struct https_url broker;
    uint8_t broker_spki_sha256[SHA256_LEN];
    uint32_t threads;
    uint32_t sequences; /* answered at once */
    uint32_t context;   /* tokens of one sequence, at most; the model's own limit may be lower; 0: as many as that */
    uint32_t batch;     /* tokens in one step */
    enum cache_type kv_cache;
    uint64_t kv_cache_bytes; /* of all sequences together; 0: every sequence at its longest */
    uint64_t egress_bits_per_hour;
    uint64_t exfiltration_floor_s; /* refuse to start when the weights would be out sooner */
    bool logprobs;                 /* log-probabilities may leave; false when the file does not say */
    uint32_t user_base;            /* first of four user ids, one a process; used when started as root */
};

/* Bytes to fields, and the hash.  c is zeroed on error.  STATUS_MALFORMED or STATUS_UNSUPPORTED; why names the member.
 */
must_check enum status config_parse(struct config *c, const void *text, size_t text_len, struct reason *why);

#endif
