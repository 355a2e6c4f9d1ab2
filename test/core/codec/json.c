/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259, and everything that is refused beyond it. */
#include "core/codec/json.h"
#include "tap.h"

#include <math.h>

static uint8_t memory[1 << 16];

static enum status parse(const struct json **root, const char *text, size_t len, struct reason *why)
{
    static struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    return json_parse(root, &arena, text, len, why);
}

/* Parses a copy that ends at a guard page. */
static enum status status_of(const char *text, size_t len, struct reason *why)
{
    const struct json *root;
    uint8_t *copy = guarded_copy(text, len);
    enum status status = parse(&root, (char *)copy, len, why);
    guarded_free(copy, len);
    if ((root != NULL) != (status == STATUS_OK))
        return STATUS_BROKEN;
    return status;
}

static void test_good(void)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "1e5",
        "-1.5E-3",
        "\"\"",
        "\"a\\\"b\"",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "{\"\":1}",
        "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}",
        "\"\\u0001\"",
        "\"\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\xed\x9f\xbf\xee\x80\x80\"",
        "\"\\/\\b\\f\\n\\r\\t\"",
        "\t\n\r 1\t\n\r ",
        "\"\x7f\"",
        "123456789012345678901234567890",
        "1e999999",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reason why = {{0}};
        check(status_of(rows[i], strlen(rows[i]), &why) == STATUS_OK, "good: row %zu %s", i, why.text);
    }
}

static void test_bad(void)
{
    static const char *const rows[] = {
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
        "'a'",
        "01",
        "-01",
        "00",
        "+1",
        "-",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "1e1.5",
        "0x10",
        "1 2",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "[1",
        "[1,",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"\\u0061\":3}",
        "{\"\":1,\"\":2}",
        "[1}",
        "{\"a\":1]",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\n\"",
        "\"\t\"",
        "\"\x1f\"",
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xc1\xbf\"",
        "\"\xe0\x80\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xe2\x82\"",
        "\"\xf0\x9f\x98\"",
        "\"\xff\"",
        "\xef\xbb\xbf"
        "1",
        "// c\n1",
        "/* c */1",
        "1/",
        "\f1",
        "\xc2\xa0"
        "1",
        "[1]x",
        "{\"a\":1}{",
        "\"\\\n\"",
        "\"\\\xc3\xa9\"",
        "\"\\U0041\"",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reason why = {{0}};
        check(status_of(rows[i], strlen(rows[i]), &why) == STATUS_MALFORMED && why.text[0] != '\0', "bad: row %zu: %s",
              i, why.text);
    }
    struct reason why;
    check(status_of("\"a\0b\"", 5, &why) == STATUS_MALFORMED && status_of("1\0", 2, &why) == STATUS_MALFORMED,
          "raw NUL");
}

static void test_limits(void)
{
    char text[4 * JSON_DEPTH_MAX];
    struct reason why;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    check(status_of(text, 2 * JSON_DEPTH_MAX, &why) == STATUS_OK, "as deep as allowed");
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    check(status_of(text, 2 * JSON_DEPTH_MAX + 2, &why) == STATUS_LIMIT, "one deeper: %s", why.text);
    static const char sample[] = "{\"k\":[1,-2.5e3,\"x\\u00e9\\n\",true,false,null],\"m\":{\"n\":\"\xc3\xa9\"}}";
    unsigned accepted = 0;
    for (size_t len = 0; len < sizeof sample - 1; len++)
        accepted += status_of(sample, len, &why) == STATUS_OK;
    check(accepted == 0, "no prefix of an object parses");
    static const char *const dense[] = {"0", "[0,0,0,0,0,0]", "[[[[[[[[[[]]]]]]]]]]",
                                        "{\"\":0,\"a\":0,\"b\":0,\"c\":0}", "[\"\\n\",\"\\t\",\"\\r\",\"\\b\"]"};
    for (size_t i = 0; i < sizeof dense / sizeof *dense; i++) {
        const struct json *root;
        struct arena arena;
        size_t len = strlen(dense[i]);
        arena_init(&arena, memory + 1, 64 + len * 56);
        check(json_parse(&root, &arena, dense[i], len, &why) == STATUS_OK, "the stated memory is enough: row %zu", i);
        arena_init(&arena, memory, 64);
        enum status status = json_parse(&root, &arena, dense[i], len, &why);
        check(status == (len == 1 ? STATUS_OK : STATUS_NO_MEMORY), "too little memory: row %zu", i);
    }
}

static void test_large_object(void)
{
    static char text[1 << 20];
    static uint8_t large[1 << 26];
    const struct json *root;
    struct arena arena;
    struct reason why;
    size_t len = 0;
    text[len++] = '{';
    for (int i = 0; i < 60000; i++)
        len += (size_t)sprintf(text + len, "%s\"key%d\":%d", i == 0 ? "" : ",", i, i);
    text[len] = '}';
    arena_init(&arena, large, sizeof large);
    uint64_t value;
    check(json_parse(&root, &arena, text, len + 1, &why) == STATUS_OK && root->members_n == 60000 &&
              json_u64(&value, json_get(root, "key59999")) == STATUS_OK && value == 59999,
          "60,000 keys in one object");
    memcpy(strstr(text, "key30000"), "key29999", 8);
    arena_init(&arena, large, sizeof large);
    check(json_parse(&root, &arena, text, len + 1, &why) == STATUS_MALFORMED && root == NULL, "two of them equal: %s",
          why.text);
}

static void test_fields(void)
{
    static const char text[] = "{\"u\":18446744073709551615,\"big\":18446744073709551616,\"min\":-9223372036854775808,"
                               "\"under\":-9223372036854775809,\"max\":9223372036854775807,\"f\":1.0,\"e\":1e3,"
                               "\"s\":\"\\u00e9x\",\"t\":true,\"n\":null,\"h\":\"00fF\",\"b\":\"Zg==\",\"neg0\":-0}";
    static const char *const all[] = {"u", "big", "min", "under", "max", "f",    "e",
                                      "s", "t",   "n",   "h",     "b",   "neg0", NULL};
    const struct json *o;
    struct reason why;
    uint64_t u;
    int64_t i;
    bool flag;
    char copy[8];
    uint8_t bytes[4];
    size_t len;
    if (!check(parse(&o, text, sizeof text - 1, &why) == STATUS_OK, "an object of every kind"))
        return;
    check(json_u64(&u, json_get(o, "u")) == STATUS_OK && u == UINT64_MAX, "2^64 - 1");
    check(json_u64(&u, json_get(o, "big")) == STATUS_MALFORMED && u == 0, "2^64 does not fit");
    check(json_u64(&u, json_get(o, "min")) == STATUS_MALFORMED, "a negative is no u64");
    check(json_i64(&i, json_get(o, "min")) == STATUS_OK && i == INT64_MIN, "-2^63");
    check(json_i64(&i, json_get(o, "under")) == STATUS_MALFORMED && i == 0, "-2^63 - 1 does not fit");
    check(json_i64(&i, json_get(o, "max")) == STATUS_OK && i == INT64_MAX, "2^63 - 1");
    check(json_i64(&i, json_get(o, "u")) == STATUS_MALFORMED, "2^64 - 1 is no i64");
    check(json_i64(&i, json_get(o, "neg0")) == STATUS_OK && i == 0, "-0");
    check(json_u64(&u, json_get(o, "f")) == STATUS_MALFORMED && json_u64(&u, json_get(o, "e")) == STATUS_MALFORMED &&
              json_i64(&i, json_get(o, "f")) == STATUS_MALFORMED && json_u64(&u, json_get(o, "s")) == STATUS_MALFORMED,
          "fractions, exponents and strings are no integers");
    check(json_u64(&u, json_get(o, "none")) == STATUS_NOT_FOUND && json_get(NULL, "a") == NULL &&
              json_get(json_get(o, "u"), "a") == NULL,
          "what is not there is not found");
    check(json_copy_text(copy, sizeof copy, json_get(o, "s")) == STATUS_OK && strcmp(copy, "\xc3\xa9x") == 0, "a copy");
    check(json_copy_text(copy, 3, json_get(o, "s")) == STATUS_LIMIT && copy[0] == '\0', "a copy that does not fit");
    check(json_is_text(json_get(o, "s"), "\xc3\xa9x") && !json_is_text(json_get(o, "s"), "\xc3\xa9") &&
              !json_is_text(json_get(o, "t"), "true") && !json_is_text(NULL, ""),
          "text compared");
    check(json_bool(&flag, json_get(o, "t")) == STATUS_OK && flag && json_bool(&flag, json_get(o, "n")) != STATUS_OK &&
              json_bool(&flag, NULL) == STATUS_NOT_FOUND,
          "booleans");
    check(json_hex(bytes, 2, json_get(o, "h")) == STATUS_OK && bytes[1] == 0xff &&
              json_hex(bytes, 3, json_get(o, "h")) == STATUS_MALFORMED &&
              json_hex(bytes, 2, json_get(o, "u")) == STATUS_MALFORMED && json_hex(bytes, 2, NULL) == STATUS_NOT_FOUND,
          "hex");
    check(json_base64(bytes, 4, &len, json_get(o, "b")) == STATUS_OK && len == 1 && bytes[0] == 'f' &&
              json_base64(bytes, 4, &len, json_get(o, "h")) == STATUS_OK && len == 3 &&
              json_base64(bytes, 0, &len, json_get(o, "b")) == STATUS_LIMIT &&
              json_base64(bytes, 4, &len, NULL) == STATUS_NOT_FOUND && len == 0,
          "base64");
    check(json_only(o, all, &why) == STATUS_OK && json_only(o, all + 1, &why) == STATUS_MALFORMED &&
              json_only(NULL, all, &why) == STATUS_MALFORMED && json_only(json_get(o, "u"), all, &why) != STATUS_OK,
          "only known members");
}

static void test_double(void)
{
    /* text, and the double as strtod of a correctly rounding C library gives it */
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"1", 1.0},
        {"0.1", 0.1},
        {"1e22", 1e22},
        {"1e23", 1e23},
        {"123456789.125e-3", 123456.789125},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000000000001", 9007199254740994.0},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"1.7976931348623158e308", 1.7976931348623157e308},
        {"2.2250738585072014e-308", 2.2250738585072014e-308},
        {"2.2250738585072011e-308", 2.225073858507201e-308},
        {"5e-324", 5e-324},
        {"2.4703282292062327e-324", 0.0},
        {"2.4703282292062328e-324", 5e-324},
        {"1e-400", 0.0},
        {"0e999999999999999999999", 0.0},
        {"6.631236871469758276785396630275967e-4", 6.631236871469758276785396630275967e-4},
        {"0.000000000000000000000000000000000000000000000000000000000000000000000000000001e78", 1.0},
    };
    const struct json *root;
    struct reason why;
    double value;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool good = parse(&root, rows[i].text, strlen(rows[i].text), &why) == STATUS_OK &&
                    json_double(&value, root) == STATUS_OK && memcmp(&value, &rows[i].value, sizeof value) == 0;
        check(good && strtod(rows[i].text, NULL) == value, "double %s", rows[i].text);
    }
    static const char *const large[] = {"1e309", "-1e309", "1.7976931348623159e308", "1e99999999999999999999"};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        check(parse(&root, large[i], strlen(large[i]), &why) == STATUS_OK &&
                  json_double(&value, root) == STATUS_MALFORMED && value == 0.0,
              "no double: %s", large[i]);
    unsigned wrong = 0;
    uint64_t bits = 88172645463325252; /* xorshift */
    for (int i = 0; i < 20000; i++) {
        char text[64];
        double expected;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&expected, &bits, sizeof expected);
        if (!isfinite(expected))
            continue;
        snprintf(text, sizeof text, i % 2 == 0 ? "%.17g" : "%.30e", expected);
        wrong += parse(&root, text, strlen(text), &why) != STATUS_OK || json_double(&value, root) != STATUS_OK ||
                 memcmp(&value, &expected, sizeof value) != 0;
    }
    check(wrong == 0, "20,000 doubles of any size come back bit for bit");
}

int main(void)
{
    test_good();
    test_bad();
    test_limits();
    test_large_object();
    test_fields();
    test_double();
    return tap_done();
}
