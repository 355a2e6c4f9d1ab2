/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the vault: layout, and every byte of every message that must be 0.  EN-30 */
#include "enclave/frame.h"

#include "tap.h"

static struct channel_message m;

static const struct {
    enum message type;
    const char *name;
    size_t used_from, used_to; /* bytes that this message uses */
    size_t tokens_from;        /* and these, when it holds tokens */
} kinds[] = {
    {MESSAGE_START, "START", 0, 64, 68},  {MESSAGE_PROMPT, "PROMPT", 68, 72, 72},
    {MESSAGE_BIAS, "BIAS", 68, 72, 72},   {MESSAGE_GRAMMAR, "GRAMMAR", 68, 72, 72},
    {MESSAGE_STOP, "STOP", 0, 0, 0},      {MESSAGE_FREE, "FREE", 0, 0, 0},
    {MESSAGE_TOKEN, "TOKEN", 68, 72, 72}, {MESSAGE_END, "END", 64, 68, 0},
};

static enum status read_bytes(struct frame *f, enum message type, const uint8_t *bytes, size_t len)
{
    memset(&m, 0, sizeof m);
    m.type = type;
    m.len = len;
    memcpy(m.payload, bytes, len);
    memset(f, 0xa5, sizeof *f);
    return frame_read(f, &m);
}

static bool is_zero(const struct frame *f)
{
    static const struct frame nothing;
    return memcmp(f, &nothing, sizeof nothing) == 0;
}

static void test_layout(void)
{
    const struct frame start = {.prompt_n = 1,
                                .max_tokens = 2,
                                .bias_n = 3,
                                .grammar_n = 4,
                                .logprobs_n = 5,
                                .temperature_bits = 6,
                                .top_k = 7,
                                .top_p_bits = 8,
                                .min_p_bits = 9,
                                .typical_p_bits = 10,
                                .repeat_penalty_bits = 11,
                                .repeat_last_n = 12,
                                .frequency_penalty_bits = 13,
                                .presence_penalty_bits = 14,
                                .seed = 0x0807060504030201,
                                .words_n = 1,
                                .words = {2}};
    const struct frame prompt = {.words_n = 2, .words = {0x11223344, 9}};
    const struct frame end = {.end = FRAME_END_GRAMMAR};
    uint8_t out[FRAME_LEN], expected[FRAME_LEN] = {0};
    struct frame back;
    for (uint8_t i = 0; i < 14; i++)
        expected[4 * i] = (uint8_t)(i + 1);
    unhex(expected + 56, "0102030405060708000000000100000002");
    check(frame_write(out, &start) == STATUS_OK && memcmp(out, expected, sizeof out) == 0, "START as specified");
    check(read_bytes(&back, MESSAGE_START, out, sizeof out) == STATUS_OK && memcmp(&back, &start, sizeof back) == 0,
          "and back");
    memset(expected, 0, sizeof expected);
    unhex(expected + 68, "020000004433221109000000");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].used_from != 68)
            continue;
        check(frame_write(out, &prompt) == STATUS_OK && memcmp(out, expected, sizeof out) == 0, "%s as specified",
              kinds[i].name);
        check(read_bytes(&back, kinds[i].type, out, sizeof out) == STATUS_OK &&
                  memcmp(&back, &prompt, sizeof back) == 0,
              "and back");
    }
    memset(expected, 0, sizeof expected);
    expected[64] = 4;
    check(frame_write(out, &end) == STATUS_OK && memcmp(out, expected, sizeof out) == 0, "END as specified");
    check(read_bytes(&back, MESSAGE_END, out, sizeof out) == STATUS_OK && back.end == FRAME_END_GRAMMAR, "and back");
}

static void test_lengths(void)
{
    static const uint8_t zero[FRAME_LEN * 2];
    struct frame f;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t passed = 0;
        for (size_t len = 0; len <= sizeof zero; len++)
            passed +=
                len != FRAME_LEN && (read_bytes(&f, kinds[i].type, zero, len) != STATUS_MALFORMED || !is_zero(&f));
        check(passed == 0, "%s of any length but 256 is refused", kinds[i].name);
        check(read_bytes(&f, kinds[i].type, zero, FRAME_LEN) == STATUS_OK, "%s of 256", kinds[i].name);
    }
}

static void test_unused(void)
{
    struct frame f;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t wrong = 0;
        for (size_t at = 0; at < FRAME_LEN; at++) {
            uint8_t bytes[FRAME_LEN] = {0};
            bool used = at >= kinds[i].used_from && at < kinds[i].used_to;
            bytes[at] = at == 65 || at == 66 || at == 67 || (at > 68 && at < 72) ? 0 : 1;
            if (kinds[i].type == MESSAGE_START && at == 68) /* one word, which is 0: a token that stops */
                continue;
            if (used || bytes[at] == 0)
                continue;
            enum status status = read_bytes(&f, kinds[i].type, bytes, sizeof bytes);
            wrong += status != STATUS_MALFORMED || !is_zero(&f);
        }
        check(wrong == 0, "%s: each byte that it does not use must be 0", kinds[i].name);
    }
    for (int type = 0; type <= MESSAGE_END + 1; type++) {
        static const uint8_t zero[FRAME_LEN];
        if (type < MESSAGE_START)
            check(read_bytes(&f, (enum message)type, zero, FRAME_LEN) == STATUS_MALFORMED, "message %d is no frame",
                  type);
    }
}

static void test_tokens(void)
{
    struct frame f = {.words_n = FRAME_WORDS_MAX}, back;
    uint8_t bytes[FRAME_LEN];
    memset(f.words, 0xff, sizeof f.words);
    check(frame_write(bytes, &f) == STATUS_OK && read_bytes(&back, MESSAGE_PROMPT, bytes, FRAME_LEN) == STATUS_OK &&
              memcmp(&f, &back, sizeof f) == 0,
          "46 words");
    size_t passed = 0;
    for (uint32_t n = 0; n < FRAME_WORDS_MAX; n++) {
        bytes[68] = (uint8_t)n;
        passed += read_bytes(&back, MESSAGE_PROMPT, bytes, FRAME_LEN) != STATUS_MALFORMED || !is_zero(&back);
    }
    check(passed == 0, "bytes behind the last token");
    static const uint8_t counts[][4] = {{47}, {0xff}, {0, 1}, {46, 0, 1}, {46, 0, 0, 0x80}, {0xff, 0xff, 0xff, 0xff}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(bytes + 68, counts[i], 4);
        check(read_bytes(&back, MESSAGE_PROMPT, bytes, FRAME_LEN) == STATUS_MALFORMED && is_zero(&back),
              "too many tokens, %zu", i);
    }
    f.words_n = FRAME_WORDS_MAX + 1;
    check(frame_write(bytes, &f) == STATUS_LIMIT, "47 words are not written");
    memset(bytes, 0, sizeof bytes);
    for (unsigned end = 0; end < 256; end++) {
        bytes[64] = (uint8_t)end;
        passed += (read_bytes(&back, MESSAGE_END, bytes, FRAME_LEN) == STATUS_OK) != (end <= FRAME_END_GRAMMAR);
    }
    check(passed == 0, "an end from 0 to 4 and no other");
}

int main(void)
{
    test_layout();
    test_lengths();
    test_unused();
    test_tokens();
    return tap_done();
}
