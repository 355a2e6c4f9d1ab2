/* SPDX-License-Identifier: Apache-2.0 */
/* spec/receipt.md, section "Statement". */
#include "core/receipt/statement.h"

#include "core/base/writer.h"
#include "core/codec/hex.h"

#include <string.h>

static const char type_text[] = "cloister receipt v3";
static const char *const finish_names[] = {"stop", "length", "cancel"};

static const char *const cache_names[] = {"bf16", "q8", "f32"}; /* by enum receipt_cache */

enum { CACHES_N = sizeof cache_names / sizeof *cache_names };
enum { FINISH_N = sizeof finish_names / sizeof *finish_names };

/* Largest integer that JSON readers agree on (RFC 8785): 2^53 - 1. */
#define NUMBER_MAX (((uint64_t)1 << 53) - 1)

static bool name_is_plain(const char name[RECEIPT_NAME_MAX + 1])
{
    size_t len = 0;
    while (len <= RECEIPT_NAME_MAX && name[len] != '\0') {
        char c = name[len++];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return len != 0 && len <= RECEIPT_NAME_MAX;
}

static bool choices_are_good(const struct receipt_statement *s)
{
    if (s->choices_n == 0 || s->choices_n > RECEIPT_CHOICES_MAX)
        return false;
    for (uint32_t i = 0; i < s->choices_n; i++) {
        const struct receipt_choice *c = &s->choices[i];
        if ((unsigned)c->finish >= FINISH_N || c->tokens_n > RECEIPT_TOKENS_MAX ||
            (s->final && c->finish == RECEIPT_FINISH_CANCEL) || (!s->final && c->finish != RECEIPT_FINISH_CANCEL))
            return false;
    }
    return true;
}

enum status statement_check(const struct receipt_statement *s)
{
    bool good = name_is_plain(s->tee) && name_is_plain(s->isa) && s->time_s <= NUMBER_MAX &&
                s->chunks_n <= NUMBER_MAX && choices_are_good(s) && s->prompt_tokens_n <= RECEIPT_TOKENS_MAX &&
                s->sampler.stops_n <= RECEIPT_STOPS_MAX && (unsigned)s->kv_cache < CACHES_N;
    return good ? STATUS_OK : STATUS_USAGE;
}

/* Floats and seeds as hexadecimal text: no reader rounds them. */
static void put_u32_hex(struct json_writer *j, const char *name, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    json_put_hex(j, name, bytes, sizeof bytes);
}

static void put_u64_hex(struct json_writer *j, const char *name, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    json_put_hex(j, name, bytes, sizeof bytes);
}

static void write_sampler(struct json_writer *j, const struct receipt_sampler *sampler)
{
    json_key(j, "sampler");
    json_open_object(j);
    json_put_hex(j, "bias_hash", sampler->bias_hash, SHA256_LEN);
    put_u32_hex(j, "frequency_penalty", sampler->frequency_penalty_bits);
    json_put_hex(j, "grammar_hash", sampler->grammar_hash, SHA256_LEN);
    json_put_u64(j, "max_tokens", sampler->max_tokens);
    put_u32_hex(j, "min_p", sampler->min_p_bits);
    put_u32_hex(j, "presence_penalty", sampler->presence_penalty_bits);
    json_put_u64(j, "repeat_last_n", sampler->repeat_last_n);
    put_u32_hex(j, "repeat_penalty", sampler->repeat_penalty_bits);
    put_u64_hex(j, "seed", sampler->seed);
    json_key(j, "stops");
    json_open_array(j);
    for (uint32_t i = 0; i < sampler->stops_n; i++)
        json_number_u64(j, sampler->stops[i]);
    json_close(j);
    put_u32_hex(j, "temperature", sampler->temperature_bits);
    json_put_u64(j, "top_k", sampler->top_k);
    put_u32_hex(j, "top_p", sampler->top_p_bits);
    put_u32_hex(j, "typical_p", sampler->typical_p_bits);
    json_close(j);
}

static void write_choices(struct json_writer *j, const struct receipt_statement *s)
{
    json_key(j, "choices");
    json_open_array(j);
    for (uint32_t i = 0; i < s->choices_n; i++) {
        json_open_object(j);
        json_put_text(j, "finish", finish_names[s->choices[i].finish]);
        json_put_u64(j, "tokens", s->choices[i].tokens_n);
        json_put_hex(j, "tokens_hash", s->choices[i].tokens_hash, SHA256_LEN);
        json_close(j);
    }
    json_close(j);
}

void statement_write_json(struct json_writer *j, const struct receipt_statement *s)
{
    json_open_object(j);
    json_put_hex(j, "chain", s->chain, SHA256_LEN);
    write_choices(j, s);
    json_put_u64(j, "chunks", s->chunks_n);
    json_put_hex(j, "engine_hash", s->engine_hash, SHA256_LEN);
    json_put_bool(j, "final", s->final);
    json_put_text(j, "isa", s->isa);
    json_put_hex(j, "keyset_digest", s->keyset_digest, SHA256_LEN);
    json_put_text(j, "kv_cache", cache_names[s->kv_cache]);
    json_put_hex(j, "model_root", s->model_root, SHA256_LEN);
    json_put_u64(j, "prompt_tokens", s->prompt_tokens_n);
    json_put_hex(j, "prompt_tokens_hash", s->prompt_tokens_hash, SHA256_LEN);
    json_put_hex(j, "request_hash", s->request_hash, SHA256_LEN);
    json_put_hex(j, "response_hash", s->response_hash, SHA256_LEN);
    write_sampler(j, &s->sampler);
    json_put_text(j, "tee", s->tee);
    json_put_hex(j, "template_hash", s->template_hash, SHA256_LEN);
    json_put_u64(j, "threads", s->threads);
    json_put_u64(j, "time", s->time_s);
    json_put_hex(j, "tokenizer_hash", s->tokenizer_hash, SHA256_LEN);
    json_put_text(j, "type", type_text);
    json_close(j);
}

/* Reading members of one object; the first failure sticks, and names the member. */
struct members {
    const struct json *object;
    struct reason *why;
    enum status status;
};

static void settle(struct members *m, const char *name, enum status status)
{
    if (m->status != STATUS_OK || status == STATUS_OK)
        return;
    m->status = STATUS_MALFORMED;
    reason_set(m->why, "the receipt's ", name, " is missing or not of its form", NULL);
}

static void take_hex(struct members *m, const char *name, uint8_t *out, size_t len)
{
    settle(m, name, json_hex(out, len, json_get(m->object, name)));
}

static uint64_t take_u64(struct members *m, const char *name, uint64_t max)
{
    uint64_t value;
    enum status status = json_u64(&value, json_get(m->object, name));
    settle(m, name, status == STATUS_OK && value > max ? STATUS_MALFORMED : status);
    return value;
}

static uint64_t take_hex_number(struct members *m, const char *name, size_t len)
{
    uint8_t bytes[8] = {0};
    uint64_t value = 0;
    take_hex(m, name, bytes, len);
    for (size_t i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void take_name(struct members *m, const char *name, char out[RECEIPT_NAME_MAX + 1])
{
    settle(m, name, json_copy_text(out, RECEIPT_NAME_MAX + 1, json_get(m->object, name)));
}

static void take_finish(struct members *m, enum receipt_finish *finish)
{
    const struct json *value = json_get(m->object, "finish");
    for (unsigned i = 0; i < FINISH_N; i++)
        if (json_is_text(value, finish_names[i])) {
            *finish = (enum receipt_finish)i;
            return;
        }
    settle(m, "finish", STATUS_MALFORMED);
}

static void take_cache(struct members *m, enum receipt_cache *cache)
{
    const struct json *value = json_get(m->object, "kv_cache");
    for (unsigned i = 0; i < CACHES_N; i++)
        if (json_is_text(value, cache_names[i])) {
            *cache = (enum receipt_cache)i;
            return;
        }
    settle(m, "kv_cache", STATUS_MALFORMED);
}

static void take_choices(struct members *m, struct receipt_statement *s)
{
    const struct json *list = json_get(m->object, "choices");
    if (list == NULL || list->type != JSON_ARRAY || list->members_n > RECEIPT_CHOICES_MAX) {
        settle(m, "choices", STATUS_MALFORMED);
        return;
    }
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        struct members inner = {one, m->why, m->status};
        struct receipt_choice *c = &s->choices[s->choices_n++];
        take_finish(&inner, &c->finish);
        c->tokens_n = take_u64(&inner, "tokens", RECEIPT_TOKENS_MAX);
        take_hex(&inner, "tokens_hash", c->tokens_hash, SHA256_LEN);
        m->status = inner.status;
    }
}

static void take_stops(struct members *m, struct receipt_sampler *sampler)
{
    uint64_t value;
    const struct json *list = json_get(m->object, "stops");
    if (list == NULL || list->type != JSON_ARRAY || list->members_n > RECEIPT_STOPS_MAX) {
        settle(m, "stops", STATUS_MALFORMED);
        return;
    }
    for (const struct json *one = list->first; one != NULL; one = one->next) {
        enum status status = json_u64(&value, one);
        settle(m, "stops", status == STATUS_OK && value > UINT32_MAX ? STATUS_MALFORMED : status);
        sampler->stops[sampler->stops_n++] = (uint32_t)value;
    }
}

static void take_sampler(struct members *m, struct receipt_sampler *sampler)
{
    struct members inner = {json_get(m->object, "sampler"), m->why, m->status};
    const struct {
        const char *name;
        uint32_t *bits;
    } floats[] = {{"temperature", &sampler->temperature_bits},
                  {"top_p", &sampler->top_p_bits},
                  {"min_p", &sampler->min_p_bits},
                  {"typical_p", &sampler->typical_p_bits},
                  {"repeat_penalty", &sampler->repeat_penalty_bits},
                  {"frequency_penalty", &sampler->frequency_penalty_bits},
                  {"presence_penalty", &sampler->presence_penalty_bits}};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        *floats[i].bits = (uint32_t)take_hex_number(&inner, floats[i].name, 4);
    take_hex(&inner, "bias_hash", sampler->bias_hash, SHA256_LEN);
    take_hex(&inner, "grammar_hash", sampler->grammar_hash, SHA256_LEN);
    sampler->max_tokens = (uint32_t)take_u64(&inner, "max_tokens", UINT32_MAX);
    sampler->repeat_last_n = (uint32_t)take_u64(&inner, "repeat_last_n", UINT32_MAX);
    sampler->seed = take_hex_number(&inner, "seed", 8);
    sampler->top_k = (uint32_t)take_u64(&inner, "top_k", UINT32_MAX);
    take_stops(&inner, sampler);
    m->status = inner.status;
}

static void take_hashes(struct members *m, struct receipt_statement *s)
{
    take_hex(m, "chain", s->chain, SHA256_LEN);
    take_hex(m, "engine_hash", s->engine_hash, SHA256_LEN);
    take_hex(m, "keyset_digest", s->keyset_digest, SHA256_LEN);
    take_hex(m, "model_root", s->model_root, SHA256_LEN);
    take_hex(m, "prompt_tokens_hash", s->prompt_tokens_hash, SHA256_LEN);
    take_hex(m, "request_hash", s->request_hash, SHA256_LEN);
    take_hex(m, "response_hash", s->response_hash, SHA256_LEN);
    take_hex(m, "template_hash", s->template_hash, SHA256_LEN);
    take_hex(m, "tokenizer_hash", s->tokenizer_hash, SHA256_LEN);
}

enum status statement_parse(struct receipt_statement *s, const struct json *object, struct reason *why)
{
    struct members m = {object, why, STATUS_OK};
    memset(s, 0, sizeof *s);
    if (!json_is_text(json_get(object, "type"), type_text)) {
        reason_set(why, "this is no receipt of version 3, which alone says all that a replay needs", NULL);
        return STATUS_UNSUPPORTED;
    }
    take_hashes(&m, s);
    s->chunks_n = take_u64(&m, "chunks", NUMBER_MAX);
    settle(&m, "final", json_bool(&s->final, json_get(object, "final")));
    take_choices(&m, s);
    take_name(&m, "isa", s->isa);
    take_cache(&m, &s->kv_cache);
    s->prompt_tokens_n = take_u64(&m, "prompt_tokens", RECEIPT_TOKENS_MAX);
    take_sampler(&m, &s->sampler);
    take_name(&m, "tee", s->tee);
    s->threads = (uint32_t)take_u64(&m, "threads", UINT32_MAX);
    s->time_s = take_u64(&m, "time", NUMBER_MAX);
    if (m.status == STATUS_OK && statement_check(s) != STATUS_OK) {
        reason_set(why, "the receipt's fields contradict each other", NULL);
        m.status = STATUS_MALFORMED;
    }
    if (m.status != STATUS_OK)
        memset(s, 0, sizeof *s);
    return m.status;
}
