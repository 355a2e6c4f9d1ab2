/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/reader.h"

#include "tap.h"

static void reads_in_order(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
    struct reader r;
    reader_init(&r, bytes, sizeof bytes);
    check(reader_u8(&r) == 1, "u8");
    check(reader_u16be(&r) == 0x0203, "u16 big endian");
    check(reader_u16le(&r) == 0x0504, "u16 little endian");
    check(reader_u32be(&r) == 0x06070809, "u32 big endian");
    check(reader_u32le(&r) == 0x0d0c0b0a, "u32 little endian");
    check(reader_u64be(&r) == 0x0e0f101112131415, "u64 big endian");
    check(reader_left(&r) == 2, "two bytes are left");
    check(reader_end(&r) == STATUS_MALFORMED, "bytes left over are malformed");
    check(*reader_bytes(&r, 2) == 22 && reader_end(&r) == STATUS_OK, "the end");
    check(reader_u64le(&r) == 0 && reader_end(&r) == STATUS_TRUNCATED, "past the end is truncated");
}

/* Every field at every length: only the full length reads, and nothing is touched beyond the end. */
static void stops_at_every_length(void)
{
    uint8_t bytes[21] = {0};
    bool all = true;
    memset(bytes, 0xff, sizeof bytes);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        uint8_t *copy = guarded_copy(bytes, len);
        struct reader r;
        reader_init(&r, copy, len);
        uint64_t sum = (uint64_t)reader_u8(&r) + reader_u16le(&r) + reader_u16be(&r);
        sum += reader_u32be(&r) + (uint64_t)reader_u32le(&r);
        uint64_t last = reader_u64be(&r);
        bool whole = len == sizeof bytes;
        all = all && (reader_end(&r) == STATUS_OK) == whole && (last != 0) == whole;
        all = all && (whole || reader_end(&r) == STATUS_TRUNCATED) && sum <= 0xff + 2 * 0xffff + 2 * 0xffffffffULL;
        guarded_free(copy, len);
    }
    check(all, "each prefix is truncated, reads zero at the cut and touches nothing beyond");
}

static void first_failure_sticks(void)
{
    static const uint8_t bytes[4] = {9, 9, 9, 9};
    uint8_t out[8];
    struct reader r;
    memset(out, 7, sizeof out);
    reader_init(&r, bytes, sizeof bytes);
    reader_copy(&r, out, sizeof out);
    check(out[0] == 0 && out[7] == 0, "a short copy zeroes the output");
    check(reader_u8(&r) == 0 && reader_left(&r) == 0, "nothing can be read after a failure");
    reader_fail(&r, STATUS_FORGED);
    check(reader_end(&r) == STATUS_TRUNCATED, "the first status is kept");
    reader_init(&r, bytes, sizeof bytes);
    check(reader_bytes(&r, SIZE_MAX) == NULL && reader_end(&r) == STATUS_TRUNCATED, "a length near SIZE_MAX");
}

static void parts(void)
{
    static const uint8_t bytes[5] = {1, 2, 3, 4, 5};
    struct reader r;
    reader_init(&r, bytes, sizeof bytes);
    struct reader part = reader_part(&r, 3);
    check(reader_u8(&part) == 1 && reader_left(&part) == 2 && reader_left(&r) == 2, "a part is a reader of its own");
    struct reader beyond = reader_part(&r, 3);
    check(reader_end(&beyond) == STATUS_TRUNCATED && reader_end(&r) == STATUS_TRUNCATED, "a part past the end fails");
    reader_init(&r, NULL, 0);
    check(reader_end(&r) == STATUS_OK && reader_u8(&r) == 0 && reader_end(&r) == STATUS_TRUNCATED, "an empty reader");
}

int main(void)
{
    reads_in_order();
    stops_at_every_length();
    first_failure_sticks();
    parts();
    return tap_done();
}
