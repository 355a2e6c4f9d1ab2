/* SPDX-License-Identifier: Apache-2.0 */
/* Vocabularies that are wrong, cut, odd or hostile.  TOK-7, TOK-8, TOK-9, TOK-10, TOK-14 */
#include "core/base/writer.h"
#include "engine/opened.h"
#include "engine/rig.h"
#include "engine/tokenizer/tokenizer.h"
#include "tap.h"

static const char folder[] = "test/data/tokenizer-kinds/";

struct recipe {
    const char *model, *pre;
    const char *const *tokens;  /* NULL-terminated */
    const char *const *merges;  /* likewise, or NULL for none */
    uint32_t kinds[8], kinds_n; /* kinds_n 0: no array */
    uint32_t scores[8], scores_n;
    uint32_t bos; /* NOT_GIVEN: none */
    const uint8_t *charsmap;
    size_t charsmap_len;
    const char *name;
};

enum { NOT_GIVEN = 0x7ffffffe };

static void put_text(struct writer *w, const char *value)
{
    writer_u64le(w, strlen(value));
    writer_text(w, value);
}

static void put_texts(struct writer *w, const char *key, const char *const *values)
{
    size_t n = 0;
    while (values[n] != NULL)
        n++;
    put_text(w, key);
    writer_u32le(w, 9);
    writer_u32le(w, 8);
    writer_u64le(w, n);
    for (size_t i = 0; i < n; i++)
        put_text(w, values[i]);
}

static void put_numbers(struct writer *w, const char *key, uint32_t type, const uint32_t *values, size_t n)
{
    put_text(w, key);
    writer_u32le(w, 9);
    writer_u32le(w, type);
    writer_u64le(w, n);
    for (size_t i = 0; i < n; i++)
        writer_u32le(w, values[i]);
}

static size_t cook(uint8_t *out, size_t capacity, const struct recipe *r)
{
    struct writer w;
    const bool given[] = {true,
                          true,
                          r->pre != NULL,
                          r->merges != NULL,
                          r->kinds_n != 0,
                          r->scores_n != 0,
                          r->bos != NOT_GIVEN,
                          r->charsmap_len != 0,
                          r->name != NULL};
    size_t values_n = 0;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        values_n += given[i];
    writer_init(&w, out, capacity);
    writer_text(&w, "GGUF");
    writer_u32le(&w, 3);
    writer_u64le(&w, 0);
    writer_u64le(&w, values_n);
    const char *const texts[][2] = {
        {"tokenizer.ggml.model", r->model}, {"tokenizer.ggml.pre", r->pre}, {"general.name", r->name}};
    for (size_t i = 0; i < 3; i++) {
        if (texts[i][1] == NULL)
            continue;
        put_text(&w, texts[i][0]);
        writer_u32le(&w, 8);
        put_text(&w, texts[i][1]);
    }
    put_texts(&w, "tokenizer.ggml.tokens", r->tokens);
    if (r->merges != NULL)
        put_texts(&w, "tokenizer.ggml.merges", r->merges);
    if (r->kinds_n != 0)
        put_numbers(&w, "tokenizer.ggml.token_type", 5, r->kinds, r->kinds_n);
    if (r->scores_n != 0)
        put_numbers(&w, "tokenizer.ggml.scores", 6, r->scores, r->scores_n);
    if (r->bos != NOT_GIVEN) {
        put_text(&w, "tokenizer.ggml.bos_token_id");
        writer_u32le(&w, 4);
        writer_u32le(&w, r->bos);
    }
    if (r->charsmap_len != 0) {
        put_text(&w, "tokenizer.ggml.precompiled_charsmap");
        writer_u32le(&w, 9);
        writer_u32le(&w, 0);
        writer_u64le(&w, r->charsmap_len);
        writer_bytes(&w, r->charsmap, r->charsmap_len);
    }
    return writer_len(&w);
}

static enum status try_recipe(struct opened *o, const struct recipe *r, struct reason *why)
{
    static uint8_t bytes[1 << 16];
    return open_bytes(o, bytes, cook(bytes, sizeof bytes, r), why);
}

static void refuse(struct recipe r, enum status wanted, const char *words, const char *what)
{
    struct opened o;
    struct reason why = {{0}};
    enum status status = try_recipe(&o, &r, &why);
    check(status == wanted && o.t.tokens_n == 0 && strstr(why.text, words) != NULL, "TOK-10: %s: %s", what, why.text);
    close_bytes(&o);
}

static const char *const abc[] = {"a", "b", "ab", NULL};
static const char *const abc_merges[] = {"a b", NULL};
static const struct recipe bpe_recipe = {
    .model = "gpt2", .pre = "gpt-2", .tokens = abc, .merges = abc_merges, .bos = NOT_GIVEN};
static const struct recipe t5_recipe = {
    .model = "t5", .tokens = abc, .scores = {0xbf800000, 0xbf800000, 0xbf800000}, .scores_n = 3, .bos = NOT_GIVEN};

static void test_refused(void)
{
    static const char *const kinds[] = {"rwkv", "plamo2", "hybriddna", "whitespace", "none", "", "GPT2", "llama "};
    static const char *const pres[] = {"qwen9", "gpt2", "GPT-2", "llama-bpe "};
    static char long_text[1026], special_text[258];
    static const char *const too_long[] = {long_text, NULL}, *const special_long[] = {special_text, NULL};
    static const char *const none[] = {NULL}, *const bytes[] = {"<0x0a>", NULL},
                             *const twice[] = {"<0x0A>", "<0x0A>", NULL};
    memset(long_text, 'a', sizeof long_text - 1);
    memset(special_text, 'a', sizeof special_text - 1);
    struct recipe r = bpe_recipe;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        r.model = kinds[i];
        refuse(r, STATUS_UNSUPPORTED, kinds[i], "a kind that is not known, by name");
    }
    r = bpe_recipe;
    for (size_t i = 0; i < sizeof pres / sizeof pres[0]; i++) {
        r.pre = pres[i];
        refuse(r, STATUS_UNSUPPORTED, pres[i], "a pre-tokenizer that is not known, by name");
    }
    r = bpe_recipe;
    r.merges = NULL;
    refuse(r, STATUS_MALFORMED, "merges", "no merges");
    r.tokens = none;
    refuse(r, STATUS_MALFORMED, "no tokens", "no tokens");
    r.tokens = too_long;
    refuse(r, STATUS_LIMIT, "1024", "a token that is too long");
    r = (struct recipe){.model = "gpt2",
                        .pre = "gpt-2",
                        .tokens = special_long,
                        .merges = abc_merges,
                        .kinds = {3},
                        .kinds_n = 1,
                        .bos = NOT_GIVEN};
    refuse(r, STATUS_LIMIT, "256", "a special token that is too long");
    r.tokens = bytes;
    r.kinds[0] = 6;
    refuse(r, STATUS_MALFORMED, "0x0A", "a byte token that is none");
    r = (struct recipe){
        .model = "llama", .tokens = twice, .kinds = {6, 6}, .kinds_n = 2, .scores_n = 2, .bos = NOT_GIVEN};
    refuse(r, STATUS_MALFORMED, "twice", "a byte token that is there twice");
    r = bpe_recipe;
    for (uint32_t n = 1; n < 5; n++) {
        r.kinds_n = n;
        refuse(r, STATUS_MALFORMED, n == 3 ? "kind" : "as many", "wrong kinds, or as many as there are not tokens");
    }
    r = bpe_recipe;
    r.bos = 3;
    refuse(r, STATUS_MALFORMED, "beyond", "a special token beyond the vocabulary");
    r = t5_recipe;
    r.scores_n = 0;
    refuse(r, STATUS_MALFORMED, "scores", "no scores");
    r.scores_n = 3;
    r.scores[1] = 0x7fc00000;
    refuse(r, STATUS_MALFORMED, "score", "a score that is no number");
}

static void test_charsmap(void)
{
    /* a length, two units, a text; then what breaks it */
    static const uint8_t good[] = {8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x', 0};
    static const uint8_t outside[] = {8, 0, 0, 0, 0, 0xfc, 0xff, 0x7f, 0, 0, 0, 0, 'x', 0};
    struct recipe r = t5_recipe;
    struct opened o;
    struct reason why = {{0}};
    uint32_t a[] = {0};
    r.charsmap = good;
    for (r.charsmap_len = 1; r.charsmap_len < sizeof good; r.charsmap_len++)
        refuse(r, STATUS_MALFORMED, "character map", "a character map that is cut");
    static uint8_t empty[4 + 1024 + 1] = {0, 4}; /* 256 units without children */
    r.charsmap = empty;
    r.charsmap_len = sizeof empty;
    bool opened = try_recipe(&o, &r, &why) == STATUS_OK;
    check(opened && becomes(&o.t, "a", false, a, 1), "a character map that maps nothing: %s", why.text);
    close_bytes(&o);
    r.charsmap = outside;
    r.charsmap_len = sizeof outside;
    size_t n;
    enum status status;
    opened = try_recipe(&o, &r, &why) == STATUS_OK;
    free(encode(&n, &status, &o.t, "a", 1, false));
    check(opened && status == STATUS_MALFORMED && n == 0, "TOK-14: a character map that leads outside itself");
    close_bytes(&o);
}

/* Defined, if odd: equal tokens, merges in circles, of parts that are no tokens, and without two parts. */
static void test_odd(void)
{
    static const char *const tokens[] = {"a", "b", "ab", "a", "ba", "abab", "\xff\xc3", NULL};
    static const char *const merges[] = {"a b", "b a", "ab ab", "a c",   "x y",    "ab", "a ",
                                         " b",  "",    "a b",   "ba ba", "abab a", NULL};
    struct recipe r = bpe_recipe;
    struct opened o;
    struct reason why = {{0}};
    r.tokens = tokens;
    r.merges = merges;
    bool opened = try_recipe(&o, &r, &why) == STATUS_OK;
    uint32_t wanted[] = {5, 2, 0};
    check(opened && becomes(&o.t, "abababa", false, wanted, 3), "TOK-10: odd merges: %s", why.text);
    size_t n;
    enum status status;
    free(encode(&n, &status, &o.t, "c", 1, false));
    check(status == STATUS_UNSUPPORTED && n == 0, "TOK-10: a byte without a token is refused");
    uint8_t out[TOKENIZER_TOKEN_LEN_MAX];
    check(tokenizer_token_bytes(&o.t, 6, out, &n) == STATUS_OK && n == 2, "TOK-9: a token that is no UTF-8");
    close_bytes(&o);
    static const char *const masks[] = {"a", "<mask>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "</s>", NULL};
    r = (struct recipe){.model = "gpt2",
                        .pre = "jina-v2-de",
                        .tokens = masks,
                        .merges = abc_merges,
                        .kinds = {1, 3, 1, 3, 3, 3, 4},
                        .kinds_n = 7,
                        .bos = NOT_GIVEN};
    opened = try_recipe(&o, &r, &why) == STATUS_OK;
    uint32_t mask[] = {0, 1, 0};
    check(opened && becomes(&o.t, "a \n<mask>a", true, mask, 3), "TOK-7: <mask> takes the white space before it");
    check(tokenizer_ends(&o.t, 2) && o.t.tokens[2].kind == TOKEN_CONTROL && tokenizer_ends(&o.t, 4) &&
              tokenizer_ends(&o.t, 5) && !tokenizer_ends(&o.t, 3) && tokenizer_ends(&o.t, 6) &&
              o.t.tokens[6].kind == TOKEN_CONTROL && !tokenizer_ends(&o.t, 0),
          "TOK-8: ends by their texts, in their company");
    close_bytes(&o);
}

/* Every file cut at every length is refused, and every smaller arena is too. */
static void test_cut(const char *name)
{
    char path[256];
    size_t len, opened = 0;
    struct tokenizer t;
    struct reason why = {{0}};
    struct arena arena;
    snprintf(path, sizeof path, "%s%s", folder, name);
    uint8_t *bytes = rig_read(path, &len);
    void *tables = malloc(tokenizer_arena_len(len));
    for (size_t cut = 0; cut < len; cut += cut < 512 || cut + 512 > len ? 1 : 7) {
        arena_init(&arena, tables, tokenizer_arena_len(len));
        opened += tokenizer_open(&t, &arena, bytes, cut, &why) == STATUS_OK;
    }
    check(opened == 0, "TOK-10: %s cut anywhere is refused", name);
    arena_init(&arena, tables, tokenizer_arena_len(len));
    if (tokenizer_open(&t, &arena, bytes, len, &why) != STATUS_OK)
        check(false, "%s whole", name);
    size_t used = arena_used(&arena), wrong = 0;
    for (size_t room = 0; room < used; room += 509) {
        arena_init(&arena, tables, room);
        wrong += tokenizer_open(&t, &arena, bytes, len, &why) != STATUS_NO_MEMORY;
    }
    check(wrong == 0, "TOK-10: %s with too little memory", name);
    free(tables);
    free(bytes);
}

int main(void)
{
    static const char *const names[] = {"bert.gguf",   "t5.gguf",    "t5-plain.gguf",
                                        "gemma4.gguf", "gpt-2.gguf", "llama-bpe.gguf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        test_cut(names[i]);
    test_refused();
    test_charsmap();
    test_odd();
    return tap_done();
}
