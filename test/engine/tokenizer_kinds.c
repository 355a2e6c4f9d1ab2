/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of tokenizer on a small vocabulary against an independent implementation (test/data/tokenizer-kinds), and
 * what each does of its own.  TOK-1, TOK-6, TOK-11, TOK-12, TOK-13 */
#include "engine/opened.h"
#include "engine/rig.h"
#include "tap.h"

#include <time.h>

static const char folder[] = "test/data/tokenizer-kinds/";

static void open_file(struct opened *o, const char *name)
{
    char path[256];
    size_t len;
    struct reason why = {{0}};
    snprintf(path, sizeof path, "%s%s", folder, name);
    uint8_t *bytes = rig_read(path, &len);
    if (open_bytes(o, bytes, len, &why) != STATUS_OK)
        check(false, "open %s: %s", name, why.text);
    free(bytes);
}

/* ---- vectors ---- */

static char *next_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static char *read_text(const char *name, const char *ending)
{
    char path[256];
    size_t len;
    snprintf(path, sizeof path, "%s%s%s", folder, name, ending);
    char *text = (char *)rig_read(path, &len);
    text[len] = '\0';
    return text;
}

static void test_vectors(const char *name, const char *ending, bool special)
{
    struct opened o;
    size_t tried = 0, failed = 0;
    char *texts = read_text("texts", ""), *expected = read_text(name, ending);
    char *text_at = texts, *expected_at = expected;
    open_file(&o, name);
    for (char *hex; (hex = next_line(&text_at)) != NULL; tried++) {
        char *line = next_line(&expected_at);
        uint8_t *text = malloc(strlen(hex) / 2 + 1);
        size_t n, i = 0, len = unhex(text, hex);
        enum status status;
        uint32_t *tokens = encode(&n, &status, &o.t, text, len, special);
        bool equal = line != NULL && status == STATUS_OK;
        for (; equal && *line != '\0'; i++)
            equal = i < n && tokens[i] == strtoul(line, &line, 10);
        failed += !equal || i != n;
        free(tokens);
        free(text);
    }
    check(failed == 0 && tried > 30, "TOK-1: %s%s: %zu texts", name, ending, tried);
    close_bytes(&o);
    free(texts);
    free(expected);
}

static uint32_t id_of(const struct tokenizer *t, const char *text)
{
    for (uint32_t i = 0; i < t->tokens_n; i++)
        if (t->tokens[i].len == strlen(text) && memcmp(t->tokens[i].text, text, strlen(text)) == 0)
            return i;
    return TOKENIZER_NO_TOKEN;
}

static void test_wordpiece(void)
{
    struct opened o;
    open_file(&o, "bert.gguf");
    uint32_t hangul[] = {id_of(&o.t, "\xe2\x96\x81\xe1\x84\x92"), id_of(&o.t, "\xe1\x85\xa1"),
                         id_of(&o.t, "\xe1\x86\xab")};
    check(becomes(&o.t, "\xed\x95\x9c", false, hangul, 3), "TOK-11: a syllable of Hangul is decomposed");
    uint32_t hello[] = {id_of(&o.t, "\xe2\x96\x81hello")};
    check(becomes(&o.t, "h\xc3\xa9LL\xcc\x81o", false, hello, 1), "TOK-11: accents and capitals go");
    check(becomes(&o.t,
                  "\xff"
                  "he\xef\xbf\xbdll\xe2\x80\x8do\xfe",
                  false, hello, 1),
          "TOK-11: so do control characters and bytes that are none");
    uint32_t unknown[] = {o.t.unknown, hello[0]};
    check(becomes(&o.t, "hello\xd0\xaf hello", false, unknown, 2),
          "TOK-11: a word with a part that is no token is unknown");
    o.t.strip_accents = o.t.lower_case = false;
    unknown[1] = o.t.unknown;
    check(becomes(&o.t, "Hello h\xc3\xa9llo", false, unknown, 2) || o.t.unknown == TOKENIZER_NO_TOKEN,
          "TOK-11: unless the model keeps them");
    struct tokenizer_encode_options options = {.add_bos = true, .add_eos = true};
    struct tokenizer_segment segment = {"hello", 5, false};
    uint64_t scratch[64];
    uint32_t tokens[8];
    size_t n;
    check(o.t.add_bos && o.t.add_eos &&
              tokenizer_encode(&o.t, tokens, 8, &n, &segment, 1, &options, scratch, sizeof scratch) == STATUS_OK &&
              n == 3 && tokens[0] == o.t.bos && tokens[2] == o.t.separator,
          "TOK-11: begin before and separator behind");
    close_bytes(&o);
}

/* The clean-up, fed token by token. */
static void test_cleanup(void)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {{"hello world.", "hello world."},
                {"hello ! , ? .", "hello!,?."},
                {"it's", "it's"},
                {"don't", "don't"},
                {"they've they're", "they've they're"},
                {"a ' b", "a'b"},
                {"' x", "'x"},
                {"the'", "the '"},
                {"a ' ' b", "a'' b"},
                {"x 'll", "x'll"},
                {"hello '", "hello '"},
                {"", ""}};
    struct opened o;
    size_t failed = 0;
    open_file(&o, "bert.gguf");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n, len, whole_len = 0;
        enum status status;
        struct detokenizer d;
        uint8_t out[DETOKENIZER_OUT_MAX];
        char whole[256];
        uint32_t *tokens = encode(&n, &status, &o.t, rows[i].text, strlen(rows[i].text), false);
        detokenizer_init(&d, &o.t, true);
        for (size_t k = 0; k <= n; k++) {
            if (k == n)
                detokenizer_end(&d, out, &len);
            else if (detokenizer_next(&d, out, &len, tokens[k]) != STATUS_OK)
                len = 0;
            memcpy(whole + whole_len, out, len);
            whole_len += len;
        }
        whole[whole_len] = '\0';
        if (strcmp(whole, rows[i].wanted) != 0) {
            note("'%s' comes back as '%s'", rows[i].text, whole);
            failed++;
        }
        free(tokens);
    }
    check(failed == 0, "TOK-12: clean-up of WordPiece");
    close_bytes(&o);
}

static void test_unigram(void)
{
    struct opened o;
    open_file(&o, "t5-plain.gguf");
    uint32_t tokens[] = {o.t.unknown, id_of(&o.t, "a")};
    check(becomes(&o.t,
                  "\xff\xfe\xf0\x9f\x9a\x80"
                  "a",
                  false, tokens, 2),
          "TOK-13: a run of unknown characters is one token");
    for (uint32_t i = 0; i < 256; i++)
        o.t.byte_tokens[i] = i % 5;
    o.t.has_all_bytes = true;
    uint32_t bytes[] = {0xf0 % 5, 0x9f % 5, 0x9a % 5, 0x80 % 5, tokens[1]};
    check(becomes(&o.t,
                  "\xf0\x9f\x9a\x80"
                  "a",
                  false, bytes, 5),
          "TOK-13: or its bytes");
    close_bytes(&o);
}

static void test_time(const char *name)
{
    static const char *const parts[] = {"a", " ", "\xff", "\xf0\x9f\x9a\x80", "hello", "\n", "\xef\xb7\xba"};
    struct opened o;
    size_t len = 1 << 20, failed = 0;
    uint8_t *text = malloc(len);
    double slowest = 0;
    open_file(&o, name);
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        size_t n;
        enum status status;
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)parts[k][i % strlen(parts[k])];
        clock_t start = clock();
        free(encode(&n, &status, &o.t, text, len, true));
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        failed += status != STATUS_OK;
        slowest = seconds > slowest ? seconds : slowest;
    }
    check(failed == 0 && slowest < 8.0, "TOK-6: %s: 1 MiB of any part: %.2f s at most", name, slowest);
    free(text);
    close_bytes(&o);
}

int main(void)
{
    static const char *const names[] = {"bert.gguf",   "t5.gguf",    "t5-plain.gguf",
                                        "gemma4.gguf", "gpt-2.gguf", "llama-bpe.gguf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        test_vectors(names[i], ".out", false);
        test_vectors(names[i], ".special", true);
        test_time(names[i]);
    }
    test_wordpiece();
    test_cleanup();
    test_unigram();
    return tap_done();
}
