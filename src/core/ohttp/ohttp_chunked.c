/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ohttp/ohttp_chunked.h"

#include "core/base/constant_time.h"
#include "core/base/reader.h"

#include <string.h>

static const char final_aad[] = "final";

enum { FINAL_AAD_LEN = sizeof final_aad - 1, SEALED_MAX = OHTTP_CHUNK_MAX + AEAD_TAG_LEN };

void ohttp_chunks_init_request(struct ohttp_chunks *c, struct ohttp_exchange *x)
{
    memset(c, 0, sizeof *c);
    c->exchange = x;
}

enum status ohttp_chunks_init_response(struct ohttp_chunks *c, struct ohttp_exchange *x, const uint8_t *nonce)
{
    memset(c, 0, sizeof *c);
    c->exchange = x;
    c->is_response = true;
    enum status status = ohttp_response_keys(x, c->key, c->nonce, nonce);
    if (status != STATUS_OK)
        ohttp_chunks_wipe(c);
    return status;
}

void ohttp_chunks_wipe(struct ohttp_chunks *c)
{
    wipe(c, sizeof *c);
    c->ended = true;
}

/* The base nonce with the chunk's number XORed into its end (section 6.2). */
static void chunk_nonce(uint8_t nonce[static AEAD_NONCE_LEN], const struct ohttp_chunks *c)
{
    memcpy(nonce, c->nonce, AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        nonce[AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(c->counter >> (8 * i));
}

static enum status seal(struct ohttp_chunks *c, uint8_t *out, bool is_final, const void *in, size_t in_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    size_t aad_len = is_final ? FINAL_AAD_LEN : 0;
    if (!c->is_response)
        return hpke_seal(&c->exchange->hpke, out, final_aad, aad_len, in, in_len);
    chunk_nonce(nonce, c);
    c->counter++;
    return aead_seal(c->exchange->aead, out, c->key, nonce, final_aad, aad_len, in, in_len);
}

enum status ohttp_chunk_seal(struct ohttp_chunks *c, struct writer *out, bool is_final, const void *in, size_t in_len)
{
    if (c->ended || c->counter == UINT64_MAX)
        return STATUS_REFUSED;
    if (in_len == 0 && !is_final)
        return STATUS_USAGE;
    if (in_len > OHTTP_CHUNK_MAX)
        return STATUS_LIMIT;
    varint_write(out, is_final ? 0 : in_len + AEAD_TAG_LEN);
    uint8_t *space = writer_space(out, in_len + AEAD_TAG_LEN);
    if (space == NULL)
        return writer_end(out) == STATUS_OK ? STATUS_USAGE : writer_end(out);
    enum status status = seal(c, space, is_final, in, in_len);
    if (status != STATUS_OK || is_final)
        c->ended = true;
    return status;
}

static enum status open(struct ohttp_chunks *c, uint8_t *out, bool is_final, const uint8_t *in, size_t in_len)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    size_t aad_len = is_final ? FINAL_AAD_LEN : 0;
    if (!c->is_response)
        return hpke_open(&c->exchange->hpke, out, final_aad, aad_len, in, in_len);
    chunk_nonce(nonce, c);
    c->counter++;
    return aead_open(c->exchange->aead, out, c->key, nonce, final_aad, aad_len, in, in_len);
}

enum status ohttp_chunk_open(struct ohttp_chunks *c, uint8_t *out, bool is_final, const uint8_t *in, size_t in_len)
{
    if (c->ended || c->counter == UINT64_MAX)
        return STATUS_REFUSED;
    c->ended = true; /* until it is known to be good */
    if (in_len < AEAD_TAG_LEN)
        return STATUS_TRUNCATED;
    if (in_len == AEAD_TAG_LEN && !is_final)
        return STATUS_MALFORMED;
    enum status status = open(c, out, is_final, in, in_len);
    c->ended = status != STATUS_OK || is_final;
    return status;
}

enum status ohttp_chunk_parse(struct ohttp_chunk *chunk, size_t *taken, const void *bytes, size_t len, bool at_end)
{
    struct reader r;
    memset(chunk, 0, sizeof *chunk);
    *taken = 0;
    reader_init(&r, bytes, len);
    uint64_t sealed_len = varint_read(&r);
    if (r.status != STATUS_OK)
        return STATUS_TRUNCATED;
    bool is_final = sealed_len == 0;
    if (is_final)
        sealed_len = reader_left(&r);
    if (sealed_len > SEALED_MAX)
        return STATUS_LIMIT;
    if (is_final && (!at_end || sealed_len < AEAD_TAG_LEN))
        return STATUS_TRUNCATED;
    if (sealed_len < AEAD_TAG_LEN)
        return STATUS_MALFORMED;
    chunk->sealed = reader_bytes(&r, (size_t)sealed_len);
    if (chunk->sealed == NULL)
        return STATUS_TRUNCATED;
    chunk->is_final = is_final;
    chunk->sealed_len = (size_t)sealed_len;
    *taken = len - reader_left(&r);
    return STATUS_OK;
}

/* Every chunk of in, up to the final one, which ends it. */
static enum status open_all(struct ohttp_chunks *c, uint8_t *out, size_t *out_len, const uint8_t *in, size_t in_len)
{
    struct ohttp_chunk chunk = {.is_final = false};
    while (!chunk.is_final) {
        size_t taken;
        enum status status = ohttp_chunk_parse(&chunk, &taken, in, in_len, true);
        if (status == STATUS_OK)
            status = ohttp_chunk_open(c, out + *out_len, chunk.is_final, chunk.sealed, chunk.sealed_len);
        if (status != STATUS_OK)
            return status;
        *out_len += chunk.sealed_len - AEAD_TAG_LEN;
        in += taken;
        in_len -= taken;
    }
    return STATUS_OK;
}

enum status ohttp_chunked_request_decapsulate(struct ohttp_exchange *x, uint8_t *out, size_t *out_len,
                                              const struct ohttp_key_config *config,
                                              const struct x25519_private *private_key, const uint8_t *in,
                                              size_t in_len)
{
    struct ohttp_chunks chunks;
    *out_len = 0;
    memset(x, 0, sizeof *x);
    if (in_len < OHTTP_HEADER_LEN)
        return STATUS_TRUNCATED;
    enum status status = ohttp_gateway_begin(x, OHTTP_CHUNKED, config, private_key, in);
    if (status != STATUS_OK)
        return status;
    ohttp_chunks_init_request(&chunks, x);
    status = open_all(&chunks, out, out_len, in + OHTTP_HEADER_LEN, in_len - OHTTP_HEADER_LEN);
    ohttp_chunks_wipe(&chunks);
    if (status != STATUS_OK) {
        ohttp_wipe(x);
        wipe(out, *out_len);
        *out_len = 0;
    }
    return status;
}

enum status ohttp_chunked_response_decapsulate(struct ohttp_exchange *x, uint8_t *out, size_t *out_len,
                                               const uint8_t *in, size_t in_len)
{
    struct ohttp_chunks chunks;
    size_t nonce_len = ohttp_nonce_len(x->aead);
    *out_len = 0;
    if (in_len < nonce_len)
        return STATUS_TRUNCATED;
    enum status status = ohttp_chunks_init_response(&chunks, x, in);
    if (status != STATUS_OK)
        return status;
    status = open_all(&chunks, out, out_len, in + nonce_len, in_len - nonce_len);
    ohttp_chunks_wipe(&chunks);
    if (status != STATUS_OK) {
        wipe(out, *out_len);
        *out_len = 0;
    }
    return status;
}
