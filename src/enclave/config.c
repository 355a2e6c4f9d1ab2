/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/config.h"

#include "core/base/arena.h"
#include "core/codec/json.h"

#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"version",
                                      "listen",
                                      "model",
                                      "model_name",
                                      "model_root",
                                      "evidence",
                                      "key",
                                      "threads",
                                      "sequences",
                                      "context",
                                      "batch",
                                      "kv_cache",
                                      "kv_cache_bytes",
                                      "egress_bits_per_hour",
                                      "exfiltration_floor_s",
                                      "user_base",
                                      "logprobs",
                                      NULL};
static const char *const evidence_members[] = {"kind", "key", NULL};
static const char *const broker_members[] = {"from", "url", "spki_sha256", NULL};
static const char *const raw_key_members[] = {"from", NULL};

static enum status wrong(struct reason *why, const char *member, const char *wanted)
{
    reason_set(why, "configuration: \"", member, "\" must be ", wanted, NULL);
    return STATUS_MALFORMED;
}

static enum status take_text(char *out, size_t capacity, const struct json *object, const char *member,
                             struct reason *why)
{
    const struct json *value = json_get(object, member);
    if (json_copy_text(out, capacity, value) != STATUS_OK || out[0] == '\0')
        return wrong(why, member, "a text that is neither empty nor too long");
    return STATUS_OK;
}

static enum status take_hash(uint8_t out[static 32], const struct json *object, const char *member, struct reason *why)
{
    if (json_hex(out, 32, json_get(object, member)) != STATUS_OK)
        return wrong(why, member, "64 hexadecimal digits");
    return STATUS_OK;
}

static enum status take_u64(uint64_t *out, const struct json *object, const char *member, uint64_t min, uint64_t max,
                            struct reason *why)
{
    if (json_u64(out, json_get(object, member)) == STATUS_OK && *out >= min && *out <= max)
        return STATUS_OK;
    enum status status = wrong(why, member, "a whole number from ");
    reason_add_u64(why, min);
    reason_add(why, " to ");
    reason_add_u64(why, max);
    return status;
}

static enum status take_u32(uint32_t *out, const struct json *object, const char *member, uint32_t min, uint32_t max,
                            struct reason *why)
{
    uint64_t value;
    enum status status = take_u64(&value, object, member, min, max, why);
    *out = (uint32_t)value;
    return status;
}

static enum status take_evidence(struct config *c, const struct json *root, struct reason *why)
{
    const struct json *evidence = json_get(root, "evidence");
    const struct json *kind = json_get(evidence, "kind");
    enum status status = json_only(evidence, evidence_members, why);
    if (status != STATUS_OK)
        return status;
    if (!json_is_text(kind, "simulator")) {
        reason_set(why, "configuration: this build produces evidence of kind \"simulator\" only", NULL);
        return STATUS_UNSUPPORTED;
    }
    c->evidence = EVIDENCE_SIMULATOR;
    return take_text(c->simulator_key_path, sizeof c->simulator_key_path, evidence, "key", why);
}

static enum status take_key(struct config *c, const struct json *root, struct reason *why)
{
    char url[2048];
    const struct json *key = json_get(root, "key");
    c->raw_key = json_is_text(json_get(key, "from"), "environment");
    if (c->raw_key)
        return json_only(key, raw_key_members, why);
    if (!json_is_text(json_get(key, "from"), "broker"))
        return wrong(why, "key.from", "\"broker\" or \"environment\"");
    enum status status = json_only(key, broker_members, why);
    if (status == STATUS_OK)
        status = take_text(url, sizeof url, key, "url", why);
    if (status == STATUS_OK)
        status = https_url_parse(&c->broker, url, why);
    if (status == STATUS_OK)
        status = take_hash(c->broker_spki_sha256, key, "spki_sha256", why);
    return status;
}

static enum status take_numbers(struct config *c, const struct json *root, struct reason *why)
{
    enum status status = take_u32(&c->threads, root, "threads", 1, 256, why);
    if (status == STATUS_OK)
        status = take_u32(&c->sequences, root, "sequences", 1, 256, why);
    if (status == STATUS_OK)
        status = take_u32(&c->batch, root, "batch", 1, 4096, why);
    if (status == STATUS_OK)
        status = take_u64(&c->egress_bits_per_hour, root, "egress_bits_per_hour", 1, 1ULL << 50, why);
    if (status == STATUS_OK)
        status = take_u64(&c->exfiltration_floor_s, root, "exfiltration_floor_s", 0, 1ULL << 40, why);
    if (status == STATUS_OK)
        status = take_u32(&c->user_base, root, "user_base", 1000, 4000000000U, why);
    return status;
}

/* The KV cache, of which nothing need be said: then it is BF16, and long enough for every sequence at its longest. */
static enum status take_cache(struct config *c, const struct json *root, struct reason *why)
{
    char name[8];
    const struct json *type = json_get(root, "kv_cache");
    enum status status = STATUS_OK;
    if (type != NULL &&
        (json_copy_text(name, sizeof name, type) != STATUS_OK || cache_type_find(&c->kv_cache, name) != STATUS_OK))
        return wrong(why, "kv_cache", "\"bf16\", \"q8\" or \"f32\"");
    if (json_get(root, "context") != NULL)
        status = take_u32(&c->context, root, "context", 2, 1U << 20, why);
    if (status == STATUS_OK && json_get(root, "kv_cache_bytes") != NULL)
        status = take_u64(&c->kv_cache_bytes, root, "kv_cache_bytes", 1, 1ULL << 50, why);
    return status;
}

/* What is not said does not leave. */
static enum status take_logprobs(struct config *c, const struct json *root, struct reason *why)
{
    const struct json *value = json_get(root, "logprobs");
    c->logprobs = false;
    if (value == NULL || json_bool(&c->logprobs, value) == STATUS_OK)
        return STATUS_OK;
    return wrong(why, "logprobs", "true or false");
}

static enum status take_all(struct config *c, const struct json *root, struct reason *why)
{
    uint64_t version;
    enum status status =
        root->type == JSON_OBJECT ? json_only(root, members, why) : wrong(why, "configuration", "an object");
    if (status != STATUS_OK)
        return status;
    if (json_u64(&version, json_get(root, "version")) != STATUS_OK || version != 1) {
        reason_set(why, "configuration: \"version\" must be 1", NULL);
        return STATUS_UNSUPPORTED;
    }
    status = take_text(c->listen, sizeof c->listen, root, "listen", why);
    if (status == STATUS_OK)
        status = take_text(c->model_path, sizeof c->model_path, root, "model", why);
    if (status == STATUS_OK)
        status = take_text(c->model_name, sizeof c->model_name, root, "model_name", why);
    if (status == STATUS_OK)
        status = take_hash(c->model_root, root, "model_root", why);
    if (status == STATUS_OK)
        status = take_evidence(c, root, why);
    if (status == STATUS_OK)
        status = take_key(c, root, why);
    if (status == STATUS_OK)
        status = take_numbers(c, root, why);
    if (status == STATUS_OK)
        status = take_cache(c, root, why);
    if (status == STATUS_OK)
        status = take_logprobs(c, root, why);
    if (status == STATUS_OK && c->batch < c->sequences)
        status = wrong(why, "batch", "at least \"sequences\"");
    return status;
}

enum status config_parse(struct config *c, const void *text, size_t text_len, struct reason *why)
{
    const struct json *root;
    struct arena arena;
    memset(c, 0, sizeof *c);
    if (text_len > CONFIG_TEXT_MAX) {
        reason_set(why, "configuration: longer than 16384 bytes", NULL);
        return STATUS_MALFORMED;
    }
    size_t memory_len = 64 + text_len * 56;
    void *memory = malloc(memory_len);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&arena, memory, memory_len);
    enum status status = json_parse(&root, &arena, text, text_len, why);
    if (status == STATUS_OK)
        status = take_all(c, root, why);
    if (status == STATUS_OK)
        sha256(c->hash, text, text_len);
    else
        memset(c, 0, sizeof *c);
    free(memory);
    return status;
}
