/* SPDX-License-Identifier: Apache-2.0 */
/* The scribe's state, shared by its files: the requests being worked on (jobs), the keys that open requests and sign
 * receipts, and the model's vocabulary.  It has no network and no weights. */
#ifndef ENCLAVE_SCRIBE_H
#define ENCLAVE_SCRIBE_H

#include "core/crypto/signature.h"
#include "core/crypto/x25519.h"
#include "core/receipt/chain.h"
#include "core/receipt/receipt.h"
#include "enclave/channel.h"
#include "enclave/chat_request.h"
#include "enclave/frame.h"
#include "enclave/scribe_transport.h"
#include "enclave/setup.h"
#include "engine/tokenizer/tokenizer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JOBS_MAX = 256,
    JOB_ID_LEN = 16,         /* bytes of an answer's id */
    JOB_STOP_TEXT_MAX = 256, /* bytes of one stop text */
    JOB_BODY_MAX = 1 << 20,  /* bytes; the gate's own bound is the same */
    RECEIPTS_KEPT = 256,
    GATE_QUEUE_MAX = 16 << 20,  /* bytes that wait for the gate; beyond it nothing new is read */
    VAULT_QUEUE_MAX = 16 << 20, /* bytes that wait for the vault; beyond it no job is started */
    NO_SLOT = -1,
};

enum endpoint { ENDPOINT_CHAT, ENDPOINT_INFER, ENDPOINT_MODELS, ENDPOINT_RECEIPT };

enum job_state {
    JOB_NONE,
    JOB_RECEIVING, /* the body is coming from the gate */
    JOB_WAITING,   /* for a free slot of the vault */
    JOB_RUNNING,
    JOB_STOPPING, /* the vault was told to stop; its end is awaited */
};

/* Growing memory of the job's own; wiped when it is freed. */
struct bytes {
    uint8_t *at;
    size_t len, capacity;
};

struct job {
    enum job_state state;
    uint64_t exchange; /* of the gate */
    uint64_t order;    /* of arrival */
    bool cancelled;    /* the client is gone: nothing more is sent but the end */
    bool answered;     /* the end was sent to the gate */
    enum request_kind kind;
    struct bytes body;
    struct transport transport;
    enum endpoint endpoint;
    char id[2 * JOB_ID_LEN + 1];
    uint64_t created_s;
    /* generation */
    bool stream, include_usage;
    uint32_t max_tokens;
    struct sample_values {
        uint32_t temperature_bits, top_p_bits, top_k;
        uint64_t seed;
    } sampling;
    char stops[CHAT_STOPS_MAX][JOB_STOP_TEXT_MAX];
    size_t stop_lens[CHAT_STOPS_MAX];
    size_t stops_n;
    int slot; /* of the vault, or NO_SLOT */
    uint32_t *prompt, *output;
    size_t prompt_n, output_n, output_capacity;
    struct detokenizer detokenizer;
    struct bytes text; /* the whole answer's text, or what is held back of a stream */
    bool stop_text_found;
    enum receipt_finish finish;
    uint8_t request_hash[SHA256_LEN];
    struct receipt_chain chain;
};

struct kept_receipt {
    char id[2 * JOB_ID_LEN + 1];
    uint8_t *bytes;
    size_t len;
};

struct scribe {
    struct channel warden, gate, vault;
    struct channel_message message;
    struct scribe_setup setup;
    struct x25519_private hpke_key;
    struct ed25519_private receipt_key;
    uint8_t id_key[SHA256_LEN]; /* ids are derived from it and a counter */
    uint64_t jobs_n;            /* so far */
    uint8_t hpke_config[128];
    size_t hpke_config_len;
    uint8_t *meta;
    size_t meta_len, meta_capacity;
    struct tokenizer tokenizer;
    uint8_t tokenizer_hash[SHA256_LEN], template_hash[SHA256_LEN];
    struct job jobs[JOBS_MAX];
    struct job *slots[256]; /* owner of each slot of the vault, or NULL */
    bool starts_held;       /* jobs wait because the vault's queue is long, not for a slot */
    struct kept_receipt receipts[RECEIPTS_KEPT];
    size_t next_receipt;
};

/* ---- memory (scribe_memory.c) ---- */
must_check enum status bytes_append(struct bytes *b, const void *more, size_t len);
void bytes_drop_front(struct bytes *b, size_t len);
void bytes_free(struct bytes *b);
struct job *job_add(struct scribe *s, uint64_t exchange);
struct job *job_find(struct scribe *s, uint64_t exchange);
void job_end(struct scribe *s, struct job *job);

/* ---- requests (scribe_request.c) ---- */
/* The whole body is there: opens, parses and starts it, or answers.  A failure that is the client's is answered and
 * STATUS_OK; anything else ends the enclave. */
must_check enum status request_begin(struct scribe *s, struct job *job);
/* Gives free slots to waiting jobs, in order of arrival. */
must_check enum status request_start_waiting(struct scribe *s);

/* ---- tokens (scribe_tokens.c) ---- */
must_check enum status tokens_take(struct scribe *s, struct job *job, uint32_t token);
must_check enum status tokens_end(struct scribe *s, struct job *job, enum frame_end end);

/* ---- answers (scribe_answer.c) ---- */
must_check enum status answer_error(struct scribe *s, struct job *job, unsigned status, const char *message,
                                    const char *code);
must_check enum status answer_models(struct scribe *s, struct job *job);
must_check enum status answer_receipt(struct scribe *s, struct job *job, const char *id, size_t id_len);
must_check enum status answer_begin_stream(struct scribe *s, struct job *job);
must_check enum status answer_stream_text(struct scribe *s, struct job *job, const void *text, size_t len);
/* The last parts of a stream, or the whole of a plain answer; then the receipt. */
must_check enum status answer_complete(struct scribe *s, struct job *job);

/* ---- receipts (scribe_receipt.c) ---- */
/* The signed receipt of a job whose answer is complete, as a JSON line without its newline; kept for later. */
must_check enum status receipt_make(struct scribe *s, struct job *job, const struct kept_receipt **made);
const struct kept_receipt *receipt_find(const struct scribe *s, const char *id, size_t id_len);

#endif
