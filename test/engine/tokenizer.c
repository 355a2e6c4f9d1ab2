/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding against published vectors (test/data/tokenizer-phi-3/README.md), decoding as a stream, hostile texts. */
#include "tap.h"

#include "engine/rig.h"
#include "engine/tokenizer.h"

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

static size_t encode(uint32_t **tokens, const struct tokenizer *t, const void *text, size_t len, bool add_bos,
                     bool parse_special)
{
    struct tokenizer_encode_options options = {.add_bos = add_bos, .parse_special = parse_special};
    size_t room = tokenizer_tokens_max(len);
    size_t n;
    void *scratch = malloc(tokenizer_scratch_len(len));
    *tokens = malloc(room * sizeof **tokens);
    enum status status =
        tokenizer_encode(t, *tokens, room, &n, text, len, &options, scratch, tokenizer_scratch_len(len));
    if (status != STATUS_OK)
        check(false, "encode: %s", status_name(status));
    free(scratch);
    return n;
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
    check(equal && i == n, "text %d becomes the %zu expected tokens", number, i);
    check(decode(back, t, tokens, n) == len && memcmp(back, text, len) == 0, "text %d comes back", number);
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

static void test_limits(const struct tokenizer *t)
{
    struct tokenizer_encode_options options = {.add_bos = true, .parse_special = false};
    uint32_t tokens[8];
    size_t n = 77;
    uint64_t scratch[256];
    check(tokenizer_encode(t, tokens, 1, &n, "abc", 3, &options, scratch, sizeof scratch) == STATUS_LIMIT && n == 0,
          "too little room for tokens is refused");
    check(tokenizer_encode(t, tokens, 8, &n, "abc", 3, &options, scratch, 16) == STATUS_NO_MEMORY && n == 0,
          "too little scratch is refused");
    check(tokenizer_encode(t, tokens, 8, &n, "abc", (size_t)TOKENIZER_TEXT_MAX + 1, &options, scratch,
                           sizeof scratch) == STATUS_LIMIT,
          "a text beyond the limit is refused");
    uint8_t zero[sizeof scratch] = {0};
    memset(scratch, 0, sizeof scratch);
    check(tokenizer_encode(t, tokens, 8, &n, "abc", 3, &options, scratch, sizeof scratch) == STATUS_OK &&
              memcmp(scratch, zero, sizeof scratch) == 0,
          "scratch is wiped");
    struct detokenizer d;
    uint8_t out[DETOKENIZER_OUT_MAX];
    detokenizer_init(&d, t, false);
    check(detokenizer_next(&d, out, &n, t->tokens_n) == STATUS_USAGE && n == 0, "a token beyond the vocabulary");
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
    static const char *const patterns[] = {"a",   " ", "\xff", "\xd2 ", "\xf0 ", "ab", "\xe2\x96\x81",
                                           "<s>", "<", "the "};
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
        check(n > 0 && seconds < 20.0, "1 MiB of pattern %zu: %zu tokens, %.2f s", i, n, seconds);
        free(tokens);
    }
    free(text);
}

int main(int argc, char **argv)
{
    struct opened o;
    const char *stem = argc > 1 ? argv[1] : "test/data/tokenizer-phi-3/ggml-vocab-phi-3.gguf";
    open_file(&o, stem);
    test_vectors(&o.tokenizer, stem);
    test_special(&o.tokenizer);
    test_limits(&o.tokenizer);
    test_stream(&o.tokenizer);
    test_hostile(&o.tokenizer);
    close_file(&o);
    open_file(&o, "test/data/stories260K/stories260K.gguf");
    uint32_t *tokens;
    size_t n = encode(&tokens, &o.tokenizer, "Once upon a time", 16, true, false);
    check(n > 1 && n < 12 && tokens[0] == 1, "a text for the small model: %zu tokens", n);
    free(tokens);
    close_file(&o);
    return tap_done();
}
