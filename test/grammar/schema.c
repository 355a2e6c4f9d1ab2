/* SPDX-License-Identifier: Apache-2.0 */
/* JSON schemas: what the grammar takes and refuses, schemas that are refused by name, and texts drawn from the grammars
 * at random, which jansson must read as JSON.  GR-20 GR-21 GR-22 GR-23 */
#include "grammar/schema.h"

#include "grammar/jansson.h"
#include "grammar/match.h"

enum { TEXT_MAX = 1 << 16 };

static uint32_t elements[GRAMMAR_ELEMENTS_MAX];
static size_t elements_n;
static struct reason why;

static enum status compile(const char *text)
{
    struct arena arena, tree;
    size_t len = strlen(text);
    const struct json *schema;
    void *memory = malloc(schema_arena_len()), *tree_memory = malloc(64 + 56 * len);
    arena_init(&arena, memory, schema_arena_len());
    arena_init(&tree, tree_memory, 64 + 56 * len);
    memset(&why, 0, sizeof why);
    enum status status = json_parse(&schema, &tree, text, len, &why);
    if (status == STATUS_OK)
        status = schema_parse(elements, GRAMMAR_ELEMENTS_MAX, &elements_n, &arena, schema, &why);
    free(memory);
    free(tree_memory);
    return status;
}

static const struct {
    const char *schema;
    const char *takes[6], *refuses[10];
} rows[] = {
    {"true",
     {"1", "\"a\"", "null", " [1, {\"a\": true}]", "{\n  \"a\": -0.5e+3\n}"},
     {"", "01", "{a:1}", "[1,]", "nul", "'a'"}},
    {"{\"description\":\"anything\"}", {"1"}, {""}},
    {"{\"type\":\"null\"}", {"null"}, {"nul", "0"}},
    {"{\"type\":\"boolean\"}", {"true", "false", " true"}, {"True", "1"}},
    {"{\"type\":\"number\"}", {"0", "-12", "3.25", "1e9"}, {"", "-", ".5", "1.", "0x1", "+1", "NaN"}},
    {"{\"type\":\"integer\"}", {"0", "-12", "1234567890123456"}, {"1.5", "1e3", "00", "12345678901234567"}},
    {"{\"type\":\"integer\",\"minimum\":3,\"maximum\":117}",
     {"3", "9", "10", "99", "117"},
     {"2", "118", "03", "-3", "200"}},
    {"{\"type\":\"integer\",\"minimum\":-5,\"maximum\":5}", {"-5", "0", "5", "-1"}, {"-6", "6", "-10", "55", "-0"}},
    {"{\"type\":\"integer\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1000}", {"1", "999"}, {"0", "1000", "-1"}},
    {"{\"type\":\"integer\",\"maximum\":-7}", {"-7", "-8", "-10", "-700"}, {"-6", "7", "0"}},
    {"{\"minimum\":995}", {"995", "1000", "123456"}, {"994", "99"}},
    {"{\"type\":\"string\"}",
     {"\"\"", "\"a\xc3\xa9\"", "\"\\n\\u00e9\\\"\""},
     {"\"", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\\u0000\"", "a"}},
    {"{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
     {"\"ab\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"a\\n\\u0041\""},
     {"\"a\"", "\"abcd\"", "\"\""}},
    {"{\"type\":\"string\",\"format\":\"date\"}",
     {"\"2024-02-28\"", "\"1999-12-31\""},
     {"\"2023-02-29\"", "\"2024-13-01\"", "\"2024-04-31\"", "\"2024-1-1\""}},
    {"{\"type\":\"string\",\"format\":\"date-time\"}",
     {"\"2024-02-28T23:59:59Z\"", "\"2024-02-28T00:00:00.5+01:30\""},
     {"\"2024-02-28 00:00:00Z\"", "\"2024-02-28T24:00:00Z\"", "\"2024-02-28T00:00:00\""}},
    {"{\"type\":\"string\",\"format\":\"uuid\"}",
     {"\"123e4567-e89b-12d3-a456-426614174000\""},
     {"\"123e4567e89b12d3a456426614174000\"", "\"g23e4567-e89b-12d3-a456-426614174000\""}},
    {"{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d+$\"}",
     {"\"AB-1\"", "\"ZZ-123\""},
     {"\"A-1\"", "\"AB-\"", "\"xAB-1\"", "\"AB-1x\""}},
    {"{\"type\":\"string\",\"pattern\":\"b+\"}", {"\"abc\"", "\"bbb\"", "\"\\nb\\\"\""}, {"\"ac\"", "\"\""}},
    {"{\"type\":\"string\",\"pattern\":\"^(a|b(?:c|d)?)*\\\\.\\\"?$\"}",
     {"\".\"", "\"abcbd.\\\"\""},
     {"\"c.\"", "\"a\"", "\".\"\""}},
    {"{\"type\":\"string\",\"pattern\":\"^[^\\\\d\\\"]\\\\s\\\\w$\"}",
     {"\"a\\tb\"", "\"\\\\ _\""},
     {"\"1 a\"", "\"\\\" a\"", "\"\xc3\xa9 a\""}},
    {"{\"pattern\":\"^.$\"}", {"\"a\"", "\"\\\"\"", "\"\xc3\xa9\""}, {"\"\\n\"", "\"\""}},
    {"{\"enum\":[1,\"a\\n\",null,{\"k\":[true]}]}",
     {"1", "\"a\\n\"", "null", "{\"k\":[true]}"},
     {"2", "\"a\"", "{\"k\":[false]}", "{}"}},
    {"{\"type\":\"string\",\"enum\":[1,\"a\"]}", {"\"a\""}, {"1"}},
    {"{\"const\":\"\\u0001x\"}", {"\"\\u0001x\""}, {"\"x\""}},
    {"{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]}", {"1", "null"}, {"\"a\"", "true"}},
    {"{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", {"1", "\"a\""}, {"null"}},
    {"{\"type\":[\"string\",\"integer\",\"null\"],\"maxLength\":1,\"minimum\":5}",
     {"\"a\"", "5", "null"},
     {"\"ab\"", "4"}},
    {"{\"type\":\"array\"}", {"[]", "[1,\"a\", null]", "[ ]"}, {"[,]", "[1", "{}"}},
    {"{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", {"[]", "[1]", "[1, 2,3]"}, {"[\"a\"]", "[1,]"}},
    {"{\"type\":\"array\",\"items\":{\"type\":\"boolean\"},\"minItems\":1,\"maxItems\":2}",
     {"[true]", "[true,false]"},
     {"[]", "[true,true,true]"}},
    {"{\"type\":\"array\",\"minItems\":2,\"maxItems\":2}", {"[1,2]"}, {"[1]", "[1,2,3]"}},
    {"{\"type\":\"array\",\"maxItems\":0}", {"[]"}, {"[1]"}},
    {"{\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"minItems\":1}",
     {"[1]", "[1,\"a\"]"},
     {"[]", "[\"a\"]", "[1,\"a\",2]"}},
    {"{\"prefixItems\":[{\"type\":\"integer\"}],\"items\":{\"type\":\"null\"},\"minItems\":2,\"maxItems\":3}",
     {"[1,null]", "[1,null,null]"},
     {"[1]", "[null,null]", "[1,null,null,null]"}},
    {"{\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"null\"}],\"items\":false,\"maxItems\":1}",
     {"[]", "[1]"},
     {"[1,null]"}},
    {"{\"type\":\"object\"}", {"{}", "{\"a\":1,\"b\": [2]}"}, {"{a:1}", "{\"a\"}", "[]"}},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"string\"},\"c\":{\"type\":"
     "\"null\"}},\"required\":[\"b\"]}",
     {"{\"b\":\"x\"}", "{\"a\":1,\"b\":\"x\"}", "{\"b\":\"x\", \"c\": null}", "{\n \"a\":1, \"b\":\"\",\"c\":null\n}"},
     {"{}", "{\"a\":1}", "{\"b\":1}", "{\"a\":1,\"c\":null}", "{\"b\":\"x\",\"a\":1}", "{\"b\":\"x\",\"d\":1}",
      "{\"b\":\"x\",}", "{,\"b\":\"x\"}"}},
    {"{\"properties\":{\"a\":true},\"additionalProperties\":false}",
     {"{}", "{\"a\":[1]}"},
     {"{\"b\":1}", "{\"a\":1,\"a\":1}"}},
    {"{\"properties\":{\"ab\":{\"type\":\"null\"},\"ac\":{\"type\":\"null\"}},\"additionalProperties\":{\"type\":"
     "\"integer\"}}",
     {"{}", "{\"ab\":null,\"x\":1}", "{\"a\":1}", "{\"abc\":1,\"b\":2}", "{\"\":5}", "{\"ad\\n\":5}"},
     {"{\"ab\":1}", "{\"ac\":2}", "{\"\\u0061b\":1}", "{\"x\":null}", "{\"x\":1,\"ab\":null}"}},
    {"{\"required\":[\"q\"],\"additionalProperties\":{\"type\":\"integer\"}}",
     {"{\"q\":1}", "{\"q\":1,\"r\":2}"},
     {"{}", "{\"r\":1}"}},
    {"{\"properties\":{},\"additionalProperties\":false}", {"{}", "{ }"}, {"{\"a\":1}"}},
    {"{\"$ref\":\"#/$defs/"
     "n\",\"$defs\":{\"n\":{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{\"anyOf\":[{\"$"
     "ref\":\"#/$defs/n\"},{\"type\":\"null\"}]}},\"required\":[\"v\",\"next\"]}}}",
     {"{\"v\":1,\"next\":null}", "{\"v\":1,\"next\":{\"v\":2,\"next\":null}}"},
     {"{\"v\":1}", "null"}},
    {"{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}", {"[]", "[[],[[]]]"}, {"[1]"}},
    {"{\"properties\":{\"a/b~c\":{\"type\":\"null\"},\"x\":{\"$ref\":\"#/properties/a~1b~0c\"}},\"required\":[\"x\"]}",
     {"{\"x\":null}"},
     {"{\"x\":1}"}},
    {"{\"allOf\":[{\"$ref\":\"#/$defs/"
     "p\"},{\"properties\":{\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]}],\"$defs\":{\"p\":{\"type\":\"object\","
     "\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}}}",
     {"{\"a\":1,\"b\":null}"},
     {"{\"a\":1}", "{\"b\":null}"}},
    {"{\"allOf\":[{\"type\":\"integer\"}]}", {"7"}, {"\"a\""}},
    {"{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"x\"}},\"required\":[\"k\"]},{\"type\":"
     "\"object\",\"properties\":{\"k\":{\"enum\":[\"y\",\"z\"]},\"v\":{\"type\":\"null\"}},\"required\":[\"k\",\"v\"]}]"
     "}",
     {"{\"k\":\"x\"}", "{\"k\":\"z\",\"v\":null}"},
     {"{\"k\":\"y\"}", "{\"k\":\"q\"}"}},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool good = compile(rows[i].schema) == STATUS_OK;
        if (!check(good, "GR-20 schema %zu compiles", i)) {
            note("%s: %s", rows[i].schema, why.text);
            continue;
        }
        for (size_t k = 0; k < 6 && rows[i].takes[k] != NULL; k++)
            good = good && (grammar_matches(elements, elements_n, rows[i].takes[k], strlen(rows[i].takes[k])) ||
                            (note("%s does not take %s", rows[i].schema, rows[i].takes[k]), false));
        for (size_t k = 0; k < 10 && rows[i].refuses[k] != NULL; k++)
            good = good && (!grammar_matches(elements, elements_n, rows[i].refuses[k], strlen(rows[i].refuses[k])) ||
                            (note("%s takes %s", rows[i].schema, rows[i].refuses[k]), false));
        check(good, "GR-20 GR-21 schema %zu takes what it should", i);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *schema, *words;
    } wrong[] = {
        {"false", "true"},
        {"7", "object"},
        {"[]", "object"},
        {"{\"type\":\"text\"}", "type"},
        {"{\"type\":[]}", "empty"},
        {"{\"type\":7}", "type"},
        {"{\"not\":{}}", "\"not\""},
        {"{\"if\":{}}", "\"if\""},
        {"{\"type\":\"number\",\"minimum\":1}", "\"minimum\""},
        {"{\"type\":\"integer\",\"multipleOf\":2}", "\"multipleOf\""},
        {"{\"type\":\"integer\",\"minimum\":1.5}", "\"minimum\""},
        {"{\"type\":\"integer\",\"minimum\":9999999999999999}", "\"minimum\""},
        {"{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}", "between"},
        {"{\"type\":\"integer\",\"exclusiveMinimum\":true}", "\"exclusiveMinimum\""},
        {"{\"type\":\"string\",\"format\":\"email\"}", "format"},
        {"{\"type\":\"string\",\"minLength\":-1}", "\"minLength\""},
        {"{\"type\":\"string\",\"minLength\":3,\"maxLength\":2}", "above"},
        {"{\"type\":\"string\",\"minLength\":3,\"pattern\":\"a\"}", "one at a time"},
        {"{\"type\":\"string\",\"pattern\":7}", "text"},
        {"{\"type\":\"string\",\"minimum\":7}", "\"minimum\""},
        {"{\"pattern\":\"(?=a)\"}", "ahead"},
        {"{\"pattern\":\"(?<n>a)\"}", "ahead"},
        {"{\"pattern\":\"(a)\\\\1\"}", "escape"},
        {"{\"pattern\":\"\\\\bword\"}", "escape"},
        {"{\"pattern\":\"\\\\p{L}\"}", "escape"},
        {"{\"pattern\":\"a^b\"}", "'^'"},
        {"{\"pattern\":\"^a|b$\"}", "group"},
        {"{\"pattern\":\"(a\"}", "end"},
        {"{\"pattern\":\"a)\"}", "beginning"},
        {"{\"pattern\":\"[a\"}", "end"},
        {"{\"pattern\":\"[b-a]\"}", "backwards"},
        {"{\"pattern\":\"*a\"}", "nothing"},
        {"{\"pattern\":\"a**\"}", "repetition"},
        {"{\"pattern\":\"a{x}\"}", "repetition"},
        {"{\"pattern\":\"a{2,1}\"}", "repetition"},
        {"{\"pattern\":\"a{99999}\"}", "16384"},
        {"{\"pattern\":\"\\\\\"}", "escape"},
        {"{\"pattern\":\"\\\\ud800\"}", "surrogate"},
        {"{\"enum\":[]}", "no value"},
        {"{\"enum\":7}", "list"},
        {"{\"type\":\"string\",\"enum\":[1]}", "no value"},
        {"{\"type\":\"string\",\"const\":1}", "type"},
        {"{\"const\":1,\"minimum\":0}", "\"minimum\""},
        {"{\"anyOf\":[]}", "empty"},
        {"{\"anyOf\":[true],\"minimum\":0}", "\"minimum\""},
        {"{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}", "oneOf"},
        {"{\"oneOf\":[{\"type\":\"object\"},{\"type\":\"object\"}]}", "oneOf"},
        {"{\"oneOf\":[{\"const\":1},{\"enum\":[2,1]}]}", "oneOf"},
        {"{\"type\":\"array\",\"uniqueItems\":true}", "\"uniqueItems\""},
        {"{\"type\":\"array\",\"contains\":{}}", "\"contains\""},
        {"{\"type\":\"array\",\"items\":[{}]}", "prefixItems"},
        {"{\"type\":\"array\",\"minItems\":2,\"maxItems\":1}", "above"},
        {"{\"prefixItems\":[true],\"minItems\":2}", "above"},
        {"{\"prefixItems\":7}", "list"},
        {"{\"type\":\"object\",\"patternProperties\":{}}", "\"patternProperties\""},
        {"{\"type\":\"object\",\"minProperties\":1}", "\"minProperties\""},
        {"{\"properties\":7}", "object"},
        {"{\"required\":7}", "list"},
        {"{\"required\":[7]}", "names"},
        {"{\"properties\":{},\"additionalProperties\":false,\"required\":[\"a\"]}", "may not be"},
        {"{\"$ref\":\"http://example.org/x\"}", "local"},
        {"{\"$ref\":\"#/nowhere\"}", "nothing"},
        {"{\"$ref\":\"#x\"}", "local"},
        {"{\"$ref\":7}", "local"},
        {"{\"$ref\":\"#\"}", "itself"},
        {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}}}",
         "itself"},
        {"{\"$ref\":\"#/$defs/a\",\"minimum\":1,\"$defs\":{\"a\":true}}", "\"minimum\""},
        {"{\"allOf\":[{\"type\":\"integer\"},{\"minimum\":1}]}", "allOf"},
        {"{\"allOf\":[{\"properties\":{\"a\":true}},{\"properties\":{\"a\":true}}]}", "same property"},
        {"{\"allOf\":[{\"properties\":{\"a\":true},\"additionalProperties\":false},{\"properties\":{}}]}",
         "additionalProperties"},
        {"{\"allOf\":[]}", "empty"},
        {"{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}", "allOf"},
        {"{\"type\":\"string\",\"maxLength\":16385}", "\"maxLength\""},
        {"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":16000},\"minItems\":3}", "large"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        enum status status = compile(wrong[i].schema);
        if (!check(status != STATUS_OK && strstr(why.text, wrong[i].words) != NULL, "GR-22 wrong schema %zu is refused",
                   i))
            note("%s: %s: %s", wrong[i].schema, status_name(status), why.text);
    }
    static char deep[4096];
    size_t len = 0;
    for (int i = 0; i < 62; i++)
        len += (size_t)snprintf(deep + len, sizeof deep - len, "{\"items\":");
    len += (size_t)snprintf(deep + len, sizeof deep - len, "true");
    memset(deep + len, '}', 62);
    check(compile(deep) == STATUS_OK, "GR-23 nested as deep as JSON may be");
}

/* ---- drawing texts ---- */

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

/* A walk over bytes that the grammar allows: it ends where it may, and sooner the longer it is. */
static size_t draw_text(uint8_t *text, struct grammar_run *run)
{
    size_t len = 0;
    while (len < TEXT_MAX) {
        uint8_t allowed[256];
        unsigned n = 0;
        uint32_t to;
        if (grammar_run_tidy(run) != STATUS_OK)
            return 0;
        if (grammar_run_must_end(run) || (grammar_run_may_end(run) && draw(4) == 0))
            return len;
        bool close = len > 40 && draw(4) != 0; /* prefer what closes */
        for (unsigned byte = 0; byte < 256; byte++) {
            if (grammar_run_move(run, &to, run->state, (uint8_t)byte) == STATUS_OK && to != GRAMMAR_NO_STATE)
                allowed[n++] = (uint8_t)byte;
        }
        if (n == 0)
            return 0;
        uint8_t byte = allowed[draw(n)];
        for (unsigned i = 0; close && i < n; i++)
            byte = strchr("\"]}", allowed[i]) != NULL && allowed[i] != 0 ? allowed[i] : byte;
        if (grammar_run_take(run, &byte, 1) != STATUS_OK)
            return 0;
        text[len++] = byte;
    }
    return 0;
}

static void test_drawn(void)
{
    static uint8_t text[TEXT_MAX];
    static struct grammar_run run;
    struct grammar g;
    uint32_t rule;
    void *memory = calloc(1, grammar_run_len()), *scratch = malloc(grammar_scratch_len(GRAMMAR_ELEMENTS_MAX));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned read = 0, drawn = 0;
        random_state = i;
        if (compile(rows[i].schema) != STATUS_OK ||
            grammar_check(&g, &rule, elements, elements_n, scratch, &why) != STATUS_OK)
            continue;
        for (int k = 0; k < 100; k++) {
            if (grammar_run_init(&run, &g, memory) != STATUS_OK)
                break;
            size_t len = draw_text(text, &run);
            if (len == 0)
                continue;
            bool good = jansson_reads(text, len);
            if (!good)
                note("no JSON: %.*s", (int)len, text);
            read += good;
            drawn++;
        }
        check(read == drawn && drawn > 50, "GR-21 schema %zu: %u of %u texts are JSON", i, read, drawn);
    }
    free(memory);
    free(scratch);
}

int main(void)
{
    test_rows();
    test_refused();
    test_drawn();
    return tap_done();
}
