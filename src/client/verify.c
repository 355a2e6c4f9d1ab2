/* SPDX-License-Identifier: Apache-2.0 */
#include "client/verify.h"

#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "core/evidence/sim.h"
#include "sys/file.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 10000,
    FETCH_MS = 20000,
};

#define ATTESTATION_PATH "/v1/attestation"

/* A policy and the memory that its lists lie in. */
struct policy_file {
    struct policy policy; /* first, so that a pointer to it is a pointer to this */
    uint8_t *memory;
};

/* why = "PATH: " and what it says already. */
static void name_file(struct reason *why, const char *path)
{
    struct reason what = *why;
    reason_set(why, path, ": ", what.text, NULL);
}

enum status verify_policy_read(struct policy **out, const char *path, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    struct arena arena;
    *out = NULL;
    if (path == NULL)
        return STATUS_OK;
    enum status status = file_read(&text, &text_len, path, POLICY_TEXT_MAX, why);
    if (status != STATUS_OK)
        return status;
    struct policy_file *file = calloc(1, sizeof *file);
    uint8_t *memory = malloc(POLICY_ARENA_LEN);
    if (file == NULL || memory == NULL) {
        reason_set(why, "out of memory", NULL);
        status = STATUS_NO_MEMORY;
    } else {
        arena_init(&arena, memory, POLICY_ARENA_LEN);
        file->memory = memory;
        status = policy_parse(&file->policy, &arena, text, text_len, why);
        if (status != STATUS_OK)
            name_file(why, path);
    }
    file_free(text, text_len);
    if (status != STATUS_OK) {
        free(memory);
        free(file);
        return status;
    }
    *out = &file->policy;
    return STATUS_OK;
}

void verify_policy_free(struct policy *policy)
{
    struct policy_file *file = (struct policy_file *)policy;
    if (file == NULL)
        return;
    free(file->memory);
    free(file);
}

enum status verify_anchors_read(struct trust_anchors *anchors, const char *path, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    memset(anchors, 0, sizeof *anchors);
    if (path == NULL)
        return STATUS_OK;
    enum status status = file_read(&text, &text_len, path, 4096, why);
    if (status != STATUS_OK)
        return status;
    status = sim_root_parse(anchors->simulator_root, text, text_len, why);
    anchors->simulator_known = status == STATUS_OK;
    if (status != STATUS_OK)
        name_file(why, path);
    file_free(text, text_len);
    return status;
}

enum status verify_nonce_parse(uint8_t nonce[static EVIDENCE_NONCE_LEN], const char *text, struct reason *why)
{
    if (hex_parse(nonce, EVIDENCE_NONCE_LEN, text, strlen(text)) == STATUS_OK)
        return STATUS_OK;
    reason_set(why, "a nonce has 64 hexadecimal digits", NULL);
    return STATUS_USAGE;
}

static void check_connection(struct verdict *v, const struct verified *server)
{
    const uint8_t *seen = https_client_spki_sha256(server->client);
    if (constant_time_equal(seen, server->keyset.tls_spki_sha256, SHA256_LEN)) {
        reason_set(verdict_pass(v, "connection"), "its TLS key is the one in the evidence", NULL);
        return;
    }
    struct reason *why = verdict_fail(v, "connection", STATUS_FORGED);
    reason_set(why, "its TLS key is another than in the evidence (someone stands between): expected ", NULL);
    reason_add_hex(why, server->keyset.tls_spki_sha256, 8);
    reason_add(why, "..., seen ");
    reason_add_hex(why, seen, 8);
    reason_add(why, "...");
}

/* The claims are there when the evidence holds, be it with an unknown nonce. */
static void check_policy(struct verdict *v, const struct verified *server, const struct policy *policy)
{
    enum status held = STATUS_REFUSED;
    if (policy == NULL)
        policy_skip(v, "no policy given: --policy FILE says which enclave you accept");
    else if (server->claims.kind == EVIDENCE_NONE)
        policy_skip(v, "the evidence does not hold");
    else
        held = policy_check(v, policy, &server->claims, server->keyset.model_root);
    (void)held; /* the verdict has it */
}

static enum status check_all(struct verified *server, struct verdict *v, const struct verify_terms *terms,
                             struct reason *why)
{
    struct bundle b;
    struct arena arena;
    struct reason wrong = {{0}};
    uint8_t *memory = malloc(BUNDLE_ARENA_LEN);
    if (memory == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    arena_init(&arena, memory, BUNDLE_ARENA_LEN);
    enum status status = bundle_parse(&b, &arena, server->text, server->text_len, &wrong);
    if (status != STATUS_OK) {
        reason_set(verdict_fail(v, "bundle", status), wrong.text, NULL);
    } else {
        reason_set(verdict_pass(v, "bundle"), "well-formed, kind ", evidence_kind_name(b.kind), NULL);
        server->kind = b.kind;
        server->keyset = b.keyset;
        if (terms->nonce != NULL)
            memcpy(server->nonce, terms->nonce, sizeof server->nonce);
        status = bundle_verify(&server->claims, v, &b, terms->nonce, terms->anchors, terms->time);
        if (server->client != NULL)
            check_connection(v, server);
        check_policy(v, server, terms->policy);
    }
    free(memory);
    return verdict_status(v);
}

enum status verify_text(struct verified *out, struct verdict *v, const void *text, size_t text_len,
                        const struct verify_terms *terms, struct reason *why)
{
    memset(out, 0, sizeof *out);
    verdict_init(v);
    out->text = malloc(text_len + 1);
    if (out->text == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    memcpy(out->text, text, text_len);
    out->text[text_len] = '\0';
    out->text_len = text_len;
    return check_all(out, v, terms, why);
}

/* The path to ask: that of the URL, or the usual one when it has none. */
static enum status write_path(char path[static 2200], const struct https_url *url, const uint8_t *nonce,
                              struct reason *why)
{
    char digits[2 * EVIDENCE_NONCE_LEN + 1];
    hex_write(digits, nonce, EVIDENCE_NONCE_LEN);
    if (strchr(url->path, '?') != NULL) {
        reason_set(why, "the URL has a query of its own: give the server's address alone", NULL);
        return STATUS_USAGE;
    }
    snprintf(path, 2200, "%s?nonce=%s", strcmp(url->path, "/") == 0 ? ATTESTATION_PATH : url->path, digits);
    return STATUS_OK;
}

static enum status fetch(struct verified *out, const uint8_t *nonce, struct reason *why)
{
    char path[2200];
    struct https_reply reply;
    enum status status = write_path(path, &out->url, nonce, why);
    if (status != STATUS_OK)
        return status;
    out->text = malloc(BUNDLE_TEXT_MAX);
    if (out->text == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    const struct https_call call = {.method = "GET",
                                    .path = path,
                                    .deadline_ms = FETCH_MS,
                                    .silence_ms = FETCH_MS,
                                    .body_out = out->text,
                                    .body_capacity = BUNDLE_TEXT_MAX};
    status = https_client_open(&out->client, out->url.host, out->url.port, HTTPS_TRUST_NOTHING, NULL, CONNECT_MS, why);
    if (status == STATUS_OK)
        status = https_client_request(out->client, &reply, &call, why);
    if (status != STATUS_OK)
        return status;
    if (reply.head->status != 200) {
        reason_set(why, "the server answers ", NULL);
        reason_add_u64(why, reply.head->status);
        reason_add(why, " to GET ");
        reason_add(why, ATTESTATION_PATH);
        reason_add(why, ": is it a Cloister enclave?");
        return STATUS_NETWORK;
    }
    out->text_len = reply.body_len;
    return STATUS_OK;
}

enum status verify_server(struct verified *out, struct verdict *v, const char *url, const struct verify_terms *terms,
                          struct reason *why)
{
    uint8_t fresh[EVIDENCE_NONCE_LEN];
    struct verify_terms own = *terms;
    memset(out, 0, sizeof *out);
    verdict_init(v);
    random_bytes(fresh, sizeof fresh);
    if (own.nonce == NULL)
        own.nonce = fresh;
    enum status status = https_url_parse(&out->url, url, why);
    if (status == STATUS_OK)
        status = fetch(out, own.nonce, why);
    if (status == STATUS_OK)
        status = check_all(out, v, &own, why);
    if (status != STATUS_OK) {
        https_client_close(out->client);
        out->client = NULL;
    }
    return status;
}

void verified_close(struct verified *out)
{
    https_client_close(out->client);
    free(out->text);
    memset(out, 0, sizeof *out);
}
