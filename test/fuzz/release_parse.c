/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a key release of any bytes: what parses is written and parsed back to the same.  Covers
 * release_nonce_parse, release_request_parse and release_response_parse. */
#include "core/evidence/release.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static alignas(16) uint8_t memory[2][RELEASE_ARENA_LEN];
static uint8_t text[2 * RELEASE_TEXT_MAX];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct arena *fresh(int which)
{
    static struct arena arenas[2];
    arena_init(&arenas[which], memory[which], sizeof memory[which]);
    return &arenas[which];
}

static void request(const uint8_t *bytes, size_t len)
{
    struct release_request r, again;
    struct reason why;
    struct writer w;
    if (release_request_parse(&r, fresh(0), bytes, len, &why) != STATUS_OK) {
        must(r.evidence == NULL);
        return;
    }
    writer_init(&w, text, sizeof text);
    must(release_request_write(&w, &r) == STATUS_OK);
    must(release_request_parse(&again, fresh(1), text, writer_len(&w), &why) == STATUS_OK);
    must(r.kind == again.kind && r.evidence_len == again.evidence_len &&
         memcmp(r.evidence, again.evidence, r.evidence_len) == 0 && memcmp(r.nonce, again.nonce, 32) == 0 &&
         memcmp(r.public_key, again.public_key, 32) == 0 && memcmp(r.model_root, again.model_root, 32) == 0 &&
         memcmp(r.key_id, again.key_id, 16) == 0);
}

static void response(const uint8_t *bytes, size_t len)
{
    struct release_response r, again;
    struct reason why;
    struct writer w;
    if (release_response_parse(&r, fresh(0), bytes, len, &why) != STATUS_OK)
        return;
    writer_init(&w, text, sizeof text);
    must(release_response_write(&w, &r) == STATUS_OK);
    must(release_response_parse(&again, fresh(1), text, writer_len(&w), &why) == STATUS_OK &&
         memcmp(&r, &again, sizeof r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t nonce[EVIDENCE_NONCE_LEN], again[EVIDENCE_NONCE_LEN];
    struct reason why;
    struct writer w;
    request(bytes, len);
    response(bytes, len);
    if (release_nonce_parse(nonce, fresh(0), bytes, len, &why) == STATUS_OK) {
        writer_init(&w, text, sizeof text);
        must(release_nonce_write(&w, nonce) == STATUS_OK);
        must(release_nonce_parse(again, fresh(1), text, writer_len(&w), &why) == STATUS_OK &&
             memcmp(nonce, again, sizeof nonce) == 0);
    }
    return 0;
}
