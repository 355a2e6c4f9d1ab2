/* SPDX-License-Identifier: Apache-2.0 */
/* SentencePiece BPE: characters are merged to tokens, the pair with the best score first, of equal ones the leftmost.
 * What is no token in the end becomes one token a byte. */
#include "engine/vocabulary.h"

#include "core/base/constant_time.h"

#include <string.h>

enum {
    NONE = 0x7fffffff,
    SYMBOL_BYTES_MAX = 3, /* of escaped text for one byte of text */
    PAIRS_PER_SYMBOL = 3, /* one at the start, two for each merge */
};

static const uint8_t space_mark[3] = {0xe2, 0x96, 0x81}; /* U+2581 stands for a space */

/* A run of characters; neighbours by index.  len 0: merged into the one before. */
struct symbol {
    uint32_t start, len;
    uint32_t previous, next;
};

/* A possible merge of two neighbours; out of date when their lengths no longer add up to len. */
struct pair {
    float score;
    uint32_t left, right;
    uint32_t len;
};

struct encoder {
    const struct tokenizer *tokenizer;
    uint8_t *text; /* escaped */
    struct symbol *symbols;
    struct pair *pairs; /* a heap, the best first */
    size_t text_len, symbols_n, pairs_n;
    uint32_t *tokens;
    size_t capacity, tokens_n;
    enum status status;
};

static size_t units(size_t text_len)
{
    return text_len + 1; /* the space put before */
}

size_t tokenizer_scratch_len(size_t text_len)
{
    size_t each = sizeof(struct symbol) + PAIRS_PER_SYMBOL * sizeof(struct pair) + SYMBOL_BYTES_MAX;
    return text_len > TOKENIZER_TEXT_MAX ? SIZE_MAX : units(text_len) * each;
}

size_t tokenizer_tokens_max(size_t text_len)
{
    return text_len > TOKENIZER_TEXT_MAX ? SIZE_MAX : 4 * (text_len + 1); /* two of them: bos and a special token */
}

static void emit(struct encoder *e, uint32_t token)
{
    if (e->tokens_n == e->capacity) {
        e->status = STATUS_LIMIT;
        return;
    }
    e->tokens[e->tokens_n++] = token;
}

static void emit_bytes(struct encoder *e, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t token = e->tokenizer->byte_tokens[bytes[i]];
        token = token == TOKENIZER_NO_TOKEN ? e->tokenizer->unknown : token;
        if (token == TOKENIZER_NO_TOKEN)
            e->status = STATUS_UNSUPPORTED;
        else
            emit(e, token);
    }
}

static uint32_t find(const struct encoder *e, const uint8_t *text, size_t len)
{
    uint32_t hash = vocabulary_hash_start();
    if (len > e->tokenizer->longest)
        return TOKENIZER_NO_TOKEN;
    for (size_t i = 0; i < len; i++)
        hash = vocabulary_hash_next(hash, text[i]);
    return vocabulary_find(e->tokenizer, text, len, hash, VOCABULARY_MERGED);
}

static bool before(struct pair a, struct pair b)
{
    return a.score > b.score || (!(b.score > a.score) && a.left < b.left);
}

static void push(struct encoder *e, struct pair pair)
{
    size_t at = e->pairs_n++;
    for (; at > 0 && before(pair, e->pairs[(at - 1) / 2]); at = (at - 1) / 2)
        e->pairs[at] = e->pairs[(at - 1) / 2];
    e->pairs[at] = pair;
}

static struct pair pop(struct encoder *e)
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

static void propose(struct encoder *e, uint32_t left, uint32_t right)
{
    if (left == NONE || right == NONE)
        return;
    uint32_t len = e->symbols[left].len + e->symbols[right].len;
    uint32_t token = find(e, e->text + e->symbols[left].start, len);
    if (token == TOKENIZER_NO_TOKEN)
        return;
    push(e, (struct pair){.score = e->tokenizer->tokens[token].score, .left = left, .right = right, .len = len});
}

static void merge(struct encoder *e, struct pair pair)
{
    struct symbol *left = &e->symbols[pair.left];
    struct symbol *right = &e->symbols[pair.right];
    if (left->len == 0 || right->len == 0 || left->len + right->len != pair.len)
        return;
    left->len = pair.len;
    right->len = 0;
    left->next = right->next;
    if (left->next != NONE)
        e->symbols[left->next].previous = pair.left;
    propose(e, left->previous, pair.left);
    propose(e, pair.left, left->next);
}

/* Copies text with spaces marked. */
static void escape(struct encoder *e, const uint8_t *text, size_t len, bool prefix)
{
    e->text_len = 0;
    for (size_t i = 0; i < len + prefix; i++) {
        uint8_t byte = i < prefix ? ' ' : text[i - prefix];
        if (byte == ' ') {
            memcpy(e->text + e->text_len, space_mark, sizeof space_mark);
            e->text_len += sizeof space_mark;
        } else {
            e->text[e->text_len++] = byte;
        }
    }
}

/* Bytes of the character at text: what its first byte says, as far as continuation bytes follow.  So no symbol starts
 * inside a space mark, and there are no more symbols than units. */
static size_t character_len(const uint8_t *text, size_t left)
{
    static const uint8_t lens[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
    size_t len = 1;
    while (len < left && len < lens[text[0] >> 4] && (text[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static void split(struct encoder *e)
{
    e->symbols_n = 0;
    for (size_t at = 0; at < e->text_len;) {
        size_t len = character_len(e->text + at, e->text_len - at);
        uint32_t index = (uint32_t)e->symbols_n;
        e->symbols[e->symbols_n++] = (struct symbol){
            .start = (uint32_t)at, .len = (uint32_t)len, .previous = index == 0 ? NONE : index - 1, .next = index + 1};
        at += len;
    }
    if (e->symbols_n != 0)
        e->symbols[e->symbols_n - 1].next = NONE;
}

/* Text without special tokens. */
static void encode_plain(struct encoder *e, const uint8_t *text, size_t len, bool prefix)
{
    if (len == 0)
        return;
    escape(e, text, len, prefix && e->tokenizer->add_space_prefix);
    split(e);
    e->pairs_n = 0;
    for (uint32_t i = 1; i < e->symbols_n; i++)
        propose(e, i - 1, i);
    while (e->pairs_n != 0)
        merge(e, pop(e));
    for (uint32_t i = 0; i != NONE; i = e->symbols[i].next) {
        const struct symbol *s = &e->symbols[i];
        uint32_t token = find(e, e->text + s->start, s->len);
        if (token == TOKENIZER_NO_TOKEN)
            emit_bytes(e, e->text + s->start, s->len);
        else
            emit(e, token);
    }
}

/* The longest special token that text starts with, or TOKENIZER_NO_TOKEN. */
static uint32_t special_at(const struct tokenizer *t, const uint8_t *text, size_t len, unsigned kinds)
{
    uint32_t hash = vocabulary_hash_start();
    uint32_t longest = TOKENIZER_NO_TOKEN;
    if (!t->special_first[text[0]])
        return longest;
    for (size_t i = 0; i < len && i < t->longest_special; i++) {
        hash = vocabulary_hash_next(hash, text[i]);
        uint32_t token = vocabulary_find(t, text, i + 1, hash, kinds);
        longest = token == TOKENIZER_NO_TOKEN ? longest : token;
    }
    return longest;
}

static void encode_all(struct encoder *e, const uint8_t *text, size_t len, unsigned kinds)
{
    size_t plain = 0; /* where the text that is not yet encoded starts */
    bool prefix = true;
    for (size_t at = 0; at < len;) {
        uint32_t token = special_at(e->tokenizer, text + at, len - at, kinds);
        if (token == TOKENIZER_NO_TOKEN) {
            at++;
            continue;
        }
        encode_plain(e, text + plain, at - plain, prefix);
        emit(e, token);
        at += e->tokenizer->tokens[token].len;
        plain = at;
        prefix = true;
    }
    encode_plain(e, text + plain, len - plain, prefix);
}

enum status tokenizer_encode(const struct tokenizer *t, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                             const void *text, size_t text_len, const struct tokenizer_encode_options *options,
                             void *scratch, size_t scratch_len)
{
    uint8_t *memory = scratch;
    struct encoder e = {.tokenizer = t, .tokens = tokens, .capacity = capacity, .status = STATUS_OK};
    size_t needed = tokenizer_scratch_len(text_len);
    *tokens_n = 0;
    if (text_len > TOKENIZER_TEXT_MAX)
        return STATUS_LIMIT;
    if (scratch_len < needed || (uintptr_t)scratch % _Alignof(struct pair) != 0)
        return STATUS_NO_MEMORY;
    e.symbols = (struct symbol *)(void *)memory;
    e.pairs = (struct pair *)(void *)(memory + units(text_len) * sizeof(struct symbol));
    e.text = memory + units(text_len) * (sizeof(struct symbol) + PAIRS_PER_SYMBOL * sizeof(struct pair));
    if (options->add_bos && t->bos != TOKENIZER_NO_TOKEN)
        emit(&e, t->bos);
    encode_all(&e, text, text_len, options->parse_special ? VOCABULARY_SPECIAL : VOCABULARY_DEFINED);
    wipe(scratch, needed);
    if (e.status == STATUS_OK)
        *tokens_n = e.tokens_n;
    return e.status;
}
