/* SPDX-License-Identifier: Apache-2.0 */
/* Three steps, one after the other over the text: each holds back what begins with a space until it is certain. */
#include "engine/tokenizer/cleanup.h"

#include <string.h>

enum { MARKS, QUOTES, ENDINGS, STEPS };

struct sink {
    uint8_t *bytes;
    size_t len;
};

/* What becomes of the held bytes with byte behind them: kept, given without their first space, or given as they are. */
enum verdict_of_held { HELD, GIVEN_WITHOUT_SPACE, GIVEN, QUOTE_ALONE };

static enum verdict_of_held marks(const uint8_t *held, size_t len, uint8_t byte)
{
    (void)held;
    (void)len;
    return byte == '?' || byte == '!' || byte == '.' || byte == ',' ? GIVEN_WITHOUT_SPACE : GIVEN;
}

static enum verdict_of_held quotes(const uint8_t *held, size_t len, uint8_t byte)
{
    (void)held;
    if (len == 1)
        return byte == '\'' ? HELD : GIVEN;
    return byte == ' ' ? QUOTE_ALONE : GIVEN;
}

static enum verdict_of_held endings(const uint8_t *held, size_t len, uint8_t byte)
{
    if (len == 1)
        return byte == '\'' ? HELD : GIVEN;
    if (len == 2)
        return byte == 's' || byte == 'm' ? GIVEN_WITHOUT_SPACE : byte == 'r' || byte == 'v' ? HELD : GIVEN;
    return (held[2] == 'r' || held[2] == 'v') && byte == 'e' ? GIVEN_WITHOUT_SPACE : GIVEN;
}

/* One byte through a step: what leaves it goes to out. */
static void step(struct detokenizer_cleanup *c, size_t index, struct sink *out, uint8_t byte)
{
    static enum verdict_of_held (*const verdicts[STEPS])(const uint8_t *, size_t, uint8_t) = {marks, quotes, endings};
    uint8_t *held = c->held[index];
    size_t len = c->held_len[index];
    if (len != 0) {
        enum verdict_of_held verdict = verdicts[index](held, len, byte);
        if (verdict == HELD) {
            held[c->held_len[index]++] = byte;
            return;
        }
        size_t skipped = verdict == GIVEN ? 0 : 1;
        memcpy(out->bytes + out->len, held + skipped, len - skipped);
        out->len += len - skipped;
        c->held_len[index] = 0;
        if (verdict == QUOTE_ALONE)
            return; /* the space behind it goes as well */
    }
    if (byte == ' ')
        held[c->held_len[index]++] = byte;
    else
        out->bytes[out->len++] = byte;
}

/* Bytes through the steps from index on; the last step's go to out. */
static size_t pass(struct detokenizer_cleanup *c, size_t index, uint8_t *out, const uint8_t *bytes, size_t len)
{
    uint8_t now[CLEANUP_OUT_MAX], next[CLEANUP_OUT_MAX];
    memcpy(now, bytes, len);
    for (; index < STEPS; index++) {
        struct sink sink = {.bytes = next};
        for (size_t i = 0; i < len; i++)
            step(c, index, &sink, now[i]);
        len = sink.len;
        memcpy(now, next, len);
    }
    memcpy(out, now, len);
    return len;
}

size_t cleanup_next(struct detokenizer_cleanup *c, uint8_t out[static CLEANUP_OUT_MAX], uint8_t byte)
{
    return pass(c, MARKS, out, &byte, 1);
}

size_t cleanup_end(struct detokenizer_cleanup *c, uint8_t out[static CLEANUP_OUT_MAX])
{
    size_t len = 0;
    for (size_t index = MARKS; index < STEPS; index++) {
        uint8_t held[4];
        size_t held_len = c->held_len[index];
        memcpy(held, c->held[index], held_len);
        c->held_len[index] = 0;
        len += pass(c, index + 1, out + len, held, held_len);
    }
    return len;
}
