/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/obtain.h"

#include "core/base/arena.h"
#include "core/base/constant_time.h"
#include "core/base/writer.h"
#include "core/evidence/keyset.h"
#include "core/evidence/release.h"
#include "sys/https_client.h"
#include "sys/random.h"

#include <stdlib.h>
#include <string.h>

enum { BROKER_CONNECT_MS = 10000, BROKER_ANSWER_MS = 20000 };

/* Memory of one exchange with the broker. */
struct exchange {
    struct https_client *client;
    struct arena arena;
    uint8_t *arena_memory;
    uint8_t request[RELEASE_TEXT_MAX];
    uint8_t answer[RELEASE_TEXT_MAX];
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
                                    .deadline_ms = BROKER_ANSWER_MS,
                                    .silence_ms = BROKER_ANSWER_MS,
                                    .body_out = x->answer,
                                    .body_capacity = sizeof x->answer};
    enum status status = https_client_request(x->client, &reply, &call, why);
    *answer_len = reply.body_len;
    if (status != STATUS_OK || reply.head->status == 200)
        return status;
    reason_set(why, "the broker refused with status ", NULL);
    reason_add_u64(why, reply.head->status);
    reason_add(why, ": ");
    reason_add_quoted(why, x->answer, reply.body_len < 180 ? reply.body_len : 180);
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

static enum status converse(struct exchange *x, struct release_key *key, const struct attestor *attestor,
                            const struct model_stream *model, struct reason *why)
{
    struct release_request request = {.kind = attestor->kind};
    struct x25519_private private_key;
    uint8_t evidence[ATTESTOR_EVIDENCE_MAX];
    uint8_t report_data[REPORT_DATA_LEN];
    random_bytes(private_key.bytes, sizeof private_key.bytes);
    memcpy(request.model_root, model->header.root, sizeof request.model_root);
    memcpy(request.key_id, model->header.file_id, sizeof request.key_id);
    enum status status = x25519_public(request.public_key, &private_key);
    if (status == STATUS_OK)
        status = get_nonce(x, request.nonce, why);
    if (status == STATUS_OK)
        status = report_data_for_release(report_data, request.nonce, request.public_key, request.model_root,
                                         RELEASE_PURPOSE);
    if (status == STATUS_OK)
        status = attestor_evidence(attestor, evidence, &request.evidence_len, report_data);
    request.evidence = evidence;
    if (status == STATUS_OK)
        status = ask(x, key, &request, &private_key, why);
    wipe(&private_key, sizeof private_key);
    return status;
}

enum status obtain_from_broker(struct seal_dek *dek, const struct config *config, const struct attestor *attestor,
                               const struct model_stream *model, struct reason *why)
{
    struct release_key key = {{0}};
    enum status status = STATUS_NO_MEMORY;
    struct exchange *x = calloc(1, sizeof *x);
    wipe(dek, sizeof *dek);
    if (x == NULL)
        return STATUS_NO_MEMORY;
    x->arena_memory = malloc(RELEASE_ARENA_LEN);
    if (x->arena_memory == NULL)
        goto out;
    arena_init(&x->arena, x->arena_memory, RELEASE_ARENA_LEN);
    status = https_client_open(&x->client, config->broker.host, config->broker.port, HTTPS_TRUST_PINNED,
                               config->broker_spki_sha256, BROKER_CONNECT_MS, why);
    if (status == STATUS_OK)
        status = converse(x, &key, attestor, model, why);
    if (status == STATUS_OK)
        memcpy(dek->bytes, key.bytes, sizeof dek->bytes);
    https_client_close(x->client);
out:
    wipe(&key, sizeof key);
    free(x->arena_memory);
    wipe(x, sizeof *x);
    free(x);
    return status;
}

enum status obtain_from_environment(struct seal_dek *dek, const struct model_stream *model, struct reason *why)
{
    struct seal_raw_key key;
    char *text = getenv("MODEL_KEY_BASE64");
    wipe(dek, sizeof *dek);
    if (text == NULL) {
        reason_set(why, "the configuration takes the key from the environment, but MODEL_KEY_BASE64 is not set", NULL);
        return STATUS_NOT_FOUND;
    }
    enum status status = seal_raw_key_parse(&key, text, strlen(text), why);
    wipe(text, strlen(text));
    unsetenv("MODEL_KEY_BASE64");
    if (status == STATUS_OK)
        status = seal_unwrap_raw_key(dek, &model->wraps, &key, model->header_hash);
    if (status != STATUS_OK)
        reason_set(why, "MODEL_KEY_BASE64 does not open this model", NULL);
    wipe(&key, sizeof key);
    return status;
}
