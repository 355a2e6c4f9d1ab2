/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding as a whole: segments become one text, special tokens are found in it, and what lies between goes to the
 * tokenizer's kind. */
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/nfc.h"
#include "engine/tokenizer/trie.h"
#include "engine/tokenizer/unicode.h"

#include "core/base/checked.h"
#include "core/base/constant_time.h"

#include <string.h>

enum { NFC_GROWTH = 2, NFC_MORE = 64 }; /* text that normalization makes still longer is refused */

/* The most bytes that go to the kind: the text, normalized or with a space before it. */
static size_t prepared_len(const struct tokenizer *t, size_t text_len)
{
    return (t->nfc ? NFC_GROWTH * text_len + NFC_MORE : text_len) + 1;
}

size_t tokenizer_tokens_max(const struct tokenizer *t, size_t text_len)
{
    size_t each = t->kind == TOKENIZER_UNIGRAM ? 16 : 4; /* bytes of normalized text; a marked space and a token */
    return text_len > TOKENIZER_TEXT_MAX ? SIZE_MAX : each * (prepared_len(t, text_len) + 3);
}

static size_t kind_scratch_len(const struct tokenizer *t, size_t text_len)
{
    size_t len = 0;
    text_len = prepared_len(t, text_len);
    switch (t->kind) {
    case TOKENIZER_SPM:
    case TOKENIZER_BPE: len = merging_scratch_len(text_len); break;
    case TOKENIZER_WORDPIECE: len = wordpiece_scratch_len(text_len); break;
    case TOKENIZER_UNIGRAM: len = unigram_scratch_len(text_len); break;
    }
    return (len + 7) / 8 * 8;
}

static bool is_prepared(const struct tokenizer *t)
{
    bool merges = t->kind == TOKENIZER_SPM || t->kind == TOKENIZER_BPE;
    return t->nfc || (merges && t->prefix != TOKENIZER_PREFIX_KIND);
}

/* Scratch: the kind's own, the joined text, and text that is prepared; normalization works in the kind's. */
size_t tokenizer_scratch_len(const struct tokenizer *t, size_t text_len)
{
    if (text_len > TOKENIZER_TEXT_MAX)
        return SIZE_MAX;
    return kind_scratch_len(t, text_len) + text_len + (is_prepared(t) ? prepared_len(t, text_len) : 0);
}

/* Where in the joined text control tokens may stand: the run of segments with parse_special around a place. */
struct allowed {
    const struct tokenizer_segment *segments;
    size_t segments_n, index;
    size_t end; /* of segment index - 1 and those joined to it */
    bool special;
};

/* Moves to the run that holds place `at`, which never goes back; returns up to where a control token may reach. */
static size_t allowed_end(struct allowed *a, size_t at)
{
    while (at >= a->end && a->index < a->segments_n) {
        const struct tokenizer_segment *segment = &a->segments[a->index++];
        a->special = segment->parse_special;
        a->end += segment->len;
        while (a->special && a->index < a->segments_n &&
               (a->segments[a->index].parse_special || a->segments[a->index].len == 0))
            a->end += a->segments[a->index++].len;
    }
    return a->special ? a->end : at;
}

/* The longest special token at `at`; control tokens end at control_end at the latest. */
static uint32_t special_at(const struct tokenizer *t, const uint8_t *text, size_t at, size_t end, size_t control_end)
{
    uint32_t found = TOKENIZER_NO_TOKEN;
    uint32_t node = TRIE_ROOT;
    while (at < end) {
        node = trie_step(&t->specials, node, text[at++]);
        if (node == TRIE_NONE)
            break;
        uint32_t token = t->specials.token[node];
        if (token != TOKENIZER_NO_TOKEN && (t->tokens[token].kind == TOKEN_USER_DEFINED || at <= control_end))
            found = token;
    }
    return found;
}

static bool has_prefix(const struct tokenizer *t, const uint8_t *text, size_t len, bool first)
{
    bool mark = !bpe_is_bytes(t) && len >= 3 && memcmp(text, "\xe2\x96\x81", 3) == 0;
    bool marked = text[0] == ' ' || mark;
    switch (t->prefix) {
    case TOKENIZER_PREFIX_KIND: break;
    case TOKENIZER_PREFIX_FIRST: return first && !marked;
    case TOKENIZER_PREFIX_ALWAYS: return !marked;
    case TOKENIZER_PREFIX_EVERY: return true;
    }
    return false;
}

/* Puts a space before text and normalizes it, where the tokenizer asks for that. */
static void prepare(struct encoder *e, const uint8_t **text, size_t *len, bool first)
{
    const struct tokenizer *t = e->tokenizer;
    bool prefix = has_prefix(t, *text, *len, first);
    size_t capacity = prepared_len(t, *len) - 1, out_len = *len;
    if (!is_prepared(t) || (!t->nfc && !prefix))
        return;
    e->prepared[0] = ' ';
    if (!t->nfc)
        memcpy(e->prepared + 1, *text, *len);
    else if (nfc_write(e->prepared + 1, capacity, &out_len, *text, *len, e->scratch) != STATUS_OK)
        encoder_fail(e, STATUS_LIMIT);
    *text = e->prepared + (prefix ? 0 : 1);
    *len = out_len + (prefix ? 1 : 0);
}

/* first: nothing stands before. */
static void encode_plain(struct encoder *e, const uint8_t *text, size_t len, bool first)
{
    if (len == 0 || e->status != STATUS_OK)
        return;
    prepare(e, &text, &len, first);
    if (e->status != STATUS_OK)
        return;
    switch (e->tokenizer->kind) {
    case TOKENIZER_SPM: spm_encode(e, text, len, true); break;
    case TOKENIZER_BPE: bpe_encode(e, text, len); break;
    case TOKENIZER_WORDPIECE: wordpiece_encode(e, text, len); break;
    case TOKENIZER_UNIGRAM: unigram_encode(e, text, len, first); break;
    }
}

/* Bytes of the white space at text, or 0. */
static size_t space_at(const struct token *t, const uint8_t *text, size_t len)
{
    size_t at = 0;
    if (len == 0)
        return 0;
    if (text[0] < 0x80 || !t->strips_widely)
        return text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r') ? 1 : 0;
    return (unicode_traits(unicode_next(text, len, &at)) & UNICODE_SPACE) != 0 ? at : 0;
}

/* The same right before text + end, not before text + start. */
static size_t space_before(const struct token *t, const uint8_t *text, size_t start, size_t end)
{
    size_t at = end;
    if (start == end)
        return 0;
    do
        at--;
    while (at > start && end - at < 4 && (text[at] & 0xc0) == 0x80);
    return space_at(t, text + at, end - at) == end - at ? end - at : 0;
}

static void encode_all(struct encoder *e, const uint8_t *text, size_t len, struct allowed *allowed)
{
    const struct tokenizer *t = e->tokenizer;
    size_t plain = 0; /* where the text that is not yet encoded starts */
    for (size_t at = 0; at < len;) {
        uint32_t token = special_at(t, text, at, len, allowed_end(allowed, at));
        if (token == TOKENIZER_NO_TOKEN) {
            at++;
            continue;
        }
        const struct token *special = &t->tokens[token];
        size_t plain_end = at, space;
        while (special->strips_left && (space = space_before(special, text, plain, plain_end)) != 0)
            plain_end -= space;
        encode_plain(e, text + plain, plain_end - plain, plain == 0);
        encoder_emit(e, token);
        at += special->len;
        while (special->strips_right && (space = space_at(special, text + at, len - at)) != 0)
            at += space;
        plain = at;
    }
    encode_plain(e, text + plain, len - plain, plain == 0);
}

static void merging_or_not(struct encoder *e, size_t text_len)
{
    if (e->tokenizer->kind == TOKENIZER_SPM || e->tokenizer->kind == TOKENIZER_BPE)
        merging_init(e, prepared_len(e->tokenizer, text_len));
}

static enum status text_len_of(size_t *len, const struct tokenizer_segment *segments, size_t segments_n)
{
    *len = 0;
    for (size_t i = 0; i < segments_n; i++)
        if (!checked_add_size(len, *len, segments[i].len) || *len > TOKENIZER_TEXT_MAX)
            return STATUS_LIMIT;
    return STATUS_OK;
}

/* Copies the segments behind the kind's scratch. */
static uint8_t *join(const struct encoder *e, const struct tokenizer_segment *segments, size_t segments_n)
{
    uint8_t *text = e->scratch + e->scratch_len;
    size_t at = 0;
    for (size_t i = 0; i < segments_n; i++) {
        if (segments[i].len != 0)
            memcpy(text + at, segments[i].text, segments[i].len);
        at += segments[i].len;
    }
    return text;
}

enum status tokenizer_encode(const struct tokenizer *t, uint32_t *tokens, size_t capacity, size_t *tokens_n,
                             const struct tokenizer_segment *segments, size_t segments_n,
                             const struct tokenizer_encode_options *options, void *scratch, size_t scratch_len)
{
    size_t text_len;
    struct encoder e = {.tokenizer = t, .tokens = tokens, .capacity = capacity, .status = STATUS_OK};
    struct allowed allowed = {.segments = segments, .segments_n = segments_n};
    *tokens_n = 0;
    if (text_len_of(&text_len, segments, segments_n) != STATUS_OK)
        return STATUS_LIMIT;
    size_t needed = tokenizer_scratch_len(t, text_len);
    if (scratch_len < needed || (uintptr_t)scratch % _Alignof(uint64_t) != 0)
        return STATUS_NO_MEMORY;
    e.scratch = scratch;
    e.scratch_len = kind_scratch_len(t, text_len);
    e.prepared = e.scratch + e.scratch_len + text_len;
    merging_or_not(&e, text_len);
    if (options->add_bos && t->bos != TOKENIZER_NO_TOKEN)
        encoder_emit(&e, t->bos);
    encode_all(&e, join(&e, segments, segments_n), text_len, &allowed);
    uint32_t end = t->kind == TOKENIZER_WORDPIECE ? t->separator : t->eos;
    if (options->add_eos && end != TOKENIZER_NO_TOKEN)
        encoder_emit(&e, end);
    wipe(scratch, needed);
    if (e.status == STATUS_OK)
        *tokens_n = e.tokens_n;
    return e.status;
}

uint32_t tokenizer_special(const struct tokenizer *t, const void *text, size_t len)
{
    const uint8_t *bytes = text;
    uint32_t token = len == 0 ? TOKENIZER_NO_TOKEN : special_at(t, bytes, 0, len, len);
    return token != TOKENIZER_NO_TOKEN && t->tokens[token].len == len ? token : TOKENIZER_NO_TOKEN;
}
