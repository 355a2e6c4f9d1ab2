/* SPDX-License-Identifier: Apache-2.0 */
/* The scribe's state, shared by its files: the requests being worked on (jobs), the keys that open requests and sign
 * receipts, and the model's vocabulary.  It has no network and no weights. */
#ifndef ENCLAVE_SCRIBE_H
#define ENCLAVE_SCRIBE_H

#include "core/base/writer.h"
#include "core/codec/json_writer.h"
#include "core/crypto/signature.h"
#include "core/crypto/x25519.h"
#include "core/receipt/chain.h"
#include "core/receipt/receipt.h"
#include "enclave/channel.h"
#include "enclave/chat_request.h"
#include "enclave/frame.h"
#include "enclave/prompt.h"
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
    ENDS_MAX = 16, /* tokens that end a generation by themselves */
};

enum endpoint { ENDPOINT_CHAT, ENDPOINT_COMPLETION, ENDPOINT_INFER, ENDPOINT_MODELS, ENDPOINT_RECEIPT };

enum job_state {
    JOB_NONE,
    JOB_RECEIVING, /* the body is coming from the gate */
    JOB_WAITING,   /* for a free slot of the vault, and room in its KV cache */
    JOB_RUNNING,   /* at least one choice has or had a slot */
    JOB_STOPPING,  /* the vault was told to stop all of them; their ends are awaited */
};

enum choice_state {
    CHOICE_WAITING, /* for a free slot */
    CHOICE_RUNNING,
    CHOICE_STOPPING, /* the vault was told to stop; its end is awaited */
    CHOICE_ENDED,
};

/* Growing memory of the job's own; wiped when it is freed. */
struct bytes {
    uint8_t *at;
    size_t len, capacity;
};

/* What the vault told of one token. */
struct token_logprobs {
    uint32_t token, logprob_bits, top_n;
    struct {
        uint32_t token, logprob_bits;
    } top[SAMPLE_TOP_MAX];
};

/* One answer to a request that may want several. */
struct choice {
    enum choice_state state;
    int slot; /* of the vault, or NO_SLOT */
    uint32_t *output;
    size_t output_n, output_capacity;
    struct detokenizer detokenizer;
    struct bytes text;     /* the whole answer's text, or what is held back of a stream */
    struct bytes logprobs; /* struct token_logprobs of each token, or of those that a stream has not told yet */
    bool stop_text_found;
    enum receipt_finish finish;
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
    struct receipt_sampler sampler; /* as the receipt will tell it */
    uint32_t logprobs_n;            /* 0: none, otherwise 1 and the alternatives */
    struct receipt_bias *bias;
    size_t bias_n;
    uint32_t *grammar; /* elements */
    size_t grammar_n;
    char stops[REQUEST_STOPS_MAX][JOB_STOP_TEXT_MAX];
    size_t stop_lens[REQUEST_STOPS_MAX];
    size_t stops_n;
    uint32_t *prompt;
    size_t prompt_n;
    struct choice choices[REQUEST_CHOICES_MAX];
    uint32_t choices_n, ended_n;
    bool too_long;         /* why it was refused: the prompt does not fit the context */
    enum frame_end failed; /* FRAME_END_BUDGET or FRAME_END_GRAMMAR: there is no answer */
    uint8_t request_hash[SHA256_LEN];
    struct receipt_chain chain;
};

/* Whom a slot of the vault works for; job is NULL when it is free. */
struct slot_owner {
    struct job *job;
    struct choice *choice;
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
    uint32_t ends[ENDS_MAX]; /* tokens that end a generation */
    size_t ends_n;
    struct prompt prompt;
    uint8_t tokenizer_hash[SHA256_LEN], template_hash[SHA256_LEN];
    struct job jobs[JOBS_MAX];
    struct slot_owner slots[256]; /* of the vault */
    uint32_t pages_free;          /* of the vault's KV cache, which no running choice has reserved */
    bool starts_held;             /* jobs wait because the vault's queue is long, not for a slot */
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
/* Gives free slots and pages of the KV cache to waiting jobs, in order of arrival: one that needs many pages is not
 * overtaken. */
must_check enum status request_start_waiting(struct scribe *s);

/* ---- from a request to its start (scribe_start.c) ---- */
/* Pages of the KV cache that each choice of the job needs for its prompt and all it may answer; at most those of one
 * sequence as long as the context, which there are. */
uint32_t request_pages(const struct job *job);
/* What the job needs of the parsed request, which goes away with its arena. */
must_check enum status request_keep(struct scribe *s, struct job *job, const struct chat_request *r,
                                    struct reason *why);
/* The frames that start one choice in its slot. */
must_check enum status request_send(struct scribe *s, const struct job *job, const struct choice *choice);

/* ---- tokens (scribe_tokens.c) ---- */
must_check enum status tokens_take(struct scribe *s, struct slot_owner owner, const struct frame *f);
must_check enum status tokens_end(struct scribe *s, struct slot_owner owner, enum frame_end end);
/* Stops every choice that runs and lets none start; ends the job at once when none runs. */
must_check enum status tokens_stop_all(struct scribe *s, struct job *job);

/* ---- answers (scribe_answer.c) ---- */
must_check enum status answer_error(struct scribe *s, struct job *job, unsigned status, const char *message,
                                    const char *code);
must_check enum status answer_models(struct scribe *s, struct job *job);
must_check enum status answer_receipt(struct scribe *s, struct job *job, const char *id, size_t id_len);
must_check enum status answer_begin_stream(struct scribe *s, struct job *job);
/* Text of one choice with the log-probabilities that were not told yet. */
must_check enum status answer_stream_text(struct scribe *s, struct job *job, struct choice *choice, const void *text,
                                          size_t len);
/* Why a choice of a stream ended. */
must_check enum status answer_stream_finish(struct scribe *s, struct job *job, struct choice *choice);
/* The last parts of a stream, or the whole of a plain answer; then the receipt. */
must_check enum status answer_complete(struct scribe *s, struct job *job);

/* ---- bodies (scribe_body.c, scribe_logprobs.c) ---- */
/* What one event of a stream carries. */
struct event_content {
    const struct choice *choice; /* NULL: the usage */
    bool role, finish;
    const void *text; /* or NULL */
    size_t text_len;
};
void body_write_event(struct writer *w, const struct scribe *s, const struct job *job, const struct event_content *c);
void body_write_whole(struct writer *w, const struct scribe *s, const struct job *job);
must_check enum status logprobs_keep(struct choice *choice, const struct job *job, const struct frame *f);
/* The value of "logprobs" in a chat's choice, and in a completion's. */
void logprobs_write_chat(struct json_writer *j, const struct scribe *s, const struct choice *choice);
void logprobs_write_legacy(struct json_writer *j, const struct scribe *s, const struct choice *choice);

/* ---- receipts (scribe_receipt.c) ---- */
/* The signed receipt of a job whose answer is complete, as a JSON line without its newline; kept for later. */
must_check enum status receipt_make(struct scribe *s, struct job *job, const struct kept_receipt **made);
const struct kept_receipt *receipt_find(const struct scribe *s, const char *id, size_t id_len);

#endif
