/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate makes of heads.  EN-40 */
#include "enclave/gate_route.h"

#include "tap.h"

static char text[4096];

static bool parse(struct http_head *head, const char *method, const char *target, const char *type)
{
    struct reason why;
    int len = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n%s%s%s\r\n", method, target,
                       type == NULL ? "" : "Content-Type: ", type == NULL ? "" : type, type == NULL ? "" : "\r\n");
    return http_request_parse(head, text, (size_t)len, &why) == STATUS_OK;
}

#define ID   "00112233445566778899aabbccddeeff"
#define ID64 ID ID

static void test_routes(void)
{
    static const struct {
        const char *method, *target, *type;
        enum route_kind kind;
        enum request_kind request;
        bool body;
    } rows[] = {
        {"GET", "/health", NULL, ROUTE_HEALTH, 0, false},
        {"GET", "/v1/attestation", NULL, ROUTE_ATTESTATION, 0, false},
        {"GET", "/v1/attestation?nonce=1", NULL, ROUTE_ATTESTATION, 0, false},
        {"GET", "/v1/models", NULL, ROUTE_SCRIBE, REQUEST_MODELS, false},
        {"GET", "/v1/receipts/" ID, NULL, ROUTE_SCRIBE, REQUEST_RECEIPT, false},
        {"GET", "/v1/receipts/" ID64, NULL, ROUTE_SCRIBE, REQUEST_RECEIPT, false},
        {"POST", "/v1/chat/completions", NULL, ROUTE_SCRIBE, REQUEST_CHAT, true},
        {"POST", "/v1/chat/completions", "text/plain", ROUTE_SCRIBE, REQUEST_CHAT, true},
        {"POST", "/v1/completions", "application/json", ROUTE_SCRIBE, REQUEST_COMPLETION, true},
        {"POST", "/infer", "application/json", ROUTE_SCRIBE, REQUEST_INFER, true},
        {"POST", "/ohttp", "message/ohttp-req", ROUTE_SCRIBE, REQUEST_OHTTP, true},
        {"POST", "/ohttp", "Message/OHTTP-Req", ROUTE_SCRIBE, REQUEST_OHTTP, true},
        {"POST", "/ohttp", "message/ohttp-chunked-req", ROUTE_SCRIBE, REQUEST_OHTTP_CHUNKED, true},
        {"POST", "/ohttp", NULL, ROUTE_WRONG_TYPE, 0, true},
        {"POST", "/ohttp", "application/json", ROUTE_WRONG_TYPE, 0, true},
        {"POST", "/ohttp", "message/ohttp-res", ROUTE_WRONG_TYPE, 0, true},
        {"POST", "/ohttp", "message/ohttp-req; x=1", ROUTE_WRONG_TYPE, 0, true},
        {"GET", "/ohttp", "message/ohttp-req", ROUTE_WRONG_METHOD, 0, false},
        {"POST", "/health", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"HEAD", "/health", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"get", "/health", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"POST", "/v1/models", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"POST", "/v1/attestation", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"POST", "/v1/receipts/" ID, NULL, ROUTE_WRONG_METHOD, 0, false},
        {"GET", "/v1/chat/completions", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"PUT", "/infer", NULL, ROUTE_WRONG_METHOD, 0, false},
        {"GET", "/", NULL, ROUTE_UNKNOWN, 0, false},
        {"OPTIONS", "*", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/health/", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "//health", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/healt", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/HEALTH", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/%68ealth", NULL, ROUTE_UNKNOWN, 0, false},
        {"POST", "/v1/chat/completions/", NULL, ROUTE_UNKNOWN, 0, false},
        {"POST", "/v1/./chat/completions", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/v1/receipts", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/v1/receipts/", NULL, ROUTE_UNKNOWN, 0, false},
        {"GET", "/v1/receipts/" ID64 "0", NULL, ROUTE_UNKNOWN, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_head head;
        bool parsed = parse(&head, rows[i].method, rows[i].target, rows[i].type);
        struct route route = route_of(&head);
        check(parsed && route.kind == rows[i].kind && route.request == rows[i].request &&
                  route_body_max(&head) == (rows[i].body ? 1 << 20 : 0),
              "EN-40: %s %.40s %s", rows[i].method, rows[i].target, rows[i].type == NULL ? "" : rows[i].type);
    }
}

static void test_nonces(void)
{
    static const char *const wrong[] = {"",
                                        "?",
                                        "?nonce=",
                                        "?nonce=" ID,
                                        "?nonce=" ID64 "0",
                                        "?nonce=" ID64 "00",
                                        "?Nonce=" ID64,
                                        "?nonce=0" ID64,
                                        "?x=1&nonce=" ID64,
                                        "?nonce=" ID64 "&x=1",
                                        "?nonce=" ID "00112233445566778899aabbccddeefg",
                                        "?nonce=" ID "0011223344556677 899aabbccddeeff",
                                        "?nonce:" ID64,
                                        "?nonce=%30" ID};
    static const uint8_t zero[EVIDENCE_NONCE_LEN];
    struct http_head head;
    uint8_t nonce[EVIDENCE_NONCE_LEN], expected[EVIDENCE_NONCE_LEN];
    unhex(expected, ID64);
    check(parse(&head, "GET", "/v1/attestation?nonce=" ID64, NULL) && route_nonce_parse(nonce, &head) == STATUS_OK &&
              memcmp(nonce, expected, sizeof nonce) == 0,
          "EN-40: a nonce");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char target[256];
        snprintf(target, sizeof target, "/v1/attestation%s", wrong[i]);
        bool parsed = parse(&head, "GET", target, NULL);
        check(!parsed || (route_nonce_parse(nonce, &head) == STATUS_MALFORMED && memcmp(nonce, zero, sizeof zero) == 0),
              "EN-40: no nonce: %s", wrong[i]);
    }
}

int main(void)
{
    test_routes();
    test_nonces();
    return tap_done();
}
