/* SPDX-License-Identifier: Apache-2.0 */
/* A request head to its route: a body only where a route reads one, a nonce only where the query is one. */
#include "enclave/gate_route.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct http_head head;
    struct reason why = {{0}};
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    if (http_request_parse(&head, bytes, len, &why) != STATUS_OK)
        return 0;
    struct route route = route_of(&head);
    size_t body_max = route_body_max(&head);
    demand(body_max == 0 || (body_max == GATE_BODY_MAX && http_text_is(&head.method, "POST")));
    if (route.kind == ROUTE_SCRIBE) {
        bool reads = route.request != REQUEST_MODELS && route.request != REQUEST_RECEIPT;
        demand(http_text_is(&head.method, reads ? "POST" : "GET") && reads == (body_max != 0));
        demand(route.request <= REQUEST_RECEIPT && head.path.len <= 77);
    }
    demand((route.kind != ROUTE_HEALTH && route.kind != ROUTE_ATTESTATION) || http_text_is(&head.method, "GET"));
    bool given = route_nonce_parse(nonce, &head) == STATUS_OK;
    demand(!given || (head.query.len == 70 && memcmp(head.query.text, "nonce=", 6) == 0));
    return 0;
}
