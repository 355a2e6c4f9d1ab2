/* SPDX-License-Identifier: Apache-2.0 */
#include "core/receipt/chain.h"

#include <string.h>

enum { STEP_PREFIX = 0, FINAL_PREFIX = 1 };

static const char label[] = "cloister stream v1\n";

void receipt_chain_init(struct receipt_chain *c, const uint8_t request_hash[static SHA256_LEN])
{
    struct hash h;
    memset(c, 0, sizeof *c);
    hash_init(&h, HASH_SHA256);
    hash_add(&h, label, sizeof label - 1);
    hash_add(&h, request_hash, SHA256_LEN);
    hash_end(&h, c->value);
    hash_init(&c->response, HASH_SHA256);
}

void receipt_chain_add(struct receipt_chain *c, const void *bytes, size_t len)
{
    uint8_t step[1 + 2 * SHA256_LEN] = {STEP_PREFIX};
    memcpy(step + 1, c->value, SHA256_LEN);
    sha256(step + 1 + SHA256_LEN, bytes, len);
    sha256(c->value, step, sizeof step);
    hash_add(&c->response, bytes, len);
    c->chunks_n++;
}

void receipt_chain_end(struct receipt_chain *c, int final, uint8_t value[static SHA256_LEN],
                       uint8_t response_hash[static SHA256_LEN])
{
    uint8_t end[1 + SHA256_LEN + 8] = {FINAL_PREFIX};
    memcpy(value, c->value, SHA256_LEN);
    if (final) {
        memcpy(end + 1, c->value, SHA256_LEN);
        for (size_t i = 0; i < 8; i++)
            end[1 + SHA256_LEN + i] = (uint8_t)(c->chunks_n >> (56 - 8 * i));
        sha256(value, end, sizeof end);
    }
    hash_end(&c->response, response_hash);
    memset(c, 0, sizeof *c);
}
