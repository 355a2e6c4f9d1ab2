/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister verify`. */
#include "client/verify.h"

#include "core/base/constant_time.h"
#include "core/codec/hex.h"
#include "core/evidence/report.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_hex(const char *name, const void *bytes, size_t len)
{
    char digits[2 * MEASUREMENT_LEN_MAX + 1];
    hex_write(digits, bytes, len);
    printf("  %-14s %s\n", name, digits);
}

static void print_claims(const struct verified *server)
{
    const struct claims *c = &server->claims;
    if (c->kind == EVIDENCE_NONE)
        return;
    printf("established, %s:\n", claim_origin_name(c->measurement.origin));
    print_hex("measurement", c->measurement.bytes, c->measurement.len);
    print_hex("configuration", c->configuration.bytes, sizeof c->configuration.bytes);
    printf("  %-14s", "TCB");
    for (size_t i = 0; i < c->tcb.parts_n; i++)
        printf(" %u", (unsigned)c->tcb.parts[i]);
    printf("\nvouched for by that code:\n");
    print_hex("model root", server->keyset.model_root, sizeof server->keyset.model_root);
    print_hex("engine", server->keyset.engine_hash, sizeof server->keyset.engine_hash);
    print_hex("receipt key", server->keyset.receipt_key, sizeof server->keyset.receipt_key);
    print_hex("TLS key", server->keyset.tls_spki_sha256, sizeof server->keyset.tls_spki_sha256);
}

static void write_json(struct json_writer *j, const struct verified *server, const struct verdict *v)
{
    enum status status = verdict_status(v);
    json_open_object(j);
    json_key(j, "checks");
    report_write_verdict(j, v);
    json_key(j, "claims");
    report_write_claims(j, &server->claims);
    json_put_u64(j, "exit_code", (uint64_t)exit_code_of(status));
    json_key(j, "keyset");
    if (status == STATUS_OK)
        keyset_write_json(j, &server->keyset);
    else
        json_null(j);
    json_put_text(j, "kind", evidence_kind_name(server->kind));
    json_put_hex(j, "nonce", server->nonce, sizeof server->nonce);
    if (server->kind == EVIDENCE_SIMULATOR)
        json_put_text(j, "notice", NOT_A_TEE_WORDS);
    json_put_text(j, "status", status_name(status));
    json_put_bool(j, "verified", status == STATUS_OK);
    json_close(j);
}

static int print_json(const struct verified *server, const struct verdict *v)
{
    struct writer w;
    struct json_writer j;
    char *text = malloc(REPORT_JSON_MAX);
    if (text == NULL)
        return console_fail(STATUS_NO_MEMORY, NULL, NULL);
    writer_init(&w, text, REPORT_JSON_MAX);
    json_writer_init(&j, &w);
    write_json(&j, server, v);
    enum status status = json_writer_end(&j);
    if (status == STATUS_OK) {
        fwrite(text, 1, writer_len(&w), stdout);
        fputc('\n', stdout);
        status = verdict_status(v);
    } else {
        console_error("the verdict cannot be written as JSON");
    }
    free(text);
    return exit_code_of(status);
}

int verify_print(const struct verified *server, const struct verdict *v, bool json)
{
    if (json)
        return print_json(server, v);
    const struct check *failure = verdict_first_failure(v);
    enum status status = verdict_status(v);
    if (server->kind == EVIDENCE_SIMULATOR)
        console_not_a_tee();
    console_verdict(v);
    print_claims(server);
    if (status == STATUS_OK)
        printf("%sverified%s%s\n", console_green(), console_plain(),
               server->kind == EVIDENCE_SIMULATOR ? " (SIMULATOR - NOT A TEE)" : "");
    else
        printf("%sNOT VERIFIED%s: %s: %s\n", console_red(), console_plain(), failure == NULL ? "" : failure->name,
               failure == NULL ? "no check was made" : failure->reason.text);
    return exit_code_of(status);
}

/* Keeps what was looked at, so that it can be verified again without a network.  Returns code, that of the verdict,
 * unless that is 0 and nothing could be kept. */
static int save(int code, const struct verified *server, const char *path, bool json)
{
    const uint8_t none[EVIDENCE_NONCE_LEN] = {0};
    char nonce[2 * EVIDENCE_NONCE_LEN + 1];
    struct reason why = {{0}};
    enum status status = file_write(path, server->text, server->text_len, 0644, 1, &why);
    if (status != STATUS_OK && code != EXIT_CODE_OK)
        console_warning("not saved: %s", why.text);
    if (status != STATUS_OK)
        return code != EXIT_CODE_OK ? code : console_fail(status, &why, NULL);
    hex_write(nonce, server->nonce, sizeof server->nonce);
    if (!json && !constant_time_equal(server->nonce, none, sizeof none))
        printf("saved; verify it again with: cloister verify %s --nonce %s\n", path, nonce);
    return code;
}

static enum status verify_file(struct verified *out, struct verdict *v, const char *path,
                               const struct verify_terms *terms, struct reason *why)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    memset(out, 0, sizeof *out);
    verdict_init(v);
    enum status status = file_read(&text, &text_len, path, BUNDLE_TEXT_MAX, why);
    if (status != STATUS_OK)
        return status;
    status = verify_text(out, v, text, text_len, terms, why);
    file_free(text, text_len);
    return status;
}

int verify_fail(const char *source, enum status status, const struct reason *why)
{
    const char *hint = NULL;
    if (status == STATUS_NOT_FOUND)
        hint = "name a file, or a server as https://HOST:PORT";
    if (status != STATUS_NETWORK)
        return console_fail(status, why, hint);
    console_error("%s: %s", source, why->text[0] == '\0' ? status_name(status) : why->text);
    console_hint("is the enclave up, and is this its address?");
    return exit_code_of(status);
}

static int verify_and_print(const struct command_line *line, const struct verify_terms *terms)
{
    const char *source = line->arguments[0];
    const char *save_path = command_value(line, "save");
    struct reason why = {{0}};
    struct verified server;
    struct verdict v;
    enum status status = strstr(source, "://") != NULL ? verify_server(&server, &v, source, terms, &why)
                                                       : verify_file(&server, &v, source, terms, &why);
    int code;
    if (v.checks_n == 0) {
        code = verify_fail(source, status, &why);
    } else {
        code = verify_print(&server, &v, command_flag(line, "json"));
        if (code != EXIT_CODE_OK)
            console_error("%s is not verified", source);
        if (!terms->anchors->simulator_known && server.kind == EVIDENCE_SIMULATOR)
            console_hint("--simulator-root FILE names the simulator that you accept");
        else if (status == STATUS_REFUSED && terms->policy == NULL)
            console_hint("write the values that you accept into a policy (spec/policy.md) and give it with --policy");
    }
    if (save_path != NULL && server.text_len != 0)
        code = save(code, &server, save_path, command_flag(line, "json"));
    verified_close(&server);
    return code;
}

static int run_verify(const struct command_line *line)
{
    const char *nonce_text = command_value(line, "nonce");
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    unsigned long long time = clock_unix_seconds();
    struct reason why = {{0}};
    struct trust_anchors anchors;
    struct policy *policy = NULL;
    enum status status = STATUS_OK;
    if (!command_number(line, "time", UINT64_MAX, &time))
        return EXIT_CODE_USAGE;
    if (nonce_text != NULL)
        status = verify_nonce_parse(nonce, nonce_text, &why);
    if (status == STATUS_OK)
        status = verify_anchors_read(&anchors, command_value(line, "simulator-root"), &why);
    if (status == STATUS_OK)
        status = verify_policy_read(&policy, command_value(line, "policy"), &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    const struct verify_terms terms = {
        .nonce = nonce_text == NULL ? NULL : nonce, .anchors = &anchors, .policy = policy, .time = time};
    int code = verify_and_print(line, &terms);
    verify_policy_free(policy);
    return code;
}

static const struct command_option options[] = {
    {"policy", "FILE", "what you accept (spec/policy.md); without it nothing counts as verified"},
    {"nonce", "HEX", "the nonce that was sent (for a server: send this one; default fresh)"},
    {"simulator-root", "FILE", "accept evidence of the simulator with this public key (NOT A TEE)"},
    {"time", "SECONDS", "verify as of this time since 1970 (default: now)"},
    {"json", NULL, "print the verdict as one JSON object"},
    {"save", "FILE", "keep the attestation bundle, for verifying without a network"},
    {NULL, NULL, NULL},
};

const struct command verify_commands[] = {
    {"verify", "URL|FILE", 1, 1, "check what a server proves about itself, check by check", options, run_verify},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
