/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a key release: RL-5, RL-6. */
#include "core/evidence/release.h"

#include "tap.h"

#include <stdalign.h>

static alignas(16) uint8_t memory[RELEASE_ARENA_LEN];

struct exchange {
    struct x25519_private private_key;
    struct x25519_private ephemeral;
    struct release_request request;
    struct release_key key;
    struct release_response response;
    uint8_t evidence[300];
};

static bool exchange_init(struct exchange *x)
{
    memset(x, 0, sizeof *x);
    memset(x->private_key.bytes, 0x21, 32);
    memset(x->ephemeral.bytes, 0x42, 32);
    memset(x->request.model_root, 0x77, 32);
    memset(x->request.key_id, 0x78, 16);
    memset(x->request.nonce, 0xaa, 32);
    memset(x->evidence, 0x5a, sizeof x->evidence);
    memset(x->key.bytes, 0xd0, 32);
    x->request.kind = EVIDENCE_SIMULATOR;
    x->request.evidence = x->evidence;
    x->request.evidence_len = sizeof x->evidence;
    return x25519_public(x->request.public_key, &x->private_key) == STATUS_OK &&
           release_response_seal(&x->response, &x->request, &x->key, &x->ephemeral) == STATUS_OK;
}

static void sealing(const struct exchange *x)
{
    struct release_key key, none;
    memset(&none, 0, sizeof none);
    check(release_response_open(&key, &x->response, &x->request, &x->private_key) == STATUS_OK &&
              memcmp(&key, &x->key, sizeof key) == 0,
          "the enclave opens what the broker sealed to it");
    size_t wrong = 0;
    struct release_response r = x->response;
    for (size_t bit = 0; bit < sizeof r * 8; bit++) {
        ((uint8_t *)&r)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(&key, 0xff, sizeof key);
        /* X25519 ignores the top bit of a point (RFC 7748 section 5), but HPKE hashes the bytes as sent */
        wrong += release_response_open(&key, &r, &x->request, &x->private_key) != STATUS_FORGED ||
                 memcmp(&key, &none, sizeof key) != 0;
        ((uint8_t *)&r)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    check(wrong == 0, "each of 640 bits of the answer flipped is refused, and no key comes out");

    struct release_request other = x->request;
    other.model_root[0] ^= 1;
    check(release_response_open(&key, &x->response, &other, &x->private_key) == STATUS_FORGED,
          "RL-6: not for another model");
    other = x->request;
    other.key_id[15] ^= 1;
    check(release_response_open(&key, &x->response, &other, &x->private_key) == STATUS_FORGED,
          "RL-6: not for another sealed file");
    other = x->request;
    other.nonce[31] ^= 0x80;
    check(release_response_open(&key, &x->response, &other, &x->private_key) == STATUS_FORGED,
          "RL-6: not for another nonce");
    struct x25519_private stranger = x->private_key;
    stranger.bytes[5] ^= 1;
    check(release_response_open(&key, &x->response, &x->request, &stranger) == STATUS_FORGED,
          "RL-6: not with another private key");
    struct release_request zero = x->request;
    memset(zero.public_key, 0, sizeof zero.public_key);
    check(release_response_seal(&r, &zero, &x->key, &x->ephemeral) == STATUS_FORGED,
          "nothing is sealed to the zero point");
}

static struct arena *fresh(void)
{
    static struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    return &arena;
}

static enum status parse_request(struct release_request *r, const char *text, size_t len, struct reason *why)
{
    why->text[0] = '\0';
    uint8_t *copy = guarded_copy(text, len);
    enum status status = release_request_parse(r, fresh(), copy, len, why);
    guarded_free(copy, len);
    return status;
}

static const char *written(const struct exchange *x, size_t *len)
{
    static char text[4096];
    struct writer w;
    writer_init(&w, text, sizeof text - 1);
    check(release_request_write(&w, &x->request) == STATUS_OK, "a request is written");
    *len = writer_len(&w);
    text[*len] = '\0';
    return text;
}

static void requests(const struct exchange *x)
{
    static const struct {
        const char *name, *from, *to;
        enum status status;
    } rows[] = {
        {"an unknown member", "{\"evidence\"", "{\"more\":1,\"evidence\"", STATUS_MALFORMED},
        {"a missing nonce", "\"nonce\"", "\"nonsense\"", STATUS_MALFORMED},
        {"a missing evidence", "\"evidence\"", "\"kind2\"", STATUS_MALFORMED},
        {"an unknown kind", "\"simulator\"", "\"emulator\"", STATUS_UNSUPPORTED},
        {"a kind that is a number", "\"simulator\"", "1", STATUS_UNSUPPORTED},
        {"a short model root", "\"model_root\":\"77", "\"model_root\":\"", STATUS_MALFORMED},
        {"a long key id", "\"key_id\":\"78", "\"key_id\":\"7878", STATUS_MALFORMED},
        {"a public key of letters", "\"public_key\":\"", "\"public_key\":\"zz", STATUS_MALFORMED},
        {"evidence that is not base64", "\"evidence\":\"W", "\"evidence\":\"-", STATUS_MALFORMED},
        {"empty evidence", "\"evidence\":\"", "\"evidence\":\"\",\"e\":\"", STATUS_MALFORMED},
        {"a member twice", "{\"evidence\"", "{\"kind\":\"simulator\",\"evidence\"", STATUS_MALFORMED},
    };
    struct release_request r, none;
    struct reason why;
    char changed[8192];
    size_t len, wrong = 0;
    const char *text = written(x, &len);
    memset(&none, 0, sizeof none);
    check(parse_request(&r, text, len, &why) == STATUS_OK && r.evidence_len == 300 &&
              memcmp(r.evidence, x->evidence, 300) == 0 && memcmp(r.nonce, x->request.nonce, 32) == 0 &&
              memcmp(r.key_id, x->request.key_id, 16) == 0 && r.kind == EVIDENCE_SIMULATOR,
          "and parses back to the same");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = strstr(text, rows[i].from);
        int n = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, rows[i].to,
                         at + strlen(rows[i].from));
        enum status status = parse_request(&r, changed, (size_t)n, &why);
        if (!check(status == rows[i].status && why.text[0] != '\0' && memcmp(&r, &none, sizeof r) == 0,
                   "RL-5: %s is refused", rows[i].name))
            note("%s: %s", status_name(status), why.text);
    }
    for (size_t cut = 0; cut < len; cut++)
        wrong += parse_request(&r, text, cut, &why) == STATUS_OK;
    check(wrong == 0, "RL-5: a request cut at every length is refused");
    static char large[RELEASE_TEXT_MAX + 1];
    memset(large, ' ', sizeof large);
    check(parse_request(&r, large, sizeof large, &why) == STATUS_LIMIT, "RL-5: over 100 KiB it is refused");
    check(parse_request(&r, "null", 4, &why) == STATUS_MALFORMED, "RL-5: null is refused");
    struct exchange big = *x;
    big.request.evidence_len = RELEASE_EVIDENCE_MAX + 1;
    struct writer w;
    writer_init(&w, changed, sizeof changed);
    check(release_request_write(&w, &big.request) == STATUS_LIMIT, "too much evidence is not written");
}

static void answers(const struct exchange *x)
{
    struct release_response r;
    struct reason why;
    char text[512];
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    struct writer w;
    writer_init(&w, text, sizeof text - 1);
    check(release_response_write(&w, &x->response) == STATUS_OK &&
              release_response_parse(&r, fresh(), text, writer_len(&w), &why) == STATUS_OK &&
              memcmp(&r, &x->response, sizeof r) == 0,
          "an answer is written and parses back");
    check(release_response_parse(&r, fresh(), text, writer_len(&w) - 1, &why) == STATUS_MALFORMED,
          "RL-5: an answer cut short is refused");
    static const char extra[] = "{\"ciphertext\":\"00\",\"enc\":\"00\",\"key\":\"00\"}";
    check(release_response_parse(&r, fresh(), extra, sizeof extra - 1, &why) == STATUS_MALFORMED,
          "RL-5: an answer with another member is refused");
    writer_init(&w, text, sizeof text - 1);
    check(release_nonce_write(&w, x->request.nonce) == STATUS_OK &&
              release_nonce_parse(nonce, fresh(), text, writer_len(&w), &why) == STATUS_OK &&
              memcmp(nonce, x->request.nonce, sizeof nonce) == 0,
          "a nonce is written and parses back");
    check(release_nonce_parse(nonce, fresh(), "{}", 2, &why) == STATUS_MALFORMED && nonce[0] == 0,
          "RL-5: an answer without a nonce is refused");
    check(release_nonce_parse(nonce, fresh(), "{\"nonce\":\"aa\"}", 14, &why) == STATUS_MALFORMED,
          "RL-5: a short nonce is refused");
}

int main(void)
{
    static struct exchange x;
    check(exchange_init(&x), "a key is sealed");
    sealing(&x);
    requests(&x);
    answers(&x);
    return tap_done();
}
