/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64: RFC 4648 section 10, and what is no such text. */
#include "core/codec/base64.h"
#include "core/codec/hex.h"
#include "tap.h"

static void test_base64_good(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[20];
        uint8_t back[8];
        size_t len = strlen(rows[i][0]), back_len;
        base64_write(BASE64_STANDARD, text, rows[i][0], len);
        bool good = strcmp(text, rows[i][1]) == 0 && strlen(text) == base64_text_len(BASE64_STANDARD, len) &&
                    base64_parse(BASE64_STANDARD, back, sizeof back, &back_len, text, strlen(text)) == STATUS_OK &&
                    back_len == len && memcmp(back, rows[i][0], len) == 0;
        base64_write(BASE64_URL, text, rows[i][0], len);
        good = good && strlen(text) == base64_text_len(BASE64_URL, len) && strchr(text, '=') == NULL &&
               strpbrk(text, "+/") == NULL &&
               base64_parse(BASE64_URL, back, sizeof back, &back_len, text, strlen(text)) == STATUS_OK &&
               back_len == len && memcmp(back, rows[i][0], len) == 0;
        check(good, "base64 \"%s\", both kinds", rows[i][1]);
    }
}

static void test_base64_bad(void)
{
    static const struct {
        enum base64_kind kind;
        const char *text;
    } rows[] = {
        {BASE64_STANDARD, "Z"},        {BASE64_STANDARD, "Zg"},     {BASE64_STANDARD, "Zg="},
        {BASE64_STANDARD, "Zg==="},    {BASE64_STANDARD, "Zh=="},   {BASE64_STANDARD, "Zm9="},
        {BASE64_STANDARD, "===="},     {BASE64_STANDARD, "Z==="},   {BASE64_STANDARD, "Zm=v"},
        {BASE64_STANDARD, "Zg==Zg=="}, {BASE64_STANDARD, "Zm9v\n"}, {BASE64_STANDARD, " Zm9"},
        {BASE64_STANDARD, "Zm9-"},     {BASE64_STANDARD, "Zm9_"},   {BASE64_STANDARD, "Zm\x80v"},
        {BASE64_STANDARD, "Zm@v"},     {BASE64_STANDARD, "Zm[v"},   {BASE64_URL, "Z"},
        {BASE64_URL, "Zg=="},          {BASE64_URL, "Zh"},          {BASE64_URL, "Zm9+"},
        {BASE64_URL, "Zm9/"},          {BASE64_URL, "Zm9vZ"},       {BASE64_URL, "Zm 9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[8] = {0xff, 0xff};
        size_t out_len = 1, len = strlen(rows[i].text);
        uint8_t *text = guarded_copy(rows[i].text, len);
        enum status status = base64_parse(rows[i].kind, out, sizeof out, &out_len, (char *)text, len);
        check(status == STATUS_MALFORMED && out_len == 0 && out[0] == 0 && out[1] == 0, "no base64: row %zu", i);
        guarded_free(text, len);
    }
    uint8_t small[2];
    size_t small_len;
    check(base64_parse(BASE64_STANDARD, small, 2, &small_len, "Zm9v", 4) == STATUS_LIMIT && small_len == 0,
          "no room for the bytes");
    uint8_t nul[3];
    check(base64_parse(BASE64_STANDARD, nul, 3, &small_len, "Zm\0v", 4) == STATUS_MALFORMED, "a NUL in base64");
}

static void test_hex(void)
{
    char text[7];
    uint8_t out[3];
    hex_write(text, "\x00\x9a\xff", 3);
    check(strcmp(text, "009aff") == 0, "hex is lower case");
    check(hex_parse(out, 3, "009aFF", 6) == STATUS_OK && memcmp(out, "\x00\x9a\xff", 3) == 0, "either case is read");
    check(hex_parse(out, 0, "", 0) == STATUS_OK, "nothing is hex of nothing");
    static const char *const bad[] = {"",       "00",     "0000000", "00 0ff", "0x00ff", "00000g",
                                      "G00000", "00000:", "00000/",  "00000@", "00000`", "0000g\xb0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = strlen(bad[i]);
        uint8_t *copy = guarded_copy(bad[i], len);
        memset(out, 0xff, sizeof out);
        check(hex_parse(out, 3, (char *)copy, len) == STATUS_MALFORMED && out[0] == 0 && out[2] == 0, "no hex: row %zu",
              i);
        guarded_free(copy, len);
    }
}

static void test_every_byte(void)
{
    size_t hex_n = 0, standard_n = 0, url_n = 0, out_len;
    for (int c = 0; c < 256; c++) {
        uint8_t out[3];
        char text[4] = {'A', 'A', 'A', (char)c};
        hex_n += hex_parse(out, 2, (char[]){'0', '0', '0', (char)c}, 4) == STATUS_OK;
        standard_n += base64_parse(BASE64_STANDARD, out, 3, &out_len, text, 4) == STATUS_OK && out_len == 3;
        url_n += base64_parse(BASE64_URL, out, 3, &out_len, text, 4) == STATUS_OK;
    }
    check(hex_n == 22 && standard_n == 64 && url_n == 64, "22 hex digits and 64 base64 characters, no more");
}

int main(void)
{
    test_base64_good();
    test_base64_bad();
    test_hex();
    test_every_byte();
    return tap_done();
}
