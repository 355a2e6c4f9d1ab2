/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding against published vectors (test/data/tokenizer-NAME/README.md), segments, decoding as a stream, hostile
 * texts. TOK-1, TOK-2, TOK-3, TOK-6, TOK-7, TOK-8, TOK-9 */
#include "tap.h"

#include "engine/rig.h"
#include "engine/tokenizer/tokenizer.h"

#include <time.h>

struct opened {
    struct tokenizer tokenizer;
    uint8_t *meta;
    void *tables;
};

static void open_file(struct opened *o, const char *path)
{
    struct reason why = {{0}};
    struct arena arena;
    size_t len;
    o->meta = rig_read(path, &len);
    o->tables = malloc(tokenizer_arena_len(len));
    arena_init(&arena, o->tables, tokenizer_arena_len(len));
    check(tokenizer_open(&o->tokenizer, &arena, o->meta, len, &why) == STATUS_OK, "open %s: %s", path, why.text);
}

static void close_file(struct opened *o)
{
    free(o->meta);
    free(o->tables);
}

static size_t encode_segments(uint32_t **tokens, const struct tokenizer *t, const struct tokenizer_segment *segments,
                              size_t segments_n, bool add_bos)
{
    struct tokenizer_encode_options options = {.add_bos = add_bos, .add_eos = false};
    size_t len = 0;
    size_t n;
    for (size_t i = 0; i < segments_n; i++)
        len += segments[i].len;
    size_t room = tokenizer_tokens_max(t, len);
    size_t scratch_len = tokenizer_scratch_len(t, len);
    void *scratch = malloc(scratch_len);
    *tokens = malloc(room * sizeof **tokens);
    enum status status = tokenizer_encode(t, *tokens, room, &n, segments, segments_n, &options, scratch, scratch_len);
    if (status != STATUS_OK)
        check(false, "encode: %s", status_name(status));
    free(scratch);
    return n;
}

static size_t encode(uint32_t **tokens, const struct tokenizer *t, const void *text, size_t len, bool add_bos,
                     bool parse_special)
{
    struct tokenizer_segment segment = {text, len, parse_special};
    return encode_segments(tokens, t, &segment, 1, add_bos);
}

static size_t decode(uint8_t *text, const struct tokenizer *t, const uint32_t *tokens, size_t n)
{
    struct detokenizer d;
    uint8_t piece[DETOKENIZER_OUT_MAX];
    size_t len = 0;
    size_t piece_len;
    detokenizer_init(&d, t, true);
    for (size_t i = 0; i < n; i++) {
        if (detokenizer_next(&d, piece, &piece_len, tokens[i]) != STATUS_OK)
            return 0;
        memcpy(text + len, piece, piece_len);
        len += piece_len;
    }
    detokenizer_end(&d, piece, &piece_len);
    memcpy(text + len, piece, piece_len);
    return len + piece_len;
}

/* One text against the next line of expected ids; returns the start of the line after. */
static char *test_vector(const struct tokenizer *t, const char *text, size_t len, char *line, int number)
{
    uint32_t *tokens;
    uint8_t *back = malloc(4 * len + 64);
    size_t n = encode(&tokens, t, text, len, false, false);
    size_t i = 0;
    bool equal = true;
    for (; *line != '\n' && *line != '\0'; i++) {
        unsigned long expected = strtoul(line, &line, 10);
        equal = equal && i < n && tokens[i] == expected;
        while (*line == ' ')
            line++;
    }
    check(equal && i == n, "TOK-1: text %d becomes the %zu expected tokens", number, i);
    check(decode(back, t, tokens, n) == len && memcmp(back, text, len) == 0, "TOK-9: text %d comes back", number);
    free(tokens);
    free(back);
    return *line == '\n' ? line + 1 : line;
}

static void test_vectors(const struct tokenizer *t, const char *stem)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    char path[512];
    size_t in_len, out_len;
    snprintf(path, sizeof path, "%s.inp", stem);
    char *in = (char *)rig_read(path, &in_len);
    snprintf(path, sizeof path, "%s.out", stem);
    char *out = (char *)rig_read(path, &out_len);
    in[in_len] = '\0';
    out[out_len] = '\0';
    char *line = out;
    int number = 0;
    for (char *text = in, *end; (end = strstr(text, separator)) != NULL; text = end + sizeof separator - 1)
        line = test_vector(t, text, (size_t)(end - text), line, ++number);
    check(number > 40, "%d texts", number);
    free(in);
    free(out);
}

static void test_special(const struct tokenizer *t)
{
    uint32_t *tokens;
    size_t n = encode(&tokens, t, "", 0, true, false);
    check(n == 1 && tokens[0] == t->bos, "an empty text is bos alone");
    free(tokens);
    n = encode(&tokens, t, "<s>", 3, false, true);
    check(n == 1 && tokens[0] == t->bos, "<s> is bos when special tokens are asked for");
    free(tokens);
    n = encode(&tokens, t, "<s>", 3, false, false);
    check(n > 1, "<s> is plain text otherwise");
    for (size_t i = 0; i < n; i++)
        check(t->tokens[tokens[i]].kind != TOKEN_CONTROL, "token %zu of it is no control token", i);
    free(tokens);
    n = encode(&tokens, t, "a<s>b", 5, false, true);
    check(n == 3 && tokens[1] == t->bos, "a special token between texts");
    free(tokens);
}

/* Whether segments become exactly these tokens. */
static bool becomes(const struct tokenizer *t, const struct tokenizer_segment *segments, size_t segments_n,
                    const uint32_t *wanted, size_t wanted_n)
{
    uint32_t *tokens;
    size_t n = encode_segments(&tokens, t, segments, segments_n, false);
    bool equal = n == wanted_n && (n == 0 || memcmp(tokens, wanted, n * sizeof *tokens) == 0);
    free(tokens);
    return equal;
}

static void test_segments(const struct tokenizer *t)
{
    static const char text[] = "Hello <s>world</s> and <s>, more";
    uint32_t *plain, *special;
    size_t plain_n = encode(&plain, t, text, sizeof text - 1, false, false);
    size_t special_n = encode(&special, t, text, sizeof text - 1, false, true);
    size_t plain_failed = 0, special_failed = 0, mixed_failed = 0;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct tokenizer_segment two[] = {{text, cut, false}, {text + cut, sizeof text - 1 - cut, false}};
        plain_failed += !becomes(t, two, 2, plain, plain_n);
        two[0].parse_special = two[1].parse_special = true;
        special_failed += !becomes(t, two, 2, special, special_n);
        two[0].parse_special = false; /* a control token that reaches over the cut is text */
        uint32_t *tokens;
        size_t n = encode_segments(&tokens, t, two, 2, false);
        size_t controls = 0, wanted = 0;
        for (size_t i = 0; i < n; i++)
            controls += t->tokens[tokens[i]].kind == TOKEN_CONTROL;
        wanted = (size_t)(cut <= 6) + (size_t)(cut <= 14) + (size_t)(cut <= 23);
        mixed_failed += controls != wanted;
        free(tokens);
    }
    check(plain_n > special_n && special_n > 5, "the text has special tokens");
    check(plain_failed == 0, "TOK-2: plain text is one text however it is cut");
    check(special_failed == 0, "TOK-2: so is text with special tokens");
    check(mixed_failed == 0, "TOK-3: a control token lies wholly in segments that allow it");
    struct tokenizer_segment none[] = {{NULL, 0, false}, {"<s>", 3, true}, {NULL, 0, false}};
    check(becomes(t, none, 3, &t->bos, 1) && becomes(t, none, 1, NULL, 0) && becomes(t, NULL, 0, NULL, 0),
          "empty segments");
    free(plain);
    free(special);
}

/* Phi-3's special tokens take the white space behind them, except three. */
static void test_strips(const struct tokenizer *t)
{
    uint32_t *tokens;
    uint32_t end = tokenizer_special(t, "<|end|>", 7);
    size_t n = encode(&tokens, t, "<|end|> \n\t<|end|>", 17, false, true);
    check(end != TOKENIZER_NO_TOKEN && n == 2 && tokens[0] == end && tokens[1] == end,
          "TOK-7: white space behind <|end|> is taken");
    free(tokens);
    n = encode(&tokens, t, "<s>\n", 4, false, true);
    check(n > 1 && tokens[0] == t->bos, "TOK-7: but not behind <s>");
    free(tokens);
    check(tokenizer_ends(t, end) && tokenizer_ends(t, t->eos) && !tokenizer_ends(t, t->bos) &&
              !tokenizer_ends(t, t->tokens_n) && tokenizer_ends(t, tokenizer_special(t, "<|endoftext|>", 13)),
          "TOK-8: what ends a generation");
    check(tokenizer_special(t, "<|en", 4) == TOKENIZER_NO_TOKEN && tokenizer_special(t, "", 0) == TOKENIZER_NO_TOKEN &&
              tokenizer_special(t, "Hello", 5) == TOKENIZER_NO_TOKEN,
          "only special tokens are special");
}

static void test_limits(const struct tokenizer *t)
{
    struct tokenizer_encode_options options = {.add_bos = true, .add_eos = true};
    struct tokenizer_segment abc = {"abc", 3, false}, huge = {"abc", (size_t)TOKENIZER_TEXT_MAX + 1, false};
    struct tokenizer_segment both[] = {{"abc", SIZE_MAX, false}, {"abc", 2, false}};
    uint32_t tokens[16];
    size_t n = 77;
    uint64_t scratch[256];
    check(tokenizer_encode(t, tokens, 1, &n, &abc, 1, &options, scratch, sizeof scratch) == STATUS_LIMIT && n == 0,
          "too little room for tokens is refused");
    check(tokenizer_encode(t, tokens, 16, &n, &abc, 1, &options, scratch, 16) == STATUS_NO_MEMORY && n == 0,
          "too little scratch is refused");
    check(tokenizer_encode(t, tokens, 16, &n, &huge, 1, &options, scratch, sizeof scratch) == STATUS_LIMIT &&
              tokenizer_encode(t, tokens, 16, &n, both, 2, &options, scratch, sizeof scratch) == STATUS_LIMIT &&
              tokenizer_scratch_len(t, (size_t)TOKENIZER_TEXT_MAX + 1) == SIZE_MAX,
          "a text beyond the limit is refused");
    uint8_t zero[sizeof scratch] = {0};
    memset(scratch, 0, sizeof scratch);
    check(tokenizer_encode(t, tokens, 16, &n, &abc, 1, &options, scratch, sizeof scratch) == STATUS_OK &&
              memcmp(scratch, zero, sizeof scratch) == 0,
          "scratch is wiped");
    check(n >= 3 && tokens[0] == t->bos && tokens[n - 1] == t->eos, "bos before and eos behind");
    struct detokenizer d;
    uint8_t out[DETOKENIZER_OUT_MAX];
    detokenizer_init(&d, t, false);
    check(detokenizer_next(&d, out, &n, t->tokens_n) == STATUS_USAGE && n == 0 &&
              tokenizer_token_bytes(t, t->tokens_n, out, &n) == STATUS_USAGE && n == 0,
          "a token beyond the vocabulary");
}

/* Every byte sequence that is no UTF-8 gives U+FFFD, whole characters come out whole. */
static void test_stream(const struct tokenizer *t)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!"},
        {"\xe2\x82", "\xef\xbf\xbd"},
        {"\xe2\x82x", "\xef\xbf\xbdx"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xc3\xc3\xa9", "\xef\xbf\xbd\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t tokens[8];
        uint8_t text[64];
        size_t n = strlen(cases[i].bytes);
        for (size_t k = 0; k < n; k++)
            tokens[k] = t->byte_tokens[(uint8_t)cases[i].bytes[k]];
        size_t len = decode(text, t, tokens, n);
        check(len == strlen(cases[i].text) && memcmp(text, cases[i].text, len) == 0, "byte tokens, case %zu", i);
    }
}

static void test_hostile(const struct tokenizer *t)
{
    static const char *const patterns[] = {
        "a", " ", "\xff", "\xd2 ", "\xf0 ", "ab", "\xe2\x96\x81", "<s>", "<", "the ", "\xf0\x9f\x9a\x80",
        "'", "1", "\n"};
    size_t len = 1 << 20;
    char *text = malloc(len);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        uint32_t *tokens;
        size_t pattern_len = strlen(patterns[i]);
        for (size_t k = 0; k < len; k++)
            text[k] = patterns[i][k % pattern_len];
        clock_t start = clock();
        size_t n = encode(&tokens, t, text, len, true, true);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        check(n > 0 && seconds < 8.0, "TOK-6: 1 MiB of pattern %zu: %zu tokens, %.2f s", i, n, seconds);
        free(tokens);
    }
    free(text);
}

/* Byte-level BPE gives back any bytes, the bytes of its tokens joined are the text, and a stream cut anywhere is the
 * text with U+FFFD. */
static void test_bytes(const struct tokenizer *t)
{
    size_t failed = 0, pieces_failed = 0;
    uint32_t seed = 1;
    for (int round = 0; round < 400; round++) {
        uint8_t text[64], back[TOKENIZER_TOKEN_LEN_MAX], whole[4096];
        size_t len = (size_t)round % sizeof text, whole_len = 0, back_len;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = (uint8_t)(seed >> ((seed >> 8 & 1) != 0 ? 24 : 26));
        }
        uint32_t *tokens;
        struct detokenizer d;
        size_t n = encode(&tokens, t, text, len, false, false);
        for (size_t i = 0; i < n; i++) {
            failed += tokenizer_token_bytes(t, tokens[i], back, &back_len) != STATUS_OK;
            memcpy(whole + whole_len, back, back_len);
            whole_len += back_len;
        }
        pieces_failed += whole_len != len || memcmp(whole, text, len) != 0;
        uint8_t out[DETOKENIZER_OUT_MAX];
        whole_len = 0;
        detokenizer_init_exact(&d, t, true);
        for (size_t i = 0; i < n; i++) {
            failed += detokenizer_next(&d, out, &back_len, tokens[i]) != STATUS_OK;
            memcpy(whole + whole_len, out, back_len);
            whole_len += back_len;
        }
        detokenizer_end(&d, out, &back_len);
        failed += back_len != 0 || whole_len != len || memcmp(whole, text, len) != 0;
        free(tokens);
    }
    check(pieces_failed == 0, "TOK-9: the tokens' bytes, joined, are the text, for any bytes");
    check(failed == 0, "TOK-9: so is the exact stream");
}

/* Merging word by word gives what merging the whole text gives. */
static void test_words_apart(struct tokenizer *t, const char *path)
{
    size_t len;
    uint32_t *apart, *whole;
    uint8_t *text = rig_read(path, &len);
    bool was = t->words_apart;
    size_t apart_n = encode(&apart, t, text, len, false, false);
    t->words_apart = false;
    size_t whole_n = encode(&whole, t, text, len, false, false);
    t->words_apart = was;
    check(was && apart_n == whole_n && memcmp(apart, whole, whole_n * sizeof *whole) == 0,
          "TOK-1: words merged apart are the words merged together: %zu tokens", whole_n);
    free(apart);
    free(whole);
    free(text);
}

static void test_phi_3(void)
{
    static const char stem[] = "test/data/tokenizer-phi-3/ggml-vocab-phi-3.gguf";
    struct opened o;
    open_file(&o, stem);
    test_vectors(&o.tokenizer, stem);
    test_words_apart(&o.tokenizer, "test/data/tokenizer-phi-3/ggml-vocab-phi-3.gguf.inp");
    test_words_apart(&o.tokenizer, "test/data/tokenizer-gpt-2/ggml-vocab-gpt-2.gguf"); /* bytes of all sorts */
    test_special(&o.tokenizer);
    test_segments(&o.tokenizer);
    test_strips(&o.tokenizer);
    test_limits(&o.tokenizer);
    test_stream(&o.tokenizer);
    test_hostile(&o.tokenizer);
    close_file(&o);
}

static void test_bpe(const char *stem, bool hostile)
{
    struct opened o;
    open_file(&o, stem);
    check(o.tokenizer.kind == TOKENIZER_BPE, "%s is BPE", stem);
    test_vectors(&o.tokenizer, stem);
    test_bytes(&o.tokenizer);
    if (hostile)
        test_hostile(&o.tokenizer);
    check(tokenizer_ends(&o.tokenizer, o.tokenizer.eos), "TOK-8: eos ends");
    close_file(&o);
}

int main(int argc, char **argv)
{
    if (argc > 1) { /* another vocabulary, by hand */
        struct opened o;
        open_file(&o, argv[1]);
        test_vectors(&o.tokenizer, argv[1]);
        test_hostile(&o.tokenizer);
        close_file(&o);
        return tap_done();
    }
    test_phi_3();
    test_bpe("test/data/tokenizer-gpt-2/ggml-vocab-gpt-2.gguf", true);
    test_bpe("test/data/tokenizer-qwen2/ggml-vocab-qwen2.gguf", false);
    struct opened o;
    open_file(&o, "test/data/stories260K/stories260K.gguf");
    uint32_t *tokens;
    size_t n = encode(&tokens, &o.tokenizer, "Once upon a time", 16, true, false);
    check(n > 1 && n < 12 && tokens[0] == 1, "a text for the small model: %zu tokens", n);
    free(tokens);
    close_file(&o);
    return tap_done();
}
