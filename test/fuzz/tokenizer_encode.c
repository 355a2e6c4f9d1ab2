/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of any bytes through small vocabularies of each kind: what is encoded comes back, up to what the format loses.
 * Input: a byte of options, a byte that picks the vocabulary and cuts the text in two segments, then the text. */
#include "core/base/writer.h"
#include "engine/tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { TEXT_MAX = 4096, PIECES = 24, TOKENS = 3 + 256 + PIECES };

static const struct {
    const char *text;
    uint32_t kind;
} pieces[PIECES] = {
    {"\xe2\x96\x81", 1},
    {"a", 1},
    {"b", 1},
    {"aa", 1},
    {"aaaa", 1},
    {"ab", 1},
    {"ba", 1},
    {"aba", 1},
    {"\xc3\xa9", 1},
    {"<", 1},
    {"s", 1},
    {">", 1},
    {"<s", 1},
    {"s>", 1},
    {"<s>", 1},
    {"<sep>", 4},
    {"<sep><x>", 4},
    {"<x>", 3},
    {"\xe2\x96\x81"
     "a",
     1},
    {"\xe2\x96\x81\xe2\x96\x81", 1},
    {"\xf0\x9f\x98\x80", 1},
    {"!", 5},
    {"0", 1},
    {"00", 1},
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void text(struct writer *w, const char *value)
{
    writer_u64le(w, strlen(value));
    writer_text(w, value);
}

static void token_text(struct writer *w, unsigned id)
{
    char byte[7] = "<0x00>";
    static const char *const control[3] = {"<unk>", "<s>", "</s>"};
    if (id >= 3 && id < 259) {
        byte[3] = "0123456789ABCDEF"[(id - 3) >> 4];
        byte[4] = "0123456789ABCDEF"[(id - 3) & 15];
    }
    text(w, id < 3 ? control[id] : id < 259 ? byte : pieces[id - 259].text);
}

static void array(struct writer *w, const char *key, uint32_t element)
{
    text(w, key);
    writer_u32le(w, 9);
    writer_u32le(w, element);
    writer_u64le(w, TOKENS);
}

static size_t make_vocabulary(uint8_t *meta, size_t capacity)
{
    struct writer w;
    writer_init(&w, meta, capacity);
    writer_text(&w, "GGUF");
    writer_u32le(&w, 3);
    writer_u64le(&w, 0);
    writer_u64le(&w, 4);
    text(&w, "tokenizer.ggml.model");
    writer_u32le(&w, 8);
    text(&w, "llama");
    array(&w, "tokenizer.ggml.tokens", 8);
    for (unsigned i = 0; i < TOKENS; i++)
        token_text(&w, i);
    array(&w, "tokenizer.ggml.scores", 6);
    for (unsigned i = 0; i < TOKENS; i++)
        writer_u32le(&w, i < 259 ? 0 : 0xbf800000 + (i % 7 << 20));
    array(&w, "tokenizer.ggml.token_type", 5);
    for (unsigned i = 0; i < TOKENS; i++)
        writer_u32le(&w, i == 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : pieces[i - 259].kind);
    return writer_len(&w);
}

static const struct tokenizer *vocabulary(void)
{
    static uint8_t meta[1 << 15], tables[1 << 19];
    static struct tokenizer t;
    struct arena arena;
    struct reason why;
    if (t.tokens_n != 0)
        return &t;
    arena_init(&arena, tables, sizeof tables);
    must(tokenizer_open(&t, &arena, meta, make_vocabulary(meta, sizeof meta), &why) == STATUS_OK);
    return &t;
}

/* Text that encoding keeps: no mark that stands for a space, whole characters, nothing special. */
static bool is_plain(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] >= 0x80 || bytes[i] == '<')
            return false;
    return true;
}

/* One of the vocabularies of test/data/tokenizer-kinds; from the root. */
static const struct tokenizer *from_file(size_t index)
{
    static const char *const names[] = {"bert", "t5", "t5-plain", "gemma4", "gpt-2", "llama-bpe"};
    static struct tokenizer opened[6];
    char path[128];
    struct arena arena;
    struct reason why;
    if (opened[index].tokens_n != 0)
        return &opened[index];
    snprintf(path, sizeof path, "test/data/tokenizer-kinds/%s.gguf", names[index]);
    FILE *file = fopen(path, "rb");
    uint8_t *meta = malloc(1 << 20);
    must(file != NULL && meta != NULL);
    size_t len = fread(meta, 1, 1 << 20, file);
    fclose(file);
    void *tables = malloc(tokenizer_arena_len(len));
    arena_init(&arena, tables, tokenizer_arena_len(len));
    must(tokenizer_open(&opened[index], &arena, meta, len, &why) == STATUS_OK);
    return &opened[index];
}

/* The bytes that the tokens give, one by one and as an exact stream, which is the same but for WordPiece. */
static size_t decode(uint8_t *out, size_t capacity, const struct tokenizer *t, const uint32_t *tokens, size_t n)
{
    uint8_t piece[DETOKENIZER_OUT_MAX], bytes[TOKENIZER_TOKEN_LEN_MAX];
    size_t out_len = 0, piece_len, bytes_len;
    struct detokenizer d;
    detokenizer_init_exact(&d, t, false);
    for (size_t i = 0; i < n; i++) {
        must(tokens[i] < t->tokens_n);
        must(detokenizer_next(&d, piece, &piece_len, tokens[i]) == STATUS_OK && piece_len <= sizeof piece);
        must(tokenizer_token_bytes(t, tokens[i], bytes, &bytes_len) == STATUS_OK && bytes_len <= sizeof bytes);
        must(t->kind == TOKENIZER_WORDPIECE || (piece_len == bytes_len && memcmp(piece, bytes, bytes_len) == 0));
        must(bytes_len <= capacity - out_len);
        memcpy(out + out_len, bytes, bytes_len);
        out_len += bytes_len;
    }
    detokenizer_end(&d, piece, &piece_len);
    return out_len;
}

static void try_file(const struct tokenizer *t, const struct tokenizer_segment segments[2],
                     const struct tokenizer_encode_options *options, const uint8_t *text, size_t len)
{
    size_t room = tokenizer_tokens_max(t, len), scratch_len = tokenizer_scratch_len(t, len), n;
    uint32_t *tokens = malloc(room * sizeof *tokens);
    uint8_t *scratch = malloc(scratch_len), *out = malloc(64 * (len + 16));
    must(tokens != NULL && scratch != NULL && out != NULL);
    must(tokenizer_encode(t, tokens, room, &n, segments, 2, options, scratch, scratch_len) == STATUS_OK);
    size_t out_len = decode(out, 64 * (len + 16), t, tokens, n);
    bool special = segments[0].parse_special || segments[1].parse_special || options->add_bos;
    for (size_t i = 0; i < n; i++)
        must(special || tokens[i] == t->unknown || t->tokens[tokens[i]].kind != TOKEN_CONTROL);
    if (t->kind == TOKENIZER_BPE && !special && t->tokens[t->byte_tokens[0]].kind == TOKEN_NORMAL)
        must(out_len == len && memcmp(out, text, len) == 0); /* on bytes nothing is lost */
    free(tokens);
    free(scratch);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t scratch[100 * (TEXT_MAX + 2)], decoded[DETOKENIZER_OUT_MAX + 4 * TEXT_MAX * 16];
    static uint32_t tokens[4 * (TEXT_MAX + 3)];
    const struct tokenizer *t = vocabulary();
    uint8_t piece[DETOKENIZER_OUT_MAX];
    struct detokenizer d;
    size_t tokens_n, piece_len;
    size_t decoded_len = 0;
    if (len < 2 || len > TEXT_MAX)
        return 0;
    struct tokenizer_encode_options options = {.add_bos = (bytes[0] & 1) != 0, .add_eos = false};
    bool first = (bytes[0] & 2) != 0, begins = (bytes[0] & 4) != 0, second = first != ((bytes[0] & 8) != 0);
    size_t pick = bytes[1] % 7, cut = (size_t)(bytes[1] / 7) % (len - 1);
    bytes += 2;
    len -= 2;
    struct tokenizer_segment segments[] = {{bytes, cut, first}, {bytes + cut, len - cut, second}};
    if (pick != 0) {
        try_file(from_file(pick - 1), segments, &options, bytes, len);
        return 0;
    }
    must(tokenizer_scratch_len(t, len) <= sizeof scratch &&
         tokenizer_tokens_max(t, len) <= sizeof tokens / sizeof tokens[0]);
    must(tokenizer_encode(t, tokens, tokenizer_tokens_max(t, len), &tokens_n, segments, 2, &options, scratch,
                          tokenizer_scratch_len(t, len)) == STATUS_OK);
    detokenizer_init(&d, t, begins);
    for (size_t i = 0; i < tokens_n; i++) {
        must(tokens[i] < t->tokens_n);
        must(first || second || t->tokens[tokens[i]].kind != TOKEN_CONTROL || (i == 0 && options.add_bos));
        must(detokenizer_next(&d, piece, &piece_len, tokens[i]) == STATUS_OK && piece_len <= sizeof piece);
        must(decoded_len + piece_len <= sizeof decoded);
        memcpy(decoded + decoded_len, piece, piece_len);
        decoded_len += piece_len;
    }
    detokenizer_end(&d, piece, &piece_len);
    must(piece_len == 0 || piece_len == 3);
    size_t space = begins || len == 0 ? 0 : 1;
    if (is_plain(bytes, len))
        must(decoded_len == len + space && memcmp(decoded + space, bytes, len) == 0);
    return 0;
}
