/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens back to text: the bytes of each token, and a stream of whole characters made of them. */
#include "engine/tokenizer/tokenizer.h"

#include "core/base/constant_time.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/cleanup.h"

#include <string.h>

struct output {
    uint8_t *bytes;
    size_t len;
};

void detokenizer_init(struct detokenizer *d, const struct tokenizer *t, bool at_start)
{
    bool drops_space = t->add_space_prefix || t->kind == TOKENIZER_WORDPIECE;
    *d = (struct detokenizer){.tokenizer = t, .at_start = at_start && drops_space};
}

void detokenizer_init_exact(struct detokenizer *d, const struct tokenizer *t, bool at_start)
{
    detokenizer_init(d, t, at_start);
    d->exact = true;
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
    if (d->exact) {
        put(out, &byte, 1);
        return;
    }
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

/* Text with marked spaces turned back. */
static size_t unmark(uint8_t out[static TOKENIZER_TOKEN_LEN_MAX], const struct token *token)
{
    size_t len = 0;
    for (uint32_t i = 0; i < token->len; i++) {
        bool space = token->len - i >= 3 && memcmp(token->text + i, "\xe2\x96\x81", 3) == 0;
        out[len++] = space ? ' ' : token->text[i];
        i += space ? 2 : 0;
    }
    return len;
}

enum status tokenizer_token_bytes(const struct tokenizer *t, uint32_t token,
                                  uint8_t out[static TOKENIZER_TOKEN_LEN_MAX], size_t *out_len)
{
    *out_len = 0;
    if (token >= t->tokens_n)
        return STATUS_USAGE;
    const struct token *from = &t->tokens[token];
    switch (from->kind) {
    case TOKEN_NORMAL: *out_len = bpe_is_bytes(t) ? bpe_text(out, from) : unmark(out, from); break;
    case TOKEN_USER_DEFINED:
        memcpy(out, from->text, from->len);
        *out_len = from->len;
        break;
    case TOKEN_BYTE:
        out[0] = from->byte;
        *out_len = 1;
        break;
    case TOKEN_UNKNOWN:
    case TOKEN_CONTROL:
    case TOKEN_UNUSED: break;
    }
    return STATUS_OK;
}

/* What the clean-up lets go; the clean-up sees the space before the first word, the text has none. */
static void push_cleaned(struct detokenizer *d, struct output *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!d->at_start || bytes[i] != ' ')
            push(d, out, bytes[i]);
        d->at_start = false;
    }
}

/* A token alone is looked at: no space before . , ? ! that begin it. */
static size_t drops_space(const struct detokenizer *d, const uint8_t *bytes, size_t len)
{
    bool drops = d->tokenizer->cleanup == TOKENIZER_CLEANUP_TOKENS && len > 1 && bytes[0] == ' ' &&
                 memchr(".,?!", bytes[1], 4) != NULL;
    return drops && !d->at_start ? 1 : 0;
}

static void push_words(struct detokenizer *d, struct output *out, const uint8_t *bytes, size_t len)
{
    uint8_t cleaned[CLEANUP_OUT_MAX];
    if (d->tokenizer->cleanup != TOKENIZER_CLEANUP_TEXT) {
        size_t dropped = drops_space(d, bytes, len);
        push_cleaned(d, out, bytes + dropped, len - dropped);
        return;
    }
    for (size_t i = 0; i < len; i++)
        push_cleaned(d, out, cleaned, cleanup_next(&d->cleanup, cleaned, bytes[i]));
}

static void push_text(struct detokenizer *d, struct output *out, const uint8_t *bytes, size_t len, bool marked)
{
    bool dropped = len != 0 && d->at_start && marked && bytes[0] == ' ';
    for (size_t i = dropped; i < len; i++)
        push(d, out, bytes[i]);
    d->at_start = d->at_start && len == 0;
}

enum status detokenizer_next(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len,
                             uint32_t token)
{
    struct output output = {.bytes = out};
    uint8_t bytes[TOKENIZER_TOKEN_LEN_MAX];
    size_t len;
    *out_len = 0;
    enum status status = tokenizer_token_bytes(d->tokenizer, token, bytes, &len);
    if (status != STATUS_OK)
        return status;
    if (d->tokenizer->kind == TOKENIZER_WORDPIECE)
        push_words(d, &output, bytes, len);
    else
        push_text(d, &output, bytes, len, d->tokenizer->tokens[token].kind == TOKEN_NORMAL);
    *out_len = output.len;
    return STATUS_OK;
}

void detokenizer_end(struct detokenizer *d, uint8_t out[static DETOKENIZER_OUT_MAX], size_t *out_len)
{
    struct output output = {.bytes = out};
    uint8_t cleaned[CLEANUP_OUT_MAX];
    push_cleaned(d, &output, cleaned, cleanup_end(&d->cleanup, cleaned));
    if (d->held_len != 0)
        put_replacement(&output);
    *out_len = output.len;
    wipe(d, sizeof *d);
}
