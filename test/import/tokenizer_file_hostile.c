/* SPDX-License-Identifier: Apache-2.0 */
/* tokenizer.json files that are refused, by the name of what is wrong, and hostile ones that are not: each ends in a
 * clear error or a tokenizer, in bounded time.  IMP-51 to IMP-58. */
#include "engine/tokenizer/tokenizer.h"
#include "import/tokenizer_file.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEVEL "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"
#define BPE(vocab, merges, more)                                                                                       \
    "{\"model\":{\"type\":\"BPE\",\"vocab\":" vocab ",\"merges\":" merges "}," LEVEL more "}"
#define PIECE(map, pre, model)                                                                                         \
    "{\"normalizer\":{\"type\":\"BertNormalizer\"" map "},\"pre_tokenizer\":{\"type\":\"" pre                          \
    "\"},\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0,\"[UNK]\":1}" model "}}"
#define PIECE_MODEL ",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100"
#define UNIGRAM(normalizer, pre, model)                                                                                \
    "{\"normalizer\":" normalizer ",\"pre_tokenizer\":" pre ",\"model\":{\"type\":\"Unigram\"," model "}}"
#define METASPACE "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"always\"}"
#define SCORES    "\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1]]"

/* status STATUS_OK: it is a tokenizer.  With byte_fallback bytes are missing on purpose. */
static const struct {
    const char *json;
    enum status status;
    const char *text; /* part of the reason */
} rows[] = {
    {BPE("{\"a\":0,\"b\":1,\"ab\":2}", "[\"a b\"]", ""), STATUS_OK, ""},
    {BPE("{\"a\":0,\"b\":1,\"ab\":2}", "[[\"a\",\"b\"],[\"a\",\"b\"]]", ""), STATUS_OK, ""},
    {BPE("{\"a\":0,\"aa\":1}", "[\"a a\",\"aa a\",\"a aa\"]", ""), STATUS_OK, ""}, /* wholes that are no tokens */
    {BPE("{\"a\":0,\"b\":16000}", "[]", ""), STATUS_OK, ""},                       /* numbers that no token has */
    {BPE("{\"a\":0,\"b\":16900}", "[]", ""), STATUS_MALFORMED, "vocab"},
    {BPE("{\"a\":0,\"b\":4294967296}", "[]", ""), STATUS_MALFORMED, "number"},
    {BPE("{\"a\":0,\"b\":-1}", "[]", ""), STATUS_MALFORMED, "number"},
    {BPE("{\"a\":0,\"b\":1.5}", "[]", ""), STATUS_MALFORMED, "number"},
    {BPE("{\"a\":0,\"b\":\"1\"}", "[]", ""), STATUS_MALFORMED, "number"},
    {BPE("{\"a\":0,\"b\":0}", "[]", ""), STATUS_MALFORMED, "two tokens"},
    {BPE("{\"a\":0,\"a\":1}", "[]", ""), STATUS_MALFORMED, "tokenizer.json"},
    {BPE("{\"\":0}", "[]", ""), STATUS_LIMIT, "empty"},
    {BPE("{}", "[]", ""), STATUS_MALFORMED, "vocab"},
    {BPE("[]", "[]", ""), STATUS_MALFORMED, "vocab"},
    {BPE("{\"a\":0}", "{}", ""), STATUS_MALFORMED, "merges"},
    {BPE("{\"a\":0}", "[\"a\"]", ""), STATUS_MALFORMED, "merge"},
    {BPE("{\"a\":0}", "[[\"a\"]]", ""), STATUS_MALFORMED, "merge"},
    {BPE("{\"a\":0}", "[7]", ""), STATUS_MALFORMED, "merge"},
    {BPE("{\"\\ud800\":0}", "[]", ""), STATUS_MALFORMED, "tokenizer.json"}, /* half a surrogate pair */
    {BPE("{\"\xff\":0}", "[]", ""), STATUS_MALFORMED, "tokenizer.json"},
    {BPE("{\"a\":0}", "[]", ",\"added_tokens\":[{\"id\":1}]"), STATUS_MALFORMED, "content"},
    {BPE("{\"a\":0}", "[]", ",\"added_tokens\":[{\"content\":\"b\"}]"), STATUS_MALFORMED, "number"},
    {BPE("{\"a\":0}", "[]", ",\"added_tokens\":[{\"content\":\"b\",\"id\":0}]"), STATUS_MALFORMED, "two tokens"},
    {BPE("{\"a\":0}", "[]", ",\"added_tokens\":[{\"content\":\"b\",\"id\":1,\"single_word\":true}]"),
     STATUS_UNSUPPORTED, "single_word"},
    {BPE("{\"a\":0}", "[]", ",\"normalizer\":{\"type\":\"NFKC\"}"), STATUS_UNSUPPORTED, "NFKC"},
    {BPE("{\"a\":0}", "[]", ",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":3}"), STATUS_UNSUPPORTED,
     "Sequence"},
    {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"byte_fallback\":true}}", STATUS_UNSUPPORTED,
     "normalizer"},
    {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"byte_fallback\":true},\"pre_"
     "tokenizer\":" METASPACE "}",
     STATUS_UNSUPPORTED, "byte_fallback"},
    {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", STATUS_UNSUPPORTED, "pre_tokenizer"},
    {"{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}}", STATUS_UNSUPPORTED, "WordLevel"},
    {"{}", STATUS_UNSUPPORTED, "model"},
    {"{\"model\":[]}", STATUS_UNSUPPORTED, "model"},
    {"[]", STATUS_UNSUPPORTED, "model"},
    {"", STATUS_MALFORMED, "tokenizer.json"},
    {PIECE("", "BertPreTokenizer", PIECE_MODEL), STATUS_OK, ""},
    {PIECE(",\"clean_text\":false", "BertPreTokenizer", PIECE_MODEL), STATUS_UNSUPPORTED, "clean_text"},
    {PIECE("", "Whitespace", PIECE_MODEL), STATUS_UNSUPPORTED, "Whitespace"},
    {PIECE("", "BertPreTokenizer", ",\"unk_token\":\"[UNK]\""), STATUS_UNSUPPORTED, "continuing_subword_prefix"},
    {PIECE("", "BertPreTokenizer", ",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\""), STATUS_UNSUPPORTED,
     "max_input_chars_per_word"},
    {PIECE("", "BertPreTokenizer", ",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100"),
     STATUS_MALFORMED, "unk_token"},
    {UNIGRAM("null", METASPACE, SCORES), STATUS_OK, ""},
    {UNIGRAM("null", METASPACE, "\"vocab\":[[\"a\",-1]]"), STATUS_MALFORMED, "unk_id"},
    {UNIGRAM("null", METASPACE, "\"unk_id\":2,\"vocab\":[[\"a\",-1]]"), STATUS_MALFORMED, "unk_id"},
    {UNIGRAM("null", METASPACE, "\"unk_id\":0,\"vocab\":{\"a\":0}"), STATUS_MALFORMED, "vocab"},
    {UNIGRAM("null", METASPACE, "\"unk_id\":0,\"vocab\":[[\"a\"]]"), STATUS_MALFORMED, "vocab"},
    {UNIGRAM("null", METASPACE, "\"unk_id\":0,\"vocab\":[[\"a\",\"b\"]]"), STATUS_MALFORMED, "vocab"},
    {UNIGRAM("null", METASPACE, "\"unk_id\":0,\"vocab\":[[\"a\",1e300]]"), STATUS_LIMIT, "score"},
    {UNIGRAM("null", "null", SCORES), STATUS_UNSUPPORTED, "pre_tokenizer"},
    {UNIGRAM("{\"type\":\"NFKD\"}", METASPACE, SCORES), STATUS_UNSUPPORTED, "NFKD"},
    {UNIGRAM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"?\"}", METASPACE, SCORES), STATUS_MALFORMED,
     "base64"},
    {UNIGRAM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", METASPACE, SCORES), STATUS_MALFORMED,
     "character map"},
    {UNIGRAM("null", "{\"type\":\"Metaspace\",\"replacement\":\"_\"}", SCORES), STATUS_UNSUPPORTED, "Metaspace"},
    {UNIGRAM("null", "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"x\"}", SCORES),
     STATUS_UNSUPPORTED, "prepend_scheme"},
};

/* Converts and opens with exactly the memory that was promised. */
static enum status try_text(const void *text, size_t len, struct reason *why, uint32_t *tokens_n)
{
    uint8_t *copy = guarded_copy(text, len);
    struct folder all = {.tokenizer = {copy, len}};
    struct arena arena;
    struct tokenizer t;
    const uint8_t *meta;
    size_t meta_len;
    void *memory = malloc(tokenizer_file_arena_len(&all));
    *tokens_n = 0;
    arena_init(&arena, memory, tokenizer_file_arena_len(&all));
    enum status status = tokenizer_file_convert(&meta, &meta_len, &arena, &all, why);
    if (status == STATUS_OK) {
        void *tables = malloc(tokenizer_arena_len(meta_len));
        arena_init(&arena, tables, tokenizer_arena_len(meta_len));
        status = tokenizer_open(&t, &arena, meta, meta_len, why);
        *tokens_n = t.tokens_n;
        free(tables);
    }
    free(memory);
    guarded_free(copy, len);
    return status;
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reason why = {""};
        uint32_t n;
        enum status status = try_text(rows[i].json, strlen(rows[i].json), &why, &n);
        bool told =
            rows[i].status == STATUS_OK ? n != 0 : strstr(why.text, rows[i].text) != NULL && why.text[0] != '\0';
        if (!check(status == rows[i].status && told, "IMP-51 IMP-52 IMP-55 IMP-56: row %zu, %s", i, rows[i].text))
            note("%s: %s", status_name(status), why.text);
    }
}

/* Every part of a good file is refused. */
static void test_cuts(void)
{
    static const char good[] = UNIGRAM("null", METASPACE, SCORES);
    size_t accepted = 0;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        struct reason why = {""};
        uint32_t n;
        accepted += try_text(good, len, &why, &n) == STATUS_OK || why.text[0] == '\0';
    }
    check(accepted == 0, "IMP-58: a file that is cut anywhere");
}

static size_t put(char *out, const char *text)
{
    memcpy(out, text, strlen(text));
    return strlen(text);
}

/* Many merges that make one token, many tokens of one letter, nesting: all in bounded time. */
static void test_time(void)
{
    enum { N = 100000, ROOM = 1 << 24 };
    char *text = malloc(ROOM);
    struct reason why = {""};
    uint32_t n;
    clock_t start = clock();
    size_t len = put(text, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0");
    for (int i = 1; i < 1000; i++) {
        len += (size_t)sprintf(text + len, ",\"");
        memset(text + len, 'a', (size_t)i + 1);
        len += (size_t)i + 1;
        len += (size_t)sprintf(text + len, "\":%d", i);
    }
    len += put(text + len, "},\"merges\":[\"a a\"");
    for (int i = 0; i < N; i++)
        len += put(text + len, i % 2 == 0 ? ",\"aa a\"" : ",\"a aa\"");
    len += put(text + len, "]}," LEVEL "}");
    check(try_text(text, len, &why, &n) == STATUS_OK && n == 1000, "IMP-58: merges that go round in circles");
    memset(text, '[', N);
    check(try_text(text, N, &why, &n) == STATUS_LIMIT, "IMP-58: deep nesting");
    len = put(text, "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"merges\":[],\"vocab\":{\"a\":0");
    for (int i = 0; i < 256; i++)
        len += (size_t)sprintf(text + len, ",\"<0x%02X>\":%d", (unsigned)i, i + 1);
    for (int i = 257; i < N; i++)
        len += (size_t)sprintf(text + len, ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d\":%d", i, i);
    len += put(text + len, "}},\"pre_tokenizer\":" METASPACE "}");
    check(try_text(text, len, &why, &n) == STATUS_OK && n == N, "IMP-53: 100,000 tokens without merges");
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    check(seconds < 10, "IMP-58: in %.2f s", seconds);
    free(text);
}

int main(void)
{
    test_rows();
    test_cuts();
    test_time();
    return tap_done();
}
