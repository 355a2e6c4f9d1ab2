/* SPDX-License-Identifier: Apache-2.0 */
/* A client made of core/ohttp against the scribe's transport, over a real channel: whole, chunked and plain requests
 * and answers; what must not open; the bound of whole answers.  EN-24 EN-41 */
#include "enclave/scribe_transport.h"

#include "core/ohttp/bhttp.h"
#include "core/ohttp/ohttp_chunked.h"
#include "tap.h"

#include <sys/socket.h>

enum { EXCHANGE = 5, ANSWER_CAPACITY = 6 << 20 };

static struct channel scribe_end, gate_end;
static struct channel_message m;
static struct x25519_private key = {{1, 2, 3}}, ephemeral = {{9, 8, 7}};
static struct ohttp_key_config config;
static struct ohttp_exchange client;
static uint8_t wire[1 << 16];

static void check_config(void)
{
    uint8_t bytes[OHTTP_KEY_CONFIG_MAX];
    size_t len;
    check(transport_key_config(bytes, sizeof bytes, &len, &key) == STATUS_OK &&
              ohttp_key_config_parse(&config, bytes, len) == STATUS_OK && config.key_id == 1 && config.suites_n == 2 &&
              ohttp_key_config_check(&config, AEAD_AES_256_GCM) == STATUS_OK &&
              ohttp_key_config_check(&config, AEAD_AES_128_GCM) == STATUS_OK,
          "EN-41: the key configuration");
    size_t passed = 0;
    for (size_t room = 0; room < len; room++)
        passed += transport_key_config(bytes, room, &len, &key) == STATUS_OK;
    check(passed == 0, "no room for it");
}

/* A request in Binary HTTP; in pieces when they are wanted. */
static size_t write_request(uint8_t *out, size_t capacity, const char *body, bool in_pieces)
{
    struct writer w;
    struct bhttp_head head = {.is_indeterminate = in_pieces,
                              .method = {"POST", 4},
                              .scheme = {"https", 5},
                              .authority = {"x", 1},
                              .path = {"/v1/chat/completions", 20}};
    size_t half = strlen(body) / 2;
    writer_init(&w, out, capacity);
    bhttp_head_write(&w, &head);
    if (in_pieces) {
        bhttp_piece_write(&w, body, half);
        bhttp_piece_write(&w, body + half, strlen(body) - half);
        bhttp_end_write(&w);
    } else {
        bhttp_content_write(&w, body, strlen(body));
    }
    return writer_end(&w) == STATUS_OK ? writer_len(&w) : 0;
}

/* Encapsulates to wire; returns the length. */
static size_t encapsulate(bool chunked, enum aead_kind aead, const uint8_t *plain, size_t plain_len)
{
    struct ohttp_chunks chunks;
    struct writer w;
    if (!chunked)
        return ohttp_request_encapsulate(&client, wire, &config, aead, &ephemeral, plain, plain_len) == STATUS_OK
                   ? plain_len + OHTTP_REQUEST_EXTRA
                   : 0;
    writer_init(&w, wire + OHTTP_HEADER_LEN, sizeof wire - OHTTP_HEADER_LEN);
    enum status status = ohttp_client_begin(&client, wire, OHTTP_CHUNKED, &config, aead, &ephemeral);
    ohttp_chunks_init_request(&chunks, &client);
    size_t half = plain_len / 2;
    if (status == STATUS_OK && half > 0)
        status = ohttp_chunk_seal(&chunks, &w, false, plain, half);
    if (status == STATUS_OK)
        status = ohttp_chunk_seal(&chunks, &w, true, plain + half, plain_len - half);
    return status == STATUS_OK ? OHTTP_HEADER_LEN + writer_len(&w) : 0;
}

static size_t make_request(bool chunked, enum aead_kind aead, const char *body, bool in_pieces)
{
    uint8_t plain[4096];
    return encapsulate(chunked, aead, plain, write_request(plain, sizeof plain, body, in_pieces));
}

static enum status open_bytes(struct transport *t, struct transport_request *r, bool chunked, const uint8_t *bytes,
                              size_t len)
{
    static uint8_t body[sizeof wire];
    struct reason why = {{0}};
    memset(r, 0, sizeof *r);
    memcpy(body, bytes, len);
    enum status status =
        transport_open(t, r, chunked ? REQUEST_OHTTP_CHUNKED : REQUEST_OHTTP, EXCHANGE, &key, body, len, &why);
    if (status != STATUS_OK && (why.text[0] == '\0' || t->ohttp != NULL))
        check(false, "a refusal says why and keeps nothing");
    return status;
}

static bool is_body(const struct transport_request *r, const char *body)
{
    return r->method_len == 4 && memcmp(r->method, "POST", 4) == 0 && r->path_len == 20 &&
           memcmp(r->path, "/v1/chat/completions", 20) == 0 && r->body_len == strlen(body) &&
           memcmp(r->body, body, r->body_len) == 0;
}

struct received {
    unsigned messages, status, content, streamed;
    bool ended, aborted;
    size_t len;
    uint8_t *bytes;
};

/* Takes what waits for the gate, as the channel's queue lets it out. */
static void receive(struct received *r)
{
    for (;;) {
        if (channel_flush(&scribe_end) != STATUS_OK)
            return;
        if (channel_receive(&gate_end, &m, false) != STATUS_OK) {
            if (!channel_has_queued(&scribe_end))
                return;
            continue;
        }
        r->messages += m.id == EXCHANGE;
        if (m.type == MESSAGE_RESPONSE && m.len == 12) {
            r->status = (unsigned)(m.payload[0] | m.payload[1] << 8);
            r->content = m.payload[4];
            r->streamed = m.payload[8];
        } else if (m.type == MESSAGE_RESPONSE_PART && m.len <= ANSWER_CAPACITY - r->len) {
            memcpy(r->bytes + r->len, m.payload, m.len);
            r->len += m.len;
        }
        r->ended = r->ended || m.type == MESSAGE_RESPONSE_END;
        r->aborted = r->aborted || m.type == MESSAGE_RESPONSE_ABORT;
    }
}

static enum status answer(struct transport *t, struct received *r, unsigned status, bool stream, const uint8_t *bytes,
                          size_t len, size_t piece)
{
    enum status sent = transport_begin(t, &scribe_end, status, stream ? CONTENT_EVENTS : CONTENT_JSON, stream);
    for (size_t at = 0; at < len && sent == STATUS_OK; at += piece) {
        sent = transport_send(t, &scribe_end, bytes + at, len - at < piece ? len - at : piece);
        receive(r);
    }
    if (sent == STATUS_OK)
        sent = transport_end(t, &scribe_end);
    receive(r);
    return sent;
}

static bool opens_to(struct received *r, bool chunked, unsigned status, const uint8_t *bytes, size_t len)
{
    struct bhttp_message message;
    struct arena arena;
    struct reason why;
    uint8_t *plain = malloc(r->len + 1), *memory = malloc(r->len + 1);
    size_t plain_len = r->len;
    enum status opened = STATUS_FORGED;
    if (chunked) {
        opened = ohttp_chunked_response_decapsulate(&client, plain, &plain_len, r->bytes, r->len);
    } else if (r->len >= OHTTP_NONCE_MAX) {
        plain_len = r->len - ohttp_nonce_len(client.aead) - AEAD_TAG_LEN;
        opened = ohttp_response_decapsulate(&client, plain, r->bytes, r->len);
    }
    arena_init(&arena, memory, r->len);
    bool same = opened == STATUS_OK && bhttp_parse(&message, &arena, plain, plain_len, &why) == STATUS_OK &&
                message.head.status == status && message.content_len == len &&
                (len == 0 || memcmp(message.content, bytes, len) == 0);
    free(plain);
    free(memory);
    return same;
}

static void test_exchanges(uint8_t *answer_bytes)
{
    static const enum aead_kind aeads[] = {AEAD_AES_256_GCM, AEAD_AES_128_GCM};
    static const size_t lens[] = {0, 1, 500, 16383, 16384, 16385, 100000, 1000000};
    for (unsigned round = 0; round < 8; round++) {
        bool chunked = (round & 1) != 0, in_pieces = (round & 2) != 0;
        enum aead_kind aead = aeads[round >> 2];
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            struct transport t;
            struct transport_request request;
            struct received r = {.bytes = malloc(ANSWER_CAPACITY)};
            size_t len = make_request(chunked, aead, "{\"x\":1}", in_pieces);
            bool fine = open_bytes(&t, &request, chunked, wire, len) == STATUS_OK && is_body(&request, "{\"x\":1}") &&
                        answer(&t, &r, 404, i % 2 == 0, answer_bytes, lens[i], 30000) == STATUS_OK;
            check(fine && r.ended && !r.aborted && r.status == 200 && r.streamed == chunked &&
                      r.content == (chunked ? CONTENT_OHTTP_CHUNKED : CONTENT_OHTTP) &&
                      opens_to(&r, chunked, 404, answer_bytes, lens[i]),
                  "EN-41: %s, %zu bytes back, sealed with the error's status", chunked ? "chunked" : "whole", lens[i]);
            transport_wipe(&t);
            free(r.bytes);
        }
    }
}

static void test_garbage(void)
{
    struct transport t;
    struct transport_request request;
    for (unsigned chunked = 0; chunked < 2; chunked++) {
        static uint8_t good[sizeof wire], other[512];
        size_t len = make_request(chunked != 0, AEAD_AES_256_GCM, "{\"x\":1}", false), passed = 0;
        memcpy(good, wire, len);
        for (size_t cut = 0; cut < len; cut++)
            passed += open_bytes(&t, &request, chunked != 0, good, cut) == STATUS_OK;
        check(len > 0 && passed == 0, "EN-41: cut at each length");
        for (size_t bit = 0; bit < len * 8; bit++) {
            good[bit / 8] ^= (uint8_t)(1U << bit % 8);
            passed += open_bytes(&t, &request, chunked != 0, good, len) == STATUS_OK;
            good[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        check(passed == 0, "EN-41: each bit flipped");
        good[len] = 0;
        check(open_bytes(&t, &request, chunked != 0, good, len + 1) != STATUS_OK, "EN-41: a byte more");
        check(open_bytes(&t, &request, chunked == 0, good, len) != STATUS_OK,
              "EN-41: whole as chunked, chunked as whole");
        uint32_t state = 7;
        for (size_t n = 0; n <= sizeof other; n++) {
            for (size_t i = 0; i < n; i++)
                other[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
            passed += open_bytes(&t, &request, chunked != 0, other, n) == STATUS_OK;
        }
        check(passed == 0, "EN-41: noise of each length to 512");
        static const char *const plains[] = {"", "\x05", "\xff\xff", "GET / HTTP/1.1\r\n\r\n"};
        for (size_t i = 0; i < sizeof plains / sizeof plains[0]; i++) {
            len = encapsulate(chunked != 0, AEAD_AES_256_GCM, (const uint8_t *)plains[i], strlen(plains[i]));
            check(open_bytes(&t, &request, chunked != 0, wire, len) != STATUS_OK, "EN-41: no request inside, %zu", i);
        }
        struct ohttp_key_config ours = config;
        struct x25519_private another = {{4, 4, 4}};
        check(x25519_public(config.public_key, &another) == STATUS_OK, "another key");
        len = make_request(chunked != 0, AEAD_AES_256_GCM, "{}", false);
        check(open_bytes(&t, &request, chunked != 0, wire, len) == STATUS_FORGED, "EN-41: is refused");
        config = ours;
    }
}

static void test_plain(uint8_t *answer_bytes)
{
    static const struct {
        enum request_kind kind;
        const char *method, *path;
    } rows[] = {{REQUEST_CHAT, "POST", "/v1/chat/completions"},
                {REQUEST_INFER, "POST", "/infer"},
                {REQUEST_MODELS, "GET", "/v1/models"},
                {REQUEST_RECEIPT, "GET", "body"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct transport t;
        struct transport_request r;
        struct reason why;
        uint8_t body[4] = {'b', 'o', 'd', 'y'};
        struct received seen = {.bytes = malloc(ANSWER_CAPACITY)};
        bool fine = transport_open(&t, &r, rows[i].kind, EXCHANGE, &key, body, 4, &why) == STATUS_OK &&
                    strlen(rows[i].method) == r.method_len && memcmp(r.method, rows[i].method, r.method_len) == 0 &&
                    strlen(rows[i].path) == r.path_len && memcmp(r.path, rows[i].path, r.path_len) == 0 &&
                    answer(&t, &seen, 503, false, answer_bytes, 70000, 70000) == STATUS_OK;
        check(fine && seen.status == 503 && seen.content == CONTENT_JSON && seen.streamed == 0 && seen.len == 70000 &&
                  memcmp(seen.bytes, answer_bytes, 70000) == 0 && seen.ended,
              "plain %s %s", rows[i].method, rows[i].path);
        free(seen.bytes);
    }
}

/* EN-24: whole answers up to the bound, and one byte more. */
static void test_bound(uint8_t *answer_bytes)
{
    for (unsigned round = 0; round < 8; round++) {
        bool ohttp = (round & 1) != 0, stream = (round & 2) != 0;
        size_t len = TRANSPORT_WHOLE_MAX + (round >> 2);
        bool wanted = round >> 2 == 0 || (!ohttp && stream); /* a stream in plain TLS has no bound */
        struct transport t;
        struct transport_request request;
        struct reason why;
        uint8_t body[1] = {'x'};
        struct received r = {.bytes = malloc(ANSWER_CAPACITY)};
        size_t wire_len = make_request(false, AEAD_AES_256_GCM, "{}", false);
        bool opened = ohttp ? open_bytes(&t, &request, false, wire, wire_len) == STATUS_OK
                            : transport_open(&t, &request, REQUEST_CHAT, EXCHANGE, &key, body, 1, &why) == STATUS_OK;
        enum status status = answer(&t, &r, 200, stream, answer_bytes, len, 300000);
        check(opened && status == STATUS_OK && r.ended == wanted && r.aborted == !wanted && r.len <= 4 << 20,
              "EN-24: %s%s of %zu bytes is %s", ohttp ? "OHTTP" : "plain", stream ? ", streamed," : "", len,
              wanted ? "sent" : "given up");
        if (wanted && ohttp)
            check(opens_to(&r, false, 200, answer_bytes, len), "and opens");
        transport_wipe(&t);
        free(r.bytes);
    }
}

int main(void)
{
    int pair[2];
    uint8_t *answer_bytes = malloc(ANSWER_CAPACITY);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 || channel_init(&scribe_end, pair[0]) != STATUS_OK ||
        channel_init(&gate_end, pair[1]) != STATUS_OK)
        return 1;
    for (size_t i = 0; i < ANSWER_CAPACITY; i++)
        answer_bytes[i] = (uint8_t)(i * 31 >> 3);
    check_config();
    test_exchanges(answer_bytes);
    test_garbage();
    test_plain(answer_bytes);
    test_bound(answer_bytes);
    free(answer_bytes);
    return tap_done();
}
