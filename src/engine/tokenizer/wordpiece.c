/* SPDX-License-Identifier: Apache-2.0 */
/* WordPiece as BERT has it: the text is cleaned and cut into words, and each word is cut from the left into the longest
 * tokens; a word that cannot be cut is one unknown token.  In GGUF the first token of a word begins with U+2581, and
 * those that go on begin with nothing. */
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/trie.h"
#include "engine/tokenizer/unicode.h"

#include <string.h>

enum {
    MARK_LEN = 3,
    GROWTH = 3, /* bytes of a cleaned character for one byte of text: a syllable of Hangul of 3 gives 9 */
};

size_t wordpiece_scratch_len(size_t text_len)
{
    return MARK_LEN + (text_len + 4) * GROWTH;
}

struct word {
    uint8_t *text;
    size_t len; /* MARK_LEN: empty */
    size_t characters_n;
};

/* The longest token at text; its length, or 0.  apart: text goes on a word, and no token begins with a mark there. */
static size_t longest(uint32_t *token, const struct tokenizer_trie *trie, const uint8_t *text, size_t len, bool apart)
{
    size_t found = 0;
    uint32_t node = TRIE_ROOT;
    if (apart && len >= MARK_LEN && memcmp(text, "\xe2\x96\x81", MARK_LEN) == 0)
        return 0;
    for (size_t i = 0; i < len; i++) {
        node = trie_step(trie, node, text[i]);
        if (node == TRIE_NONE)
            break;
        if (trie->token[node] != TOKENIZER_NO_TOKEN) {
            *token = trie->token[node];
            found = i + 1;
        }
    }
    return found;
}

static void end_word(struct encoder *e, struct word *w)
{
    size_t tokens_n = e->tokens_n;
    if (w->len == MARK_LEN)
        return;
    for (size_t at = 0; at < w->len;) {
        uint32_t token = e->tokenizer->unknown;
        bool apart = e->tokenizer->marks_apart;
        bool too_long = w->characters_n > e->tokenizer->word_max;
        size_t len = too_long ? 0 : longest(&token, &e->tokenizer->words, w->text + at, w->len - at, apart && at != 0);
        if (len == 0) {
            e->tokens_n = tokens_n; /* the whole word is unknown */
            len = w->len - at;
        }
        if (token == TOKENIZER_NO_TOKEN)
            encoder_fail(e, STATUS_UNSUPPORTED);
        else
            encoder_emit(e, token);
        at += len;
    }
    w->len = MARK_LEN;
    w->characters_n = 0;
}

/* The blocks around which the published tokenizer puts spaces; 0x2b920 is its own slip for 0x2b820. */
static bool is_chinese(const struct tokenizer *t, uint32_t code)
{
    if (!t->chinese_apart)
        return false;
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
           (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b73f) ||
           (code >= 0x2b740 && code <= 0x2b81f) || (code >= 0x2b920 && code <= 0x2ceaf) ||
           (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}

/* One character after cleaning. */
static void add(struct encoder *e, struct word *w, uint32_t code)
{
    uint32_t traits = unicode_traits(code);
    if (e->tokenizer->lower_case)
        code = unicode_lower_of(code);
    bool alone = (traits & (UNICODE_P | UNICODE_ASCII_MARK)) != 0 || is_chinese(e->tokenizer, code);
    if (alone)
        end_word(e, w);
    w->len += unicode_write(w->text + w->len, code);
    w->characters_n++;
    if (alone)
        end_word(e, w);
}

void wordpiece_encode(struct encoder *e, const uint8_t *text, size_t len)
{
    struct word w = {.text = e->scratch, .len = MARK_LEN};
    unicode_write(w.text, 0x2581);
    for (size_t at = 0; at < len;) {
        uint32_t bases[UNICODE_PARTS_MAX];
        uint32_t code = unicode_next(text, len, &at);
        uint32_t traits = unicode_traits(code);
        bool control = code == 0xb || code == 0xc || code == 0x85;
        if ((traits & UNICODE_SPACE) != 0 && !(control && e->tokenizer->drops_controls)) {
            end_word(e, &w);
            continue;
        }
        if (code == 0 || code == UNICODE_REPLACEMENT || (traits & UNICODE_CONTROL) != 0)
            continue;
        if (!e->tokenizer->strip_accents) {
            add(e, &w, code);
            continue;
        }
        size_t n = unicode_bases_of(bases, code);
        if (is_chinese(e->tokenizer, code))
            end_word(e, &w);
        for (size_t i = 0; i < n; i++)
            add(e, &w, bases[i]);
        if (is_chinese(e->tokenizer, code))
            end_word(e, &w);
    }
    end_word(e, &w);
}
