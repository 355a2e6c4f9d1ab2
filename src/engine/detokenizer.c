/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer.h"

#include "core/base/constant_time.h"

#include <string.h>

struct output {
    uint8_t *bytes;
    size_t len;
};

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool at_start)
{
    *d = (struct detokenizer){.tokenizer = t, .at_start = at_start && t->add_space_prefix};
}

static void put(struct output *out, const uint8_t *bytes, size_t len)
{
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

static void put_replacement(struct output *out)
{
    static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
    put(out, replacement, sizeof replacement);
}

/* Bytes of the character that starts with this byte; 0 when none does. */
static uint8_t character_len(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Whether byte may follow the held ones (Unicode, table 3-7). */
static bool continues(const struct detokenizer *d, uint8_t byte)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    if (d->held_len == 1) {
        low = d->held[0] == 0xe0 ? 0xa0 : d->held[0] == 0xf0 ? 0x90 : low;
        high = d->held[0] == 0xed ? 0x9f : d->held[0] == 0xf4 ? 0x8f : high;
    }
    return byte >= low && byte <= high;
}

static void push(struct detokenizer *d, struct output *out, uint8_t byte)
{
    if (d->held_len != 0 && !continues(d, byte)) {
        put_replacement(out);
        d->held_len = 0;
    }
    if (d->held_len == 0 && character_len(byte) == 0) {
        put_replacement(out);
        return;
    }
    d->held[d->held_len++] = byte;
    if (d->held_len == character_len(d->held[0])) {
        put(out, d->held, d->held_len);
        d->held_len = 0;
    }
}

/* The text of a normal token, with marked spaces turned back. */
static void push_text(struct detokenizer *d, struct output *out, const struct token *token)
{
    for (uint32_t i = 0; i < token->len; i++) {
        const uint8_t *at = token->text + i;
        bool space = token->kind == TOKEN_NORMAL && token->len - i >= 3 && memcmp(at, "\xe2\x96\x81", 3) == 0;
        i += space ? 2 : 0;
        if (space && d->at_start && i == 2)
            continue;
        push(d, out, space ? ' ' : *at);
    }
}

enum status detokenizer_next(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len,
                             uint32_t token)
{
    struct output output = {.bytes = out};
    *out_len = 0;
    if (token >= d->tokenizer->tokens_n)
        return STATUS_USAGE;
    const struct token *t = &d->tokenizer->tokens[token];
    switch (t->kind) {
    case TOKEN_NORMAL:
    case TOKEN_USER_DEFINED:
        push_text(d, &output, t);
        d->at_start = false;
        break;
    case TOKEN_BYTE:
        push(d, &output, t->byte);
        d->at_start = false;
        break;
    case TOKEN_UNKNOWN:
    case TOKEN_CONTROL:
    case TOKEN_UNUSED: break;
    }
    *out_len = output.len;
    return STATUS_OK;
}

void detokenizer_end(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len)
{
    struct output output = {.bytes = out};
    if (d->held_len != 0)
        put_replacement(&output);
    *out_len = output.len;
    wipe(d, sizeof *d);
}
