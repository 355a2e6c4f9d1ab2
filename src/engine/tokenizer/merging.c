/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/encoder.h"

#include <string.h>

enum {
    SYMBOL_BYTES_MAX = 3, /* of escaped text for one byte of text; two of a byte as a printable character */
    PAIRS_PER_SYMBOL = 3, /* one at the start, two for each merge */
};

static const uint8_t space_mark[3] = {0xe2, 0x96, 0x81}; /* U+2581 stands for a space */

void encoder_fail(struct encoder *e, enum status status)
{
    if (e->status == STATUS_OK)
        e->status = status;
}

void encoder_emit(struct encoder *e, uint32_t token)
{
    if (e->tokens_n == e->capacity)
        encoder_fail(e, STATUS_LIMIT);
    else
        e->tokens[e->tokens_n++] = token;
}

void encoder_emit_bytes(struct encoder *e, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t token = e->tokenizer->byte_tokens[bytes[i]];
        token = token == TOKENIZER_NO_TOKEN ? e->tokenizer->unknown : token;
        if (token == TOKENIZER_NO_TOKEN)
            encoder_fail(e, STATUS_UNSUPPORTED);
        else
            encoder_emit(e, token);
    }
}

static size_t units(size_t text_len)
{
    return text_len + 1; /* the space put before */
}

size_t merging_scratch_len(size_t text_len)
{
    return units(text_len) * (sizeof(struct symbol) + PAIRS_PER_SYMBOL * sizeof(struct pair) + SYMBOL_BYTES_MAX);
}

void merging_init(struct encoder *e, size_t text_len)
{
    uint8_t *symbols = e->scratch;
    uint8_t *pairs = symbols + units(text_len) * sizeof(struct symbol);
    e->symbols = (struct symbol *)(void *)symbols;
    e->pairs = (struct pair *)(void *)pairs;
    e->text = pairs + units(text_len) * PAIRS_PER_SYMBOL * sizeof(struct pair);
}

void merging_start(struct encoder *e)
{
    e->symbols_n = 0;
    e->pairs_n = 0;
}

void merging_add(struct encoder *e, size_t start, size_t len, uint32_t token)
{
    uint32_t index = (uint32_t)e->symbols_n++;
    e->symbols[index] = (struct symbol){.start = (uint32_t)start,
                                        .len = (uint32_t)len,
                                        .previous = index == 0 ? ENCODER_NONE : index - 1,
                                        .next = ENCODER_NONE,
                                        .token = token};
    if (index != 0)
        e->symbols[index - 1].next = index;
}

static bool before(struct pair a, struct pair b)
{
    return a.key < b.key || (a.key == b.key && a.left < b.left);
}

void merging_push(struct encoder *e, struct pair pair)
{
    size_t at = e->pairs_n++;
    for (; at > 0 && before(pair, e->pairs[(at - 1) / 2]); at = (at - 1) / 2)
        e->pairs[at] = e->pairs[(at - 1) / 2];
    e->pairs[at] = pair;
}

struct pair merging_pop(struct encoder *e)
{
    struct pair best = e->pairs[0];
    struct pair moving = e->pairs[--e->pairs_n];
    size_t root = 0;
    for (size_t child = 1; child < e->pairs_n; child = 2 * root + 1) {
        if (child + 1 < e->pairs_n && before(e->pairs[child + 1], e->pairs[child]))
            child++;
        if (!before(e->pairs[child], moving))
            break;
        e->pairs[root] = e->pairs[child];
        root = child;
    }
    e->pairs[root] = moving;
    return best;
}

bool merging_join(struct encoder *e, struct pair pair)
{
    struct symbol *left = &e->symbols[pair.left];
    struct symbol *right = &e->symbols[pair.right];
    if (left->len == 0 || right->len == 0 || left->len + right->len != pair.len)
        return false;
    left->len = pair.len;
    right->len = 0;
    left->next = right->next;
    if (left->next != ENCODER_NONE)
        e->symbols[left->next].previous = pair.left;
    return true;
}

size_t merging_escape(struct encoder *e, const uint8_t *text, size_t len, bool prefix)
{
    size_t out_len = 0;
    for (size_t i = 0; i < len + prefix; i++) {
        uint8_t byte = i < prefix ? ' ' : text[i - prefix];
        if (byte == ' ') {
            memcpy(e->text + out_len, space_mark, sizeof space_mark);
            out_len += sizeof space_mark;
        } else {
            e->text[out_len++] = byte;
        }
    }
    return out_len;
}

size_t merging_character_len(const uint8_t *text, size_t left)
{
    static const uint8_t lens[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
    size_t len = 1;
    while (len < left && len < lens[text[0] >> 4] && (text[len] & 0xc0) == 0x80)
        len++;
    return len;
}
