/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of RFC 9292 section 5, and what is refused. */
#include "core/ohttp/bhttp.h"
#include "core/ohttp/varint.h"
#include "tap.h"

#define REQUEST_FIELDS                                                                                                 \
    "0a757365722d6167656e74346375726c2f372e31362e33206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c20"     \
    "7a6c69622f312e322e3304686f73740f7777772e6578616d706c652e636f6d0f6163636570742d6c616e677561676506656e2c206d69"
#define CONTROL "03474554056874747073000a2f68656c6c6f2e747874"

static const char known_request[] = "00" CONTROL "406c" REQUEST_FIELDS "0000";
static const char indeterminate_request[] = "02" CONTROL REQUEST_FIELDS "00000000000000000000000000";
static const char indeterminate_response[] =
    "0340660772756e6e696e670a22736c65657020313522004067046c696e6b233c2f7374796c652e6373733e3b2072656c3d7072656c6f6164"
    "3b2061733d7374796c65046c696e6b243c2f7363726970742e6a733e3b2072656c3d7072656c6f61643b2061733d7363726970740040c804"
    "646174651d4d6f6e2c203237204a756c20323030392031323a32383a353320474d5406736572766572064170616368650d6c6173742d6d6f"
    "6469666965641d5765642c203232204a756c20323030392031393a31353a353620474d5404657461671422333461613338372d642d313536"
    "3865623030220d6163636570742d72616e6765730562797465730e636f6e74656e742d6c656e67746802353104766172790f416363657074"
    "2d456e636f64696e670c636f6e74656e742d747970650a746578742f706c61696e003348656c6c6f20576f726c6421204d7920636f6e7465"
    "6e7420696e636c75646573206120747261696c696e672043524c462e0d0a0000";
static const char known_response[] =
    "0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e0d0a0d07747261696c65720474657874";

static uint8_t memory[70000];
static struct bhttp_message message;

static enum status parse_bytes(const uint8_t *bytes, size_t len)
{
    struct arena arena;
    struct reason why = {{0}};
    arena_init(&arena, memory, sizeof memory);
    enum status status = bhttp_parse(&message, &arena, bytes, len, &why);
    bool zeroed = message.content == NULL && message.head.fields_n == 0;
    return status == STATUS_OK || (zeroed && why.text[0] != '\0') ? status : STATUS_BROKEN;
}

/* Parses hex, cut by cut bytes at its end; message points into a static copy. */
static enum status parse_hex(const char *hex, size_t cut)
{
    static uint8_t bytes[1000];
    size_t len = unhex(bytes, hex) - cut;
    uint8_t *copy = guarded_copy(bytes, len);
    enum status status = parse_bytes(copy, len);
    guarded_free(copy, len);
    return status == parse_bytes(bytes, len) ? status : STATUS_BROKEN;
}

static bool is_hello_request(void)
{
    const struct bhttp_head *h = &message.head;
    return !h->is_response && http_text_is(&h->method, "GET") && http_text_is(&h->scheme, "https") &&
           h->authority.len == 0 && http_text_is(&h->path, "/hello.txt") && h->fields_n == 3 &&
           http_text_is(bhttp_head_get(h, "host"), "www.example.com") && message.content_len == 0;
}

/* Writes what was parsed, and compares with hex. */
static bool writes_back(const char *hex)
{
    uint8_t out[1000], expected[1000];
    struct writer w;
    size_t len = unhex(expected, hex);
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &message.head);
    if (message.head.is_indeterminate) {
        bhttp_piece_write(&w, message.content, message.content_len);
        bhttp_end_write(&w);
    } else {
        bhttp_content_write(&w, message.content, message.content_len);
    }
    return writer_end(&w) == STATUS_OK && writer_len(&w) <= len && memcmp(out, expected, writer_len(&w)) == 0;
}

static void test_examples(void)
{
    unsigned good = 0, refused = 0;
    check(parse_hex(known_request, 0) == STATUS_OK && is_hello_request() && writes_back(known_request),
          "a request of known length");
    for (size_t cut = 1; cut <= 2; cut++)
        good += parse_hex(known_request, cut) == STATUS_OK && is_hello_request();
    check(good == 2, "without its empty content and trailers");
    size_t len = strlen(known_request) / 2;
    for (size_t cut = 3; cut <= len; cut++)
        refused += parse_hex(known_request, cut) == STATUS_TRUNCATED;
    check(refused == len - 2 - 1, "cut elsewhere it is truncated, but for the cut before the fields");
    check(parse_hex("00" CONTROL, 0) == STATUS_OK && message.head.fields_n == 0,
          "that cut is a request without fields");
    good = 0;
    for (size_t cut = 0; cut <= 12; cut++)
        good += parse_hex(indeterminate_request, cut) == STATUS_OK && is_hello_request();
    check(good == 13 && parse_hex(indeterminate_request, 13) == STATUS_TRUNCATED,
          "a request of indeterminate length, with any of its zeros");
    check(parse_hex(indeterminate_response, 0) == STATUS_OK && message.head.status == 200 &&
              message.head.fields_n == 8 && message.content_len == 51 &&
              memcmp(message.content, "Hello World!", 12) == 0,
          "a response after two interim ones");
    check(parse_hex(known_response, 0) == STATUS_OK && message.head.status == 200 && message.content_len == 29 &&
              writes_back("0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e0d0a00"),
          "a response with a trailer, which is dropped");
    check(parse_hex("0140c8", 0) == STATUS_OK && message.head.status == 200 && message.content_len == 0,
          "a response that is a status alone");
    check(parse_hex("0340c800026869036f6c610000", 0) == STATUS_OK && message.content_len == 5 &&
              memcmp(message.content, "hiola", 5) == 0,
          "content in two pieces");
}

static void test_bad(void)
{
    static const struct {
        const char *name, *hex;
        enum status status;
    } rows[] = {
        {"nothing", "", STATUS_TRUNCATED},
        {"another framing", "04", STATUS_MALFORMED},
        {"a status of 600", "014258", STATUS_MALFORMED},
        {"a status of 99", "014063", STATUS_MALFORMED},
        {"interim responses alone", "01406600", STATUS_TRUNCATED},
        {"interim responses without end", "01406600406600406600406600406600406600406600406600406600", STATUS_LIMIT},
        {"an empty method",
         "00000568747470730001"
         "2f",
         STATUS_MALFORMED},
        {"a space in the method",
         "0003472054056874747073000"
         "12f",
         STATUS_MALFORMED},
        {"an empty path", "00034745540568747470730000", STATUS_MALFORMED},
        {"a relative path", "0003474554056874747073000161", STATUS_MALFORMED},
        {"a space in the path", "000347455405687474707300022f20", STATUS_MALFORMED},
        {"an upper-case scheme",
         "0003474554054854545053000"
         "12f",
         STATUS_MALFORMED},
        {"a name in upper case", "0140c804014101620000", STATUS_MALFORMED},
        {"a pseudo field", "0140c806033a616201620000", STATUS_MALFORMED},
        {"an empty name", "0140c80300016200", STATUS_MALFORMED},
        {"a line feed in a value", "0140c8040161010a0000", STATUS_MALFORMED},
        {"a NUL in a value", "0140c804016101000000", STATUS_MALFORMED},
        {"a space at a value's end", "0140c80501610262200000", STATUS_MALFORMED},
        {"a field beyond its section", "0140c8020161016200", STATUS_MALFORMED},
        {"a section over the limit", "0140c880005000", STATUS_LIMIT},
        {"a name over the limit", "0340c880005000", STATUS_LIMIT},
        {"content shorter than its length", "0140c800056869", STATUS_TRUNCATED},
        {"a piece shorter than its length", "0340c800056869", STATUS_TRUNCATED},
        {"pieces without their end", "0340c800026869", STATUS_TRUNCATED},
        {"half a length", "0140c80040", STATUS_TRUNCATED},
        {"a length over any message", "0140c800ffffffffffffffff", STATUS_TRUNCATED},
        {"padding that is not zero", "0140c800000001", STATUS_MALFORMED},
        {"a trailer's name in upper case", "0140c80000040141016200", STATUS_MALFORMED},
        {"a trailer's value with a line feed",
         "0140c8000004016101"
         "0a",
         STATUS_MALFORMED},
        {"a trailer cut short", "0140c8000004016101", STATUS_TRUNCATED},
        {"a trailer beyond its section", "0140c80000020161016200", STATUS_MALFORMED},
        {"a trailer with an empty name", "0140c80000020000", STATUS_MALFORMED},
        {"trailers without their end", "0340c8000001610162", STATUS_TRUNCATED},
        {"trailers over the limit", "0140c8000080005000", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = parse_hex(rows[i].hex, 0);
        check(status == rows[i].status, "%s: %s", rows[i].name, status_name(status));
    }
    uint8_t head[3 + 2 + 4 * (BHTTP_FIELDS_MAX + 1)] = {1, 0x40, 0xc8, 0x41, 0x04};
    for (size_t i = 0; i <= BHTTP_FIELDS_MAX; i++)
        memcpy(head + 5 + 4 * i,
               "\x01"
               "a\x01"
               "b",
               4);
    check(parse_bytes(head, sizeof head) == STATUS_LIMIT, "65 fields");
    head[4] = 0;
    check(parse_bytes(head, sizeof head - 4) == STATUS_OK && message.head.fields_n == BHTTP_FIELDS_MAX, "64 fields");
}

static void test_pieces(void)
{
    static uint8_t bytes[1000];
    size_t len = unhex(bytes, indeterminate_response), good = 0, head_len;
    struct bhttp_head head;
    struct reason why;
    for (size_t i = 0; i < len; i++)
        good += bhttp_head_parse(&head, &head_len, bytes, i, false, &why) == STATUS_TRUNCATED && head_len == 0;
    check(bhttp_head_parse(&head, &head_len, bytes, len, false, &why) == STATUS_OK && good == head_len,
          "a head is not there before its last byte");
    for (size_t step = 1; step < 60; step++) {
        struct bhttp_body body;
        size_t content_len = 0, taken, piece_len;
        const uint8_t *piece;
        enum status status = STATUS_OK;
        bhttp_body_init(&body, true);
        for (size_t at = head_len; at < len && status == STATUS_OK; at += taken) {
            status = bhttp_body_parse(&body, &taken, &piece, &piece_len, bytes + at, len - at < step ? len - at : step);
            content_len += piece_len;
        }
        good += status == STATUS_OK && bhttp_body_end(&body) == STATUS_OK && content_len == 51;
    }
    check(good == head_len + 59, "content in steps of every size");
}

static void test_write(void)
{
    static const struct http_text get = {"GET", 3}, https = {"https", 5}, path = {"/", 1}, bad_path = {"/ ", 2};
    uint8_t out[100];
    struct writer w;
    struct bhttp_head head = {.method = get, .scheme = https, .path = path, .fields_n = 1};
    head.fields[0] = (struct http_header){{"a", 1}, {"b", 1}};
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &head);
    check(writer_end(&w) == STATUS_OK && writer_len(&w) == 19, "a head is written");
    head.fields[0].name.text = "A";
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &head);
    check(writer_end(&w) == STATUS_USAGE, "not with a name in upper case");
    head.fields[0] = (struct http_header){{"a", 1}, {"b\n", 2}};
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &head);
    check(writer_end(&w) == STATUS_USAGE, "not with a line feed in a value");
    head.fields_n = 0;
    head.path = bad_path;
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &head);
    check(writer_end(&w) == STATUS_USAGE, "not with a space in the path");
    head = (struct bhttp_head){.is_response = true, .status = 199};
    writer_init(&w, out, sizeof out);
    bhttp_head_write(&w, &head);
    check(writer_end(&w) == STATUS_USAGE, "not with an interim status");
}

static void test_varint(void)
{
    /* RFC 9000 appendix A.1 */
    static const struct {
        const char *hex;
        uint64_t value;
        bool is_shortest;
    } rows[] = {
        {"c2197c5eff14e88c", UINT64_C(151288809941952652), true},
        {"9d7f3e7d", 494878333, true},
        {"7bbd", 15293, true},
        {"25", 37, true},
        {"4025", 37, false},
        {"ffffffffffffffff", VARINT_MAX, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[8], out[8];
        struct reader r;
        struct writer w;
        size_t len = unhex(bytes, rows[i].hex);
        reader_init(&r, bytes, len);
        bool good = varint_read(&r) == rows[i].value && reader_end(&r) == STATUS_OK;
        writer_init(&w, out, sizeof out);
        varint_write(&w, rows[i].value);
        bool same = writer_len(&w) == len && memcmp(out, bytes, len) == 0;
        for (size_t cut = 0; cut < len; cut++) {
            reader_init(&r, bytes, cut);
            good = good && varint_read(&r) == 0 && reader_end(&r) == STATUS_TRUNCATED;
        }
        check(good && same == rows[i].is_shortest, "varint %s", rows[i].hex);
    }
    uint8_t out[8];
    struct writer w;
    writer_init(&w, out, sizeof out);
    varint_write(&w, VARINT_MAX + 1);
    check(writer_end(&w) == STATUS_LIMIT, "2^62 has no varint");
}

int main(void)
{
    test_examples();
    test_bad();
    test_pieces();
    test_write();
    test_varint();
    return tap_done();
}
