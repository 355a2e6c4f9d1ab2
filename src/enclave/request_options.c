/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/request_options.h"

#include "enclave/request_member.h"

#include <math.h>
#include <string.h>

void request_options_init(struct request_options *o)
{
    *o = (struct request_options){.choices_n = 1, .sampling = sample_options_plain()};
    o->sampling.repeat_last_n = REQUEST_REPEAT_LAST_N;
}

static enum status take_seed(struct request_options *o, const struct json *root, struct reason *why)
{
    int64_t number;
    const struct json *value = json_get(root, "seed");
    if (request_absent(value))
        return STATUS_OK;
    if (json_i64(&number, value) != STATUS_OK)
        return request_wrong(why, "seed", "a whole number");
    o->sampling.seed = (uint64_t)number;
    o->seed_given = true;
    return STATUS_OK;
}

static enum status take_sampling(struct request_options *o, const struct json *root, struct reason *why)
{
    struct sample_options *s = &o->sampling;
    const struct {
        const char *name;
        float *value;
        double min, max;
    } rows[] = {
        {"temperature", &s->temperature, 0, 100},
        {"top_p", &s->top_p, 1e-6, 1},
        {"min_p", &s->min_p, 0, 1},
        {"typical_p", &s->typical_p, 1e-6, 1},
        {"repeat_penalty", &s->repeat_penalty, 0.01, 100},
        {"repetition_penalty", &s->repeat_penalty, 0.01, 100},
        {"frequency_penalty", &s->frequency_penalty, -2, 2},
        {"presence_penalty", &s->presence_penalty, -2, 2},
    };
    enum status status = take_seed(o, root, why);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == STATUS_OK; i++)
        status = request_float(rows[i].value, root, rows[i].name, rows[i].min, rows[i].max, why);
    if (status == STATUS_OK)
        status = request_count(&s->top_k, root, "top_k", 0, INT32_MAX, why);
    if (status == STATUS_OK)
        status = request_count(&s->repeat_last_n, root, "repeat_last_n", 0, INT32_MAX, why);
    return status;
}

static enum status take_stops(struct request_options *o, const struct json *root, struct reason *why)
{
    const struct json *value = json_get(root, "stop");
    if (request_absent(value))
        return STATUS_OK;
    const struct json *one = value->type == JSON_ARRAY ? value->first : value;
    for (; one != NULL; one = value->type == JSON_ARRAY ? one->next : NULL) {
        if (one->type != JSON_STRING || one->text_len == 0 || o->stops_n == REQUEST_STOPS_MAX)
            return request_wrong(why, "stop", "a text or at most 4 texts, none of them empty");
        o->stops[o->stops_n++] = (struct chat_text){one->text, one->text_len};
    }
    return STATUS_OK;
}

static enum status take_stop_tokens(struct request_options *o, const struct json *root, struct reason *why)
{
    uint64_t number;
    const struct json *value = json_get(root, "stop_token_ids");
    if (request_absent(value))
        return STATUS_OK;
    for (const struct json *one = value->type == JSON_ARRAY ? value->first : value; one != NULL; one = one->next) {
        if (value->type != JSON_ARRAY || json_u64(&number, one) != STATUS_OK || number > UINT32_MAX ||
            o->stop_tokens_n == REQUEST_STOP_TOKENS_MAX)
            return request_wrong(why, "stop_token_ids", "a list of at most 16 tokens");
        o->stop_tokens[o->stop_tokens_n++] = (uint32_t)number;
    }
    return STATUS_OK;
}

/* A token's number as text without sign or leading zeros. */
static bool read_token(uint32_t *token, const char *text, size_t len)
{
    uint64_t number = 0;
    if (len == 0 || len > 10 || (len > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *token = (uint32_t)number;
    return number <= UINT32_MAX;
}

/* {"token": number from -100 to 100, or false for never} */
static enum status take_bias(struct request_options *o, struct arena *arena, const struct json *root,
                             struct reason *why)
{
    const struct json *value = json_get(root, "logit_bias");
    if (request_absent(value) || (value->type == JSON_OBJECT && value->members_n == 0))
        return STATUS_OK;
    if (value->type != JSON_OBJECT || value->members_n > SAMPLE_BIAS_MAX - 1) /* one is kept for ignore_eos */
        return request_wrong(why, "logit_bias", "an object of at most 511 tokens");
    struct sample_bias *bias = arena_take(arena, value->members_n, sizeof *bias, _Alignof(struct sample_bias));
    if (bias == NULL)
        return STATUS_NO_MEMORY;
    o->bias = bias;
    for (const struct json *one = value->first; one != NULL; one = one->next) {
        double number = -INFINITY;
        bool good =
            read_token(&bias[o->bias_n].token, one->key, one->key_len) &&
            (one->type == JSON_FALSE || (json_double(&number, one) == STATUS_OK && number >= -100 && number <= 100));
        if (!good)
            return request_wrong(why, "logit_bias", "token numbers with biases from -100 to 100, or false");
        bias[o->bias_n++].bias = (float)number;
    }
    return STATUS_OK;
}

/* Nothing, false, 0, "", [] or {}. */
static bool is_off(const struct json *value)
{
    double number;
    if (request_absent(value) || value->type == JSON_FALSE)
        return true;
    if (value->type == JSON_NUMBER)
        return json_double(&number, value) == STATUS_OK && number >= 0 && number <= 0;
    if (value->type == JSON_STRING)
        return value->text_len == 0;
    return (value->type == JSON_ARRAY || value->type == JSON_OBJECT) && value->members_n == 0;
}

/* What changes an answer elsewhere and is not there: refused unless it is off. */
static enum status refuse_features(const struct json *root, struct reason *why)
{
    static const char *const names[] = {"functions",      "mirostat",       "dry_multiplier",  "xtc_probability",
                                        "dynatemp_range", "top_n_sigma",    "samplers",        "min_tokens",
                                        "length_penalty", "bad_words",      "use_beam_search", "guided_json",
                                        "guided_regex",   "guided_grammar", "guided_choice",   "suffix",
                                        "modalities",     "audio",          "prediction"};
    uint32_t best_of = 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_off(json_get(root, names[i])))
            continue;
        reason_set(why, "\"", names[i], "\" is not supported; leave it out", NULL);
        return STATUS_UNSUPPORTED;
    }
    return request_count(&best_of, root, "best_of", 1, 1, why);
}

enum status request_options_take(struct request_options *o, struct arena *arena, const struct json *root,
                                 struct reason *why)
{
    enum status status = request_bool(&o->stream, root, "stream", why);
    if (status == STATUS_OK)
        status = request_bool(&o->include_usage, json_get(root, "stream_options"), "include_usage", why);
    if (status == STATUS_OK)
        status = request_count(&o->max_tokens, root, "max_tokens", 1, INT32_MAX, why);
    if (status == STATUS_OK)
        status = request_count(&o->max_tokens, root, "max_completion_tokens", 1, INT32_MAX, why);
    if (status == STATUS_OK)
        status = request_count(&o->choices_n, root, "n", 1, REQUEST_CHOICES_MAX, why);
    if (status == STATUS_OK)
        status = take_sampling(o, root, why);
    if (status == STATUS_OK)
        status = take_bias(o, arena, root, why);
    if (status == STATUS_OK)
        status = take_stops(o, root, why);
    if (status == STATUS_OK)
        status = take_stop_tokens(o, root, why);
    if (status == STATUS_OK)
        status = request_bool(&o->ignore_eos, root, "ignore_eos", why);
    if (status == STATUS_OK)
        status = request_form_take(o, root, why);
    if (status == STATUS_OK)
        status = refuse_features(root, why);
    return status;
}

enum status request_chat_logprobs(struct request_options *o, const struct json *root, struct reason *why)
{
    bool wanted = false;
    uint32_t top = 0;
    enum status status = request_bool(&wanted, root, "logprobs", why);
    if (status == STATUS_OK)
        status = request_count(&top, root, "top_logprobs", 0, SAMPLE_TOP_MAX, why);
    if (status == STATUS_OK && top > 0 && !wanted)
        status = request_wrong(why, "logprobs", "true where \"top_logprobs\" is given");
    o->logprobs_n = wanted ? top + 1 : 0;
    return status;
}

enum status request_legacy_logprobs(struct request_options *o, const struct json *root, struct reason *why)
{
    uint32_t top = 0;
    enum status status = request_count(&top, root, "logprobs", 0, REQUEST_LEGACY_LOGPROBS_MAX, why);
    o->logprobs_n = request_absent(json_get(root, "logprobs")) ? 0 : top + 1;
    return status;
}
