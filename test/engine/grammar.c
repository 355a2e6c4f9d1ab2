/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled grammars: lists that are none, left recursion, and random grammars whose runner must agree with a plain
 * matcher that tries everything.  GR-1 GR-2 GR-3 */
#include "grammar/match.h"

static uint64_t random_state = 7;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % below;
}

static uint32_t scratch[1 << 18];
static struct reason why;

static enum status verify(const uint32_t *elements, size_t n, uint32_t *rule)
{
    struct grammar g;
    uint8_t *copy = guarded_copy(elements, n * sizeof elements[0]);
    enum status status = grammar_check(&g, rule, (const uint32_t *)(const void *)copy, n, scratch, &why);
    guarded_free(copy, n * sizeof elements[0]);
    return status;
}

#define RULE(n)      0x20000000 + (n)
#define BYTE(b)      0x30000000 + (b)*0x101
#define SET(n)       0x40000000 + (n)
#define OR           0x10000000
#define ALL_OF_EIGHT 1, 2, 3, 4, 5, 6, 7, 8

static void test_lists(void)
{
    static const uint32_t good[] = {1, 2, 1, 13, 17, ALL_OF_EIGHT, BYTE('a'), RULE(1), OR, 0, SET(0), 0};
    enum { N = sizeof good / sizeof good[0] };
    static const struct {
        const char *what;
        size_t at;
        uint32_t value;
    } rows[] = {{"another version", 0, 2},
                {"no rules", 1, 0},
                {"more rules than there are", 1, 9},
                {"too many rules", 1, 16385},
                {"too many sets", 2, 1025},
                {"sets to the end", 2, 2},
                {"a start in front", 3, 12},
                {"a start behind", 4, N},
                {"a start far behind", 4, UINT32_MAX},
                {"a rule that there is not", 14, RULE(2)},
                {"a set that there is not", 17, SET(1)},
                {"a range backwards", 13, 0x30006261},
                {"a range too large", 13, 0x30010000},
                {"an end with a number", 16, 1},
                {"an alternative with a number", 15, OR + 1},
                {"an unknown element", 13, 0x50000000},
                {"the largest element", 13, UINT32_MAX},
                {"no end", N - 1, BYTE('a')}};
    uint32_t rule, list[N];
    check(verify(good, N, &rule) == STATUS_OK, "GR-1: a list that is one");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(list, good, sizeof good);
        list[rows[i].at] = rows[i].value;
        enum status status = verify(list, N, &rule);
        check(status == STATUS_MALFORMED || status == STATUS_LIMIT, "GR-1: %s", rows[i].what);
    }
    size_t passed = 0;
    for (size_t n = 0; n < N; n++)
        passed += verify(good, n, &rule) == STATUS_OK && n < 17; /* cut behind rule 0 its other rule is missing */
    check(passed == 0, "GR-1: cut at every length");
    static uint32_t large[GRAMMAR_ELEMENTS_MAX + 1] = {1, 1, 0, 4};
    for (size_t i = 4; i < GRAMMAR_ELEMENTS_MAX; i++)
        large[i] = BYTE('a');
    large[GRAMMAR_ELEMENTS_MAX - 1] = 0;
    check(verify(large, GRAMMAR_ELEMENTS_MAX, &rule) == STATUS_OK, "GR-1: 65536 elements");
    check(verify(large, GRAMMAR_ELEMENTS_MAX + 1, &rule) == STATUS_LIMIT, "GR-1: one more");
}

static void test_left_recursion(void)
{
    static const struct {
        const char *what;
        uint32_t list[16];
        size_t n;
        uint32_t rule;
    } rows[] = {
        {"at once", {1, 1, 0, 4, RULE(0), BYTE('a'), OR, BYTE('b'), 0}, 9, 0},
        {"in the second alternative", {1, 1, 0, 4, BYTE('b'), OR, RULE(0), BYTE('a'), 0}, 9, 0},
        {"through another", {1, 2, 0, 5, 8, RULE(1), BYTE('a'), 0, RULE(0), 0}, 10, 0},
        {"behind what can be empty", {1, 2, 0, 5, 8, RULE(1), RULE(0), 0, OR, BYTE('a'), 0}, 11, 0},
        {"in a rule that is not used", {1, 2, 0, 5, 7, BYTE('a'), 0, RULE(1), 0}, 9, 1},
    };
    uint32_t rule;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(verify(rows[i].list, rows[i].n, &rule) == STATUS_UNSUPPORTED && rule == rows[i].rule,
              "GR-2: left recursion %s", rows[i].what);
    static const uint32_t right[] = {1, 1, 0, 4, BYTE('a'), RULE(0), OR, 0};
    check(verify(right, 8, &rule) == STATUS_OK, "GR-2: right recursion is none");
    static uint32_t chain[3 + 16000 + 32000] = {1, 16000, 0};
    for (uint32_t i = 0; i < 16000; i++) { /* each rule begins with the next one; the last with a byte */
        chain[3 + i] = 3 + 16000 + 2 * i;
        chain[3 + 16000 + 2 * i] = i + 1 < 16000 ? RULE(i + 1) : BYTE('a');
    }
    check(verify(chain, sizeof chain / sizeof chain[0], &rule) == STATUS_OK &&
              grammar_matches(chain, sizeof chain / sizeof chain[0], "a", 1),
          "GR-2: 16000 rules one in another");
    chain[3 + 16000 + 2 * 15999] = RULE(0);
    check(verify(chain, sizeof chain / sizeof chain[0], &rule) == STATUS_UNSUPPORTED, "GR-2: in a circle");
}

/* ---- against a plain matcher ---- */

static const uint32_t *list_of;
static unsigned steps;

/* The places where the elements from at can end, as bits: text positions.  Tries every way; gives up when too many. */
static uint32_t ends(uint32_t at, const char *text, uint32_t len, uint32_t from, unsigned depth)
{
    uint32_t all = 0;
    for (;;) { /* alternatives */
        uint32_t here = 1u << from;
        for (; list_of[at] >> 28 > GRAMMAR_OR; at++) {
            uint32_t element = list_of[at], next = 0;
            for (uint32_t i = 0; i <= len; i++) {
                if ((here >> i & 1) == 0 || depth == 0 || ++steps > 200000)
                    continue;
                if (element >> 28 == GRAMMAR_RULE)
                    next |= ends(list_of[GRAMMAR_HEAD + (element & 0xffff)], text, len, i, depth - 1);
                else if (i < len && (uint8_t)text[i] >= (element >> 8 & 0xff) && (uint8_t)text[i] <= (element & 0xff))
                    next |= 1u << (i + 1);
            }
            here = next;
        }
        all |= here;
        if (list_of[at++] >> 28 == GRAMMAR_END)
            return all;
    }
}

static size_t make_grammar(uint32_t *list)
{
    uint32_t rules_n = 1 + draw(4);
    size_t n = GRAMMAR_HEAD + rules_n;
    list[0] = 1;
    list[1] = rules_n;
    list[2] = 0;
    for (uint32_t rule = 0; rule < rules_n; rule++) {
        uint32_t alternatives = 1 + draw(3);
        list[GRAMMAR_HEAD + rule] = (uint32_t)n;
        for (uint32_t k = 0; k < alternatives; k++) {
            if (k > 0)
                list[n++] = OR;
            for (uint32_t i = draw(4); i > 0; i--) {
                uint32_t byte = 'a' + draw(3);
                list[n++] =
                    draw(3) == 0 ? RULE(draw(rules_n)) : 0x30000000 + byte * 256 + byte + (byte < 'c' ? draw(2) : 0);
            }
        }
        list[n++] = 0;
    }
    return n;
}

static void test_random(void)
{
    unsigned same = 0, tried = 0, taken = 0, grammars = 0;
    while (grammars < 3000) {
        uint32_t list[128], rule;
        char text[8];
        size_t n = make_grammar(list);
        if (verify(list, n, &rule) != STATUS_OK)
            continue;
        grammars++;
        list_of = list;
        for (int k = 0; k < 20; k++) {
            uint32_t len = draw(8);
            for (uint32_t i = 0; i < len; i++)
                text[i] = (char)('a' + draw(3));
            steps = 0;
            bool wanted = (ends(list[GRAMMAR_HEAD], text, len, 0, 40) >> len & 1) != 0;
            if (steps > 200000)
                continue;
            bool got = grammar_matches(list, n, text, len);
            same += wanted == got;
            taken += wanted;
            tried++;
        }
    }
    check(same == tried && taken > 1000 && tried > 50000, "the runner agrees on %u of %u texts, %u of them taken", same,
          tried, taken);
}

int main(void)
{
    test_lists();
    test_left_recursion();
    test_random();
    return tap_done();
}
