/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/gate_route.h"

#include "core/codec/hex.h"

#include <stdbool.h>
#include <string.h>

struct row {
    const char *path;
    const char *method;
    const char *content_type; /* NULL: any */
    struct route route;
};

static const struct row rows[] = {
    {"/health", "GET", NULL, {ROUTE_HEALTH, 0}},
    {"/v1/attestation", "GET", NULL, {ROUTE_ATTESTATION, 0}},
    {"/v1/models", "GET", NULL, {ROUTE_SCRIBE, REQUEST_MODELS}},
    {"/v1/chat/completions", "POST", NULL, {ROUTE_SCRIBE, REQUEST_CHAT}},
    {"/v1/completions", "POST", NULL, {ROUTE_SCRIBE, REQUEST_COMPLETION}},
    {"/infer", "POST", NULL, {ROUTE_SCRIBE, REQUEST_INFER}},
    {"/ohttp", "POST", "message/ohttp-req", {ROUTE_SCRIBE, REQUEST_OHTTP}},
    {"/ohttp", "POST", "message/ohttp-chunked-req", {ROUTE_SCRIBE, REQUEST_OHTTP_CHUNKED}},
};

static bool is_receipt(const struct http_text *path)
{
    static const char prefix[] = "/v1/receipts/";
    enum { PREFIX_LEN = sizeof prefix - 1, ID_MAX = 64 };
    return path->len > PREFIX_LEN && path->len <= PREFIX_LEN + ID_MAX && memcmp(path->text, prefix, PREFIX_LEN) == 0;
}

struct route route_of(const struct http_head *head)
{
    struct route route = {ROUTE_UNKNOWN, 0};
    if (is_receipt(&head->path)) {
        bool get = http_text_is(&head->method, "GET");
        return get ? (struct route){ROUTE_SCRIBE, REQUEST_RECEIPT} : (struct route){ROUTE_WRONG_METHOD, 0};
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct http_text *type = http_head_get(head, "Content-Type");
        if (!http_text_is(&head->path, rows[i].path))
            continue;
        if (!http_text_is(&head->method, rows[i].method))
            route.kind = ROUTE_WRONG_METHOD;
        else if (rows[i].content_type != NULL && (type == NULL || !http_text_is_caseless(type, rows[i].content_type)))
            route.kind = ROUTE_WRONG_TYPE;
        else
            return rows[i].route;
    }
    return route;
}

size_t route_body_max(const struct http_head *head)
{
    struct route route = route_of(head);
    bool reads = route.kind == ROUTE_SCRIBE || route.kind == ROUTE_WRONG_TYPE; /* the latter to say so */
    return reads && http_text_is(&head->method, "POST") ? GATE_BODY_MAX : 0;
}

enum status route_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], const struct http_head *head)
{
    static const char name[] = "nonce=";
    size_t name_len = sizeof name - 1;
    memset(nonce, 0, EVIDENCE_NONCE_LEN);
    if (head->query.len != name_len + 2 * EVIDENCE_NONCE_LEN || memcmp(head->query.text, name, name_len) != 0)
        return STATUS_MALFORMED;
    return hex_parse(nonce, EVIDENCE_NONCE_LEN, head->query.text + name_len, 2 * EVIDENCE_NONCE_LEN);
}
