/* SPDX-License-Identifier: Apache-2.0 */
/* What the enclave's processes say to each other.  The comment of each message gives who sends it to whom and its
 * payload; lengths are in bytes, integers little endian. */
#ifndef ENCLAVE_MESSAGE_H
#define ENCLAVE_MESSAGE_H

enum message {
    /* start: children to warden */
    MESSAGE_GATE_HELLO = 1, /* u32 locked memory, SHA-256 of the TLS SPKI (32) */
    MESSAGE_SCRIBE_HELLO,   /* u32 locked memory, receipt key (32), HPKE key configuration (1 to 128) */
    MESSAGE_SCRIBE_READY,   /* the vocabulary is open: SHA-256 of tokenizer (32) and template (32) */
    MESSAGE_VAULT_OPENED,   /* u32 locked memory, u32 vocabulary, u32 context, u32 pages of the KV cache, u64 bytes of
                               weights, u64 ms, instruction set (16) */
    MESSAGE_REFUSED,        /* scribe or vault cannot start: u32 status, text of the reason (it holds no secret) */

    /* start: warden to children */
    MESSAGE_OPEN,         /* to vault: struct vault_setup as written by setup_write */
    MESSAGE_META,         /* to scribe: leading bytes of the model, a part */
    MESSAGE_META_END,     /* to scribe: nothing */
    MESSAGE_SCRIBE_SETUP, /* to scribe: struct scribe_setup as written by setup_write */
    MESSAGE_SERVE,        /* to gate: nothing */

    /* attestation: gate to warden and back; the id is the exchange's */
    MESSAGE_ATTEST,     /* nonce (32) */
    MESSAGE_BUNDLE,     /* JSON, a part */
    MESSAGE_BUNDLE_END, /* nothing */

    /* requests: gate to scribe; the id is the exchange's */
    MESSAGE_REQUEST,      /* u32 enum request_kind */
    MESSAGE_REQUEST_PART, /* bytes */
    MESSAGE_REQUEST_END,  /* nothing */
    MESSAGE_CANCEL,       /* nothing: the client is gone */

    /* answers: scribe to gate */
    MESSAGE_RESPONSE,       /* u32 HTTP status, u32 enum content, u32 1 when streamed */
    MESSAGE_RESPONSE_PART,  /* bytes */
    MESSAGE_RESPONSE_END,   /* nothing */
    MESSAGE_RESPONSE_ABORT, /* nothing: the answer cannot be completed */

    /* tokens: between scribe and vault; every one is a struct frame of FRAME_LEN bytes, the id is the slot */
    MESSAGE_START,   /* scribe: a sequence begins */
    MESSAGE_PROMPT,  /* scribe: tokens of its prompt */
    MESSAGE_BIAS,    /* scribe: what is added to logits */
    MESSAGE_GRAMMAR, /* scribe: elements of the grammar that the text keeps to */
    MESSAGE_STOP,    /* scribe: end it now */
    MESSAGE_FREE,    /* scribe: the end was seen, the slot is free */
    MESSAGE_TOKEN,   /* vault: one token */
    MESSAGE_END,     /* vault: the sequence ended */
};

/* Who asked for what; the gate decides by method, path and content type alone. */
enum request_kind {
    REQUEST_OHTTP,         /* body: encapsulated request */
    REQUEST_OHTTP_CHUNKED, /* body: encapsulated request in chunks */
    REQUEST_CHAT,          /* POST /v1/chat/completions in plain TLS */
    REQUEST_COMPLETION,    /* POST /v1/completions in plain TLS */
    REQUEST_INFER,         /* POST /infer in plain TLS */
    REQUEST_MODELS,        /* GET /v1/models */
    REQUEST_RECEIPT,       /* GET /v1/receipts/ID; body: that path */
};

enum content {
    CONTENT_JSON,
    CONTENT_EVENTS, /* text/event-stream */
    CONTENT_OHTTP,
    CONTENT_OHTTP_CHUNKED,
};

#endif
