/* SPDX-License-Identifier: Apache-2.0 */
#include "client/receipt.h"

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

static int verify_run(const struct command_line *line);

static const struct command_option verify_options[] = {
    {"key", "HEX", "the Ed25519 key that must have signed"},
    {"attestation", "FILE", "bundle saved by `cloister verify --save`: its receipt key must have signed"},
    {"policy", "FILE", "what the attestation must satisfy (spec/policy.md)"},
    {"simulator-root", "FILE", "accept evidence of the simulator with this public key (NOT A TEE)"},
    {"time", "SECONDS", "verify the attestation as of this time since 1970 (default: now)"},
    {"json", NULL, "print the verdict as one JSON object"},
    {NULL, NULL, NULL},
};

const struct command receipt_commands[] = {
    {"receipt verify", "FILE", 1, 1, "check a receipt: who signed it, and that nothing is missing or changed",
     verify_options, verify_run},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};

enum status receipt_file_open(struct receipt_file *file, const char *path, struct reason *why)
{
    struct arena arena;
    struct reason parse_why = {""};
    uint8_t *text;
    size_t text_len;
    memset(file, 0, sizeof *file);
    enum status status = file_read(&text, &text_len, path, RECEIPT_FILE_MAX, why);
    if (status != STATUS_OK)
        return status;
    file->memory_len = receipt_arena_len(text_len);
    file->memory = malloc(file->memory_len);
    status = STATUS_NO_MEMORY;
    if (file->memory != NULL) {
        arena_init(&arena, file->memory, file->memory_len);
        status = receipt_parse(&file->receipt, &arena, text, text_len, &parse_why);
        if (status != STATUS_OK)
            reason_set(why, path, ": ", parse_why.text, NULL);
    }
    file_free(text, text_len);
    if (status != STATUS_OK)
        receipt_file_close(file);
    return status;
}

void receipt_file_close(struct receipt_file *file)
{
    free(file->memory);
    memset(file, 0, sizeof *file);
}

/* Of all choices. */
static uint64_t output_tokens_n(const struct receipt_statement *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->choices_n; i++)
        n += s->choices[i].tokens_n;
    return n;
}

static bool is_simulated(const struct receipt *r)
{
    return strcmp(r->statement.tee, "simulator") == 0;
}

static enum status write_json(struct json_writer *j, const struct receipt *r, const struct verdict *v)
{
    enum status status = verdict_status(v);
    json_open_object(j);
    json_key(j, "checks");
    report_write_verdict(j, v);
    json_put_u64(j, "exit_code", (uint64_t)exit_code_of(status));
    json_put_hex(j, "key", r->key, sizeof r->key);
    json_put_hex(j, "model_root", r->statement.model_root, SHA256_LEN);
    if (is_simulated(r))
        json_put_text(j, "notice", NOT_A_TEE_WORDS);
    json_put_u64(j, "output_tokens", output_tokens_n(&r->statement));
    json_put_text(j, "status", status_name(status));
    json_put_text(j, "tee", r->statement.tee);
    json_put_bool(j, "verified", status == STATUS_OK);
    json_close(j);
    return json_writer_end(j);
}

static int print_json(const struct receipt *r, const struct verdict *v)
{
    struct writer w;
    struct json_writer j;
    char *text = malloc(REPORT_JSON_MAX);
    if (text == NULL)
        return console_fail(STATUS_NO_MEMORY, NULL, NULL);
    writer_init(&w, text, REPORT_JSON_MAX);
    json_writer_init(&j, &w);
    enum status status = write_json(&j, r, v);
    if (status == STATUS_OK) {
        printf("%.*s\n", (int)writer_len(&w), text);
        status = verdict_status(v);
    }
    free(text);
    return exit_code_of(status);
}

static void print_hex(const char *label, const uint8_t *bytes, size_t len)
{
    char text[2 * SHA256_LEN + 1];
    hex_write(text, bytes, len);
    printf("%-12s %s\n", label, text);
}

int receipt_print(const struct receipt *r, const struct verdict *v, const char *word, bool json)
{
    const struct receipt_statement *s = &r->statement;
    const struct check *failure = verdict_first_failure(v);
    enum status status = verdict_status(v);
    if (json)
        return print_json(r, v);
    if (is_simulated(r))
        console_not_a_tee();
    console_verdict(v);
    print_hex("model root", s->model_root, SHA256_LEN);
    print_hex("receipt key", r->key, sizeof r->key);
    printf("%-12s %llu in, %llu out, %s on %u threads\n", "tokens", (unsigned long long)s->prompt_tokens_n,
           (unsigned long long)output_tokens_n(s), s->isa, (unsigned)s->threads);
    if (status == STATUS_OK)
        printf("%s%s%s%s\n", console_green(), word, console_plain(), is_simulated(r) ? " (SIMULATOR - NOT A TEE)" : "");
    else
        printf("%sNOT %s%s: %s: %s\n", console_red(), word, console_plain(), failure == NULL ? "" : failure->name,
               failure == NULL ? "no check was made" : failure->reason.text);
    return exit_code_of(status);
}

/* A bundle at hand answers a nonce of its own time: what it binds is its keyset, and that is all that is used here. */
static enum status read_nonce(uint8_t nonce[static EVIDENCE_NONCE_LEN], const uint8_t *text, size_t text_len,
                              struct reason *why)
{
    struct bundle bundle;
    struct arena arena;
    uint8_t *memory = malloc(BUNDLE_ARENA_LEN);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, BUNDLE_ARENA_LEN);
    enum status status = bundle_parse(&bundle, &arena, text, text_len, why);
    if (status == STATUS_OK)
        memcpy(nonce, bundle.nonce, EVIDENCE_NONCE_LEN);
    free(memory);
    return status;
}

/* Verifies the bundle into v; its keyset, if all of it holds. */
static enum status verify_attestation(struct keyset *keyset, struct verdict *v, const struct command_line *line,
                                      struct reason *why)
{
    uint8_t nonce[EVIDENCE_NONCE_LEN], *text;
    size_t text_len;
    struct reason parse_why = {""};
    struct trust_anchors anchors;
    struct policy *policy = NULL;
    struct verified server = {.text = NULL};
    unsigned long long time = clock_unix_seconds();
    (void)command_number(line, "time", UINT64_MAX, &time); /* checked before */
    enum status status = file_read(&text, &text_len, command_value(line, "attestation"), BUNDLE_TEXT_MAX, why);
    if (status != STATUS_OK)
        return status;
    status = read_nonce(nonce, text, text_len, &parse_why);
    if (status != STATUS_OK)
        reason_set(why, command_value(line, "attestation"), ": ", parse_why.text, NULL);
    if (status == STATUS_OK)
        status = verify_anchors_read(&anchors, command_value(line, "simulator-root"), why);
    if (status == STATUS_OK)
        status = verify_policy_read(&policy, command_value(line, "policy"), why);
    if (status == STATUS_OK) {
        const struct verify_terms terms = {.nonce = nonce, .anchors = &anchors, .policy = policy, .time = time};
        status = verify_text(&server, v, text, text_len, &terms, why);
        *keyset = server.keyset;
        verified_close(&server);
    }
    verify_policy_free(policy);
    file_free(text, text_len);
    return status;
}

/* Fills what the receipt is held against.  Keys live in key and digest.  Only a verdict without checks is an error
 * here: an attestation that does not hold is in the verdict. */
static enum status read_expectation(struct receipt_expect *expect, uint8_t key[static ED25519_PUBLIC_LEN],
                                    uint8_t digest[static SHA256_LEN], struct verdict *v,
                                    const struct command_line *line, struct reason *why)
{
    const char *key_text = command_value(line, "key");
    struct keyset keyset;
    *expect = (struct receipt_expect){.allow_simulator = true}; /* said in words; who refuses it does so by policy */
    if (command_value(line, "attestation") != NULL) {
        enum status status = verify_attestation(&keyset, v, line, why);
        if (status != STATUS_OK)
            return v->checks_n == 0 ? status : STATUS_OK;
        status = keyset_digest(digest, &keyset);
        if (status != STATUS_OK)
            return status;
        memcpy(key, keyset.receipt_key, ED25519_PUBLIC_LEN);
        expect->key = key;
        expect->keyset_digest = digest;
    }
    if (key_text == NULL)
        return STATUS_OK;
    if (hex_parse(key, ED25519_PUBLIC_LEN, key_text, strlen(key_text)) != STATUS_OK) {
        reason_set(why, "--key takes 64 hexadecimal digits", NULL);
        return STATUS_USAGE;
    }
    if (expect->key != NULL && memcmp(key, keyset.receipt_key, ED25519_PUBLIC_LEN) != 0) {
        reason_set(why, "--key is not the key that --attestation vouches for; give one of them", NULL);
        return STATUS_USAGE;
    }
    expect->key = key;
    return STATUS_OK;
}

/* What only an attestation is held against must not be passed over in silence. */
static bool check_use(const struct command_line *line)
{
    static const char *const names[] = {"policy", "simulator-root", "time"};
    unsigned long long time;
    for (size_t i = 0; i < sizeof names / sizeof *names && command_value(line, "attestation") == NULL; i++) {
        if (command_value(line, names[i]) != NULL) {
            console_error("--%s is about an attestation: give --attestation FILE as well", names[i]);
            return false;
        }
    }
    return command_number(line, "time", UINT64_MAX, &time);
}

static int verify_run(const struct command_line *line)
{
    uint8_t key[ED25519_PUBLIC_LEN], digest[SHA256_LEN];
    struct receipt_file file;
    struct receipt_expect expect;
    struct verdict v;
    struct reason why = {""};
    if (!check_use(line))
        return EXIT_CODE_USAGE;
    verdict_init(&v);
    enum status status = receipt_file_open(&file, line->arguments[0], &why);
    if (status != STATUS_OK)
        return console_fail(status, &why, NULL);
    status = read_expectation(&expect, key, digest, &v, line, &why);
    int code;
    if (status == STATUS_OK) {
        receipt_verify(&v, &file.receipt, &expect);
        code = receipt_print(&file.receipt, &v, "verified", command_flag(line, "json"));
        if (code != EXIT_CODE_OK)
            console_error("%s is not verified", line->arguments[0]);
        if (expect.key == NULL && command_value(line, "attestation") == NULL)
            console_hint("say whose receipt it should be: --attestation FILE with --policy FILE, or --key HEX");
    } else {
        code = console_fail(status, &why, NULL);
    }
    receipt_file_close(&file);
    return code;
}
