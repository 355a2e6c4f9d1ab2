/* SPDX-License-Identifier: Apache-2.0 */
#include "core/receipt/receipt.h"

#include "core/codec/json.h"
#include "core/codec/json_writer.h"
#include "core/receipt/statement.h"

#include <string.h>

static const char signed_label[] = "cloister receipt v3";

static void add_u32(struct hash *h, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    hash_add(h, bytes, sizeof bytes);
}

static void hash_list(uint8_t hash[static SHA256_LEN], const char *label, const uint32_t *list, size_t n)
{
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, label, strlen(label));
    for (size_t i = 0; i < n; i++)
        add_u32(&h, list[i]);
    hash_end(&h, hash);
}

void receipt_tokens_hash(uint8_t hash[static SHA256_LEN], const uint32_t *tokens, size_t tokens_n)
{
    hash_list(hash, "cloister tokens v1\n", tokens, tokens_n);
}

void receipt_grammar_hash(uint8_t hash[static SHA256_LEN], const uint32_t *elements, size_t elements_n)
{
    hash_list(hash, "cloister grammar v1\n", elements, elements_n);
}

void receipt_bias_hash(uint8_t hash[static SHA256_LEN], const struct receipt_bias *bias, size_t bias_n)
{
    static const char label[] = "cloister bias v1\n";
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, label, sizeof label - 1);
    for (size_t i = 0; i < bias_n; i++) {
        add_u32(&h, bias[i].token);
        add_u32(&h, bias[i].bits);
    }
    hash_end(&h, hash);
}

enum status receipt_statement_write(uint8_t *out, size_t out_capacity, size_t *out_len,
                                    const struct receipt_statement *s)
{
    struct writer w;
    struct json_writer j;
    *out_len = 0;
    enum status status = statement_check(s);
    if (status != STATUS_OK)
        return status;
    writer_init(&w, out, out_capacity);
    writer_bytes(&w, signed_label, sizeof signed_label); /* with its NUL */
    json_writer_init(&j, &w);
    statement_write_json(&j, s);
    *out_len = writer_len(&w);
    return json_writer_end(&j);
}

enum status receipt_sign(struct receipt *r, const struct ed25519_private *private_key)
{
    uint8_t bytes[RECEIPT_STATEMENT_MAX];
    size_t len;
    enum status status = receipt_statement_write(bytes, sizeof bytes, &len, &r->statement);
    if (status == STATUS_OK)
        status = ed25519_public(r->key, private_key);
    if (status == STATUS_OK)
        status = ed25519_sign(r->signature, private_key, bytes, len);
    return status;
}

static void write_numbers(struct json_writer *j, const uint32_t *list, uint64_t n)
{
    json_open_array(j);
    for (uint64_t i = 0; i < n; i++)
        json_number_u64(j, list[i]);
    json_close(j);
}

static void write_transcript(struct json_writer *j, const struct receipt *r)
{
    json_key(j, "transcript");
    json_open_object(j);
    json_key(j, "bias");
    json_open_array(j);
    for (size_t i = 0; i < r->bias_n; i++)
        write_numbers(j, (const uint32_t[]){r->bias[i].token, r->bias[i].bits}, 2);
    json_close(j);
    json_key(j, "grammar");
    write_numbers(j, r->grammar, r->grammar_n);
    json_key(j, "outputs");
    json_open_array(j);
    for (uint32_t i = 0; i < r->statement.choices_n; i++)
        write_numbers(j, r->output_tokens[i], r->statement.choices[i].tokens_n);
    json_close(j);
    json_key(j, "prompt");
    write_numbers(j, r->prompt_tokens, r->statement.prompt_tokens_n);
    json_close(j);
}

enum status receipt_write(struct writer *out, const struct receipt *r)
{
    struct json_writer j;
    enum status status = statement_check(&r->statement);
    if (status != STATUS_OK)
        return status;
    json_writer_init(&j, out);
    json_open_object(&j);
    json_put_hex(&j, "key", r->key, sizeof r->key);
    json_put_hex(&j, "signature", r->signature, sizeof r->signature);
    json_key(&j, "statement");
    statement_write_json(&j, &r->statement);
    if (r->has_transcript)
        write_transcript(&j, r);
    json_close(&j);
    writer_text(out, "\n");
    return json_writer_end(&j);
}

/* A list of numbers into out, which has room for all of them. */
static enum status take_numbers(uint32_t *out, const struct json *list)
{
    uint64_t value;
    size_t i = 0;
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        if (json_u64(&value, item) != STATUS_OK || value > UINT32_MAX)
            return STATUS_MALFORMED;
        out[i++] = (uint32_t)value;
    }
    return STATUS_OK;
}

/* A list of least to most numbers into the arena. */
static enum status parse_numbers(const uint32_t **numbers, size_t *numbers_n, struct arena *arena,
                                 const struct json *list, uint64_t least, uint64_t most)
{
    if (list == NULL || list->type != JSON_ARRAY || list->members_n < least || list->members_n > most)
        return STATUS_MALFORMED;
    uint32_t *out = arena_take(arena, list->members_n + 1, sizeof *out, sizeof *out);
    *numbers = out;
    *numbers_n = list->members_n;
    return out == NULL ? STATUS_NO_MEMORY : take_numbers(out, list);
}

static enum status parse_bias(struct receipt *r, struct arena *arena, const struct json *list)
{
    uint32_t pair[2];
    if (list == NULL || list->type != JSON_ARRAY || list->members_n > RECEIPT_BIAS_MAX)
        return STATUS_MALFORMED;
    struct receipt_bias *out = arena_take(arena, list->members_n + 1, sizeof *out, _Alignof(struct receipt_bias));
    if (out == NULL)
        return STATUS_NO_MEMORY;
    r->bias = out;
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        if (one->type != JSON_ARRAY || one->members_n != 2 || take_numbers(pair, one) != STATUS_OK)
            return STATUS_MALFORMED;
        out[r->bias_n++] = (struct receipt_bias){pair[0], pair[1]};
    }
    return STATUS_OK;
}

static enum status parse_outputs(struct receipt *r, struct arena *arena, const struct json *list)
{
    size_t n, i = 0;
    enum status status = STATUS_OK;
    if (list == NULL || list->type != JSON_ARRAY || list->members_n != r->statement.choices_n)
        return STATUS_MALFORMED;
    for (const struct json *one = list->first; one != NULL && status == STATUS_OK; one = one->next, i++) {
        uint64_t tokens_n = r->statement.choices[i].tokens_n;
        status = parse_numbers(&r->output_tokens[i], &n, arena, one, tokens_n, tokens_n);
    }
    return status;
}

static enum status parse_transcript(struct receipt *r, struct arena *arena, const struct json *transcript)
{
    size_t n;
    uint64_t prompt_n = r->statement.prompt_tokens_n;
    r->has_transcript = transcript != NULL;
    if (transcript == NULL)
        return STATUS_OK;
    enum status status = parse_bias(r, arena, json_get(transcript, "bias"));
    if (status == STATUS_OK)
        status =
            parse_numbers(&r->grammar, &r->grammar_n, arena, json_get(transcript, "grammar"), 0, RECEIPT_GRAMMAR_MAX);
    if (status == STATUS_OK)
        status = parse_outputs(r, arena, json_get(transcript, "outputs"));
    if (status == STATUS_OK)
        status = parse_numbers(&r->prompt_tokens, &n, arena, json_get(transcript, "prompt"), prompt_n, prompt_n);
    return status;
}

/* The bytes must be the ones that receipt_write gives, but for the newline at the end: nothing is hidden in spelling,
 * and unknown members are found. */
static enum status check_canonical(const struct receipt *r, struct arena *arena, const uint8_t *bytes, size_t bytes_len)
{
    struct writer w;
    size_t capacity = bytes_len + 1;
    uint8_t *again = arena_take(arena, capacity, 1, 1);
    if (again == NULL)
        return STATUS_NO_MEMORY;
    writer_init(&w, again, capacity);
    if (receipt_write(&w, r) != STATUS_OK)
        return STATUS_MALFORMED;
    size_t len = writer_len(&w);
    bool same = (len == bytes_len || len == bytes_len + 1) && memcmp(again, bytes, bytes_len) == 0;
    return same ? STATUS_OK : STATUS_MALFORMED;
}

static enum status parse(struct receipt *r, struct arena *arena, const void *bytes, size_t bytes_len,
                         struct reason *why)
{
    const struct json *root;
    enum status status = json_parse(&root, arena, bytes, bytes_len, why);
    if (status != STATUS_OK)
        return status;
    status = statement_parse(&r->statement, json_get(root, "statement"), why);
    if (status != STATUS_OK)
        return status;
    if (json_hex(r->key, sizeof r->key, json_get(root, "key")) != STATUS_OK ||
        json_hex(r->signature, sizeof r->signature, json_get(root, "signature")) != STATUS_OK) {
        reason_set(why, "the receipt's key or signature is missing or not of its form", NULL);
        return STATUS_MALFORMED;
    }
    status = parse_transcript(r, arena, json_get(root, "transcript"));
    if (status != STATUS_OK) {
        reason_set(why, "the receipt's transcript is not of its form", NULL);
        return status;
    }
    status = check_canonical(r, arena, bytes, bytes_len);
    if (status == STATUS_MALFORMED)
        reason_set(why, "the receipt is not in its canonical form, or has members that it should not have", NULL);
    return status;
}

enum status receipt_parse(struct receipt *r, struct arena *arena, const void *bytes, size_t bytes_len,
                          struct reason *why)
{
    memset(r, 0, sizeof *r);
    enum status status = parse(r, arena, bytes, bytes_len, why);
    if (status != STATUS_OK)
        memset(r, 0, sizeof *r);
    return status;
}

size_t receipt_arena_len(size_t bytes_len)
{
    return 4096 + bytes_len * 64;
}
