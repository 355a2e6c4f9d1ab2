/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt: what was computed, signed by the enclave (spec/receipt.md).  The statement is canonical JSON; the file
 * that a client keeps also carries the token ids whose hashes are signed, so that anyone who has the model can
 * re-execute it without the server. */
#ifndef CORE_RECEIPT_RECEIPT_H
#define CORE_RECEIPT_RECEIPT_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/base/writer.h"
#include "core/crypto/hash.h"
#include "core/crypto/signature.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECEIPT_NAME_MAX = 32,        /* longest tee or isa name */
    RECEIPT_TOKENS_MAX = 1 << 20, /* of a prompt, and of an output */
    RECEIPT_STATEMENT_MAX = 8192, /* canonical JSON, in bytes */
    RECEIPT_CHOICES_MAX = 8,      /* answers to one request */
    RECEIPT_STOPS_MAX = 32,       /* tokens that stop */
    RECEIPT_BIAS_MAX = 512,
    RECEIPT_GRAMMAR_MAX = 1 << 16,
};

/* Why the output ended. */
enum receipt_finish {
    RECEIPT_FINISH_STOP,   /* the model ended it, or a stop word */
    RECEIPT_FINISH_LENGTH, /* the permitted number of tokens */
    RECEIPT_FINISH_CANCEL, /* the client went away, or the enclave was ended: the response is a prefix */
};

/* How the KV cache kept its numbers, which has an influence on the tokens (spec/numerics.md, NUM-44). */
enum receipt_cache {
    RECEIPT_CACHE_BF16,
    RECEIPT_CACHE_Q8,
    RECEIPT_CACHE_F32,
};

/* How tokens were drawn: the exact inputs of the sampler.  Floats travel as the bits of an IEEE 754 binary32. */
struct receipt_sampler {
    uint32_t temperature_bits; /* 0: greedy */
    uint32_t top_p_bits;
    uint32_t top_k; /* 0: all */
    uint32_t max_tokens;
    uint64_t seed; /* of the first choice; the i-th from 0 has seed + i modulo 2^64 */
    uint32_t min_p_bits, typical_p_bits;
    uint32_t repeat_penalty_bits, repeat_last_n;
    uint32_t frequency_penalty_bits, presence_penalty_bits;
    uint32_t stops[RECEIPT_STOPS_MAX]; /* tokens that stop */
    uint32_t stops_n;
    uint8_t bias_hash[SHA256_LEN];    /* receipt_bias_hash of the list, empty or not */
    uint8_t grammar_hash[SHA256_LEN]; /* receipt_grammar_hash of the elements, none or some */
};

/* One answer. */
struct receipt_choice {
    enum receipt_finish finish; /* RECEIPT_FINISH_CANCEL unless the statement is final */
    uint64_t tokens_n;
    uint8_t tokens_hash[SHA256_LEN]; /* of every sampled id, an end-of-sequence id included */
};

/* Added to a token's logit; the bits of a binary32. */
struct receipt_bias {
    uint32_t token, bits;
};

/* Every field is signed, and every one is mandatory. */
struct receipt_statement {
    char tee[RECEIPT_NAME_MAX + 1]; /* "simulator", "tdx", "sev-snp", ...: lower-case letters, digits and '-' */
    char isa[RECEIPT_NAME_MAX + 1]; /* instruction set that computed it: "scalar", "avx2", "avx512", "amx" */
    uint32_t threads;
    uint64_t time_s; /* enclave's clock, seconds since 1970 UTC; as trustworthy as that clock */
    uint8_t model_root[SHA256_LEN];
    uint8_t engine_hash[SHA256_LEN];
    uint8_t tokenizer_hash[SHA256_LEN];
    uint8_t template_hash[SHA256_LEN];
    uint8_t keyset_digest[SHA256_LEN];
    uint8_t request_hash[SHA256_LEN];  /* SHA-256 of the request body's plaintext bytes */
    uint8_t response_hash[SHA256_LEN]; /* SHA-256 of all response bytes that the chain covers, in order */
    uint8_t chain[SHA256_LEN];         /* core/receipt/chain.h, over the same bytes */
    uint64_t chunks_n;                 /* chunks in the chain */
    bool final;                        /* false: the signed chain is a prefix, more was to come */
    enum receipt_cache kv_cache;
    struct receipt_sampler sampler;
    uint64_t prompt_tokens_n;
    uint8_t prompt_tokens_hash[SHA256_LEN]; /* receipt_tokens_hash of the ids exactly as fed to the model */
    uint32_t choices_n;                     /* 1 to RECEIPT_CHOICES_MAX */
    struct receipt_choice choices[RECEIPT_CHOICES_MAX];
};

struct receipt {
    struct receipt_statement statement;
    uint8_t key[ED25519_PUBLIC_LEN]; /* who signed; trusted only when evidence or the caller names it */
    uint8_t signature[ED25519_SIGNATURE_LEN];
    /* the transcript, in the arena; NULL without one */
    const uint32_t *prompt_tokens;                      /* statement.prompt_tokens_n ids */
    const uint32_t *output_tokens[RECEIPT_CHOICES_MAX]; /* of each choice */
    const struct receipt_bias *bias;
    size_t bias_n;
    const uint32_t *grammar; /* elements */
    size_t grammar_n;
    bool has_transcript;
};

/* hash = SHA-256("cloister tokens v1\n", each id as u32 little endian). */
void receipt_tokens_hash(uint8_t hash[static SHA256_LEN], const uint32_t *tokens, size_t tokens_n);

/* hash = SHA-256("cloister bias v1\n", each token and its bits as u32 little endian). */
void receipt_bias_hash(uint8_t hash[static SHA256_LEN], const struct receipt_bias *bias, size_t bias_n);

/* hash = SHA-256("cloister grammar v1\n", each element as u32 little endian). */
void receipt_grammar_hash(uint8_t hash[static SHA256_LEN], const uint32_t *elements, size_t elements_n);

/* The canonical bytes that are signed.  STATUS_USAGE for a field out of its range. */
must_check enum status receipt_statement_write(uint8_t *out, size_t out_capacity, size_t *out_len,
                                               const struct receipt_statement *s);

/* Fills key and signature. */
must_check enum status receipt_sign(struct receipt *r, const struct ed25519_private *private_key);

/* The file: one line of canonical JSON with a newline.  With has_transcript the token lists are written too. */
must_check enum status receipt_write(struct writer *out, const struct receipt *r);

/* Parses the file; strict: any other spelling of the same content is STATUS_MALFORMED.  Tokens and scratch live in the
 * arena (receipt_arena_len(bytes_len) bytes are always enough).  Nothing is verified. */
must_check enum status receipt_parse(struct receipt *r, struct arena *arena, const void *bytes, size_t bytes_len,
                                     struct reason *why);
size_t receipt_arena_len(size_t bytes_len);

/* What the caller knows; a NULL field is a check that is not run, and a verdict that is not OK. */
struct receipt_expect {
    const uint8_t *key;           /* ED25519_PUBLIC_LEN bytes: from verified evidence, or given by the user */
    const uint8_t *keyset_digest; /* SHA256_LEN bytes: from verified evidence; NULL is accepted with a bare key */
    bool allow_simulator;
};

/* Adds the checks: signature, key, keyset, transcript, completeness, TEE.  Says nothing about re-execution. */
void receipt_verify(struct verdict *v, const struct receipt *r, const struct receipt_expect *expect);

#endif
