/* SPDX-License-Identifier: Apache-2.0 */
#include "client/chat.h"

#include "client/chat_message.h"
#include "client/chat_stream.h"
#include "client/private_request.h"
#include "client/verify.h"
#include "core/base/arena.h"
#include "core/base/constant_time.h"
#include "core/codec/decimal.h"
#include "core/codec/json.h"
#include "core/codec/json_writer.h"
#include "core/receipt/receipt.h"
#include "sys/api_error.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PROMPT_MAX = 1 << 20,
    MODELS_MAX = 16384,
    MODEL_NAME_MAX = 128,
    FORM_MAX = 1 << 16, /* bytes of a grammar or a schema */
};

struct chat {
    const struct command_line *line;
    struct verified server;
    struct verdict verdict;
    struct conversation conversation;
    char model[MODEL_NAME_MAX];
    bool json;
    struct reason why;
    uint8_t *grammar, *schema; /* owned */
};

/* ---- the server ---- */

static int verify(struct chat *c)
{
    struct trust_anchors anchors;
    struct policy *policy = NULL;
    const char *url = c->line->arguments[0];
    enum status status = verify_anchors_read(&anchors, command_value(c->line, "simulator-root"), &c->why);
    if (status == STATUS_OK)
        status = verify_policy_read(&policy, command_value(c->line, "policy"), &c->why);
    if (status != STATUS_OK)
        return console_fail(status, &c->why, NULL);
    const struct verify_terms terms = {
        .nonce = NULL, .anchors = &anchors, .policy = policy, .time = clock_unix_seconds()};
    status = verify_server(&c->server, &c->verdict, url, &terms, &c->why);
    verify_policy_free(policy);
    if (status == STATUS_OK)
        return EXIT_CODE_OK;
    if (c->verdict.checks_n == 0)
        return verify_fail(url, status, &c->why);
    int code = verify_print(&c->server, &c->verdict, c->json);
    console_error("%s is not verified: nothing was sent to it", url);
    if (terms.policy == NULL)
        console_hint("a policy says what to accept: --policy FILE");
    return code;
}

/* ---- the model's name ---- */

struct small_answer {
    uint8_t bytes[MODELS_MAX];
    size_t len;
};

static bool keep_small(void *context, const uint8_t *bytes, size_t len)
{
    struct small_answer *a = context;
    if (len > sizeof a->bytes - a->len)
        return false;
    memcpy(a->bytes + a->len, bytes, len);
    a->len += len;
    return true;
}

static enum status ask_model_name(struct chat *c)
{
    struct small_answer *answer = calloc(1, sizeof *answer);
    uint8_t *memory = malloc(1024 + MODELS_MAX * 57);
    struct arena arena;
    const struct json *root;
    unsigned status_code;
    enum status status = STATUS_NO_MEMORY;
    if (answer == NULL || memory == NULL)
        goto out;
    const struct private_request request = {
        .method = "GET", .path = "/v1/models", .piece = keep_small, .context = answer};
    status = private_request_send(c->server.client, &c->server.keyset, &request, &status_code, &c->why);
    arena_init(&arena, memory, 1024 + MODELS_MAX * 57);
    if (status == STATUS_OK)
        status = json_parse(&root, &arena, answer->bytes, answer->len, &c->why);
    if (status == STATUS_OK) {
        const struct json *data = json_get(root, "data");
        const struct json *id = json_get(data == NULL ? NULL : data->first, "id");
        status = json_copy_text(c->model, sizeof c->model, id) == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
    }
out:
    free(memory);
    free(answer);
    return status;
}

/* ---- one answer ---- */

static enum status check_receipt(struct chat *c, struct chat_stream *s, const uint8_t request_hash[static SHA256_LEN])
{
    struct arena arena;
    struct receipt receipt;
    uint8_t digest[SHA256_LEN], chain[SHA256_LEN], response_hash[SHA256_LEN];
    struct receipt_expect expect = {.key = c->server.keyset.receipt_key,
                                    .keyset_digest = digest,
                                    .allow_simulator = c->server.kind == EVIDENCE_SIMULATOR};
    size_t memory_len = receipt_arena_len(s->receipt_len);
    void *memory = malloc(memory_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, memory_len);
    verdict_init(&c->verdict);
    receipt_chain_end(&s->chain, 1, chain, response_hash);
    enum status status = keyset_digest(digest, &c->server.keyset);
    if (status == STATUS_OK)
        status = receipt_parse(&receipt, &arena, s->receipt, s->receipt_len, &c->why);
    if (status == STATUS_OK) {
        receipt_verify(&c->verdict, &receipt, &expect);
        bool same = constant_time_equal(receipt.statement.request_hash, request_hash, SHA256_LEN) &&
                    constant_time_equal(receipt.statement.response_hash, response_hash, SHA256_LEN) &&
                    constant_time_equal(receipt.statement.chain, chain, SHA256_LEN) &&
                    constant_time_equal(receipt.statement.model_root, c->server.keyset.model_root, SHA256_LEN);
        struct reason *why =
            same ? verdict_pass(&c->verdict, "same words") : verdict_fail(&c->verdict, "same words", STATUS_FORGED);
        reason_set(why,
                   same ? "the receipt is for this request, this answer and this model"
                        : "the receipt is for another request, answer or model",
                   NULL);
        status = verdict_status(&c->verdict);
        if (status != STATUS_OK)
            c->why = verdict_first_failure(&c->verdict)->reason;
    }
    free(memory);
    return status;
}

static enum status save_receipt(struct chat *c, const struct chat_stream *s)
{
    const char *path = command_value(c->line, "receipt");
    return path == NULL ? STATUS_OK : file_write(path, s->receipt, s->receipt_len, 0600, 1, &c->why);
}

static enum status print_json(struct chat *c, const struct chat_stream *s)
{
    struct writer w;
    struct json_writer j;
    size_t capacity = 1024 + 6 * s->text_len + 2 * s->receipt_len;
    char *text = malloc(capacity);
    if (text == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, text, capacity);
    json_writer_init(&j, &w);
    json_open_object(&j);
    json_put_text(&j, "model", c->model);
    if (c->server.kind == EVIDENCE_SIMULATOR)
        json_put_text(&j, "notice", NOT_A_TEE_WORDS);
    json_key(&j, "receipt");
    json_number_raw(&j, "");
    writer_bytes(&w, s->receipt, s->receipt_len - 1); /* canonical JSON, checked above */
    json_key(&j, "text");
    json_text_len(&j, s->text, s->text_len);
    json_put_bool(&j, "verified", true);
    json_close(&j);
    enum status status = json_writer_end(&j);
    if (status == STATUS_OK)
        printf("%.*s\n", (int)writer_len(&w), text);
    free(text);
    return status;
}

/* The answer of a server that refused is JSON, not a stream. */
static enum status refused(struct chat *c, const struct chat_stream *s, unsigned status_code)
{
    reason_set(&c->why, "the enclave answered with status ", NULL);
    reason_add_u64(&c->why, status_code);
    reason_add(&c->why, ": ");
    api_error_add(&c->why, s->bytes, s->len);
    return STATUS_REFUSED;
}

static enum status answer(struct chat *c)
{
    struct chat_stream stream;
    uint8_t request_hash[SHA256_LEN];
    uint8_t *body = NULL;
    size_t body_len = 0;
    unsigned status_code = 0;
    enum status status = conversation_write(&body, &body_len, &c->conversation);
    if (status == STATUS_MALFORMED)
        reason_set(&c->why, "the prompt is no UTF-8 text", NULL);
    sha256(request_hash, body, body_len);
    chat_stream_init(&stream, c->json ? NULL : stdout, request_hash);
    const struct private_request request = {.method = "POST",
                                            .path = "/v1/chat/completions",
                                            .body = body,
                                            .body_len = body_len,
                                            .piece = chat_stream_take,
                                            .context = &stream};
    if (status == STATUS_OK)
        status = private_request_send(c->server.client, &c->server.keyset, &request, &status_code, &c->why);
    if (!c->json && stream.text_len > 0)
        printf("\n");
    fflush(stdout);
    if (status == STATUS_OK && status_code != 200)
        status = refused(c, &stream, status_code);
    else if (status == STATUS_OK || stream.status != STATUS_OK)
        status = chat_stream_end(&stream, &c->why);
    if (status == STATUS_OK)
        status = check_receipt(c, &stream, request_hash);
    if (status == STATUS_OK)
        status = save_receipt(c, &stream);
    if (status == STATUS_OK && c->json)
        status = print_json(c, &stream);
    if (status == STATUS_OK)
        status = conversation_add(&c->conversation, "assistant", stream.text, stream.text_len);
    chat_stream_free(&stream);
    if (body != NULL)
        wipe(body, body_len);
    free(body);
    return status;
}

/* ---- the command ---- */

static enum status say(struct chat *c, const void *text, size_t len)
{
    enum status status = conversation_add(&c->conversation, "user", text, len);
    return status == STATUS_OK ? answer(c) : status;
}

/* A prompt a line, until the end of standard input. */
static enum status converse(struct chat *c)
{
    char *line = NULL;
    size_t capacity = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        fprintf(stderr, "> ");
        ssize_t len = getline(&line, &capacity, stdin);
        if (len <= 0)
            break;
        status = say(c, line, (size_t)len - (line[len - 1] == '\n'));
    }
    if (line != NULL)
        wipe(line, capacity);
    free(line);
    return status;
}

static enum status talk(struct chat *c)
{
    const char *prompt = command_value(c->line, "prompt");
    uint8_t *text;
    size_t len;
    if (prompt != NULL)
        return say(c, prompt, strlen(prompt));
    if (isatty(STDIN_FILENO))
        return converse(c);
    enum status status = file_read(&text, &len, "-", PROMPT_MAX, &c->why);
    if (status != STATUS_OK)
        return status;
    status = say(c, text, len - (len > 0 && text[len - 1] == '\n'));
    file_free(text, len);
    return status;
}

/* A number's text that goes into the request as it is. */
static bool check_number(const struct command_line *line, const char *name, double most)
{
    const char *text = command_value(line, name);
    double value;
    if (text == NULL || (decimal_double(&value, text, strlen(text)) == STATUS_OK && value >= 0 && value <= most))
        return true;
    console_error("--%s takes a number from 0 to %g, not \"%s\"", name, most, text);
    return false;
}

/* Told before anything is fetched, and before anything is cut short. */
static bool check_use(const struct command_line *line)
{
    const char *model = command_value(line, "model");
    if (!check_number(line, "temperature", 100) || !check_number(line, "top-p", 1) || !check_number(line, "min-p", 1))
        return false;
    if (model != NULL && strlen(model) >= MODEL_NAME_MAX) {
        console_error("--model takes a name of at most %d bytes", MODEL_NAME_MAX - 1);
        return false;
    }
    if (command_value(line, "grammar") != NULL && command_value(line, "json-schema") != NULL) {
        console_error("--grammar and --json-schema cannot be combined");
        return false;
    }
    return true;
}

/* A schema goes into the request as it is, so it must be JSON. */
static enum status check_schema(struct chat *c)
{
    struct arena arena;
    const struct json *root;
    size_t memory_len = 64 + c->conversation.schema_len * 57;
    void *memory = malloc(memory_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, memory_len);
    enum status status = json_parse(&root, &arena, c->conversation.schema, c->conversation.schema_len, &c->why);
    free(memory);
    return status;
}

static enum status read_forms(struct chat *c)
{
    const char *grammar = command_value(c->line, "grammar"), *schema = command_value(c->line, "json-schema");
    enum status status = STATUS_OK;
    if (grammar != NULL)
        status = file_read(&c->grammar, &c->conversation.grammar_len, grammar, FORM_MAX, &c->why);
    c->conversation.grammar = c->grammar;
    if (status == STATUS_OK && schema != NULL)
        status = file_read(&c->schema, &c->conversation.schema_len, schema, FORM_MAX, &c->why);
    c->conversation.schema = c->schema;
    return status == STATUS_OK && schema != NULL ? check_schema(c) : status;
}

static void free_forms(struct chat *c)
{
    if (c->grammar != NULL)
        file_free(c->grammar, c->conversation.grammar_len);
    if (c->schema != NULL)
        file_free(c->schema, c->conversation.schema_len);
}

static int run_chat(const struct command_line *line)
{
    static struct chat c;
    const char *model = command_value(line, "model");
    c.line = line;
    c.json = command_flag(line, "json");
    c.conversation.temperature = command_value(line, "temperature");
    c.conversation.top_p = command_value(line, "top-p");
    c.conversation.min_p = command_value(line, "min-p");
    c.conversation.top_k_given = command_value(line, "top-k") != NULL;
    c.conversation.seed_given = command_value(line, "seed") != NULL;
    if (!check_use(line) || !command_number(line, "max-tokens", 1000000, &c.conversation.max_tokens) ||
        !command_number(line, "seed", INT64_MAX, &c.conversation.seed) ||
        !command_number(line, "top-k", INT32_MAX, &c.conversation.top_k))
        return EXIT_CODE_USAGE;
    enum status status = read_forms(&c);
    int code = status == STATUS_OK ? verify(&c) : console_fail(status, &c.why, NULL);
    if (code != EXIT_CODE_OK) {
        verified_close(&c.server);
        free_forms(&c);
        return code;
    }
    fprintf(stderr, "cloister: verified: %s%s\n", evidence_kind_name(c.server.kind),
            c.server.kind == EVIDENCE_SIMULATOR ? " (NOT A TEE)" : "");
    if (model != NULL)
        snprintf(c.model, sizeof c.model, "%s", model);
    else
        status = ask_model_name(&c);
    c.conversation.model = c.model;
    if (status == STATUS_OK)
        status = talk(&c);
    if (status == STATUS_OK)
        fprintf(stderr, "cloister: the receipt holds%s\n", c.server.kind == EVIDENCE_SIMULATOR ? " (NOT A TEE)" : "");
    conversation_free(&c.conversation);
    verified_close(&c.server);
    free_forms(&c);
    return status == STATUS_OK ? EXIT_CODE_OK : console_fail(status, &c.why, NULL);
}

static const struct command_option options[] = {
    {"policy", "FILE", "what to accept; without it nothing is verified and nothing is sent"},
    {"simulator-root", "FILE", "root key of simulated evidence (NOT A TEE)"},
    {"prompt", "TEXT",
     "say this (others may see it among the processes); otherwise standard input, by lines on a terminal"},
    {"model", "NAME", "model to ask; otherwise the one that the enclave serves"},
    {"max-tokens", "N", "longest answer in tokens (default: the server's)"},
    {"temperature", "T", "how freely tokens are drawn; 0: the most likely one each time (default: the server's)"},
    {"top-k", "N", "draw among the N most likely tokens; 0: all (default: the server's)"},
    {"top-p", "P", "draw among the most likely tokens that make up P of all (default: the server's)"},
    {"min-p", "P", "draw among tokens at least P times as likely as the most likely one (default: the server's)"},
    {"seed", "N", "seed of the sampler (default: the server's)"},
    {"grammar", "FILE", "the answer keeps to this grammar, in GBNF"},
    {"json-schema", "FILE", "the answer is JSON that this schema accepts"},
    {"receipt", "FILE", "keep the receipt of the last answer, for `cloister receipt verify` and `cloister replay`"},
    {"json", NULL, "print text, receipt and result as one JSON object an answer"},
    {NULL, NULL, NULL},
};

const struct command chat_commands[] = {
    {"chat", "https://HOST[:PORT]", 1, 1, "verify a server, then talk to its model so that only the enclave reads it",
     options, run_chat},
    {NULL, NULL, 0, 0, NULL, NULL, NULL},
};
