/* SPDX-License-Identifier: Apache-2.0 */
#include "core/receipt/receipt.h"

#include "core/codec/json.h"
#include "core/codec/json_writer.h"
#include "core/receipt/statement.h"

#include <string.h>

static const char signed_label[] = "cloister receipt v1";
static const char tokens_label[] = "cloister tokens v1\n";

void receipt_tokens_hash(uint8_t hash[static SHA256_LEN], const uint32_t *tokens, size_t tokens_n)
{
    struct hash h;
    hash_init(&h, HASH_SHA256);
    hash_add(&h, tokens_label, sizeof tokens_label - 1);
    for (size_t i = 0; i < tokens_n; i++) {
        uint32_t t = tokens[i];
        uint8_t bytes[4] = {(uint8_t)t, (uint8_t)(t >> 8), (uint8_t)(t >> 16), (uint8_t)(t >> 24)};
        hash_add(&h, bytes, sizeof bytes);
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

static void write_tokens(struct json_writer *j, const char *name, const uint32_t *tokens, uint64_t tokens_n)
{
    json_key(j, name);
    json_open_array(j);
    for (uint64_t i = 0; i < tokens_n; i++)
        json_number_u64(j, tokens[i]);
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
    if (r->has_transcript) {
        json_key(&j, "transcript");
        json_open_object(&j);
        write_tokens(&j, "output", r->output_tokens, r->statement.output_tokens_n);
        write_tokens(&j, "prompt", r->prompt_tokens, r->statement.prompt_tokens_n);
        json_close(&j);
    }
    json_close(&j);
    writer_text(out, "\n");
    return json_writer_end(&j);
}

/* A list of exactly tokens_n ids into the arena. */
static enum status parse_tokens(const uint32_t **tokens, struct arena *arena, const struct json *list,
                                uint64_t tokens_n)
{
    uint64_t value;
    size_t i = 0;
    if (list == NULL || list->type != JSON_ARRAY || list->members_n != tokens_n)
        return STATUS_MALFORMED;
    uint32_t *out = arena_take(arena, (size_t)tokens_n + 1, sizeof *out, sizeof *out);
    if (out == NULL)
        return STATUS_NO_MEMORY;
    for (const struct json *item = list->first; item != NULL; item = item->next) {
        if (json_u64(&value, item) != STATUS_OK || value > UINT32_MAX)
            return STATUS_MALFORMED;
        out[i++] = (uint32_t)value;
    }
    *tokens = out;
    return STATUS_OK;
}

static enum status parse_transcript(struct receipt *r, struct arena *arena, const struct json *transcript)
{
    r->has_transcript = transcript != NULL;
    if (transcript == NULL)
        return STATUS_OK;
    enum status status =
        parse_tokens(&r->output_tokens, arena, json_get(transcript, "output"), r->statement.output_tokens_n);
    if (status == STATUS_OK)
        status = parse_tokens(&r->prompt_tokens, arena, json_get(transcript, "prompt"), r->statement.prompt_tokens_n);
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
