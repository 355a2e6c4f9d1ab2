/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual files: reads that start and end anywhere give the bytes of a read of the whole, and each conversion gives
 * what it says (spec/import.md IMP-20 to IMP-24).  Whole models are in test/models/import.py. */
#include "import/builder.h"
#include "import/split.h"
#include "import/virtual_file.h"
#include "tap.h"

enum { LEN = 96 };

static uint8_t memory[1 << 22];

struct source {
    uint8_t bytes[LEN];
    bool fails;
};

static enum status read_source(void *ctx, uint32_t number, uint64_t offset, void *out, size_t len, struct reason *why)
{
    const struct source *s = ctx;
    if (s->fails || number != 3 || offset > LEN || len > LEN - offset) {
        reason_set(why, "beyond the source", NULL);
        return STATUS_IO;
    }
    memcpy(out, s->bytes + offset, len);
    return STATUS_OK;
}

static struct virtual_file build(struct arena *a, struct reason *why)
{
    static const struct virtual_segment segments[] = {
        {.kind = SEGMENT_COPY, .source = 3, .offset = 5, .len = 7},
        {.kind = SEGMENT_NUMBERS, .source = 3, .offset = 0, .len = 12, .type = WEIGHT_BF16, .plus_one = true},
        {.kind = SEGMENT_NUMBERS, .source = 3, .offset = 16, .len = 32, .type = WEIGHT_F16, .head_rows = 4},
        {.kind = SEGMENT_PAIRS, .source = 3, .offset = 32, .len = 48, .row_len = 6, .head_rows = 4},
        {.kind = SEGMENT_MEMORY, .memory = (const uint8_t *)"memory", .len = 6},
    };
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct builder b;
    struct virtual_file f;
    arena_init(a, memory, sizeof memory);
    builder_init(&b, a, 256, 5, 5);
    builder_u32(&b, "x.whole", 1);
    builder_text(&b, "x.text", "text", 4);
    for (size_t i = 0; i < 5; i++) {
        uint64_t n = segments[i].len;
        builder_tensor(&b, names[i], 1, &n, 1, 24, n);
        builder_segment(&b, segments[i]);
    }
    if (builder_finish(&f, &b, why) != STATUS_OK)
        note("%s", why->text);
    return f;
}

static float f32_at(const uint8_t *bytes)
{
    float value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static void test_values(const struct virtual_file *f, struct source *s)
{
    static uint8_t whole[4096];
    struct reason why = {""};
    memcpy(s->bytes, "\x80\x3f\x00\xc0\x40\x40", 6); /* 1, -2, 3 */
    for (size_t i = 0; i < 8; i++)                   /* 2^0 .. 2^7 as F16 */
        memcpy(s->bytes + 16 + 2 * i, (uint8_t[]){0, (uint8_t)(0x3c + 4 * i)}, 2);
    bool ok =
        f->len <= sizeof whole && virtual_file_read(f, 0, whole, (size_t)f->len, read_source, s, &why) == STATUS_OK;
    const uint8_t *data = whole + f->meta_len;
    check(ok && memcmp(whole, "GGUF\3\0\0\0\5\0\0\0\0\0\0\0\2", 17) == 0 && f->meta_len % 32 == 0,
          "IMP-20: metadata first, of version 3");
    check(ok && memcmp(data, s->bytes + 5, 7) == 0 && data[7] == 0 && data[31] == 0,
          "IMP-21: bytes as they are, then zeros");
    data += 32;
    bool values = f32_at(data) == 2.0f && f32_at(data + 4) == -1.0f && f32_at(data + 8) == 4.0f;
    check(ok && values, "IMP-22: BF16 to F32, plus 1");
    static const float order[] = {1, 4, 2, 8, 16, 64, 32, 128};
    data += 32;
    check(ok && memcmp(data, order, sizeof order) == 0, "IMP-22 IMP-23: F16 to F32, halves of heads to neighbours");
    data += 32;
    static const size_t rows[] = {0, 2, 1, 3, 4, 6, 5, 7};
    bool paired = true;
    for (size_t i = 0; i < 8; i++)
        paired = paired && memcmp(data + 6 * i, s->bytes + 32 + 6 * rows[i], 6) == 0;
    check(ok && paired, "IMP-23: rows of halves of heads to neighbours");
    check(ok && memcmp(data + 64, "memory", 7) == 0, "IMP-24: what was computed");
    bool same = true;
    for (size_t from = 0; from <= f->len; from++)
        for (size_t len = 0; len <= f->len - from; len += len < 40 ? 1 : 37) {
            uint8_t part[4096];
            same = same && virtual_file_read(f, from, part, len, read_source, s, &why) == STATUS_OK &&
                   memcmp(part, whole + from, len) == 0;
        }
    check(same, "IMP-20: every part read alone is the part of the whole");
    check(virtual_file_read(f, f->len, whole, 1, read_source, s, &why) == STATUS_USAGE &&
              virtual_file_read(f, UINT64_MAX, whole, 2, read_source, s, &why) == STATUS_USAGE,
          "a read beyond the end");
    s->fails = true;
    check(virtual_file_read(f, f->meta_len, whole, 1, read_source, s, &why) == STATUS_IO &&
              virtual_file_read(f, 0, whole, 8, read_source, s, &why) == STATUS_OK,
          "a source that cannot be read is told, where it is needed");
}

static void test_builder(void)
{
    struct arena a;
    struct builder b;
    struct virtual_file f;
    struct reason why = {""};
    const struct virtual_segment segment = {.kind = SEGMENT_COPY, .len = 64};
    uint64_t n = 1;
    arena_init(&a, memory, sizeof memory);
    builder_init(&b, &a, 256, 2, 2);
    builder_tensor(&b, "a", 1, &n, 1, 0, 4);
    builder_segment(&b, segment);
    check(builder_finish(&f, &b, &why) != STATUS_OK, "a segment longer than its tensor");
    arena_init(&a, memory, sizeof memory);
    builder_init(&b, &a, 256, 2, 2);
    builder_tensor(&b, "a", 1, &n, 1, 0, 4);
    builder_tensor(&b, "a", 1, &n, 1, 0, 4);
    check(builder_finish(&f, &b, &why) != STATUS_OK && f.segments == NULL, "a tensor that was not filled");
    arena_init(&a, memory, sizeof memory);
    builder_init(&b, &a, 8, 2, 2);
    builder_u32(&b, "too long a key", 1);
    check(builder_finish(&f, &b, &why) == STATUS_LIMIT, "more keys than there is room");
    arena_init(&a, memory, 64);
    builder_init(&b, &a, 4096, 2, 2);
    builder_u32(&b, "a", 1);
    builder_tensor(&b, "a", 1, &n, 1, 0, 4);
    check(builder_finish(&f, &b, &why) == STATUS_NO_MEMORY, "an arena that is too small");
}

static void test_split_names(void)
{
    uint32_t number, count;
    static const char *const bad[] = {"",
                                      "x.gguf",
                                      "x-00001-of-0000a.gguf",
                                      "x-0001-of-00003.gguf",
                                      "x-00001-of-00003.ggu",
                                      "x_00001-of-00003.gguf",
                                      "00001-of-00003.gguf",
                                      "x-00001_of-00003.gguf"};
    char name[] = "x-00001-of-00123.gguf";
    check(split_name_read(name, &number, &count) && number == 1 && count == 123, "IMP-10: a part's name");
    split_name_set(name, strlen(name), 98765);
    check(strcmp(name, "x-98765-of-00123.gguf") == 0, "IMP-10: the next part's name");
    bool none = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        none = none && !split_name_read(bad[i], &number, &count);
    check(none, "IMP-10: names that are none");
}

int main(void)
{
    struct arena a;
    struct reason why = {""};
    struct source s = {.fails = false};
    for (size_t i = 0; i < LEN; i++)
        s.bytes[i] = (uint8_t)(i * 7 + 1);
    struct virtual_file f = build(&a, &why);
    test_values(&f, &s);
    test_builder();
    test_split_names();
    return tap_done();
}
