/* SPDX-License-Identifier: Apache-2.0 */
/* Log-probabilities: from the vault's frames to OpenAI's shapes. */
#include "core/codec/utf8.h"
#include "enclave/scribe.h"
#include "engine/token_bytes.h"

#include <string.h>

enum { NUMBER_TEXT_MAX = 24, MICRO = 1000000 };

static bool stops(const struct job *job, uint32_t token)
{
    for (uint32_t i = 0; i < job->sampler.stops_n; i++) {
        if (job->sampler.stops[i] == token)
            return true;
    }
    return false;
}

/* As many words as were asked for, or fewer when the vocabulary has not as many tokens. */
enum status logprobs_keep(struct choice *choice, const struct job *job, const struct frame *f)
{
    struct token_logprobs one = {.token = f->words[0]};
    if (job->logprobs_n == 0)
        return f->words_n == 1 ? STATUS_OK : STATUS_MALFORMED;
    if (f->words_n < 2 || f->words_n % 2 != 0 || f->words_n > 2 * job->logprobs_n)
        return STATUS_MALFORMED;
    one.logprob_bits = f->words[1];
    one.top_n = f->words_n / 2 - 1;
    for (uint32_t i = 0; i < one.top_n; i++) {
        one.top[i].token = f->words[2 + 2 * i];
        one.top[i].logprob_bits = f->words[3 + 2 * i];
    }
    if (choice->state == CHOICE_STOPPING || stops(job, one.token)) /* no part of the text */
        return STATUS_OK;
    return bytes_append(&choice->logprobs, &one, sizeof one);
}

/* Millionths, down to -9999, which stands for everything below. */
static void put_number(struct json_writer *j, uint32_t bits)
{
    char text[NUMBER_TEXT_MAX];
    size_t at = sizeof text - 1;
    float value;
    memcpy(&value, &bits, sizeof value);
    double size = value > -9999.0f ? -(double)value : 9999.0;
    uint64_t millionths = size > 0 ? (uint64_t)(size * MICRO + 0.5) : 0; /* also for NaN */
    bool negative = millionths > 0;
    text[at] = '\0';
    for (int digit = 0; digit < 6; digit++, millionths /= 10)
        text[--at] = (char)('0' + millionths % 10);
    text[--at] = '.';
    do {
        text[--at] = (char)('0' + millionths % 10);
        millionths /= 10;
    } while (millionths > 0);
    if (negative)
        text[--at] = '-';
    json_number_raw(j, text + at);
}

/* A token's text as a JSON string's: what is no UTF-8 of its own becomes U+FFFD. */
struct token_text {
    uint8_t bytes[TOKENIZER_TOKEN_LEN_MAX];
    char text[3 * TOKENIZER_TOKEN_LEN_MAX + 1];
    size_t bytes_len, text_len;
};

static void read_token(struct token_text *t, const struct scribe *s, uint32_t token)
{
    t->bytes_len = t->text_len = 0;
    if (tokenizer_token_bytes(&s->tokenizer, token, t->bytes, &t->bytes_len) != STATUS_OK)
        t->bytes_len = 0;
    for (size_t at = 0; at < t->bytes_len;) {
        size_t len = t->bytes[at] == 0 ? 0 : utf8_char_len(t->bytes + at, t->bytes_len - at);
        memcpy(t->text + t->text_len, len == 0 ? (const uint8_t *)"\xef\xbf\xbd" : t->bytes + at, len == 0 ? 3 : len);
        t->text_len += len == 0 ? 3 : len;
        at += len == 0 ? 1 : len;
    }
    t->text[t->text_len] = '\0';
}

static void put_token(struct json_writer *j, const struct scribe *s, uint32_t token, uint32_t logprob_bits)
{
    struct token_text t;
    read_token(&t, s, token);
    json_key(j, "token");
    json_text_len(j, t.text, t.text_len);
    json_key(j, "logprob");
    put_number(j, logprob_bits);
    json_key(j, "bytes");
    json_open_array(j);
    for (size_t i = 0; i < t.bytes_len; i++)
        json_number_u64(j, t.bytes[i]);
    json_close(j);
}

static size_t entries_n(const struct choice *choice)
{
    return choice->logprobs.len / sizeof(struct token_logprobs);
}

static struct token_logprobs entry(const struct choice *choice, size_t i)
{
    struct token_logprobs one;
    memcpy(&one, choice->logprobs.at + i * sizeof one, sizeof one);
    return one;
}

void logprobs_write_chat(struct json_writer *j, const struct scribe *s, const struct choice *choice)
{
    json_open_object(j);
    json_key(j, "content");
    json_open_array(j);
    for (size_t i = 0; i < entries_n(choice); i++) {
        struct token_logprobs one = entry(choice, i);
        json_open_object(j);
        put_token(j, s, one.token, one.logprob_bits);
        json_key(j, "top_logprobs");
        json_open_array(j);
        for (uint32_t k = 0; k < one.top_n; k++) {
            json_open_object(j);
            put_token(j, s, one.top[k].token, one.top[k].logprob_bits);
            json_close(j);
        }
        json_close(j);
        json_close(j);
    }
    json_close(j);
    json_key(j, "refusal");
    json_null(j);
    json_close(j);
}

static void put_texts(struct json_writer *j, const struct scribe *s, const struct choice *choice)
{
    json_key(j, "tokens");
    json_open_array(j);
    for (size_t i = 0; i < entries_n(choice); i++) {
        struct token_text t;
        read_token(&t, s, entry(choice, i).token);
        json_text_len(j, t.text, t.text_len);
    }
    json_close(j);
}

/* An object by text: of alternatives with the same text the first counts. */
static void put_alternatives(struct json_writer *j, const struct scribe *s, const struct token_logprobs *one)
{
    struct token_text t, earlier;
    json_open_object(j);
    for (uint32_t k = 0; k < one->top_n; k++) {
        bool told = false;
        read_token(&t, s, one->top[k].token);
        for (uint32_t i = 0; i < k && !told; i++) {
            read_token(&earlier, s, one->top[i].token);
            told = earlier.text_len == t.text_len && memcmp(earlier.text, t.text, t.text_len) == 0;
        }
        if (told)
            continue;
        json_key(j, t.text);
        put_number(j, one->top[k].logprob_bits);
    }
    json_close(j);
}

void logprobs_write_legacy(struct json_writer *j, const struct scribe *s, const struct choice *choice)
{
    struct token_text t;
    uint64_t offset = 0;
    json_open_object(j);
    put_texts(j, s, choice);
    json_key(j, "token_logprobs");
    json_open_array(j);
    for (size_t i = 0; i < entries_n(choice); i++)
        put_number(j, entry(choice, i).logprob_bits);
    json_close(j);
    json_key(j, "top_logprobs");
    json_open_array(j);
    for (size_t i = 0; i < entries_n(choice); i++) {
        struct token_logprobs one = entry(choice, i);
        put_alternatives(j, s, &one);
    }
    json_close(j);
    json_key(j, "text_offset");
    json_open_array(j);
    for (size_t i = 0; i < entries_n(choice); i++) { /* in characters, from the first token told here */
        json_number_u64(j, offset);
        read_token(&t, s, entry(choice, i).token);
        for (size_t k = 0; k < t.text_len; k++)
            offset += ((uint8_t)t.text[k] & 0xc0) != 0x80;
    }
    json_close(j);
    json_close(j);
}
