/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9458 appendix A, and what must not open. */
#include "core/ohttp/ohttp.h"
#include "core/crypto/x25519.h"
#include "tap.h"

static const char config_hex[] =
    "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003";
static const char request_hex[] = "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472"
                                  "6374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525";
static const char response_hex[] = "c789e7151fcba46158ca84b04464910d86f9013e404feea014e7be4a441f234f857fbd";
static const char plain_request_hex[] = "00034745540568747470730b6578616d706c652e636f6d012f";

static struct ohttp_key_config config;
static struct x25519_private private_key, ephemeral;
static uint8_t plain[25], request[80], response[35];

static void load(void)
{
    uint8_t bytes[64];
    size_t len = unhex(bytes, config_hex);
    check(ohttp_key_config_parse(&config, bytes, len) == STATUS_OK && config.key_id == 1 && config.suites_n == 2 &&
              config.suites[1].aead == 3,
          "the key configuration of appendix A");
    unhex(private_key.bytes, "3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a");
    unhex(ephemeral.bytes, "bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73");
    unhex(plain, plain_request_hex);
    unhex(request, request_hex);
    unhex(response, response_hex);
}

static void test_vector(void)
{
    struct ohttp_exchange client, gateway;
    uint8_t out[100], key[AEAD_KEY_LEN_MAX], nonce[AEAD_NONCE_LEN], expected[32];
    check(ohttp_request_encapsulate(&client, out, &config, AEAD_AES_128_GCM, &ephemeral, plain, sizeof plain) ==
                  STATUS_OK &&
              memcmp(out, request, sizeof request) == 0,
          "the client's encapsulated request");
    check(ohttp_request_decapsulate(&gateway, out, &config, &private_key, request, sizeof request) == STATUS_OK &&
              memcmp(out, plain, sizeof plain) == 0,
          "the gateway opens it");
    check(ohttp_response_keys(&gateway, key, nonce, response) == STATUS_OK, "response keys");
    unhex(expected, "5d0172a080e428b16d298c4ea0db620d");
    check(memcmp(key, expected, 16) == 0, "AEAD key");
    unhex(expected, "f6bf1aeb88d6df87007fa263");
    check(memcmp(nonce, expected, 12) == 0, "AEAD nonce");
    check(ohttp_response_encapsulate(&gateway, out, response, "\x01\x40\xc8", 3) == STATUS_OK &&
              memcmp(out, response, sizeof response) == 0,
          "the gateway's encapsulated response");
    check(ohttp_response_decapsulate(&client, out, response, sizeof response) == STATUS_OK &&
              memcmp(out, "\x01\x40\xc8", 3) == 0,
          "the client opens it");
    check(ohttp_client_begin(&client, out, OHTTP_WHOLE, &config, AEAD_AES_256_GCM, &ephemeral) == STATUS_UNSUPPORTED,
          "an AEAD that the configuration lacks");
}

static void test_cut_and_flipped_request(void)
{
    struct ohttp_exchange gateway;
    uint8_t out[100];
    unsigned opened = 0;
    for (size_t len = 0; len < sizeof request; len++) {
        uint8_t *cut = guarded_copy(request, len);
        opened += ohttp_request_decapsulate(&gateway, out, &config, &private_key, cut, len) == STATUS_OK;
        guarded_free(cut, len);
    }
    check(opened == 0, "no truncated request opens");
    for (size_t bit = 0; bit < 8 * sizeof request; bit++) {
        request[bit / 8] ^= (uint8_t)(1U << bit % 8);
        memset(out, 0xff, sizeof out);
        opened += ohttp_request_decapsulate(&gateway, out, &config, &private_key, request, sizeof request) == STATUS_OK;
        request[bit / 8] ^= (uint8_t)(1U << bit % 8);
        for (size_t i = 0; i < sizeof plain; i++)
            opened += out[i] != 0;
    }
    check(opened == 0, "no request with a flipped bit opens, and the output is zeroed");
    struct x25519_private other = private_key;
    other.bytes[5] ^= 1;
    check(ohttp_request_decapsulate(&gateway, out, &config, &other, request, sizeof request) == STATUS_FORGED,
          "another gateway's key");
    struct ohttp_key_config renamed = config;
    renamed.key_id = 2;
    check(ohttp_request_decapsulate(&gateway, out, &renamed, &private_key, request, sizeof request) == STATUS_NOT_FOUND,
          "another key identifier");
    check(ohttp_gateway_begin(&gateway, OHTTP_CHUNKED, &config, &private_key, request) == STATUS_OK &&
              hpke_open(&gateway.hpke, out, NULL, 0, request + OHTTP_HEADER_LEN, sizeof request - OHTTP_HEADER_LEN) ==
                  STATUS_FORGED,
          "a whole request does not open as a chunked one");
}

static void test_cut_and_flipped_response(void)
{
    struct ohttp_exchange client;
    uint8_t out[100];
    unsigned opened = 0;
    if (ohttp_request_encapsulate(&client, out, &config, AEAD_AES_128_GCM, &ephemeral, plain, sizeof plain) !=
        STATUS_OK)
        exit(1);
    for (size_t len = 0; len < sizeof response; len++) {
        uint8_t *cut = guarded_copy(response, len);
        opened += ohttp_response_decapsulate(&client, out, cut, len) == STATUS_OK;
        guarded_free(cut, len);
    }
    for (size_t bit = 0; bit < 8 * sizeof response; bit++) {
        response[bit / 8] ^= (uint8_t)(1U << bit % 8);
        opened += ohttp_response_decapsulate(&client, out, response, sizeof response) == STATUS_OK;
        response[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(opened == 0, "no response that is truncated or has a flipped bit opens");
    ephemeral.bytes[3] ^= 1;
    if (ohttp_request_encapsulate(&client, out, &config, AEAD_AES_128_GCM, &ephemeral, plain, sizeof plain) !=
        STATUS_OK)
        exit(1);
    check(ohttp_response_decapsulate(&client, out, response, sizeof response) == STATUS_FORGED,
          "the response to another request");
    ephemeral.bytes[3] ^= 1;
}

static void test_configs(void)
{
    static const struct {
        const char *name, *hex;
        enum status status;
    } rows[] = {
        {"empty", "", STATUS_TRUNCATED},
        {"another KEM", "010010", STATUS_UNSUPPORTED},
        {"no suites", "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e7981550000", STATUS_MALFORMED},
        {"half a suite", "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500020001",
         STATUS_MALFORMED},
        {"a byte too many", "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e7981550004000100010000",
         STATUS_MALFORMED},
        {"too many suites", "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e798155ffff",
         STATUS_MALFORMED},
    };
    struct ohttp_key_config parsed, list[2];
    uint8_t bytes[200];
    size_t n;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = unhex(bytes, rows[i].hex);
        enum status status = ohttp_key_config_parse(&parsed, bytes, len);
        check(status == rows[i].status && parsed.suites_n == 0, "configuration: %s", rows[i].name);
    }
    size_t whole = unhex(bytes, config_hex), accepted = 0;
    for (size_t len = 0; len < whole; len++)
        accepted += ohttp_key_config_parse(&parsed, bytes, len) == STATUS_OK;
    check(accepted == 0, "no truncated configuration parses");
    struct writer w;
    writer_init(&w, bytes, sizeof bytes);
    writer_u16be(&w, 5);
    writer_bytes(&w, "\x07\x00\x10\x01\x02", 5);
    ohttp_key_config_write_element(&w, &config);
    size_t one = writer_len(&w);
    ohttp_key_config_write_element(&w, &config);
    ohttp_key_config_write_element(&w, &config);
    check(ohttp_key_configs_parse(list, &n, 2, bytes, one) == STATUS_OK && n == 1 &&
              memcmp(&list[0], &config, sizeof config) == 0,
          "a list: an unknown KEM is left out");
    check(ohttp_key_configs_parse(list, &n, 2, bytes, 7) == STATUS_UNSUPPORTED && n == 0, "a list of unknown KEMs");
    check(ohttp_key_configs_parse(list, &n, 2, bytes, one - 1) == STATUS_TRUNCATED && n == 0, "a list cut short");
    check(ohttp_key_configs_parse(list, &n, 2, bytes, writer_len(&w)) == STATUS_LIMIT && n == 0, "a list too long");
    enum aead_kind aead;
    check(ohttp_key_config_choose(&aead, &config) == STATUS_OK && aead == AEAD_AES_128_GCM, "AES-128-GCM if need be");
    parsed = config;
    parsed.suites[1].aead = HPKE_AEAD_AES_256_GCM;
    check(ohttp_key_config_choose(&aead, &parsed) == STATUS_OK && aead == AEAD_AES_256_GCM, "AES-256-GCM first");
    parsed.suites[0].kdf = parsed.suites[1].kdf = 2;
    check(ohttp_key_config_choose(&aead, &parsed) == STATUS_UNSUPPORTED, "no known KDF");
}

int main(void)
{
    load();
    test_vector();
    test_cut_and_flipped_request();
    test_cut_and_flipped_response();
    test_configs();
    return tap_done();
}
