/* SPDX-License-Identifier: Apache-2.0 */
/* The unigram language model of SentencePiece: of all ways to cut the normalized text into tokens, the one with the
 * highest sum of scores (Viterbi).  A character that no token covers is unknown: its bytes where the vocabulary has all
 * bytes, otherwise one token for each run of such characters. */
#include "engine/tokenizer/charsmap.h"
#include "engine/tokenizer/kinds.h"
#include "engine/tokenizer/spacing.h"
#include "engine/tokenizer/trie.h"
#include "engine/tokenizer/unicode.h"

#include <float.h>
#include <string.h>

enum {
    GROWTH = 16,                             /* normalized bytes for one byte; U+FDFA gives 39 for its 3 */
    WINDOW = 2 * TOKENIZER_TOKEN_LEN_MAX,    /* places whose best sums are kept: more than a token is long */
    UNKNOWN_FLAG = TOKENIZER_TOKENS_MAX * 2, /* with the bytes of the character */
    SHORT_GRAPHEME = 6,                      /* bytes of the shortest that is not short */
    MARK_LEN = 3,
};

static const double unknown_penalty = 10.0;

struct lattice {
    struct encoder *e;
    const struct tokenizer *t;
    double *sums;   /* [WINDOW], by place modulo WINDOW */
    uint32_t *back; /* what ends at each place: a token, or UNKNOWN_FLAG and a length; later what starts there */
    uint8_t *text;  /* normalized */
    size_t len, capacity;
    double unknown_score;
    const uint8_t *alone; /* up to here characters of the text are looked up alone */
};

static size_t capacity_of(size_t text_len)
{
    return (text_len + 2) * GROWTH;
}

size_t unigram_scratch_len(size_t text_len)
{
    return WINDOW * sizeof(double) + (capacity_of(text_len) + 1) * (sizeof(uint32_t) + 1);
}

static void append(struct lattice *l, const void *bytes, size_t len)
{
    if (len > l->capacity - l->len) {
        encoder_fail(l->e, STATUS_LIMIT);
        return;
    }
    memcpy(l->text + l->len, bytes, len);
    l->len += len;
}

/* Bytes of a character and the marks on it. */
static size_t grapheme_len(const uint8_t *text, size_t len)
{
    size_t at = 0;
    if (len >= 2 && text[0] == '\r' && text[1] == '\n')
        return 2;
    if ((unicode_traits(unicode_next(text, len, &at)) & UNICODE_CONTROL) != 0)
        return at;
    for (size_t next = at; next < len; at = next) {
        uint32_t code = unicode_next(text, len, &next);
        bool joiner = code == 0x200c || code == 0x200d;
        if ((unicode_traits(code) & UNICODE_M) == 0 && !joiner)
            break;
    }
    return at;
}

/* As the published library of tokenizer.json looks: the shortest entry that a short grapheme starts with stands for all
 * of it; otherwise each of its characters is looked up alone. */
static enum status find_grapheme(struct lattice *l, const uint8_t **piece, size_t *piece_len, size_t *known_len,
                                 const uint8_t *text, size_t len)
{
    size_t at = 0;
    size_t grapheme = text < l->alone ? SHORT_GRAPHEME : grapheme_len(text, len);
    *known_len = 0;
    while (at < grapheme && grapheme < SHORT_GRAPHEME) {
        unicode_next(text, grapheme, &at);
        enum status status = charsmap_find(&l->t->chars, piece, piece_len, known_len, text, at);
        if (status == STATUS_OK && *known_len != 0)
            *known_len = grapheme;
        if (status != STATUS_OK || *known_len != 0)
            return status;
    }
    if (text >= l->alone)
        l->alone = text + grapheme;
    at = 0;
    unicode_next(text, len, &at);
    return charsmap_find(&l->t->chars, piece, piece_len, known_len, text, at);
}

/* The next piece of normalized text: a replacement, a character, or U+FFFD for a byte that forms none. */
static size_t next_piece(struct lattice *l, const uint8_t **piece, size_t *piece_len, const uint8_t *text, size_t len)
{
    static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
    size_t known_len;
    enum status status = l->t->metaspace ? find_grapheme(l, piece, piece_len, &known_len, text, len)
                                         : charsmap_find(&l->t->chars, piece, piece_len, &known_len, text, len);
    if (status != STATUS_OK)
        encoder_fail(l->e, status);
    if (known_len != 0)
        return known_len;
    *piece_len = unicode_char_len(text, len);
    *piece = text;
    if (*piece_len != 0)
        return *piece_len;
    *piece = replacement;
    *piece_len = sizeof replacement;
    return 1;
}

/* Spaces become U+2581, runs of them one where the model says so, and one is put before the first word. */
static void normalize(struct lattice *l, const uint8_t *text, size_t len)
{
    static const uint8_t mark[3] = {0xe2, 0x96, 0x81};
    bool prefixed = !l->t->add_space_prefix;
    bool in_word = false;
    for (size_t at = 0; at < len && l->e->status == STATUS_OK;) {
        const uint8_t *piece;
        size_t piece_len;
        at += next_piece(l, &piece, &piece_len, text + at, len - at);
        for (size_t i = 0; i < piece_len; i++) {
            bool space = piece[i] == ' ';
            if (space ? !l->t->remove_extra_spaces : !in_word && (!prefixed || l->t->remove_extra_spaces)) {
                append(l, mark, sizeof mark);
                prefixed = prefixed || !space;
            }
            if (!space)
                append(l, piece + i, 1);
            in_word = !space;
        }
    }
}

/* The same with the spaces of a tokenizer.json. */
static void normalize_metaspace(struct lattice *l, const uint8_t *text, size_t len, bool begins)
{
    struct spacing spacing;
    spacing_init(&spacing, l->t, begins);
    l->alone = text;
    for (size_t at = 0; at < len && l->e->status == STATUS_OK;) {
        const uint8_t *piece;
        size_t piece_len;
        at += next_piece(l, &piece, &piece_len, text + at, len - at);
        for (size_t i = 0; i < piece_len;) {
            uint8_t out[SPACING_OUT_MAX];
            append(l, out, spacing_next(&spacing, out, unicode_next(piece, piece_len, &i)));
        }
    }
    l->len = spacing_end(&spacing);
}

static void offer(struct lattice *l, size_t place, double sum, uint32_t what)
{
    double *best = &l->sums[place % WINDOW];
    if (sum > *best) {
        *best = sum;
        l->back[place] = what;
    }
}

/* Every token that starts at `at`, and the character as unknown when none is just that. */
static void advance(struct lattice *l, size_t at, size_t char_len)
{
    double sum = l->sums[at % WINDOW];
    bool covered = false;
    uint32_t node = TRIE_ROOT;
    for (size_t end = at; end < l->len;) {
        node = trie_step(&l->t->words, node, l->text[end]);
        if (node == TRIE_NONE)
            break;
        end++;
        uint32_t token = l->t->words.token[node];
        if (token == TOKENIZER_NO_TOKEN)
            continue;
        covered = covered || end - at == char_len;
        bool defined = l->t->tokens[token].kind == TOKEN_USER_DEFINED;
        offer(l, end, sum + (defined ? 0.0 : (double)l->t->tokens[token].score), token);
    }
    if (!covered)
        offer(l, at + char_len, sum + l->unknown_score, UNKNOWN_FLAG | (uint32_t)char_len);
}

static void search(struct lattice *l)
{
    size_t ready = 0; /* places whose sums are set */
    l->sums[0] = 0;
    l->back[0] = 0;
    for (size_t at = 0, char_len; at < l->len; at += char_len) {
        char_len = merging_character_len(l->text + at, l->len - at);
        while (ready < l->len && ready < at + TOKENIZER_TOKEN_LEN_MAX)
            l->sums[++ready % WINDOW] = -DBL_MAX;
        advance(l, at, char_len);
    }
}

static size_t len_of(const struct lattice *l, uint32_t what)
{
    return (what & UNKNOWN_FLAG) != 0 ? what & ~(uint32_t)UNKNOWN_FLAG : l->t->tokens[what].len;
}

/* Turns what ends at each place of the best way into what starts there. */
static void turn(struct lattice *l)
{
    uint32_t what = l->back[l->len];
    for (size_t place = l->len; place > 0;) {
        place -= len_of(l, what);
        uint32_t before = l->back[place];
        l->back[place] = what;
        what = before;
    }
}

static void emit_all(struct lattice *l)
{
    bool in_unknown = false;
    for (size_t place = 0; place < l->len; place += len_of(l, l->back[place])) {
        uint32_t what = l->back[place];
        bool unknown = (what & UNKNOWN_FLAG) != 0;
        if (!unknown)
            encoder_emit(l->e, what);
        else if (l->t->has_all_bytes)
            encoder_emit_bytes(l->e, l->text + place, len_of(l, what));
        else if (l->t->unknown == TOKENIZER_NO_TOKEN)
            encoder_fail(l->e, STATUS_UNSUPPORTED);
        else if (!in_unknown)
            encoder_emit(l->e, l->t->unknown);
        in_unknown = unknown;
    }
}

/* Encodes a word, or all of the text. */
static void encode_part(struct lattice *l)
{
    search(l);
    turn(l);
    emit_all(l);
}

/* Where the word at `at` ends: before the next mark. */
static size_t word_end(const uint8_t *text, size_t at, size_t len)
{
    static const uint8_t mark[MARK_LEN] = {0xe2, 0x96, 0x81};
    for (at++; at < len; at++)
        if (text[at] == mark[0] && len - at >= MARK_LEN && memcmp(text + at, mark, MARK_LEN) == 0)
            break;
    return at;
}

void unigram_encode(struct encoder *e, const uint8_t *text, size_t len, bool begins)
{
    struct lattice l = {.e = e, .t = e->tokenizer, .capacity = capacity_of(len)};
    l.sums = (double *)(void *)e->scratch;
    l.back = (uint32_t *)(void *)(e->scratch + WINDOW * sizeof(double));
    l.text = e->scratch + WINDOW * sizeof(double) + (l.capacity + 1) * sizeof(uint32_t);
    l.unknown_score = (double)(e->tokenizer->score_min - (float)unknown_penalty);
    if (e->tokenizer->metaspace)
        normalize_metaspace(&l, text, len, begins);
    else
        normalize(&l, text, len);
    if (e->status != STATUS_OK || l.len == 0)
        return;
    if (!e->tokenizer->words_apart) {
        encode_part(&l);
        return;
    }
    size_t all = l.len;
    for (size_t at = 0, end; at < all; at = end) {
        end = word_end(l.text, 0, all - at) + at;
        l.len = end - at;
        encode_part(&l);
        l.text += l.len;
    }
}
