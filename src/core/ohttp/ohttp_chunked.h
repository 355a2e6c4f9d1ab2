/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked Oblivious HTTP (draft-ietf-ohai-chunked-ohttp-08): a request or response as a sequence of sealed chunks, each
 * after its length; the last has length 0, reaches to the end of the stream and is sealed with the AAD "final", so a
 * stream cut anywhere does not open.  The exchange comes from ohttp_client_begin or ohttp_gateway_begin with
 * OHTTP_CHUNKED. */
#ifndef CORE_OHTTP_OHTTP_CHUNKED_H
#define CORE_OHTTP_OHTTP_CHUNKED_H

#include "core/base/status.h"
#include "core/base/writer.h"
#include "core/ohttp/ohttp.h"
#include "core/ohttp/varint.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OHTTP_CHUNK_MAX = 16384,              /* plaintext bytes of a chunk, sent and received (section 3) */
    OHTTP_CHUNK_EXTRA = 4 + AEAD_TAG_LEN, /* wire bytes beyond the plaintext, at most */
};

/* Keys of one direction.  A request uses the exchange's HPKE context, which must outlive it; a response has its own.
 * Holds secrets: ohttp_chunks_wipe it. */
struct ohttp_chunks {
    struct ohttp_exchange *exchange;
    bool is_response;
    bool ended; /* the final chunk was sealed or opened, or one did not open */
    uint64_t counter;
    uint8_t key[AEAD_KEY_LEN_MAX];
    uint8_t nonce[AEAD_NONCE_LEN];
};

/* The request's direction: sealing at the client, opening at the gateway.  On the wire the header comes first. */
void ohttp_chunks_init_request(struct ohttp_chunks *c, struct ohttp_exchange *x);

/* The response's direction.  On the wire its nonce (ohttp_nonce_len bytes, fresh and random at the gateway) comes
 * first. */
must_check enum status ohttp_chunks_init_response(struct ohttp_chunks *c, struct ohttp_exchange *x,
                                                  const uint8_t *nonce);

void ohttp_chunks_wipe(struct ohttp_chunks *c);

/* Writes one chunk with its length.  STATUS_LIMIT over OHTTP_CHUNK_MAX or without room, STATUS_USAGE for an empty chunk
 * that is not final, STATUS_REFUSED after the final one. */
must_check enum status ohttp_chunk_seal(struct ohttp_chunks *c, struct writer *out, bool is_final, const void *in,
                                        size_t in_len);

/* Opens one chunk: out has in_len - AEAD_TAG_LEN bytes.  STATUS_FORGED, also for a final chunk opened as another and
 * the reverse, for one out of order, and after a failure; STATUS_TRUNCATED when in holds no tag; STATUS_REFUSED after
 * the final one; STATUS_MALFORMED for an empty chunk that is not final. */
must_check enum status ohttp_chunk_open(struct ohttp_chunks *c, uint8_t *out, bool is_final, const uint8_t *in,
                                        size_t in_len);

/* A chunk within a stream, still sealed. */
struct ohttp_chunk {
    bool is_final;
    const uint8_t *sealed;
    size_t sealed_len;
};

/* The chunk at the front of bytes; *taken is its length on the wire.  at_end: the stream ends after bytes; only then is
 * a final chunk whole.  STATUS_TRUNCATED when more is needed or, at the end, missing; STATUS_LIMIT over
 * OHTTP_CHUNK_MAX; STATUS_MALFORMED for a chunk without a tag. */
must_check enum status ohttp_chunk_parse(struct ohttp_chunk *chunk, size_t *taken, const void *bytes, size_t len,
                                         bool at_end);

/* Opens a whole chunked request at the gateway, or a whole chunked response at the client, header or nonce included.
 * out gets *out_len bytes, at most in_len.  Every status above; out is zeroed, and x wiped for a request, then. */
must_check enum status ohttp_chunked_request_decapsulate(struct ohttp_exchange *x, uint8_t *out, size_t *out_len,
                                                         const struct ohttp_key_config *config,
                                                         const struct x25519_private *private_key, const uint8_t *in,
                                                         size_t in_len);
must_check enum status ohttp_chunked_response_decapsulate(struct ohttp_exchange *x, uint8_t *out, size_t *out_len,
                                                          const uint8_t *in, size_t in_len);

/* A chunked response that comes in arbitrary pieces.  Holds plaintext and secrets: ohttp_stream_wipe it. */
struct ohttp_stream {
    struct ohttp_exchange *exchange;
    struct ohttp_chunks chunks;
    bool has_nonce;
    size_t pending_len;
    uint8_t pending[VARINT_LEN_MAX + OHTTP_CHUNK_MAX + AEAD_TAG_LEN];
};

/* Client: before the first byte of the response; x must outlive it. */
void ohttp_stream_init(struct ohttp_stream *s, struct ohttp_exchange *x);

/* Takes bytes from the front (*taken of them) and opens at most one chunk into out, as soon as its last byte is there;
 * *out_len is 0 when none is whole yet.  Call again with the rest until it is empty.  After an error nothing more
 * opens. */
must_check enum status ohttp_stream_open(struct ohttp_stream *s, uint8_t out[static OHTTP_CHUNK_MAX], size_t *out_len,
                                         size_t *taken, const uint8_t *bytes, size_t len);

/* At the end of the stream: opens the final chunk.  STATUS_TRUNCATED when it is not there. */
must_check enum status ohttp_stream_end(struct ohttp_stream *s, uint8_t out[static OHTTP_CHUNK_MAX], size_t *out_len);

void ohttp_stream_wipe(struct ohttp_stream *s);

#endif
