/* SPDX-License-Identifier: Apache-2.0 */
/* A chunked response that arrives in arbitrary pieces. */
#include "core/ohttp/ohttp_chunked.h"

#include "core/base/constant_time.h"
#include "core/ohttp/varint.h"

#include <string.h>

void ohttp_stream_init(struct ohttp_stream *s, struct ohttp_exchange *x)
{
    memset(s, 0, sizeof *s);
    s->exchange = x;
}

void ohttp_stream_wipe(struct ohttp_stream *s)
{
    wipe(s, sizeof *s);
    ohttp_chunks_wipe(&s->chunks);
}

/* Moves bytes to pending until it has wanted of them; true when it has. */
static bool gather(struct ohttp_stream *s, size_t wanted, size_t *taken, const uint8_t *bytes, size_t len)
{
    size_t missing = wanted - s->pending_len;
    size_t moved = len - *taken < missing ? len - *taken : missing;
    if (moved != 0)
        memcpy(s->pending + s->pending_len, bytes + *taken, moved);
    s->pending_len += moved;
    *taken += moved;
    return s->pending_len == wanted;
}

static enum status take_nonce(struct ohttp_stream *s, size_t *taken, const uint8_t *bytes, size_t len)
{
    if (!gather(s, ohttp_nonce_len(s->exchange->aead), taken, bytes, len))
        return STATUS_OK;
    enum status status = ohttp_chunks_init_response(&s->chunks, s->exchange, s->pending);
    s->has_nonce = status == STATUS_OK;
    s->pending_len = 0;
    return status;
}

/* Bytes that pending needs next: a first byte, a whole length, a whole chunk; a final one can be as long as any. */
static size_t wanted_len(const struct ohttp_stream *s)
{
    struct reader r;
    if (s->pending_len == 0)
        return 1;
    size_t length_len = varint_len_of(s->pending[0]);
    if (s->pending_len < length_len)
        return length_len;
    reader_init(&r, s->pending, length_len);
    uint64_t sealed_len = varint_read(&r);
    bool is_bounded = sealed_len != 0 && sealed_len <= OHTTP_CHUNK_MAX + AEAD_TAG_LEN;
    return length_len + (is_bounded ? (size_t)sealed_len : OHTTP_CHUNK_MAX + AEAD_TAG_LEN);
}

/* Opens the chunk that pending is. */
static enum status open_pending(struct ohttp_stream *s, uint8_t *out, size_t *out_len, bool at_end)
{
    struct ohttp_chunk chunk;
    size_t wire_len;
    enum status status = ohttp_chunk_parse(&chunk, &wire_len, s->pending, s->pending_len, at_end);
    if (status == STATUS_OK)
        status = ohttp_chunk_open(&s->chunks, out, chunk.is_final, chunk.sealed, chunk.sealed_len);
    if (status != STATUS_OK)
        return status;
    *out_len = chunk.sealed_len - AEAD_TAG_LEN;
    s->pending_len = 0;
    return STATUS_OK;
}

static enum status take_chunk(struct ohttp_stream *s, uint8_t *out, size_t *out_len, size_t *taken,
                              const uint8_t *bytes, size_t len)
{
    bool is_whole = true;
    for (size_t wanted = wanted_len(s); is_whole && s->pending_len < wanted; wanted = wanted_len(s))
        is_whole = gather(s, wanted, taken, bytes, len);
    enum status status = is_whole ? open_pending(s, out, out_len, false) : STATUS_TRUNCATED;
    if (status != STATUS_TRUNCATED)
        return status;
    return *taken < len ? STATUS_LIMIT : STATUS_OK; /* a final chunk that is longer than any may be */
}

enum status ohttp_stream_open(struct ohttp_stream *s, uint8_t out[static OHTTP_CHUNK_MAX], size_t *out_len,
                              size_t *taken, const uint8_t *bytes, size_t len)
{
    enum status status = s->chunks.ended ? STATUS_REFUSED : STATUS_OK;
    *out_len = *taken = 0;
    if (status == STATUS_OK && !s->has_nonce)
        status = take_nonce(s, taken, bytes, len);
    if (status == STATUS_OK && s->has_nonce)
        status = take_chunk(s, out, out_len, taken, bytes, len);
    if (status != STATUS_OK) {
        *out_len = 0;
        ohttp_stream_wipe(s);
    }
    return status;
}

enum status ohttp_stream_end(struct ohttp_stream *s, uint8_t out[static OHTTP_CHUNK_MAX], size_t *out_len)
{
    enum status status = s->chunks.ended ? STATUS_REFUSED : STATUS_TRUNCATED;
    *out_len = 0;
    if (s->has_nonce)
        status = open_pending(s, out, out_len, true);
    ohttp_stream_wipe(s);
    return status;
}
