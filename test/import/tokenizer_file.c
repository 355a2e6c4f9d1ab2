/* SPDX-License-Identifier: Apache-2.0 */
/* tokenizer.json files of each published way against the published library (test/data/tokenizer-json): ids, ids with
 * what the template adds, and text again.  IMP-50 IMP-51 IMP-52 IMP-53 IMP-54 IMP-55 IMP-56 IMP-58, TOK-15 TOK-16
 * TOK-17 TOK-18 */
#include "import/tokenizer_file.h"
#include "engine/tokenizer/tokenizer.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINE_MAX = 1 << 16, IDS_MAX = 4096 };

static const char *folder = "test/data/tokenizer-json";

static const char *const names[] = {
    "gpt-2",      "roberta",      "pythia",      "starcoder", "qwen2",         "llama-3",       "qwen2-whole",
    "tekken",     "gpt-4o",       "deepseek-v3", "qwen3.5",   "bloom",         "llama-2",       "deepseek-coder",
    "mistral",    "spm-always",   "spm-merges",  "spm-words", "spm-first",     "gemma",         "bert",
    "bert-cased", "bert-accents", "t5",          "xlm-r",     "unigram-first", "unigram-never", "unigram-always"};

struct opened_file {
    uint8_t *text;
    size_t text_len;
    void *memory, *tables;
    struct tokenizer t;
};

static uint8_t *read_file(const char *name, const char *ending, size_t *len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 24);
    *len = file == NULL ? 0 : fread(bytes, 1, 1 << 24, file);
    if (file != NULL)
        fclose(file);
    bytes[*len] = '\0';
    return bytes;
}

static enum status open_text(struct opened_file *f, const uint8_t *text, size_t len, struct reason *why)
{
    struct folder all = {.tokenizer = {text, len}};
    struct arena arena;
    const uint8_t *meta;
    size_t meta_len;
    f->tables = NULL;
    f->memory = malloc(tokenizer_file_arena_len(&all));
    arena_init(&arena, f->memory, tokenizer_file_arena_len(&all));
    enum status status = tokenizer_file_convert(&meta, &meta_len, &arena, &all, why);
    if (status != STATUS_OK)
        return status;
    f->tables = malloc(tokenizer_arena_len(meta_len));
    arena_init(&arena, f->tables, tokenizer_arena_len(meta_len));
    return tokenizer_open(&f->t, &arena, meta, meta_len, why);
}

static void close_file(struct opened_file *f)
{
    free(f->memory);
    free(f->tables);
}

static size_t read_ids(uint32_t *ids, char *text)
{
    size_t n = 0;
    for (char *word = strtok(text, " "); word != NULL && n < IDS_MAX; word = strtok(NULL, " "))
        ids[n++] = (uint32_t)strtoul(word, NULL, 10);
    return n;
}

static bool encodes(const struct tokenizer *t, const uint8_t *text, size_t len, bool all, const uint32_t *wanted,
                    size_t wanted_n)
{
    struct tokenizer_segment segment = {text, len, true};
    struct tokenizer_encode_options options = {.add_bos = all && t->add_bos, .add_eos = all && t->add_eos};
    size_t n, room = tokenizer_tokens_max(t, len), scratch_len = tokenizer_scratch_len(t, len);
    uint32_t *tokens = malloc(room * sizeof *tokens);
    void *scratch = malloc(scratch_len);
    enum status status = tokenizer_encode(t, tokens, room, &n, &segment, 1, &options, scratch, scratch_len);
    bool same = status == STATUS_OK && n == wanted_n && memcmp(tokens, wanted, n * sizeof *tokens) == 0;
    free(scratch);
    free(tokens);
    return same;
}

static bool decodes(const struct tokenizer *t, const uint32_t *ids, size_t n, const uint8_t *wanted, size_t wanted_len)
{
    static uint8_t out[LINE_MAX + DETOKENIZER_OUT_MAX];
    struct detokenizer d;
    size_t len = 0, part;
    detokenizer_init(&d, t, true);
    for (size_t i = 0; i < n && len < LINE_MAX; i++, len += part)
        if (detokenizer_next(&d, out + len, &part, ids[i]) != STATUS_OK)
            return false;
    detokenizer_end(&d, out + len, &part);
    return len + part == wanted_len && memcmp(out, wanted, wanted_len) == 0;
}

/* One text: its line of hex and what the library gave for it. */
static bool is_same(const struct tokenizer *t, const char *text_hex, char *line)
{
    static uint8_t text[LINE_MAX], back[LINE_MAX];
    static uint32_t plain[IDS_MAX], all[IDS_MAX];
    char *second = strchr(line, ';'), *third = second == NULL ? NULL : strchr(second + 1, ';');
    if (third == NULL)
        return false;
    *second = *third = '\0';
    size_t len = unhex(text, text_hex), back_len = unhex(back, third + 1);
    size_t plain_n = read_ids(plain, line), all_n = read_ids(all, second + 1);
    return encodes(t, text, len, false, plain, plain_n) && encodes(t, text, len, true, all, all_n) &&
           decodes(t, plain, plain_n, back, back_len);
}

static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

/* "llama" where it says the same as the merges, otherwise the merges. */
static bool is_kind(const char *name, const struct tokenizer *t)
{
    static const char *const merges[] = {"spm-merges", "spm-words", "spm-first"};
    static const char *const ranked[] = {"llama-2", "mistral", "spm-always", "gemma"};
    for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++)
        if (strcmp(name, merges[i]) == 0)
            return t->kind == TOKENIZER_BPE;
    for (size_t i = 0; i < sizeof ranked / sizeof ranked[0]; i++)
        if (strcmp(name, ranked[i]) == 0)
            return t->kind == TOKENIZER_SPM;
    return true;
}

static void test_file(const char *name)
{
    struct opened_file f;
    struct reason why = {""};
    size_t len, n = 0, differing = 0;
    uint8_t *json = read_file(name, ".json", &len);
    enum status status = open_text(&f, json, len, &why);
    char *texts = (char *)read_file("texts", "", &len), *lines = (char *)read_file(name, ".json.out", &len);
    char *text_at = texts, *line_at = lines, *text, *line;
    while (status == STATUS_OK && (text = next_line(&text_at)) != NULL && (line = next_line(&line_at)) != NULL) {
        n++;
        if (is_same(&f.t, text, line))
            continue;
        differing++;
        note("%s: text %s", name, text);
    }
    check(status == STATUS_OK && n > 20 && differing == 0 && is_kind(name, &f.t), "%s: %zu texts%s", name, n, why.text);
    close_file(&f);
    free(json);
    free(texts);
    free(lines);
}

/* ---- our own keys ---- */

static enum status encode_status(const struct tokenizer *t, const uint8_t *text, size_t len)
{
    struct tokenizer_segment segment = {text, len, false};
    struct tokenizer_encode_options options = {.add_bos = false, .add_eos = false};
    size_t n, room = tokenizer_tokens_max(t, len), scratch_len = tokenizer_scratch_len(t, len);
    uint32_t *tokens = malloc(room * sizeof *tokens);
    void *scratch = malloc(scratch_len);
    enum status status = tokenizer_encode(t, tokens, room, &n, &segment, 1, &options, scratch, scratch_len);
    free(scratch);
    free(tokens);
    return status;
}

static void fill(uint8_t *text, size_t len, const char *part)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)part[i % strlen(part)];
}

static void test_growth_and_time(void)
{
    enum { LONG = 1 << 20 };
    struct opened_file f;
    struct reason why = {""};
    size_t len;
    uint8_t *json = read_file("qwen2", ".json", &len), *text = malloc(LONG);
    double seconds = 100;
    bool open = open_text(&f, json, len, &why) == STATUS_OK;
    fill(text, LONG, "\xf0\x9d\x85\xa0");
    check(open && encode_status(&f.t, text, 60) == STATUS_OK && encode_status(&f.t, text, LONG) == STATUS_LIMIT,
          "TOK-15: text that grows three times is refused when it is long");
    fill(text, LONG, "a\xcc\x81\xcc\xa7");
    clock_t start = clock();
    if (open && encode_status(&f.t, text, LONG) == STATUS_OK)
        seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    check(seconds < 2, "TOK-6 TOK-15: 1 MiB of marks in %.2f s", seconds);
    close_file(&f);
    free(json);
    free(text);
}

/* Opens the metadata of a file after bytes at `at` beyond the first occurrence of key became other ones. */
static enum status open_changed(const char *name, const char *key, size_t at, const char *bytes, size_t bytes_len)
{
    struct reason why = {""};
    struct arena arena;
    struct tokenizer t;
    const uint8_t *meta;
    size_t meta_len, key_len = strlen(key);
    struct folder all = {.tokenizer = {0}};
    uint8_t *json = read_file(name, ".json", &all.tokenizer.len);
    all.tokenizer.bytes = json;
    void *memory = malloc(tokenizer_file_arena_len(&all)), *tables = NULL;
    arena_init(&arena, memory, tokenizer_file_arena_len(&all));
    enum status status = tokenizer_file_convert(&meta, &meta_len, &arena, &all, &why);
    if (status == STATUS_OK) {
        uint8_t *copy = malloc(meta_len);
        memcpy(copy, meta, meta_len);
        uint8_t *place = copy;
        while ((size_t)(place - copy) + key_len + at + bytes_len < meta_len && memcmp(place, key, key_len) != 0)
            place++;
        memcpy(place + key_len + at, bytes, bytes_len);
        tables = malloc(tokenizer_arena_len(meta_len));
        arena_init(&arena, tables, tokenizer_arena_len(meta_len));
        status = tokenizer_open(&t, &arena, copy, meta_len, &why);
        free(copy);
    }
    free(tables);
    free(memory);
    free(json);
    return status;
}

static void test_keys(void)
{
    enum { TYPE = 0, ELEMENT = 4, TEXT = 12, FIRST = 16 };
    static const char left[] = "cloister.tokenizer.strips_left", prefix[] = "cloister.tokenizer.prefix";
    check(open_changed("roberta", left, FIRST, "\xbe\x01", 2) == STATUS_OK, "TOK-18: another token");
    check(open_changed("roberta", left, FIRST, "\xff\xff", 2) == STATUS_MALFORMED, "TOK-18: a token beyond the others");
    check(open_changed("roberta", left, ELEMENT, "\x05", 1) == STATUS_MALFORMED, "TOK-18: a list of another type");
    check(open_changed("roberta", prefix, TEXT, "alwayz", 6) == STATUS_MALFORMED, "TOK-18: a prefix that is not known");
    check(open_changed("bert", "cloister.tokenizer.word_max", TYPE, "\x06", 1) == STATUS_MALFORMED,
          "TOK-18: a number of another type");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        folder = argv[1];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        test_file(names[i]);
    if (argc == 1) {
        test_growth_and_time();
        test_keys();
    }
    return tap_done();
}
