/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec/json_writer.h"
#include "tap.h"

static uint8_t out[512];
static struct writer w;
static struct json_writer j;

static void start(void)
{
    writer_init(&w, out, sizeof out);
    json_writer_init(&j, &w);
}

static bool wrote(const char *expected)
{
    bool same = json_writer_end(&j) == STATUS_OK && writer_len(&w) == strlen(expected) &&
                memcmp(out, expected, strlen(expected)) == 0;
    if (!same)
        note("got %.*s", (int)writer_len(&w), (char *)out);
    return same;
}

static void test_good(void)
{
    start();
    json_open_object(&j);
    json_put_text(&j, "a", "\"\\\b\f\n\r\t\x01\x1f\x7f/\xc3\xa9");
    json_put_u64(&j, "b", UINT64_MAX);
    json_key(&j, "c");
    json_open_array(&j);
    json_number_i64(&j, INT64_MIN);
    json_number_i64(&j, -1);
    json_number_i64(&j, 0);
    json_null(&j);
    json_bool_value(&j, false);
    json_number_raw(&j, "1.5e3");
    json_open_object(&j);
    json_close(&j);
    json_open_array(&j);
    json_close(&j);
    json_text_len(&j, "xyz", 2);
    json_close(&j);
    json_put_bool(&j, "d", true);
    json_close(&j);
    check(wrote("{\"a\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\xc3\xa9\",\"b\":18446744073709551615,"
                "\"c\":[-9223372036854775808,-1,0,null,false,1.5e3,{},[],\"xy\"],\"d\":true}"),
          "every kind of value");
    uint8_t bytes[100];
    char hex[2 * sizeof bytes + 1], text[300];
    memset(bytes, 0xa5, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        memcpy(hex + 2 * i, "a5", 3);
    start();
    json_hex_value(&j, bytes, sizeof bytes);
    snprintf(text, sizeof text, "\"%s\"", hex);
    check(wrote(text), "hex over several pieces");
    start();
    json_base64_value(&j, bytes, sizeof bytes);
    check(json_writer_end(&j) == STATUS_OK && writer_len(&w) == 2 + 136 && memcmp(out + 1, "paWlpaWl", 8) == 0 &&
              memcmp(out + 133, "pQ==\"", 5) == 0,
          "base64 over several pieces is padded at the end only");
    start();
    json_open_object(&j);
    json_put_hex(&j, "h", "", 0);
    json_put_base64(&j, "b", "f", 1);
    json_close(&j);
    check(wrote("{\"h\":\"\",\"b\":\"Zg==\"}"), "empty and short bytes");
}

static void test_misuse(void)
{
    start();
    check(json_writer_end(&j) == STATUS_BROKEN, "nothing written");
    json_open_object(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "an object left open");
    json_null(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "a value without a key");
    start();
    json_open_array(&j);
    json_key(&j, "a");
    check(json_writer_end(&j) == STATUS_BROKEN, "a key in an array");
    start();
    json_open_object(&j);
    json_key(&j, "a");
    json_close(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "a key without a value");
    start();
    json_open_object(&j);
    json_key(&j, "a");
    json_key(&j, "b");
    check(json_writer_end(&j) == STATUS_BROKEN, "two keys in a row");
    start();
    json_null(&j);
    json_null(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "two values at the top");
    start();
    json_close(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "nothing to close");
    start();
    for (int i = 0; i <= JSON_WRITER_DEPTH_MAX; i++)
        json_open_array(&j);
    check(json_writer_end(&j) == STATUS_BROKEN, "nested too deep");
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start();
        json_text(&j, bad[i]);
        check(json_writer_end(&j) == STATUS_MALFORMED, "bad UTF-8: row %zu", i);
    }
    start();
    json_text_len(&j, "\xc3\xa9", 1);
    check(json_writer_end(&j) == STATUS_MALFORMED, "a character cut in two");
    for (size_t room = 0; room < 9; room++) {
        uint8_t *copy = guarded_copy("123456789", room);
        writer_init(&w, copy, room);
        json_writer_init(&j, &w);
        json_open_object(&j);
        json_put_u64(&j, "ab", 12);
        json_close(&j);
        check(json_writer_end(&j) == STATUS_LIMIT && w.needed == 9, "%zu bytes of room for 9", room);
        guarded_free(copy, room);
    }
}

int main(void)
{
    test_good();
    test_misuse();
    return tap_done();
}
