/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: every member missing, of another type, at and beyond its bounds.  EN-1 EN-2 EN-3 EN-4 */
#include "enclave/config.h"

#include "tap.h"

#define ROOT "1111111111111111111111111111111111111111111111111111111111111111"
#define PIN  "2222222222222222222222222222222222222222222222222222222222222222"

/* Name and value of each member of a configuration that is right. */
static const char *const right[][2] = {
    {"version", "1"},
    {"listen", "\"127.0.0.1:8443\""},
    {"model", "\"model.sealed\""},
    {"model_name", "\"m\""},
    {"model_root", "\"" ROOT "\""},
    {"evidence", "{\"kind\":\"simulator\",\"key\":\"sim.key\"}"},
    {"key", "{\"from\":\"broker\",\"url\":\"https://127.0.0.1:9\",\"spki_sha256\":\"" PIN "\"}"},
    {"threads", "2"},
    {"sequences", "3"},
    {"context", "2048"},
    {"batch", "16"},
    {"egress_bits_per_hour", "1000"},
    {"exfiltration_floor_s", "7"},
    {"user_base", "61000"},
};

enum { MEMBERS_N = sizeof right / sizeof right[0] };

/* The right file with one member's value replaced; value NULL leaves the member out. */
static size_t write_file(char *out, size_t capacity, const char *member, const char *value)
{
    size_t len = 0;
    const char *comma = "{";
    for (size_t i = 0; i < MEMBERS_N; i++) {
        bool replaced = strcmp(right[i][0], member) == 0;
        if (replaced && value == NULL)
            continue;
        len += (size_t)snprintf(out + len, capacity - len, "%s\"%s\":%s", comma, right[i][0],
                                replaced ? value : right[i][1]);
        comma = ",";
    }
    len += (size_t)snprintf(out + len, capacity - len, "}");
    return len;
}

static enum status parse(struct config *c, const char *text, size_t len, struct reason *why)
{
    uint8_t *copy = guarded_copy(text, len);
    memset(why, 0, sizeof *why);
    enum status status = config_parse(c, copy, len, why);
    guarded_free(copy, len);
    return status;
}

static bool is_zero(const struct config *c)
{
    static const struct config nothing;
    return memcmp(c, &nothing, sizeof nothing) == 0;
}

static void accepted(const char *member, const char *value)
{
    char text[4096];
    struct config c;
    struct reason why;
    size_t len = write_file(text, sizeof text, member, value);
    check(parse(&c, text, len, &why) == STATUS_OK, "accepted: %s %s", member, value);
    if (why.text[0] != '\0')
        note("%s", why.text);
}

static void refused(const char *member, const char *value)
{
    char text[4096];
    struct config c;
    struct reason why;
    size_t len = write_file(text, sizeof text, member, value);
    enum status status = parse(&c, text, len, &why);
    check((status == STATUS_MALFORMED || status == STATUS_UNSUPPORTED || status == STATUS_USAGE) && is_zero(&c) &&
              why.text[0] != '\0',
          "refused: %s %.60s (%s)", member, value == NULL ? "missing" : value, why.text);
}

static void test_fields(void)
{
    char text[4096];
    struct config c;
    struct reason why;
    uint8_t hash[SHA256_LEN], ones[32], twos[32];
    size_t len = write_file(text, sizeof text, "", NULL);
    check(parse(&c, text, len, &why) == STATUS_OK, "a configuration that is right");
    sha256(hash, text, len);
    memset(ones, 0x11, sizeof ones);
    memset(twos, 0x22, sizeof twos);
    check(memcmp(c.hash, hash, sizeof hash) == 0, "EN-4: its hash is that of the bytes");
    check(strcmp(c.listen, "127.0.0.1:8443") == 0 && strcmp(c.model_path, "model.sealed") == 0 &&
              strcmp(c.model_name, "m") == 0 && strcmp(c.simulator_key_path, "sim.key") == 0 &&
              c.evidence == EVIDENCE_SIMULATOR && memcmp(c.model_root, ones, 32) == 0,
          "texts and root");
    check(!c.raw_key && strcmp(c.broker.host, "127.0.0.1") == 0 && c.broker.port == 9 &&
              memcmp(c.broker_spki_sha256, twos, 32) == 0,
          "broker");
    check(c.threads == 2 && c.sequences == 3 && c.context == 2048 && c.batch == 16 && c.egress_bits_per_hour == 1000 &&
              c.exfiltration_floor_s == 7 && c.user_base == 61000,
          "numbers");
    memmove(text + 2, text + 1, len);
    text[1] = ' ';
    check(parse(&c, text, len + 1, &why) == STATUS_OK && memcmp(c.hash, hash, sizeof hash) != 0,
          "EN-4: a space more is another hash");
}

/* EN-2: each number at its bounds and one beyond. */
static void test_bounds(void)
{
    static const struct {
        const char *member, *least, *below, *most, *above;
    } rows[] = {
        {"version", "1", "0", "1", "2"},
        {"threads", "1", "0", "256", "257"},
        {"sequences", "1", "0", "16", "257"},
        {"context", "2", "1", "1048576", "1048577"},
        {"batch", "3", "2", "4096", "4097"},
        {"egress_bits_per_hour", "1", "0", "1125899906842624", "1125899906842625"},
        {"exfiltration_floor_s", "0", "-1", "1099511627776", "1099511627777"},
        {"user_base", "1000", "999", "4000000000", "4000000001"},
    };
    static const char *const no_numbers[] = {
        "null", "true", "\"1\"", "1.0", "1e0", "[]", "{}", "-1", "18446744073709551616", "4294967298"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        accepted(rows[i].member, rows[i].least);
        accepted(rows[i].member, rows[i].most);
        refused(rows[i].member, rows[i].below);
        refused(rows[i].member, rows[i].above);
        for (size_t j = 0; j < sizeof no_numbers / sizeof no_numbers[0]; j++) {
            bool fits = strcmp(no_numbers[j], "4294967298") == 0 && strchr("e", rows[i].member[0]) != NULL;
            if (!fits)
                refused(rows[i].member, no_numbers[j]);
        }
    }
}

static void test_texts(void)
{
    static const struct {
        const char *member;
        size_t max;
    } rows[] = {{"listen", 63}, {"model", 1023}, {"model_name", 63}};
    char value[1100];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t more = 0; more < 2; more++) {
            size_t len = rows[i].max + more;
            memset(value, 'x', len + 2);
            value[0] = value[len + 1] = '"';
            value[len + 2] = '\0';
            if (more == 0)
                accepted(rows[i].member, value);
            else
                refused(rows[i].member, value);
        }
        refused(rows[i].member, "\"\"");
        refused(rows[i].member, "7");
        refused(rows[i].member, "\"a\\u0000b\"");
        refused(rows[i].member, "[\"x\"]");
    }
}

static void test_objects(void)
{
    static const char *const rows[][2] = {
        {"model_root", "\"\""},
        {"model_root", "\"11\""},
        {"model_root", "\"" ROOT "00\""},
        {"model_root", "\"g111111111111111111111111111111111111111111111111111111111111111\""},
        {"evidence", "\"simulator\""},
        {"evidence", "{}"},
        {"evidence", "{\"kind\":\"simulator\"}"},
        {"evidence", "{\"key\":\"sim.key\"}"},
        {"evidence", "{\"kind\":\"simulator\",\"key\":\"\"}"},
        {"evidence", "{\"kind\":\"tdx\",\"key\":\"x\"}"},
        {"evidence", "{\"kind\":\"simulator\",\"key\":\"x\",\"more\":1}"},
        {"key", "\"environment\""},
        {"key", "{}"},
        {"key", "{\"from\":\"file\"}"},
        {"key", "{\"from\":\"environment\",\"url\":\"https://x\"}"},
        {"key", "{\"from\":\"broker\"}"},
        {"key", "{\"from\":\"broker\",\"url\":\"https://x\"}"},
        {"key", "{\"from\":\"broker\",\"spki_sha256\":\"" PIN "\"}"},
        {"key", "{\"from\":\"broker\",\"url\":\"http://x\",\"spki_sha256\":\"" PIN "\"}"},
        {"key", "{\"from\":\"broker\",\"url\":\"https://x\",\"spki_sha256\":\"22\"}"},
        {"key", "{\"from\":\"broker\",\"url\":\"https://x\",\"spki_sha256\":\"" PIN "\",\"ca\":\"x\"}"},
    };
    accepted("key", "{\"from\":\"environment\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i][0], rows[i][1]);
    for (size_t i = 0; i < MEMBERS_N; i++) {
        if (strcmp(right[i][0], "context") == 0)
            accepted("context", NULL);
        else
            refused(right[i][0], NULL);
    }
}

static void test_form(void)
{
    static char text[CONFIG_TEXT_MAX + 2], other[CONFIG_TEXT_MAX + 64];
    struct config c;
    struct reason why;
    size_t len = write_file(text, sizeof text, "", NULL);
    size_t passed = 0;
    for (size_t cut = 0; cut < len; cut++)
        passed += parse(&c, text, cut, &why) == STATUS_OK || !is_zero(&c);
    check(passed == 0, "EN-1: cut at each length");
    snprintf(other, sizeof other, "%.*s,\"threads\":2}", (int)len - 1, text);
    check(parse(&c, other, strlen(other), &why) != STATUS_OK && is_zero(&c), "EN-1: a member twice");
    snprintf(other, sizeof other, "%.*s,\"debug\":false}", (int)len - 1, text);
    check(parse(&c, other, strlen(other), &why) != STATUS_OK && is_zero(&c), "EN-3: an unknown member");
    snprintf(other, sizeof other, "[%s]", text);
    check(parse(&c, other, strlen(other), &why) != STATUS_OK, "EN-1: a list");
    snprintf(other, sizeof other, "%s{}", text);
    check(parse(&c, other, strlen(other), &why) != STATUS_OK, "EN-1: text after it");
    memset(text + len, ' ', sizeof text - len);
    check(parse(&c, text, CONFIG_TEXT_MAX, &why) == STATUS_OK, "EN-1: 16384 bytes");
    check(parse(&c, text, CONFIG_TEXT_MAX + 1, &why) == STATUS_MALFORMED && is_zero(&c), "EN-1: one byte more");
}

static void test_example(void)
{
    static char text[CONFIG_TEXT_MAX];
    struct config c;
    struct reason why = {{0}};
    FILE *file = fopen("spec/examples/enclave-simulator.json", "rb");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    if (file != NULL)
        fclose(file);
    check(config_parse(&c, text, len, &why) == STATUS_OK && c.broker.port == 7443 && strcmp(c.model_name, "demo") == 0,
          "the example in spec/ is accepted %s", why.text);
}

/* The members of the KV cache, which may be left out. */
static void test_cache(void)
{
    static const struct {
        const char *text;
        enum status status;
        enum cache_type type;
        uint64_t bytes;
        const char *words;
    } rows[] = {
        {"", STATUS_OK, CACHE_BF16, 0, ""},
        {",\"kv_cache\":\"bf16\"", STATUS_OK, CACHE_BF16, 0, ""},
        {",\"kv_cache\":\"q8\"", STATUS_OK, CACHE_Q8, 0, ""},
        {",\"kv_cache\":\"f32\",\"kv_cache_bytes\":1", STATUS_OK, CACHE_F32, 1, ""},
        {",\"kv_cache_bytes\":1125899906842624", STATUS_OK, CACHE_BF16, 1ULL << 50, ""},
        {",\"kv_cache_bytes\":1125899906842625", STATUS_MALFORMED, 0, 0, "from 1 to 1125899906842624"},
        {",\"kv_cache_bytes\":0", STATUS_MALFORMED, 0, 0, "\"kv_cache_bytes\" must be a whole number"},
        {",\"kv_cache_bytes\":-1", STATUS_MALFORMED, 0, 0, "\"kv_cache_bytes\""},
        {",\"kv_cache_bytes\":1.5", STATUS_MALFORMED, 0, 0, "\"kv_cache_bytes\""},
        {",\"kv_cache_bytes\":\"4GiB\"", STATUS_MALFORMED, 0, 0, "\"kv_cache_bytes\""},
        {",\"kv_cache_bytes\":null", STATUS_MALFORMED, 0, 0, "\"kv_cache_bytes\""},
        {",\"kv_cache\":\"f16\"", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be \"bf16\", \"q8\" or \"f32\""},
        {",\"kv_cache\":\"Q8\"", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
        {",\"kv_cache\":\"\"", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
        {",\"kv_cache\":\"bf16bf16bf16\"", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
        {",\"kv_cache\":8", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
        {",\"kv_cache\":null", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
        {",\"kv_cache\":[\"q8\"]", STATUS_MALFORMED, 0, 0, "\"kv_cache\" must be"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[4096];
        struct config c;
        struct reason why = {{0}};
        size_t len = write_file(text, sizeof text, "", NULL) - 1;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s}", rows[i].text);
        enum status status = config_parse(&c, text, len, &why);
        check(status == rows[i].status && c.kv_cache == rows[i].type && c.kv_cache_bytes == rows[i].bytes &&
                  strstr(why.text, rows[i].words) != NULL,
              "EN-2: the cache, row %zu %s", i, why.text);
    }
}

/* The other member that may be left out: then log-probabilities do not leave. */
static void test_logprobs(void)
{
    static const struct {
        const char *text;
        enum status status;
        bool logprobs;
    } rows[] = {{"", STATUS_OK, false},
                {",\"logprobs\":true", STATUS_OK, true},
                {",\"logprobs\":false", STATUS_OK, false},
                {",\"logprobs\":1", STATUS_MALFORMED, false},
                {",\"logprobs\":\"true\"", STATUS_MALFORMED, false},
                {",\"logprobs\":null", STATUS_MALFORMED, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[4096];
        struct config c;
        struct reason why = {{0}};
        size_t len = write_file(text, sizeof text, "", NULL) - 1;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s}", rows[i].text);
        enum status status = config_parse(&c, text, len, &why);
        check(status == rows[i].status && c.logprobs == rows[i].logprobs, "EN-2: logprobs, row %zu", i);
    }
}

int main(void)
{
    test_example();
    test_fields();
    test_bounds();
    test_texts();
    test_objects();
    test_form();
    test_logprobs();
    test_cache();
    return tap_done();
}
