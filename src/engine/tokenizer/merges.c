/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/merges.h"

#include "core/base/reader.h"
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

static uint32_t first_slot(const struct tokenizer *t, uint32_t left, uint32_t right)
{
    uint64_t mixed = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15U;
    return (uint32_t)(mixed >> 32 ^ mixed >> 47) & (t->merges_n - 1);
}

static bool enter(struct tokenizer *t, struct tokenizer_merge merge)
{
    uint32_t slot = first_slot(t, merge.left, merge.right);
    for (uint32_t probes = 0; probes <= VOCABULARY_PROBES_MAX; probes++) {
        struct tokenizer_merge *at = &t->merges[slot];
        if (at->token_plus_one == 0) {
            *at = merge;
            return true;
        }
        if (at->left == merge.left && at->right == merge.right)
            return true;
        slot = (slot + 1) & (t->merges_n - 1);
    }
    return false;
}

/* One merge as text: two parts with a space between, which is not the first byte. */
static bool read_merge(struct tokenizer *t, const uint8_t *text, size_t len, uint32_t rank)
{
    uint8_t whole[2 * TOKENIZER_TOKEN_LEN_MAX];
    const uint8_t *space = len < 2 ? NULL : memchr(text + 1, ' ', len - 1);
    if (space == NULL || len > sizeof whole)
        return true;
    size_t left_len = (size_t)(space - text);
    size_t right_len = len - left_len - 1;
    memcpy(whole, text, left_len);
    memcpy(whole + left_len, space + 1, right_len);
    struct tokenizer_merge merge = {.left = vocabulary_find(t, text, left_len, VOCABULARY_MERGED),
                                    .right = vocabulary_find(t, space + 1, right_len, VOCABULARY_MERGED),
                                    .rank = rank};
    uint32_t token = vocabulary_find(t, whole, left_len + right_len, VOCABULARY_MERGED);
    if (merge.left == TOKENIZER_NO_TOKEN || merge.right == TOKENIZER_NO_TOKEN || token == TOKENIZER_NO_TOKEN)
        return true;
    merge.token_plus_one = token + 1;
    return enter(t, merge);
}

enum status merges_read(struct tokenizer *t, struct arena *a, const struct gguf *g, bool wanted, struct reason *why)
{
    const struct gguf_value *texts;
    struct reader r;
    enum status status = gguf_array(&texts, g, "tokenizer.ggml.merges", GGUF_STRING, why);
    if (status == STATUS_NOT_FOUND && !wanted)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    if (texts->elements_n > TOKENIZER_MERGES_MAX) {
        reason_set(why, "tokenizer: more than 2^22 merges", NULL);
        return STATUS_LIMIT;
    }
    t->merges_n = 2;
    while (t->merges_n < 2 * texts->elements_n)
        t->merges_n *= 2;
    t->merges = arena_take(a, t->merges_n, sizeof *t->merges, _Alignof(struct tokenizer_merge));
    if (t->merges == NULL) {
        reason_set(why, "tokenizer: no memory for the merges", NULL);
        return STATUS_NO_MEMORY;
    }
    reader_init(&r, texts->bytes.bytes, texts->bytes.len);
    for (uint32_t rank = 0; rank < texts->elements_n; rank++) {
        uint64_t len = reader_u64le(&r);
        const uint8_t *text = len > reader_left(&r) ? NULL : reader_bytes(&r, (size_t)len);
        if (text == NULL || !read_merge(t, text, (size_t)len, rank)) {
            reason_set(why, "tokenizer: a merge is cut, or too many are alike", NULL);
            return STATUS_MALFORMED;
        }
    }
    return reader_end(&r);
}

const struct tokenizer_merge *merges_find(const struct tokenizer *t, uint32_t left, uint32_t right)
{
    if (t->merges_n == 0)
        return NULL;
    uint32_t slot = first_slot(t, left, right);
    for (uint32_t probes = 0; probes <= VOCABULARY_PROBES_MAX && t->merges[slot].token_plus_one != 0; probes++) {
        if (t->merges[slot].left == left && t->merges[slot].right == right)
            return &t->merges[slot];
        slot = (slot + 1) & (t->merges_n - 1);
    }
    return NULL;
}
