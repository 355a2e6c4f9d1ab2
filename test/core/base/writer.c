/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/writer.h"

#include "core/base/reader.h"
#include "tap.h"

static void write_all(struct writer *w)
{
    writer_u8(w, 0x11);
    writer_u16be(w, 0x1213);
    writer_u16le(w, 0x1415);
    writer_u32be(w, 0x16171819);
    writer_u32le(w, 0x1a1b1c1d);
    writer_u64be(w, 0x1e1f202122232425);
    writer_u64le(w, 0x262728292a2b2c2d);
    writer_text(w, "text");
    writer_decimal(w, 0);
    writer_decimal(w, UINT64_MAX);
}

enum { WHOLE = 1 + 2 + 2 + 4 + 4 + 8 + 8 + 4 + 1 + 20 };

static void writes_what_a_reader_reads(void)
{
    uint8_t out[WHOLE];
    struct writer w;
    struct reader r;
    writer_init(&w, out, sizeof out);
    write_all(&w);
    check(writer_end(&w) == STATUS_OK && writer_len(&w) == WHOLE, "everything fits");
    reader_init(&r, out, sizeof out);
    check(reader_u8(&r) == 0x11 && reader_u16be(&r) == 0x1213 && reader_u16le(&r) == 0x1415, "8 and 16 bits");
    check(reader_u32be(&r) == 0x16171819 && reader_u32le(&r) == 0x1a1b1c1d, "32 bits");
    check(reader_u64be(&r) == 0x1e1f202122232425 && reader_u64le(&r) == 0x262728292a2b2c2d, "64 bits");
    check(memcmp(reader_bytes(&r, 25), "text018446744073709551615", 25) == 0, "text and decimals");
}

static void stops_at_every_capacity(void)
{
    bool all = true;
    uint8_t zeros[WHOLE] = {0};
    for (size_t capacity = 0; capacity < WHOLE; capacity++) {
        struct writer w;
        uint8_t *out = guarded_copy(zeros, capacity);
        writer_init(&w, out, capacity);
        write_all(&w);
        all = all && writer_end(&w) == STATUS_LIMIT && writer_len(&w) == 0 && w.needed == WHOLE;
        guarded_free(out, capacity);
    }
    check(all, "each smaller buffer fails, is not passed, and the need is told");
}

int main(void)
{
    struct writer w;
    writes_what_a_reader_reads();
    stops_at_every_capacity();
    writer_init(&w, NULL, 0);
    check(writer_space(&w, SIZE_MAX) == NULL && writer_space(&w, 2) == NULL && writer_end(&w) == STATUS_LIMIT,
          "lengths that overflow");
    writer_init(&w, NULL, 0);
    writer_fail(&w, STATUS_MALFORMED);
    writer_u8(&w, 1);
    check(writer_end(&w) == STATUS_MALFORMED, "the first failure is kept");
    return tap_done();
}
