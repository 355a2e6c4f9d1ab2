/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed files as the owner made them, and as a hostile store gives them back. */
#include "sys/model_stream.h"

#include "core/seal/fixture.h"
#include "tap.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLAIN_LEN = 4 * SEAL_CHUNK_LEN + 70001, WHOLE = SEAL_CHUNK_LEN + AEAD_TAG_LEN };

/* What place got. */
struct sink {
    const struct fixture *f;
    atomic_uint_fast64_t bytes_n;
    atomic_bool wrong;
    enum status answer;
};

static enum status take(void *ctx, uint64_t offset, const uint8_t *bytes, size_t len)
{
    struct sink *sink = ctx;
    atomic_fetch_add(&sink->bytes_n, len);
    if (offset + len > sink->f->header.plain_len || memcmp(sink->f->plain + offset, bytes, len) != 0)
        atomic_store(&sink->wrong, true);
    return sink->answer;
}

static int fd_of(const void *bytes, size_t len)
{
    int fd = memfd_create("sealed", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
        printf("Bail out! no memory for a file\n");
        exit(1);
    }
    return fd;
}

/* The whole way: open, unwrap, read.  place must never have seen a byte that was not sealed there. */
static enum status read_fd(const struct fixture *f, int fd, unsigned threads_n)
{
    static struct model_stream s;
    struct seal_dek dek;
    struct sink sink = {.f = f, .answer = STATUS_OK};
    struct reason why = {""};
    enum status status = model_stream_open(&s, fd, &why);
    if (status == STATUS_OK)
        status = seal_unwrap_raw_key(&dek, &s.wraps, &f->raw_key, s.header_hash);
    if (status == STATUS_OK)
        status = model_stream_read(&s, &dek, model_stream_lanes(), threads_n, take, &sink, &why);
    if (sink.wrong || (status == STATUS_OK && sink.bytes_n != f->header.plain_len))
        return STATUS_BROKEN;
    return status;
}

static enum status read_bytes(const struct fixture *f, const void *bytes, size_t len)
{
    int fd = fd_of(bytes, len);
    enum status status = read_fd(f, fd, 2);
    close(fd);
    return status;
}

static bool is_refused(enum status status)
{
    return status == STATUS_FORGED || status == STATUS_MALFORMED || status == STATUS_TRUNCATED ||
           status == STATUS_UNSUPPORTED;
}

static void test_whole(const struct fixture *f)
{
    static const unsigned threads[] = {1, 2, 3, 5, 16, 256};
    int fd = fd_of(f->file, f->file_len);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        check(read_fd(f, fd, threads[i]) == STATUS_OK, "%u threads read the model whole", threads[i]);
    check(read_fd(f, fd, 0) == STATUS_USAGE && read_fd(f, fd, 257) == STATUS_USAGE, "no threads, or too many");
    close(fd);
    for (size_t len = 1; len < 3 * SEAL_LEAF_LEN; len = len * 5 + 13) {
        struct fixture small;
        fixture_open(&small, len, 3);
        check(read_bytes(&small, small.file, small.file_len) == STATUS_OK, "a model of %zu bytes", len);
        fixture_close(&small);
    }
}

static void test_bits(const struct fixture *f)
{
    int fd = fd_of(f->file, f->file_len);
    uint8_t *file = mmap(NULL, f->file_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    bool head = true, chunks = true;
    if (file == MAP_FAILED)
        exit(1);
    for (size_t bit = 0; bit < 160 * 8; bit++) {
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        head = head && is_refused(read_fd(f, fd, 1));
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t at = SEAL_HEADER_PAGE_LEN; at < SEAL_HEAD_LEN; at += at < 5000 ? 1 : 251) {
        file[at] ^= 0x10;
        head = head && is_refused(read_fd(f, fd, 1));
        file[at] ^= 0x10;
    }
    for (size_t at = SEAL_HEAD_LEN; at < f->file_len; at += 299993) {
        file[at] ^= (uint8_t)(1u << at % 8);
        chunks = chunks && read_fd(f, fd, 2) == STATUS_FORGED;
        file[at] ^= (uint8_t)(1u << at % 8);
    }
    check(head, "SM-7 SM-24 a changed bit in header or wraps is refused");
    check(chunks, "SM-12 a changed bit in a chunk is refused");
    check(read_fd(f, fd, 2) == STATUS_OK, "put right, it opens again");
    munmap(file, f->file_len);
    close(fd);
}

static void test_lengths(const struct fixture *f)
{
    bool cut = true;
    for (size_t len = 0; len < SEAL_HEAD_LEN; len += 1021)
        cut = cut && is_refused(read_bytes(f, f->file, len));
    for (uint64_t i = 0; i < seal_chunks_n(&f->header); i++) {
        size_t at = (size_t)seal_chunk_offset(i);
        cut = cut && is_refused(read_bytes(f, f->file, at)) && is_refused(read_bytes(f, f->file, at + 1)) &&
              is_refused(read_bytes(f, f->file, at + AEAD_TAG_LEN));
    }
    cut = cut && is_refused(read_bytes(f, f->file, f->file_len - 1));
    check(cut, "SM-8 a file cut at any chunk is refused");
    uint8_t *longer = calloc(1, f->file_len + 1);
    memcpy(longer, f->file, f->file_len);
    check(read_bytes(f, longer, f->file_len + 1) == STATUS_MALFORMED, "SM-8 a file with a byte more is refused");
    free(longer);
}

/* Files put together from true pieces. */
static void test_pieces(const struct fixture *f)
{
    struct fixture other, less;
    uint8_t *file = malloc(f->file_len);
    fixture_open(&other, PLAIN_LEN, 20);
    memcpy(file, f->file, f->file_len);
    memcpy(file + seal_chunk_offset(0), f->file + seal_chunk_offset(1), WHOLE);
    memcpy(file + seal_chunk_offset(1), f->file + seal_chunk_offset(0), WHOLE);
    check(read_bytes(f, file, f->file_len) == STATUS_FORGED, "SM-12 two chunks exchanged");
    memcpy(file, f->file, f->file_len);
    memcpy(file + seal_chunk_offset(2), f->file + seal_chunk_offset(1), WHOLE);
    check(read_bytes(f, file, f->file_len) == STATUS_FORGED, "SM-12 a chunk twice");
    memcpy(file, f->file, f->file_len);
    memcpy(file + seal_chunk_offset(2), other.file + seal_chunk_offset(2), WHOLE);
    check(read_bytes(f, file, f->file_len) == STATUS_FORGED, "SM-12 a chunk of another file");
    memcpy(file, f->file, f->file_len);
    memcpy(file, other.file, SEAL_HEADER_PAGE_LEN);
    check(read_bytes(f, file, f->file_len) == STATUS_FORGED, "SM-21 the header of another file");
    memcpy(file, other.file, SEAL_HEAD_LEN);
    check(read_bytes(f, file, f->file_len) == STATUS_NOT_FOUND, "the head of another file");
    /* the header states one chunk less, the file is cut to fit: the key's own owner could not have made that */
    fixture_open(&less, 4 * SEAL_CHUNK_LEN, 10);
    memcpy(file, f->file, (size_t)seal_file_len(&less.header));
    memcpy(file, less.file, SEAL_HEADER_LEN);
    check(is_refused(read_bytes(f, file, (size_t)seal_file_len(&less.header))), "SM-11 the last chunk is missing");
    fixture_close(&less);
    fixture_close(&other);
    free(file);
}

/* An owner's own file whose root is a lie: only the tree can tell. */
static void test_root(const struct fixture *f)
{
    static struct model_stream s;
    struct fixture liar = *f;
    struct reason why = {""};
    struct sink sink = {.f = f, .answer = STATUS_OK};
    liar.file = calloc(1, f->file_len);
    liar.header.root[31] ^= 1;
    seal_header_hash(liar.header_hash, &liar.header);
    liar.wraps.wraps_n = 0;
    if (fixture_wrap(&liar, 10) != STATUS_OK || fixture_write(&liar) != STATUS_OK)
        exit(1);
    int fd = fd_of(liar.file, liar.file_len);
    check(model_stream_open(&s, fd, &why) == STATUS_OK &&
              model_stream_read(&s, &f->dek, &sha256_lanes_scalar, 3, take, &sink, &why) == STATUS_FORGED &&
              strstr(why.text, "root") != NULL,
          "SM-17 a root that is not the plaintext's is refused");
    close(fd);
    free(liar.file);
}

static void test_place_and_meta(const struct fixture *f)
{
    static struct model_stream s;
    struct reason why = {""};
    struct sink sink = {.f = f, .answer = STATUS_REFUSED};
    struct seal_dek wrong = f->dek;
    size_t meta_len = (size_t)f->header.meta_len;
    uint8_t *meta = malloc(meta_len);
    int fd = fd_of(f->file, f->file_len);
    wrong.bytes[31] ^= 0x80;
    check(model_stream_open(&s, fd, &why) == STATUS_OK, "open");
    check(model_stream_read(&s, &f->dek, model_stream_lanes(), 2, take, &sink, &why) == STATUS_REFUSED,
          "place ends the read");
    check(model_stream_read(&s, &wrong, model_stream_lanes(), 2, take, &sink, &why) == STATUS_FORGED,
          "SM-7 another data key is refused before any chunk");
    check(model_stream_read_meta(&s, &f->dek, meta, meta_len, &why) == STATUS_OK &&
              memcmp(meta, f->plain, meta_len) == 0,
          "SM-4 the metadata alone, over more than one chunk");
    check(model_stream_read_meta(&s, &f->dek, meta, meta_len - 1, &why) == STATUS_LIMIT, "metadata without room");
    check(model_stream_read_meta(&s, &wrong, meta, meta_len, &why) == STATUS_FORGED, "metadata under another key");
    close(fd);
    check(is_refused(read_bytes(f, "", 0)) && is_refused(read_bytes(f, "hello", 5)), "a file that is none");
    check(model_stream_open(&s, -1, &why) == STATUS_IO, "no file");
    free(meta);
}

int main(void)
{
    struct fixture f;
    fixture_open(&f, PLAIN_LEN, 10);
    test_whole(&f);
    test_bits(&f);
    test_lengths(&f);
    test_pieces(&f);
    test_root(&f);
    test_place_and_meta(&f);
    fixture_close(&f);
    return tap_done();
}
