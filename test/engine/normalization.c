/* SPDX-License-Identifier: Apache-2.0 */
/* Normalization Form C against the published vectors (test/data/normalization), on bytes that are no text, and in
 * linear time.  TOK-15 */
#include "engine/rig.h"
#include "engine/tokenizer/nfc.h"
#include "engine/tokenizer/unicode.h"
#include "tap.h"

#include <time.h>

enum { TEXT_MAX = 4096, LONG = 1 << 20 };

/* Whether text becomes wanted, whatever stands before and after it that is settled. */
static bool becomes(const uint8_t *text, size_t len, const uint8_t *wanted, size_t wanted_len)
{
    static uint8_t out[3 * TEXT_MAX];
    size_t out_len;
    uint8_t *copy = guarded_copy(text, len);
    void *scratch = malloc(nfc_scratch_len(len));
    enum status status = nfc_write(out, sizeof out, &out_len, copy, len, scratch);
    bool same = status == STATUS_OK && out_len == wanted_len && memcmp(out, wanted, wanted_len) == 0;
    bool refused = wanted_len == 0 ||
                   (nfc_write(out, wanted_len - 1, &out_len, copy, len, scratch) == STATUS_LIMIT && out_len == 0);
    free(scratch);
    guarded_free(copy, len);
    return same && refused && wanted_len <= nfc_len_max(len);
}

static void test_vectors(const char *path)
{
    static uint8_t text[TEXT_MAX], wanted[TEXT_MAX];
    size_t file_len, n = 0, differing = 0;
    char *file = (char *)rig_read(path, &file_len);
    for (char *line = file, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char *space = strchr(line, ' ');
        *end = *space = '\0';
        size_t len = unhex(text, line), wanted_len = unhex(wanted, space + 1);
        n++;
        if (becomes(text, len, wanted, wanted_len))
            continue;
        differing++;
        note("%s", line);
    }
    check(n > 1000 && differing == 0, "TOK-15: %zu published vectors", n);
    free(file);
}

static void test_bytes(void)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"", ""},
        {"plain \xc3\xa9", "plain \xc3\xa9"},
        {"e\xcc\x81", "\xc3\xa9"},
        {"e\xff\xcc\x81", "e\xff\xcc\x81"},       /* nothing joins across a byte that is no text */
        {"e\xcc", "e\xcc"},                       /* a character that is cut */
        {"\xcc\x81 x", "\xcc\x81 x"},             /* nothing to stand on */
        {"\xc3\x28\xcc\x81", "\xc3\x28\xcc\x81"}, /* no character of its own */
        {"\xed\xa0\x80 e\xcc\x81", "\xed\xa0\x80 \xc3\xa9"},
        {"a\xcc\x81\xcc\xa7", "\xc3\xa1\xcc\xa7"}, /* put in order first */
        {"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81"},
        {"\xea\xb0\x80\xe1\x86\xa8", "\xea\xb0\x81"},
        {"\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"}, /* three times as long */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(becomes((const uint8_t *)rows[i].text, strlen(rows[i].text), (const uint8_t *)rows[i].wanted,
                      strlen(rows[i].wanted)),
              "TOK-15: text %zu", i);
}

/* What is in normal form stays, and the normal form of every character is in normal form. */
static void test_characters(void)
{
    size_t differing = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint8_t text[4], once[16], scratch_bytes[512];
        size_t once_len;
        uint32_t parts[UNICODE_PARTS_MAX];
        uint32_t *scratch = (uint32_t *)(void *)scratch_bytes;
        if (code >= 0xd800 && code < 0xe000)
            continue;
        size_t len = unicode_write(text, code);
        bool settled = unicode_class_of(code) == 0;
        if (nfc_write(once, sizeof once, &once_len, text, len, scratch) != STATUS_OK)
            once_len = 0;
        bool same = once_len == len && memcmp(once, text, len) == 0;
        bool whole = unicode_parts_of(parts, code) == 1 || same || unicode_class_of(code) != 0;
        if (once_len == 0 || (settled && !same) || !whole)
            differing++;
        else if (once_len <= 16 && code % 7 == 0 && !becomes(once, once_len, once, once_len))
            differing++;
    }
    check(differing == 0, "TOK-15: every character");
}

static void test_time(void)
{
    static const char *const parts[] = {"a",
                                        "\xcc\x81",
                                        "\xcc\x81\xcc\xa7\xd6\x9a",
                                        "e\xcc\x81",
                                        "\xe1\x85\xa1",
                                        "\xe6\x88\x91",
                                        "\xcd\x84",
                                        "\xf0\x9d\x85\xa0",
                                        "\xff",
                                        "\xc3\xa9\xcc\xa3"};
    uint8_t *text = malloc(LONG), *out = malloc(nfc_len_max(LONG));
    void *scratch = malloc(nfc_scratch_len(LONG));
    double slowest = 0;
    bool done = true;
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        size_t out_len, part_len = strlen(parts[k]);
        for (size_t i = 0; i < LONG; i++)
            text[i] = (uint8_t)parts[k][i % part_len];
        clock_t start = clock();
        done = nfc_write(out, nfc_len_max(LONG), &out_len, text, LONG, scratch) == STATUS_OK && done;
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        note("part %zu: %.0f ms for 1 MiB", k, seconds * 1000);
        slowest = seconds > slowest ? seconds : slowest;
    }
    check(done && slowest < 2, "TOK-6 TOK-15: 1 MiB of any repeated text in %.2f s at most", slowest);
    free(text);
    free(out);
    free(scratch);
}

int main(int argc, char **argv)
{
    test_vectors(argc > 1 ? argv[1] : "test/data/normalization/vectors.txt");
    test_bytes();
    test_characters();
    test_time();
    return tap_done();
}
