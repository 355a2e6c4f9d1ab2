/* SPDX-License-Identifier: Apache-2.0 */
/* Each pattern against an independent regular-expression engine (test/data/pretokenizer), the table of names, bytes
 * that are no UTF-8, and time on hostile texts.  TOK-4, TOK-5, TOK-6 */
#include "engine/rig.h"
#include "engine/tokenizer/pattern.h"
#include "engine/tokenizer/scan.h"
#include "engine/tokenizer/unicode.h"
#include "tap.h"

#include <time.h>

enum { PATTERNS_MAX = 64, TEXT_LEN_MAX = 1 << 16 };

struct tally {
    const char *name;
    size_t name_len, tried, failed;
};

static struct tally tallies[PATTERNS_MAX];
static size_t tallies_n;

static struct tally *tally_of(const char *name, size_t len)
{
    for (size_t i = 0; i < tallies_n; i++)
        if (tallies[i].name_len == len && memcmp(tallies[i].name, name, len) == 0)
            return &tallies[i];
    tallies[tallies_n] = (struct tally){.name = name, .name_len = len};
    return &tallies[tallies_n++];
}

/* One line "NAME LENGTHS". */
static void test_line(const char *line, const uint8_t *text, size_t len)
{
    size_t name_len = strcspn(line, " ");
    struct tally *tally = tally_of(line, name_len);
    const struct pattern_name *row = pattern_find(line, name_len);
    struct splitter s;
    size_t start, end;
    const char *at = line + name_len;
    bool equal = row != NULL;
    tally->tried++;
    if (equal)
        splitter_init(&s, row->pattern, text, len);
    while (equal && splitter_next(&s, &start, &end)) {
        char *after;
        unsigned long wanted = *at == '\n' ? 0 : strtoul(at + 1, &after, 10);
        equal = wanted == end - start;
        if (*at != '\n')
            at = after;
    }
    equal = equal && *at == '\n';
    if (!equal && tally->failed++ < 3)
        note("%.*s on a text of %zu bytes: %.60s", (int)name_len, line, len, line + name_len);
}

/* Returns the file, into which the tallies point. */
static char *test_vectors(const char *path)
{
    size_t file_len;
    char *file = (char *)rig_read(path, &file_len);
    uint8_t *text = malloc(TEXT_LEN_MAX);
    uint8_t *guarded = NULL;
    size_t len = 0;
    file[file_len] = '\0';
    for (char *line = file; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "text ", 5) != 0) {
            test_line(line, guarded, len);
            continue;
        }
        if (guarded != NULL)
            guarded_free(guarded, len);
        *strchr(line, '\n') = '\0'; /* the text's own line */
        len = unhex(text, line + 5);
        line[strlen(line)] = '\n';
        guarded = guarded_copy(text, len);
    }
    for (size_t i = 0; i < tallies_n; i++)
        check(tallies[i].failed == 0 && tallies[i].tried > 100, "TOK-4: %.*s cuts as published, %zu of %zu texts",
              (int)tallies[i].name_len, tallies[i].name, tallies[i].tried - tallies[i].failed, tallies[i].tried);
    check(tallies_n >= 30, "%zu patterns", tallies_n);
    guarded_free(guarded, len);
    free(text);
    return file;
}

/* Every row has a pattern that a vector holds to its regular expression, under one of its names. */
static void test_names(void)
{
    size_t n = 0, unheld = 0, twice = 0;
    for (const struct pattern_name *row; (row = pattern_at(n)) != NULL; n++) {
        bool held = false;
        for (size_t i = 0; i < tallies_n; i++)
            held = held || pattern_find(tallies[i].name, tallies[i].name_len)->pattern == row->pattern;
        unheld += !held;
        twice += pattern_find(row->name, strlen(row->name)) != row;
    }
    check(n > 80 && unheld == 0 && twice == 0, "TOK-4: %zu names, each with a pattern that is tested", n);
    check(pattern_find("llama-bp", 8) == NULL && pattern_find("llama-bpe2", 10) == NULL && pattern_find("", 0) == NULL,
          "TOK-4: a name is matched as a whole");
}

/* The pieces of any bytes are not empty and, joined, are the bytes. */
static bool covers(const struct pattern *pattern, const uint8_t *text, size_t len)
{
    struct splitter s;
    size_t start, end;
    size_t at = 0;
    splitter_init(&s, pattern, text, len);
    while (splitter_next(&s, &start, &end)) {
        if (start != at || end <= start)
            return false;
        at = end;
    }
    return at == len;
}

static void test_any_bytes(void)
{
    static const char *const texts[] = {
        "\xff\xfe", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80x", "\xc0\xaf",        "'\xc5",
        "'",        "' ",    " ",        "\n",           "'s\xff'S",      "\xf4\x90\x80\x80"};
    size_t failed = 0;
    for (size_t i = 0; pattern_at(i) != NULL; i++) {
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            size_t len = strlen(texts[k]);
            uint8_t *text = guarded_copy(texts[k], len);
            failed += !covers(pattern_at(i)->pattern, text, len);
            guarded_free(text, len);
        }
        failed += !covers(pattern_at(i)->pattern, (const uint8_t *)"", 0);
    }
    check(failed == 0, "TOK-5: bytes that are no UTF-8 are covered by every pattern");
    size_t at = 0;
    check(unicode_next((const uint8_t *)"\xe2\x82x", 3, &at) == UNICODE_REPLACEMENT && at == 1,
          "TOK-5: one byte at a time");
}

static void test_time(void)
{
    static const char *const parts[] = {"a",
                                        "A",
                                        " ",
                                        "\n",
                                        "1",
                                        "!",
                                        "\xf0\x9f\x9a\x80",
                                        "\xcc\x81",
                                        "\xe6\x88\x91",
                                        "'",
                                        " \n",
                                        "1a",
                                        "A.",
                                        "\xff",
                                        "a ",
                                        "  a",
                                        "12 ",
                                        "\xc7\x85",
                                        "Aa",
                                        "1/2  ",
                                        "IMGIMG",
                                        "<sentinel:1",
                                        "\xc2\xbd",
                                        "'s"};
    size_t len = 1 << 16;
    uint8_t *text = malloc(len);
    double slowest = 0;
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)parts[k][i % strlen(parts[k])];
        const struct pattern *last = NULL;
        for (size_t i = 0; pattern_at(i) != NULL; i++) {
            if (pattern_at(i)->pattern == last)
                continue;
            last = pattern_at(i)->pattern;
            clock_t start = clock();
            bool covered = covers(last, text, len);
            double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
            if (!covered || seconds > 2.0)
                check(false, "TOK-6: %s on part %zu: %.2f s", pattern_at(i)->name, k, seconds);
            slowest = seconds > slowest ? seconds : slowest;
        }
    }
    check(slowest < 2.0, "TOK-6: 64 KiB of any part with any pattern: %.2f s at most", slowest);
    free(text);
}

int main(int argc, char **argv)
{
    char *file = test_vectors(argc > 1 ? argv[1] : "test/data/pretokenizer/vectors.txt");
    test_names();
    test_any_bytes();
    if (argc == 1)
        test_time();
    free(file);
    return tap_done();
}
