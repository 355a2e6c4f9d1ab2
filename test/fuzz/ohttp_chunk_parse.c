/* SPDX-License-Identifier: Apache-2.0 */
/* Framing of chunked Oblivious HTTP, and streams of chunks that no key opens. */
#include "core/ohttp/ohttp_chunked.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(int holds)
{
    if (!holds)
        abort();
}

static void split(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        struct ohttp_chunk chunk, later;
        size_t taken, taken_later;
        enum status status = ohttp_chunk_parse(&chunk, &taken, bytes + at, len - at, true);
        if (status != STATUS_OK) {
            demand(taken == 0 && chunk.sealed == NULL);
            return;
        }
        demand(taken > chunk.sealed_len && taken <= len - at && chunk.sealed_len >= AEAD_TAG_LEN);
        demand(chunk.sealed + chunk.sealed_len == bytes + at + taken);
        status = ohttp_chunk_parse(&later, &taken_later, bytes + at, len - at, false);
        demand(chunk.is_final ? status == STATUS_TRUNCATED : status == STATUS_OK && taken_later == taken);
        demand(ohttp_chunk_parse(&later, &taken_later, bytes + at, taken - 1, false) == STATUS_TRUNCATED);
        at += taken;
    }
}

/* Nobody but the gateway can make a stream that has a good end. */
static void open_stream(const uint8_t *bytes, size_t len, size_t step)
{
    static struct ohttp_exchange x;
    static struct ohttp_stream s;
    static uint8_t out[OHTTP_CHUNK_MAX];
    size_t out_len, taken;
    enum status status = STATUS_OK;
    x.aead = AEAD_AES_128_GCM;
    x.kind = OHTTP_CHUNKED;
    ohttp_stream_init(&s, &x);
    for (size_t at = 0; at < len && status == STATUS_OK; at += taken) {
        status = ohttp_stream_open(&s, out, &out_len, &taken, bytes + at, len - at < step ? len - at : step);
        demand(out_len == 0 && (status != STATUS_OK || taken != 0));
    }
    demand(ohttp_stream_end(&s, out, &out_len) != STATUS_OK && out_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    split(bytes, len);
    open_stream(bytes, len, len == 0 ? 1 : 1 + (size_t)bytes[len - 1] * 64);
    return 0;
}
