/* SPDX-License-Identifier: Apache-2.0 */
/* BPE with merges: the text is cut into pieces (pattern.h), and in each piece neighbours are merged in the order of the
 * ranks, of equal ones the leftmost first.  GPT-2's vocabularies write each byte as one printable character; Gemma's
 * are plain text with U+2581 for spaces and tokens like <0x0A> for bytes that nothing else covers. */
#include "engine/tokenizer/bpe.h"

#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/merges.h"
#include "engine/tokenizer/scan.h"
#include "engine/tokenizer/unicode.h"
#include "engine/tokenizer/vocabulary.h"

#include <string.h>

enum { MOVED = 0x100, MOVED_N = 68 }; /* bytes that are not printable are moved to U+0100 and on, in their order */

static bool stands_for_itself(uint32_t byte)
{
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte != 0xad);
}

/* The character that stands for a byte. */
static uint32_t character_of(uint32_t byte)
{
    if (stands_for_itself(byte))
        return byte;
    return byte <= 0x20 ? MOVED + byte : byte <= 0xa0 ? MOVED + 33 + byte - 0x7f : MOVED + MOVED_N - 1;
}

/* The byte that a character stands for, or -1. */
static int byte_of(uint32_t code)
{
    if (code < MOVED)
        return stands_for_itself(code) ? (int)code : -1;
    uint32_t place = code - MOVED;
    if (place >= MOVED_N)
        return -1;
    return place < 33 ? (int)place : place < MOVED_N - 1 ? (int)(place - 33 + 0x7f) : 0xad;
}

bool bpe_is_bytes(const struct tokenizer *t)
{
    return t->kind == TOKENIZER_BPE && (t->split->flags & PATTERN_CHARACTERS) == 0;
}

size_t bpe_text(uint8_t out[static TOKENIZER_TOKEN_LEN_MAX], const struct token *token)
{
    size_t len = 0;
    for (size_t at = 0; at < token->len;) {
        size_t start = at;
        int byte = byte_of(unicode_next(token->text, token->len, &at));
        if (byte >= 0) {
            out[len++] = (uint8_t)byte;
            continue;
        }
        memcpy(out + len, token->text + start, at - start);
        len += at - start;
    }
    return len;
}

enum status bpe_open(struct tokenizer *t, struct arena *a, const struct gguf *g, struct reason *why)
{
    for (uint32_t byte = 0; byte < 256 && bpe_is_bytes(t); byte++) {
        uint8_t text[4];
        t->byte_tokens[byte] = vocabulary_find(t, text, unicode_write(text, character_of(byte)), VOCABULARY_MERGED);
    }
    /* Kimi K2 was published without merges */
    return merges_read(t, a, g, strcmp(t->split->name, "kimi-k2") != 0, why);
}

static void propose(struct encoder *e, uint32_t left, uint32_t right)
{
    if (left == ENCODER_NONE || right == ENCODER_NONE)
        return;
    const struct symbol *l = &e->symbols[left];
    const struct symbol *r = &e->symbols[right];
    const struct tokenizer_merge *merge = merges_find(e->tokenizer, l->token, r->token);
    if (merge != NULL)
        merging_push(e, (struct pair){.key = merge->rank, .left = left, .right = right, .len = l->len + r->len});
}

static void merge_all(struct encoder *e)
{
    for (uint32_t i = 1; i < e->symbols_n; i++)
        propose(e, i - 1, i);
    while (e->pairs_n != 0) {
        struct pair pair = merging_pop(e);
        uint32_t left = e->symbols[pair.left].token;
        uint32_t right = e->symbols[pair.right].token;
        if (!merging_join(e, pair))
            continue;
        const struct tokenizer_merge *merge = merges_find(e->tokenizer, left, right);
        e->symbols[pair.left].token = merge == NULL ? TOKENIZER_NO_TOKEN : merge->token_plus_one - 1;
        propose(e, e->symbols[pair.left].previous, pair.left);
        propose(e, pair.left, e->symbols[pair.left].next);
    }
}

/* text: of the piece, as the vocabulary writes it unless it writes bytes. */
static void emit_all(struct encoder *e, const uint8_t *text)
{
    for (uint32_t i = 0; i != ENCODER_NONE; i = e->symbols[i].next) {
        const struct symbol *s = &e->symbols[i];
        if (s->token == TOKENIZER_NO_TOKEN)
            encoder_emit_bytes(e, text + s->start, s->len);
        else
            encoder_emit(e, s->token);
    }
}

/* The token that is the whole piece, as the vocabulary writes it. */
static uint32_t whole(const struct encoder *e, const uint8_t *piece, size_t len)
{
    size_t written_len = 0;
    if (len > e->tokenizer->longest)
        return TOKENIZER_NO_TOKEN;
    if (!bpe_is_bytes(e->tokenizer))
        return vocabulary_find(e->tokenizer, piece, len, VOCABULARY_MERGED);
    for (size_t i = 0; i < len; i++)
        written_len += unicode_write(e->text + written_len, character_of(piece[i]));
    return vocabulary_find(e->tokenizer, e->text, written_len, VOCABULARY_MERGED);
}

static void encode_bytes(struct encoder *e, const uint8_t *piece, size_t len)
{
    uint32_t token = TOKENIZER_NO_TOKEN;
    if (e->tokenizer->whole_words)
        token = whole(e, piece, len);
    if (token != TOKENIZER_NO_TOKEN) {
        encoder_emit(e, token);
        return;
    }
    merging_start(e);
    for (size_t i = 0; i < len; i++)
        merging_add(e, i, 1, e->tokenizer->byte_tokens[piece[i]]);
    merge_all(e);
    emit_all(e, piece);
}

static void encode_characters(struct encoder *e, const uint8_t *piece, size_t len)
{
    unsigned flags = e->tokenizer->split->flags;
    bool newlines = (flags & PATTERN_WHOLE_NEWLINES) != 0 && piece[0] == '\n'; /* pieces have newlines only, or none */
    uint32_t token = newlines ? whole(e, piece, len) : TOKENIZER_NO_TOKEN;
    if (token != TOKENIZER_NO_TOKEN) {
        encoder_emit(e, token);
        return;
    }
    if ((flags & PATTERN_ESCAPE_SPACES) != 0) {
        len = merging_escape(e, piece, len, false);
        piece = e->text;
    }
    merging_start(e);
    for (size_t at = 0, char_len; at < len; at += char_len) {
        char_len = merging_character_len(piece + at, len - at);
        merging_add(e, at, char_len, vocabulary_find(e->tokenizer, piece + at, char_len, VOCABULARY_MERGED));
    }
    merge_all(e);
    emit_all(e, piece);
}

void bpe_encode(struct encoder *e, const uint8_t *text, size_t len)
{
    struct splitter splitter;
    size_t start, end;
    splitter_init(&splitter, e->tokenizer->split->pattern, text, len);
    while (splitter_next(&splitter, &start, &end)) {
        if (bpe_is_bytes(e->tokenizer))
            encode_bytes(e, text + start, end - start);
        else
            encode_characters(e, text + start, end - start);
    }
}
