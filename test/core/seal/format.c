/* SPDX-License-Identifier: Apache-2.0 */
/* Header, chunks and tree (spec/sealed-model.md SM-1 to SM-18), with the spec's vectors. */
#include "core/seal/chunk.h"
#include "core/seal/header.h"
#include "core/seal/tree.h"

#include "core/codec/hex.h"
#include "core/seal/fixture.h"
#include "tap.h"

static enum status parse_changed(const uint8_t header[SEAL_HEADER_LEN], size_t at, uint8_t value)
{
    struct seal_header h;
    struct reason why = {""};
    uint8_t changed[SEAL_HEADER_LEN];
    memcpy(changed, header, sizeof changed);
    changed[at] = value;
    return seal_header_parse(&h, changed, sizeof changed, &why);
}

static void test_header(void)
{
    struct fixture f;
    struct seal_header h;
    struct reason why = {""};
    uint8_t bytes[SEAL_HEADER_LEN], again[SEAL_HEADER_LEN];
    fixture_open(&f, 100, 1);
    seal_header_write(bytes, &f.header);
    check(seal_header_parse(&h, bytes, sizeof bytes, &why) == STATUS_OK, "a header parses");
    seal_header_write(again, &h);
    check(memcmp(bytes, again, sizeof bytes) == 0, "and is written the same again");
    bool short_ones = true;
    for (size_t len = 0; len < SEAL_HEADER_LEN; len++) {
        uint8_t *part = guarded_copy(bytes, len);
        short_ones = short_ones && seal_header_parse(&h, part, len, &why) != STATUS_OK;
        guarded_free(part, len);
    }
    check(short_ones, "a header cut at any length is refused");
    bool magic = true, versions = true, zeros = true;
    for (size_t at = 0; at < 16; at++)
        magic = magic && parse_changed(bytes, at, bytes[at] ^ 1) == STATUS_MALFORMED;
    for (size_t at = 16; at < 32; at++)
        versions = versions && parse_changed(bytes, at, bytes[at] ^ 1) == STATUS_UNSUPPORTED;
    for (size_t at = 96; at < 128; at++)
        zeros = zeros && parse_changed(bytes, at, 1) == STATUS_MALFORMED;
    check(magic, "SM-1 another magic is refused");
    check(versions, "SM-2 another version, chunk, leaf or head length is refused");
    check(zeros, "SM-6 the header's last 32 bytes must be zero");
    check(parse_changed(bytes, 39, 0) == STATUS_MALFORMED, "SM-3 a plaintext length of 0 is refused");
    check(parse_changed(bytes, 32, 1) == STATUS_MALFORMED, "SM-3 a plaintext length over 2^48 is refused");
    check(parse_changed(bytes, 47, 101) == STATUS_MALFORMED, "SM-4 metadata longer than the plaintext is refused");
    fixture_close(&f);
}

static void test_page(void)
{
    struct fixture f;
    struct seal_header h;
    struct reason why = {""};
    uint8_t tag[AEAD_TAG_LEN];
    fixture_open(&f, 100, 2);
    check(seal_header_page_parse(&h, tag, f.file, SEAL_HEADER_PAGE_LEN, &why) == STATUS_OK &&
              seal_header_verify(&f.dek, &h, tag) == STATUS_OK,
          "the header page parses and its tag holds");
    bool found = true;
    for (size_t bit = 0; bit < SEAL_HEADER_PAGE_LEN * 8; bit++) {
        f.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        found = found && (seal_header_page_parse(&h, tag, f.file, SEAL_HEADER_PAGE_LEN, &why) != STATUS_OK ||
                          seal_header_verify(&f.dek, &h, tag) == STATUS_FORGED);
        f.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    check(found, "SM-6 SM-7 every bit of the header page is checked");
    f.dek.bytes[0] ^= 1;
    check(seal_header_verify(&f.dek, &f.header, f.file + SEAL_HEADER_LEN) == STATUS_FORGED,
          "SM-7 the tag does not hold under another key");
    fixture_close(&f);
}

static enum status open_at(const struct fixture *f, uint64_t index, const uint8_t *sealed, size_t sealed_len)
{
    static uint8_t out[SEAL_CHUNK_SEALED_MAX];
    return seal_chunk_open(out, &f->dek, &f->header, f->header_hash, index, sealed, sealed_len);
}

static void test_chunks(void)
{
    struct fixture f, other, longer;
    fixture_open(&f, 2 * SEAL_CHUNK_LEN + 5, 3);
    fixture_open(&other, 2 * SEAL_CHUNK_LEN + 5, 4);
    size_t whole = SEAL_CHUNK_LEN + AEAD_TAG_LEN, last = 5 + AEAD_TAG_LEN;
    uint8_t *first_at = f.file + seal_chunk_offset(0), *last_at = f.file + seal_chunk_offset(2);
    check(open_at(&f, 0, first_at, whole) == STATUS_OK && open_at(&f, 2, last_at, last) == STATUS_OK, "chunks open");
    check(open_at(&f, 1, first_at, whole) == STATUS_FORGED, "SM-12 a chunk in another place is refused");
    check(open_at(&f, 0, other.file + seal_chunk_offset(0), whole) == STATUS_FORGED,
          "SM-12 a chunk of another file is refused");
    memcpy(other.dek.bytes, f.dek.bytes, sizeof f.dek.bytes);
    check(open_at(&other, 0, first_at, whole) == STATUS_FORGED, "SM-12 a chunk under another header is refused");
    bool bits = true, lengths = true;
    for (size_t bit = 0; bit < last * 8; bit++) {
        last_at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bits = bits && open_at(&f, 2, last_at, last) == STATUS_FORGED;
        last_at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < last; len++)
        lengths = lengths && open_at(&f, 2, last_at, len) == STATUS_TRUNCATED;
    check(bits, "SM-12 every bit of a chunk is checked");
    check(lengths, "a chunk cut at any length is refused");
    check(open_at(&f, 3, last_at, last) == STATUS_USAGE, "there is no chunk after the last");
    /* the same key and header hash, one chunk more: the once-last chunk must not pass as an inner one */
    fixture_open(&longer, 3 * SEAL_CHUNK_LEN, 3);
    longer.header.plain_len = 4 * (uint64_t)SEAL_CHUNK_LEN;
    check(seal_chunk_open(longer.plain, &longer.dek, &longer.header, longer.header_hash, 2,
                          longer.file + seal_chunk_offset(2), whole) == STATUS_FORGED,
          "SM-11 the nonce of the last chunk is its own");
    fixture_close(&f);
    fixture_close(&other);
    fixture_close(&longer);
}

/* RFC 6962 section 2.1, word for word, over leaves. */
static void tree_by_definition(uint8_t hash[SHA256_LEN], const uint8_t *bytes, size_t len)
{
    static uint8_t leaf[1 + SEAL_LEAF_LEN];
    uint8_t node[1 + 2 * SHA256_LEN] = {1};
    size_t leaves_n = (len + SEAL_LEAF_LEN - 1) / SEAL_LEAF_LEN, split = 1;
    if (leaves_n <= 1) {
        memcpy(leaf + 1, bytes, len);
        sha256(hash, leaf, 1 + len);
        return;
    }
    while (split * 2 < leaves_n)
        split *= 2;
    tree_by_definition(node + 1, bytes, split * SEAL_LEAF_LEN);
    tree_by_definition(node + 1 + SHA256_LEN, bytes + split * SEAL_LEAF_LEN, len - split * SEAL_LEAF_LEN);
    sha256(hash, node, sizeof node);
}

static void root_of(uint8_t root[SEAL_ROOT_LEN], const struct sha256_lanes *lanes, const uint8_t *plain, size_t len)
{
    struct seal_tree tree;
    uint8_t hash[SHA256_LEN];
    seal_tree_init(&tree);
    for (size_t at = 0; at < len; at += SEAL_CHUNK_LEN) {
        seal_tree_chunk(lanes, hash, plain + at, len - at < SEAL_CHUNK_LEN ? len - at : SEAL_CHUNK_LEN);
        seal_tree_add(&tree, hash);
    }
    seal_tree_root(&tree, root);
}

static void test_tree(const struct sha256_lanes *lanes)
{
    static const size_t lens[] = {1,      63,      64,      65535,   65536,   65537,   131072,  131073, 458752,
                                  983041, 1048575, 1048576, 1048577, 2097152, 3145728, 3200000, 5242881};
    uint8_t *plain = malloc(lens[sizeof lens / sizeof *lens - 1]);
    uint8_t root[SEAL_ROOT_LEN], want[SEAL_ROOT_LEN];
    bool equal = plain != NULL;
    for (size_t i = 0; equal && i < lens[sizeof lens / sizeof *lens - 1]; i++)
        plain[i] = fixture_byte(i, 9);
    for (size_t i = 0; equal && i < sizeof lens / sizeof *lens; i++) {
        root_of(root, lanes, plain, lens[i]);
        tree_by_definition(want, plain, lens[i]);
        equal = memcmp(root, want, sizeof want) == 0;
    }
    check(equal, "SM-15 SM-16 %s: the root is RFC 6962's over leaves of 64 KiB", lanes->name);
    free(plain);
}

static void test_tree_empty(void)
{
    static const uint8_t zeros[SEAL_ROOT_LEN];
    struct seal_tree tree;
    uint8_t root[SEAL_ROOT_LEN];
    seal_tree_init(&tree);
    seal_tree_root(&tree, root);
    check(memcmp(root, zeros, sizeof zeros) == 0, "a tree without chunks has no root");
}

/* NAME HEX in each line; '#' starts a comment. */
static size_t vector(uint8_t *out, size_t capacity, const char *name)
{
    char line[8192];
    size_t len = 0, name_len = strlen(name);
    FILE *file = fopen("spec/vectors/sealed-model.txt", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, name_len) == 0 && line[name_len] == ' ') {
            len = strcspn(line + name_len + 1, "\n") / 2;
            if (len > capacity || hex_parse(out, len, line + name_len + 1, 2 * len) != STATUS_OK)
                len = 0;
        }
    if (file != NULL)
        fclose(file);
    return len;
}

static bool vector_is(const char *name, const void *bytes, size_t len)
{
    uint8_t want[4096];
    bool equal = vector(want, sizeof want, name) == len && memcmp(want, bytes, len) == 0;
    char text[8193];
    hex_write(text, bytes, len < 4096 ? len : 4096);
    if (!equal)
        note("%s %s", name, text);
    return equal;
}

static void test_vectors(void)
{
    struct fixture f;
    uint8_t slot[SEAL_SLOT_LEN], list[1024], file_hash[SHA256_LEN];
    size_t list_len;
    fixture_open(&f, SEAL_CHUNK_LEN + 3 * SEAL_LEAF_LEN + 7, 16);
    sha256(file_hash, f.file, f.file_len);
    check(vector_is("header", f.file, SEAL_HEADER_LEN), "vector: header");
    check(vector_is("header-hash", f.header_hash, SHA256_LEN), "vector: header hash");
    check(vector_is("header-tag", f.file + SEAL_HEADER_LEN, AEAD_TAG_LEN), "vector: header tag");
    check(vector_is("root", f.header.root, SEAL_ROOT_LEN), "vector: root");
    check(vector_is("last-tag", f.file + f.file_len - AEAD_TAG_LEN, AEAD_TAG_LEN), "vector: tag of the last chunk");
    check(seal_wraps_write(list, sizeof list, &list_len, &f.wraps) == STATUS_OK && vector_is("wraps", list, list_len),
          "vector: SM-22 SM-23 list of wraps");
    check(seal_slot_write(slot, 1, &f.wraps) == STATUS_OK && vector_is("slot-head", slot, 64), "vector: slot head");
    check(vector_is("file-sha256", file_hash, sizeof file_hash), "vector: SM-27 the whole file");
    fixture_close(&f);
}

int main(void)
{
    test_header();
    test_page();
    test_chunks();
    test_tree(&sha256_lanes_scalar);
    if (__builtin_cpu_supports("avx2"))
        test_tree(&sha256_lanes_avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        test_tree(&sha256_lanes_avx512);
    test_tree_empty();
    test_vectors();
    return tap_done();
}
