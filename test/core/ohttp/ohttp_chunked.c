/* SPDX-License-Identifier: Apache-2.0 */
/* The example of draft-ietf-ohai-chunked-ohttp-08, and streams that are cut, reordered or changed. */
#include "core/ohttp/ohttp_chunked.h"
#include "tap.h"

static struct ohttp_key_config config;
static struct x25519_private private_key, ephemeral;
static uint8_t plain[25], request[200], response[200];
static size_t request_len, response_len;

static void load(void)
{
    uint8_t bytes[64];
    size_t len = unhex(bytes, "010020668eb21aace159803974a4c67f08b4152d29bed10735fd08f98ccdd6fe"
                              "09570800080001000100010003");
    check(ohttp_key_config_parse(&config, bytes, len) == STATUS_OK, "the example's key configuration");
    unhex(private_key.bytes, "1c190d72acdbe4dbc69e680503bb781a932c70a12c8f3754434c67d8640d8698");
    unhex(ephemeral.bytes, "b26d565f3f875ed480d1abced3d665159650c99174fd0b124ac4bda0c64ae324");
    unhex(plain, "00034745540568747470730b6578616d706c652e636f6d012f");
    request_len = unhex(request, "010020000100018811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a7199761a032"
                                 "1c2ad24942d4d692563012f2980c8fef437a336b9b2fc938ef77a5834f"
                                 "1d2e33d8fd25577afe31bd1c79d094f76b6250ae6549b473ecd950501311"
                                 "001c6c1395d0ef7c1022297966307b8a7f");
    response_len = unhex(response, "bcce7f4cb921309ba5d62edf1769ef09"
                                   "1179bf1cc87fa0e2c02de4546945aa3d1e48"
                                   "12b348b5bd4c594c16b6170b07b475845d1f32"
                                   "00ed9d8a796617a5b27265f4d73247f639");
}

/* The client's side, after its request of the example. */
static void begin_client(struct ohttp_exchange *x)
{
    uint8_t header[OHTTP_HEADER_LEN], out[200];
    struct ohttp_chunks chunks;
    struct writer w;
    if (ohttp_client_begin(x, header, OHTTP_CHUNKED, &config, AEAD_AES_128_GCM, &ephemeral) != STATUS_OK)
        exit(1);
    ohttp_chunks_init_request(&chunks, x);
    writer_init(&w, out, sizeof out);
    writer_bytes(&w, header, sizeof header);
    bool sealed = ohttp_chunk_seal(&chunks, &w, false, plain, 12) == STATUS_OK &&
                  ohttp_chunk_seal(&chunks, &w, false, plain + 12, 13) == STATUS_OK &&
                  ohttp_chunk_seal(&chunks, &w, true, plain, 0) == STATUS_OK;
    check(sealed && writer_len(&w) == request_len && memcmp(out, request, request_len) == 0,
          "the example's request, as the client seals it");
    check(ohttp_chunk_seal(&chunks, &w, true, plain, 0) == STATUS_REFUSED, "nothing after the final chunk");
}

static void test_vector(void)
{
    struct ohttp_exchange client, gateway;
    struct ohttp_chunks chunks;
    struct writer w;
    uint8_t out[200];
    size_t out_len;
    begin_client(&client);
    check(ohttp_chunked_request_decapsulate(&gateway, out, &out_len, &config, &private_key, request, request_len) ==
                  STATUS_OK &&
              out_len == sizeof plain && memcmp(out, plain, out_len) == 0,
          "the gateway opens it");
    writer_init(&w, out, sizeof out);
    writer_bytes(&w, response, 16);
    bool sealed = ohttp_chunks_init_response(&chunks, &gateway, response) == STATUS_OK &&
                  ohttp_chunk_seal(&chunks, &w, false, "\x01", 1) == STATUS_OK &&
                  ohttp_chunk_seal(&chunks, &w, false, "\x40\xc8", 2) == STATUS_OK &&
                  ohttp_chunk_seal(&chunks, &w, true, "", 0) == STATUS_OK;
    check(sealed && writer_len(&w) == response_len && memcmp(out, response, response_len) == 0,
          "the example's response, as the gateway seals it");
    check(ohttp_chunked_response_decapsulate(&client, out, &out_len, response, response_len) == STATUS_OK &&
              out_len == 3 && memcmp(out, "\x01\x40\xc8", 3) == 0,
          "the client opens it");
}

static void test_changed_request(void)
{
    struct ohttp_exchange gateway;
    uint8_t out[200];
    size_t out_len;
    unsigned opened = 0;
    for (size_t len = 0; len < request_len; len++) {
        uint8_t *cut = guarded_copy(request, len);
        opened +=
            ohttp_chunked_request_decapsulate(&gateway, out, &out_len, &config, &private_key, cut, len) == STATUS_OK;
        opened += out_len != 0;
        guarded_free(cut, len);
    }
    check(opened == 0, "no truncated request opens");
    for (size_t bit = 0; bit < 8 * request_len; bit++) {
        request[bit / 8] ^= (uint8_t)(1U << bit % 8);
        opened += ohttp_chunked_request_decapsulate(&gateway, out, &out_len, &config, &private_key, request,
                                                    request_len) == STATUS_OK;
        request[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(opened == 0, "no request with a flipped bit opens");
}

/* Feeds a stream in steps of step bytes; the status of the end, or of the first failure. */
static enum status feed(const uint8_t *bytes, size_t len, size_t step, uint8_t *out, size_t *out_len)
{
    static struct ohttp_exchange client;
    static struct ohttp_stream s;
    uint8_t header[OHTTP_HEADER_LEN], piece[OHTTP_CHUNK_MAX];
    enum status status = ohttp_client_begin(&client, header, OHTTP_CHUNKED, &config, AEAD_AES_128_GCM, &ephemeral);
    size_t piece_len, taken;
    *out_len = 0;
    ohttp_stream_init(&s, &client);
    for (size_t at = 0; at < len && status == STATUS_OK; at += taken) {
        status = ohttp_stream_open(&s, piece, &piece_len, &taken, bytes + at, len - at < step ? len - at : step);
        memcpy(out + *out_len, piece, piece_len);
        *out_len += piece_len;
    }
    if (status != STATUS_OK)
        return status;
    status = ohttp_stream_end(&s, piece, &piece_len);
    memcpy(out + *out_len, piece, piece_len);
    *out_len += piece_len;
    if (ohttp_stream_end(&s, piece, &piece_len) == STATUS_OK)
        return STATUS_BROKEN;
    return status;
}

static void test_stream(void)
{
    uint8_t out[200], swapped[200], dropped[200], doubled[200];
    size_t out_len, opened = 0, good = 0;
    for (size_t step = 1; step <= response_len; step++)
        good += feed(response, response_len, step, out, &out_len) == STATUS_OK && out_len == 3 &&
                memcmp(out, "\x01\x40\xc8", 3) == 0;
    check(good == response_len, "a response in pieces of every size");
    for (size_t len = 0; len < response_len; len++)
        opened += feed(response, len, 7, out, &out_len) == STATUS_OK;
    check(opened == 0, "a stream cut anywhere has no good end");
    check(feed(response, 16 + 18 + 19, 100, out, &out_len) == STATUS_TRUNCATED && out_len == 3,
          "cut before the final chunk: what came is there, and the end is truncated");
    for (size_t bit = 0; bit < 8 * response_len; bit++) {
        response[bit / 8] ^= (uint8_t)(1U << bit % 8);
        opened += feed(response, response_len, 100, out, &out_len) == STATUS_OK;
        response[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(opened == 0, "a stream with a flipped bit has no good end");
    memcpy(swapped, response, response_len);
    memcpy(swapped + 16, response + 16 + 18, 19);
    memcpy(swapped + 16 + 19, response + 16, 18);
    check(feed(swapped, response_len, 100, out, &out_len) == STATUS_FORGED && out_len == 0, "chunks in another order");
    memcpy(dropped, response, 16 + 18);
    memcpy(dropped + 16 + 18, response + 16 + 18 + 19, 17);
    check(feed(dropped, 16 + 18 + 17, 100, out, &out_len) == STATUS_FORGED, "a chunk left out");
    memcpy(doubled, response, 16 + 18);
    memcpy(doubled + 16 + 18, response + 16, response_len - 16);
    check(feed(doubled, response_len + 18, 100, out, &out_len) == STATUS_FORGED, "a chunk twice");
    memcpy(doubled, response, response_len);
    doubled[16 + 18 + 19] = 0x10;
    check(feed(doubled, response_len, 100, out, &out_len) != STATUS_OK, "the final chunk presented as another");
    doubled[16 + 18 + 19] = 0;
    doubled[response_len] = 0;
    check(feed(doubled, response_len + 1, 100, out, &out_len) == STATUS_FORGED, "a byte after the final chunk");
}

static void test_sizes(void)
{
    static struct ohttp_exchange x;
    static uint8_t big[OHTTP_CHUNK_MAX + 1], wire[3 * OHTTP_CHUNK_MAX], out[3 * OHTTP_CHUNK_MAX];
    uint8_t header[OHTTP_HEADER_LEN];
    struct ohttp_chunks chunks;
    struct ohttp_chunk chunk;
    struct writer w;
    size_t out_len, taken;
    memset(big, 7, sizeof big);
    if (ohttp_client_begin(&x, header, OHTTP_CHUNKED, &config, AEAD_AES_128_GCM, &ephemeral) != STATUS_OK ||
        ohttp_chunks_init_response(&chunks, &x, response) != STATUS_OK)
        exit(1);
    writer_init(&w, wire, sizeof wire);
    writer_bytes(&w, response, 16);
    check(ohttp_chunk_seal(&chunks, &w, false, big, 0) == STATUS_USAGE, "an empty chunk that is not final");
    check(ohttp_chunk_seal(&chunks, &w, false, big, sizeof big) == STATUS_LIMIT, "a chunk over the limit");
    check(ohttp_chunk_seal(&chunks, &w, false, big, OHTTP_CHUNK_MAX) == STATUS_OK &&
              ohttp_chunk_seal(&chunks, &w, true, big, OHTTP_CHUNK_MAX) == STATUS_OK &&
              feed(wire, writer_len(&w), 5000, out, &out_len) == STATUS_OK && out_len == 2 * OHTTP_CHUNK_MAX,
          "chunks of the greatest size");
    memset(wire + writer_len(&w), 0, 100);
    check(feed(wire, writer_len(&w) + 100, 5000, out, &out_len) == STATUS_LIMIT, "a final chunk over the limit");
    check(ohttp_chunk_parse(&chunk, &taken, "\x80\x00\x40\x11", 4, false) == STATUS_LIMIT, "a length over the limit");
    check(ohttp_chunk_parse(&chunk, &taken, "\x0f\x00", 2, false) == STATUS_MALFORMED, "a length without a tag");
    check(ohttp_chunk_parse(&chunk, &taken, "\x40", 1, true) == STATUS_TRUNCATED, "half a length");
    uint8_t long_form[25] = {0xc0, 0, 0, 0, 0, 0, 0, 0x11};
    check(ohttp_chunk_parse(&chunk, &taken, long_form, sizeof long_form, false) == STATUS_OK && taken == 25 &&
              chunk.sealed_len == 17 && !chunk.is_final,
          "a length in more bytes than needed");
    ohttp_chunks_wipe(&chunks);
    check(ohttp_chunk_open(&chunks, out, true, wire, 16) == STATUS_REFUSED, "wiped keys open nothing");
}

int main(void)
{
    load();
    test_vector();
    test_changed_request();
    test_stream();
    test_sizes();
    return tap_done();
}
