/* SPDX-License-Identifier: Apache-2.0 */
/* GBNF: what each construct takes and refuses, and grammars that are none.  GR-10 GR-11 GR-12 GR-13 */
#include "grammar/gbnf.h"

#include "grammar/match.h"

static uint32_t elements[GRAMMAR_ELEMENTS_MAX];
static size_t elements_n;
static struct reason why;

static enum status compile(const char *text, size_t len)
{
    struct arena arena;
    void *memory = malloc(gbnf_arena_len());
    arena_init(&arena, memory, gbnf_arena_len());
    memset(&why, 0, sizeof why);
    uint8_t *copy = guarded_copy(text, len);
    enum status status = gbnf_parse(elements, GRAMMAR_ELEMENTS_MAX, &elements_n, &arena, copy, len, &why);
    guarded_free(copy, len);
    free(memory);
    return status;
}

static const struct {
    const char *grammar;
    const char *takes[6], *refuses[8];
} rows[] = {
    {"root ::= \"abc\"", {"abc"}, {"", "ab", "abcd", "x"}},
    {"root::=\"a\"|\"b\"", {"a", "b"}, {"", "ab", "c"}},
    {"root ::= \"a\" |\n \"b\"", {"a", "b"}, {""}},
    {"root ::= \"a\"*", {"", "a", "aaaaa"}, {"b", "ab"}},
    {"root ::= \"ab\"+", {"ab", "abab"}, {"", "a", "aba"}},
    {"root ::= \"ab\"?", {"", "ab"}, {"a", "abab"}},
    {"root ::= [a-c]{2}", {"ab", "cc"}, {"a", "abc", "ad"}},
    {"root ::= [a-c]{2,}", {"ab", "ccccc"}, {"a", "abd"}},
    {"root ::= [a-c]{1,3}", {"a", "cc", "abc"}, {"", "abca"}},
    {"root ::= [a-c]{0,2}", {"", "a", "bc"}, {"abc"}},
    {"root ::= [a-c]{,2}", {"", "a", "bc"}, {"abc"}},
    {"root ::= \"x\" [a]{0}", {"x"}, {"xa"}},
    {"root ::= [^a-c\\n]",
     {"d", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"},
     {"a", "\n", "", "\xed\xa0\x80", "\xc3", "\xc0\x80"}},
    {"root ::= [\xd0\xb0-\xd1\x8f]+", {"\xd0\xb0", "\xd1\x8f\xd0\xb1"}, {"a", "\xd0\x90", "\xd1\x90"}},
    {"root ::= .", {"a", "\n", "\xe2\x82\xac"}, {"", "ab", "\xff"}},
    {"root ::= \"\\x41\\u00e9\\U0001F600\\n\\t\\r\\\\\\\"\\[\\]\"", {"A\xc3\xa9\xf0\x9f\x98\x80\n\t\r\\\"[]"}, {"A"}},
    {"root ::= [\\x41-\\x43\\]\\[]+", {"ABC][", "A"}, {"D"}},
    {"root ::= [-a]+ [b-]", {"-a-b", "a-"}, {"b", "ac"}},
    {"# a comment\nroot ::= a # another\n# one\n\na ::= \"x\" # end", {"x"}, {""}},
    {"root ::= (\n  \"a\" # here\n  | \"b\"\n  \"c\"\n)\n", {"a", "bc"}, {"b", "ac"}},
    {"root ::= list\nlist ::= item (\",\" item)*\nitem ::= [0-9]+ | \"(\" list \")\"",
     {"1", "1,22,(3,(4))"},
     {"", "1,", "(1", "()"}},
    {"root ::= a b\na ::= | \"x\"\nb ::= \"y\" | \"\"", {"", "x", "y", "xy"}, {"yx"}},
    {"root ::= \"a\" root | \"b\"", {"b", "aaab"}, {"a", "ba"}},
    {"root ::= \"(\" root \")\" | \"\"", {"", "()", "((()))"}, {"(", "())", "(()"}},
    {"root ::= \"\"", {""}, {"a"}},
    {"root ::=", {""}, {"a"}},
    {"root ::= (\"a\" | \"b\"){2} \"c\"{2,3}", {"abcc", "bbccc"}, {"acc", "abc", "abcccc"}},
    {"r-1_x ::= \"q\"\nroot ::= r-1_x r-1_x", {"qq"}, {"q"}},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool good = compile(rows[i].grammar, strlen(rows[i].grammar)) == STATUS_OK;
        if (!check(good, "GR-10 grammar %zu compiles", i)) {
            note("%s: %s", rows[i].grammar, why.text);
            continue;
        }
        for (size_t k = 0; k < 6 && (rows[i].takes[k] != NULL); k++)
            good = good && (grammar_matches(elements, elements_n, rows[i].takes[k], strlen(rows[i].takes[k])) ||
                            (note("does not take %s", rows[i].takes[k]), false));
        for (size_t k = 0; k < 8 && (rows[i].refuses[k] != NULL); k++)
            good = good && (!grammar_matches(elements, elements_n, rows[i].refuses[k], strlen(rows[i].refuses[k])) ||
                            (note("takes %s", rows[i].refuses[k]), false));
        check(good, "GR-10 grammar %zu takes what it should", i);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *grammar;
        enum status status;
        const char *words;
    } wrong[] = {
        {"", STATUS_MALFORMED, "no rule \"root\""},
        {"a ::= \"x\"", STATUS_MALFORMED, "no rule \"root\""},
        {"root ::= b", STATUS_MALFORMED, "no rule \"b\""},
        {"root ::= \"a\"\nroot ::= \"b\"", STATUS_MALFORMED, "line 2: a rule of that name"},
        {"root \"a\"", STATUS_MALFORMED, "::="},
        {"root ::= \"a", STATUS_MALFORMED, "ends within"},
        {"root ::= [a", STATUS_MALFORMED, "ends within"},
        {"root ::= []", STATUS_MALFORMED, "empty"},
        {"root ::= [^]", STATUS_MALFORMED, "empty"},
        {"root ::= [b-a]", STATUS_MALFORMED, "backwards"},
        {"root ::= (\"a\"", STATUS_MALFORMED, "')'"},
        {"root ::= \"a\")", STATUS_MALFORMED, "goes on"},
        {"root ::= *", STATUS_MALFORMED, "nothing"},
        {"root ::= | +", STATUS_MALFORMED, "nothing"},
        {"root ::= \"a\"{", STATUS_MALFORMED, "number"},
        {"root ::= \"a\"{2", STATUS_MALFORMED, "'}'"},
        {"root ::= \"a\"{3,2}", STATUS_MALFORMED, "above"},
        {"root ::= \"a\"{99999}", STATUS_LIMIT, "16384"},
        {"root ::= \"a\"{99999999999999999999}", STATUS_LIMIT, "16384"},
        {"root ::= \"\\q\"", STATUS_MALFORMED, "not known"},
        {"root ::= \"\\x4\"", STATUS_MALFORMED, "hexadecimal"},
        {"root ::= \"\\ud800\"", STATUS_MALFORMED, "Unicode"},
        {"root ::= \"\\U00110000\"", STATUS_MALFORMED, "Unicode"},
        {"root ::= \"\xff\"", STATUS_MALFORMED, "UTF-8"},
        {"root ::= <think>", STATUS_UNSUPPORTED, "tokens"},
        {"root ::= !<[5]>", STATUS_UNSUPPORTED, "tokens"},
        {"root ::= \"a\" $", STATUS_MALFORMED, "not known"},
        {"root ::= \"a\"\n| \"b\"", STATUS_MALFORMED, "line 2: a name"},
        {"root ::= root \"a\" | \"b\"", STATUS_UNSUPPORTED, "left recursion: the rule \"root\""},
        {"root ::= a\na ::= b \"x\"\nb ::= c?\nc ::= a", STATUS_UNSUPPORTED, "left recursion"},
        {"root ::= e a\ne ::= \"\" | \"q\"\na ::= e e a", STATUS_UNSUPPORTED, "left recursion: the rule \"a\""},
        {"root ::= (\"a\"*)*", STATUS_UNSUPPORTED, "left recursion"},
        {"root ::= ((((\"a\"{16384}){16384}){16384}){16384})", STATUS_LIMIT, "too large"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        enum status status = compile(wrong[i].grammar, strlen(wrong[i].grammar));
        if (!check(status == wrong[i].status && elements_n == 0 && strstr(why.text, wrong[i].words) != NULL,
                   "GR-11 GR-12 wrong grammar %zu is refused", i))
            note("%s: %s: %s", wrong[i].grammar, status_name(status), why.text);
    }
    static char deep[GBNF_TEXT_MAX + 2];
    memset(deep, '(', sizeof deep);
    memcpy(deep, "root ::= ", 9);
    check(compile(deep, GBNF_TEXT_MAX) == STATUS_LIMIT, "GR-13 65527 groups in one another");
    memset(deep, ' ', sizeof deep);
    check(compile(deep, GBNF_TEXT_MAX + 1) == STATUS_LIMIT, "GR-13 a text of more than 65536 bytes");
    size_t len = (size_t)snprintf(deep, 16, "root::=");
    for (unsigned i = 0; len < GBNF_TEXT_MAX - 16; i++)
        len += (size_t)snprintf(deep + len, 16, "%x ", i);
    check(compile(deep, len) == STATUS_LIMIT && strstr(why.text, "8192") != NULL, "GR-13 more names than there may be");
}

/* GR-3: ways without end are given up, in bounded time. */
static void test_ambiguous(void)
{
    static const char *const grammars[] = {
        "root ::= a\na ::= \"x\" a \"y\" | \"x\" a \"z\" | \"x\"",
        "root ::= s\ns ::= \"x\" s s | \"x\" s | \"x\" \"x\" s \"q\" | \"x\"",
    };
    static const char *const few[] = {"xxxyz", "xxxxx"};
    static char text[4096];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof grammars / sizeof grammars[0]; i++)
        check(compile(grammars[i], strlen(grammars[i])) == STATUS_OK &&
                  grammar_matches(elements, elements_n, few[i], strlen(few[i])) &&
                  !grammar_matches(elements, elements_n, text, sizeof text),
              "GR-3 an ambiguous grammar, %zu", i);
}

/* The grammars that come with llama.cpp are written like these. */
static void test_json(void)
{
    static const char json[] =
        "root   ::= object\nvalue  ::= object | array | string | number | (\"true\" | \"false\" | \"null\") ws\n\n"
        "object ::=\n  \"{\" ws (\n            string \":\" ws value\n    (\",\" ws string \":\" ws value)*\n  )? "
        "\"}\" ws\n\n"
        "array  ::=\n  \"[\" ws (\n            value\n    (\",\" ws value)*\n  )? \"]\" ws\n\n"
        "string ::=\n  \"\\\"\" (\n    [^\"\\\\\\x7F\\x00-\\x1F] |\n    \"\\\\\" ([\"\\\\bfnrt] | \"u\" "
        "[0-9a-fA-F]{4})\n"
        "  )* \"\\\"\" ws\n\n"
        "number ::= (\"-\"? ([0-9] | [1-9] [0-9]{0,15})) (\".\" [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws\n\n"
        "ws ::= | \" \" | \"\\n\" [ \\t]{0,20}\n";
    static const char good[] = "{\"a\": [1, 2.5, -3e+1, \"x\\u00e9\\n\xc3\xa9\", true, null, {}], \"b\":{\"c\":false}}";
    check(compile(json, sizeof json - 1) == STATUS_OK && grammar_matches(elements, elements_n, good, sizeof good - 1),
          "GR-10 a grammar of JSON");
    note("%zu elements", elements_n);
    size_t taken = 0;
    for (size_t cut = 0; cut < sizeof good - 1; cut++)
        taken += grammar_matches(elements, elements_n, good, cut);
    check(taken == 0, "and none of its prefixes");
    char nested[20001];
    memset(nested, '[', sizeof nested);
    memcpy(nested, "{\"a\":", 5);
    check(!grammar_matches(elements, elements_n, nested, sizeof nested), "GR-3 nested deeper than there is room");
}

int main(void)
{
    test_rows();
    test_refused();
    test_ambiguous();
    test_json();
    return tap_done();
}
