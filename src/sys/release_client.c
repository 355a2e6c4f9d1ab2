/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/release_client.h"

#include "core/base/arena.h"
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/evidence/keyset.h"
#include "sys/api_error.h"
#include "sys/random.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 10000, ANSWER_MS = 20000 };

/* Memory of one exchange with the broker. */
struct exchange {
    struct https_client *client;
    struct arena arena;
    uint8_t *arena_memory;
    uint8_t request[RELEASE_TEXT_MAX];
    uint8_t answer[RELEASE_TEXT_MAX];
    uint8_t evidence[RELEASE_EVIDENCE_MAX];
};

/* POST; STATUS_OK only for a 200, whose body is then in x->answer. */
static enum status post(struct exchange *x, size_t *answer_len, const char *path, size_t request_len,
                        struct reason *why)
{
    static const char *const headers[] = {"Content-Type", "application/json", NULL};
    struct https_reply reply;
    const struct https_call call = {.method = "POST",
                                    .path = path,
                                    .headers = headers,
                                    .body = x->request,
                                    .body_len = request_len,
                                    .deadline_ms = ANSWER_MS,
                                    .silence_ms = ANSWER_MS,
                                    .body_out = x->answer,
                                    .body_capacity = sizeof x->answer};
    enum status status = https_client_request(x->client, &reply, &call, why);
    *answer_len = reply.body_len;
    if (status != STATUS_OK || reply.head->status == 200)
        return status;
    reason_set(why, "the broker refused: ", NULL);
    api_error_add(why, x->answer, *answer_len);
    return STATUS_REFUSED;
}

static enum status get_nonce(struct exchange *x, uint8_t nonce[static EVIDENCE_NONCE_LEN], struct reason *why)
{
    size_t answer_len;
    enum status status = post(x, &answer_len, "/v1/nonce", 0, why);
    if (status == STATUS_OK)
        status = release_nonce_parse(nonce, &x->arena, x->answer, answer_len, why);
    return status;
}

static enum status ask(struct exchange *x, struct release_key *key, const struct release_request *request,
                       const struct x25519_private *private_key, struct reason *why)
{
    struct writer w;
    struct release_response response;
    size_t answer_len;
    writer_init(&w, x->request, sizeof x->request);
    enum status status = release_request_write(&w, request);
    if (status == STATUS_OK)
        status = post(x, &answer_len, "/v1/release", writer_len(&w), why);
    if (status == STATUS_OK)
        status = release_response_parse(&response, &x->arena, x->answer, answer_len, why);
    if (status != STATUS_OK)
        return status;
    status = release_response_open(key, &response, request, private_key);
    if (status != STATUS_OK)
        reason_set(why, "the broker's answer was not sealed for this request", NULL);
    return status;
}

static enum status converse(struct exchange *x, struct release_key *key, uint8_t nonce[static EVIDENCE_NONCE_LEN],
                            const struct release_terms *terms, struct reason *why)
{
    struct release_request request = {.kind = terms->kind, .evidence = x->evidence};
    struct x25519_private private_key;
    uint8_t report_data[REPORT_DATA_LEN];
    enum status status = STATUS_OK;
    random_bytes(private_key.bytes, sizeof private_key.bytes);
    memcpy(request.model_root, terms->model_root, sizeof request.model_root);
    memcpy(request.key_id, terms->key_id, sizeof request.key_id);
    if (terms->nonce != NULL)
        memcpy(nonce, terms->nonce, EVIDENCE_NONCE_LEN);
    else
        status = get_nonce(x, nonce, why);
    memcpy(request.nonce, nonce, sizeof request.nonce);
    if (status == STATUS_OK)
        status = x25519_public(request.public_key, &private_key);
    if (status == STATUS_OK)
        status = report_data_for_release(report_data, request.nonce, request.public_key, request.model_root,
                                         RELEASE_PURPOSE);
    if (status == STATUS_OK)
        status = terms->evidence(terms->context, x->evidence, &request.evidence_len, report_data);
    if (status == STATUS_OK)
        status = ask(x, key, &request, &private_key, why);
    wipe(&private_key, sizeof private_key);
    return status;
}

enum status release_obtain(struct release_key *key, uint8_t nonce_used[static EVIDENCE_NONCE_LEN],
                           const struct release_terms *terms, struct reason *why)
{
    enum status status = STATUS_NO_MEMORY;
    struct exchange *x = calloc(1, sizeof *x);
    wipe(key, sizeof *key);
    memset(nonce_used, 0, EVIDENCE_NONCE_LEN);
    if (x == NULL)
        return STATUS_NO_MEMORY;
    x->arena_memory = malloc(RELEASE_ARENA_LEN);
    if (x->arena_memory == NULL)
        goto out;
    arena_init(&x->arena, x->arena_memory, RELEASE_ARENA_LEN);
    status = https_client_open(&x->client, terms->broker->host, terms->broker->port, HTTPS_TRUST_PINNED,
                               terms->broker_spki_sha256, CONNECT_MS, why);
    if (status == STATUS_OK)
        status = converse(x, key, nonce_used, terms, why);
    if (status != STATUS_OK)
        wipe(key, sizeof *key);
    https_client_close(x->client);
out:
    free(x->arena_memory);
    wipe(x, sizeof *x);
    free(x);
    return status;
}
