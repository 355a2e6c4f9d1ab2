/* SPDX-License-Identifier: Apache-2.0 */
/* GGUF metadata and models that are cut, altered or absurd: each ends in a clear refusal. */
#include "tap.h"

#include "core/base/writer.h"
#include "engine/gguf.h"
#include "engine/gguf_make.h"
#include "engine/model.h"
#include "engine/rig.h"

static uint8_t tables[1 << 22];

static const struct gguf_make_options small = {.vocab_n = 40,
                                               .dim = 32,
                                               .hidden = 64,
                                               .layers_n = 1,
                                               .heads_n = 4,
                                               .kv_heads_n = 2,
                                               .context_n = 16,
                                               .type = WEIGHT_Q8_0,
                                               .tied = false,
                                               .weights = true,
                                               .seed = 1};

static enum status parse_model(const uint8_t *meta, size_t meta_len, uint64_t file_len, struct reason *why)
{
    struct arena arena;
    struct model m;
    why->text[0] = '\0';
    arena_init(&arena, tables, sizeof tables);
    return model_parse(&m, &arena, meta, meta_len, file_len, why);
}

static enum status parse_gguf(const uint8_t *meta, size_t meta_len, struct reason *why)
{
    struct arena arena;
    struct gguf g;
    why->text[0] = '\0';
    arena_init(&arena, tables, sizeof tables);
    return gguf_parse(&g, &arena, meta, meta_len, why);
}

/* Where needle lies in the file; 0 when it does not. */
static size_t find(const uint8_t *file, size_t len, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(file + i, needle, n) == 0)
            return i;
    return 0;
}

static void test_lengths(const uint8_t *file, size_t len)
{
    struct reason why;
    uint64_t meta_len = 0;
    check(gguf_meta_len(&meta_len, file, len, &why) == STATUS_OK && meta_len < len && meta_len % 32 == 0,
          "how long the metadata is");
    size_t end = (size_t)meta_len;
    while (end > 0 && gguf_meta_len(&meta_len, file, end - 1, &why) == STATUS_OK)
        end--; /* the padding is not needed */
    bool all = true;
    for (size_t cut = 0; cut < end; cut++) {
        uint8_t *copy = guarded_copy(file, cut);
        uint64_t out = 1;
        all = all && gguf_meta_len(&out, copy, cut, &why) == STATUS_TRUNCATED && out == 0;
        all = all && parse_gguf(copy, cut, &why) == STATUS_TRUNCATED && why.text[0] != '\0';
        all = all && parse_model(copy, cut, len, &why) == STATUS_TRUNCATED;
        guarded_free(copy, cut);
    }
    check(all, "cut at each of %zu lengths the metadata is truncated", end);
    check(parse_model(file, end, len, &why) == STATUS_OK, "the model: %s", why.text);
    all = true;
    for (uint64_t file_len = 0; file_len + 31 < len; file_len += 13)
        all = all && parse_model(file, end, file_len, &why) == STATUS_TRUNCATED;
    check(all, "a file shorter than its tensors is truncated: %s", why.text);
    check(parse_model(file, end, len + 64, &why) == STATUS_MALFORMED, "bytes after the tensors: %s", why.text);
    check(parse_model(file, end, UINT64_MAX, &why) == STATUS_MALFORMED, "an absurd file length: %s", why.text);
}

static void test_flips(const uint8_t *file, size_t len, size_t meta_len)
{
    uint8_t *copy = guarded_copy(file, meta_len);
    struct reason why;
    size_t refused = 0;
    bool named = true;
    for (size_t bit = 0; bit < meta_len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (parse_model(copy, meta_len, len, &why) != STATUS_OK) {
            refused++;
            named = named && why.text[0] != '\0';
        }
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    check(named && refused > meta_len * 2, "%zu of %zu flipped bits are refused, each with a reason", refused,
          meta_len * 8);
    guarded_free(copy, meta_len);
}

static void test_fields(const uint8_t *file, size_t len, size_t meta_len)
{
    size_t tensor = find(file, meta_len, "blk.0.attn_q.weight"); /* dimensions_n, 2 dimensions, type, offset follow */
    size_t name = tensor;
    tensor += strlen("blk.0.attn_q.weight");
    size_t heads = find(file, meta_len, "llama.attention.head_count") + strlen("llama.attention.head_count");
    size_t width = find(file, meta_len, "llama.embedding_length") + strlen("llama.embedding_length");
    size_t architecture = find(file, meta_len, "general.architecture");
    const struct {
        const char *what;
        size_t at;
        const char *hex;
        enum status status;
    } cases[] = {
        {"the magic", 0, "47475547", STATUS_MALFORMED},
        {"version 1", 4, "01000000", STATUS_UNSUPPORTED},
        {"version 4", 4, "04000000", STATUS_UNSUPPORTED},
        {"big endian", 4, "00000003", STATUS_UNSUPPORTED},
        {"2^64 - 1 tensors", 8, "ffffffffffffffff", STATUS_LIMIT},
        {"65537 tensors", 8, "0100010000000000", STATUS_LIMIT},
        {"65536 tensors", 8, "0000010000000000", STATUS_TRUNCATED},
        {"one tensor less", 8, "0b00000000000000", STATUS_MALFORMED},
        {"2^63 keys", 16, "0000000000000080", STATUS_LIMIT},
        {"a key of 2^63 bytes", 24, "0000000000000080", STATUS_MALFORMED},
        {"an empty key", 24, "0000000000000000", STATUS_MALFORMED},
        {"an unknown value type", architecture + 20, "0d000000", STATUS_UNSUPPORTED},
        {"an array of arrays", architecture + 20, "0900000009000000", STATUS_UNSUPPORTED},
        {"a text of 2^64 - 1 bytes", architecture + 24, "ffffffffffffffff", STATUS_TRUNCATED},
        {"another architecture", architecture + 32, "6c6c616d62", STATUS_UNSUPPORTED},
        {"a zero byte in a name", name + 1, "00", STATUS_MALFORMED},
        {"no such tensor", name, "78", STATUS_MALFORMED},
        {"no dimensions", tensor, "00000000", STATUS_MALFORMED},
        {"five dimensions", tensor, "05000000", STATUS_MALFORMED},
        {"an empty dimension", tensor + 4, "0000000000000000", STATUS_MALFORMED},
        {"a dimension of 2^63", tensor + 4, "0000000000000080", STATUS_UNSUPPORTED},
        {"2^32 rows", tensor + 12, "0000000001000000", STATUS_UNSUPPORTED},
        {"columns that are no multiple of 32", tensor + 4, "2100000000000000", STATUS_MALFORMED},
        {"another shape", tensor + 4, "4000000000000000", STATUS_MALFORMED},
        {"Q4_K, whose blocks are longer than a row", tensor + 20, "0c000000", STATUS_MALFORMED},
        {"IQ2_XXS", tensor + 20, "10000000", STATUS_UNSUPPORTED},
        {"type 2^32 - 1", tensor + 20, "ffffffff", STATUS_UNSUPPORTED},
        {"an offset that is not aligned", tensor + 24, "0100000000000000", STATUS_MALFORMED},
        {"an offset before the last tensor's end", tensor + 24, "0000000000000000", STATUS_MALFORMED},
        {"an offset of 2^64 - 32", tensor + 24, "e0ffffffffffffff", STATUS_MALFORMED},
        {"an offset of 2^62", tensor + 24, "0000000000000040", STATUS_TRUNCATED},
        {"no heads", heads + 4, "00000000", STATUS_LIMIT},
        {"heads that do not divide the width", heads + 4, "05000000", STATUS_MALFORMED},
        {"more heads than width", heads + 4, "ffffffff", STATUS_LIMIT},
        {"a width of another type", width, "06000000", STATUS_MALFORMED},
        {"a negative width", width, "05000000ffffffff", STATUS_MALFORMED},
        {"another width", width + 4, "40000000", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *copy = guarded_copy(file, meta_len);
        struct reason why;
        unhex(copy + cases[i].at, cases[i].hex);
        enum status status = parse_model(copy, meta_len, len, &why);
        if (!check(status == cases[i].status && why.text[0] != '\0', "%s: %s", cases[i].what, why.text))
            note("%s instead of %s", status_name(status), status_name(cases[i].status));
        guarded_free(copy, meta_len);
    }
}

/* A file of keys alone: each the text given, with a u32. */
static enum status parse_keys(const char *const *keys, size_t n, uint32_t value, struct reason *why)
{
    uint8_t bytes[1024];
    struct writer w;
    writer_init(&w, bytes, sizeof bytes);
    writer_text(&w, "GGUF");
    writer_u32le(&w, 3);
    writer_u64le(&w, 0);
    writer_u64le(&w, n);
    for (size_t i = 0; i < n; i++) {
        writer_u64le(&w, strlen(keys[i]));
        writer_text(&w, keys[i]);
        writer_u32le(&w, GGUF_U32);
        writer_u32le(&w, value);
    }
    return parse_gguf(bytes, writer_len(&w), why);
}

static void test_keys(void)
{
    static const char *const twice[] = {"b", "a", "c", "a"};
    static const char *const aligned[] = {"general.alignment"};
    struct reason why;
    check(parse_keys(twice, 3, 1, &why) == STATUS_OK, "three keys");
    check(parse_keys(twice, 4, 1, &why) == STATUS_MALFORMED, "a key twice: %s", why.text);
    static const uint32_t bad[] = {0, 3, 33, 131072, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check(parse_keys(aligned, 1, bad[i], &why) == STATUS_MALFORMED, "alignment %u: %s", bad[i], why.text);
    check(parse_keys(aligned, 1, 64, &why) == STATUS_OK, "alignment 64");
}

static void test_memory(const uint8_t *file, size_t len, size_t meta_len)
{
    struct reason why;
    bool all = true;
    size_t needed = 0;
    for (size_t capacity = 0; capacity < 65536 && needed == 0; capacity += 8) {
        struct arena arena;
        struct model m;
        arena_init(&arena, tables, capacity);
        enum status status = model_parse(&m, &arena, file, meta_len, len, &why);
        needed = status == STATUS_OK ? capacity : 0;
        all = all && (status == STATUS_OK || (status == STATUS_NO_MEMORY && m.layers == NULL));
    }
    check(all && needed != 0 && needed <= model_arena_len(meta_len), "any arena under %zu bytes is too small", needed);
}

int main(void)
{
    size_t len;
    uint64_t meta_len;
    struct reason why;
    uint8_t *file = gguf_make(&len, &small);
    test_lengths(file, len);
    if (gguf_meta_len(&meta_len, file, len, &why) != STATUS_OK)
        return tap_done();
    test_flips(file, len, (size_t)meta_len);
    test_fields(file, len, (size_t)meta_len);
    test_keys();
    test_memory(file, len, (size_t)meta_len);
    free(file);
    struct gguf_make_options odd = small;
    odd.hidden = 40;
    odd.type = WEIGHT_F16;
    file = gguf_make(&len, &odd);
    check(gguf_meta_len(&meta_len, file, len, &why) == STATUS_OK &&
              parse_model(file, (size_t)meta_len, len, &why) == STATUS_OK,
          "a width of 40 in F16 is well");
    free(file);
    return tap_done();
}
