/* SPDX-License-Identifier: Apache-2.0 */
/* The egress budget: bits of a token, the budget's edge, the hour's border, the time that weights take.
 * EN-32 EN-33 EN-34 */
#include "enclave/egress.h"

#include "tap.h"

enum { HOUR_MS = 3600000 };

static void test_token_bits(void)
{
    static const struct {
        uint32_t vocab_n, bits;
    } rows[] = {{1, 0},          {2, 1},      {3, 2},      {4, 2},      {5, 3},         {512, 9},
                {513, 10},       {32000, 15}, {32768, 15}, {32769, 16}, {1u << 31, 31}, {(1u << 31) + 1, 32},
                {UINT32_MAX, 32}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct egress e;
        egress_init(&e, 1000, rows[i].vocab_n, 0);
        check(e.token_bits == rows[i].bits, "EN-32: a token of %u is %u bits", rows[i].vocab_n, rows[i].bits);
    }
}

/* How many tokens leave before the first refusal, and that the refusal lasts. */
static void test_edges(void)
{
    static const struct {
        uint64_t budget;
        unsigned tokens; /* of 9 + 2 bits */
    } rows[] = {{0, 0}, {1, 0}, {10, 0}, {11, 1}, {12, 1}, {21, 1}, {22, 2}, {32, 2}, {33, 3}, {1100, 100}, {1099, 99}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct egress e;
        unsigned n = 0;
        egress_init(&e, rows[i].budget, 512, 5);
        while (n < 200 && egress_spend_token(&e, 6))
            n++;
        check(n == rows[i].tokens && e.spent == 11 * (uint64_t)n, "EN-32: %u tokens for %llu bits", rows[i].tokens,
              (unsigned long long)rows[i].budget);
        check(!egress_spend_token(&e, 6) && !egress_spend_token(&e, 4 + HOUR_MS) && e.spent == 11 * (uint64_t)n,
              "and no more in this hour");
    }
    struct egress largest = {.bits_per_hour = UINT64_MAX, .spent = UINT64_MAX - 11, .token_bits = 9};
    check(egress_spend_token(&largest, 0) && !egress_spend_token(&largest, 0) && largest.spent == UINT64_MAX,
          "EN-32: no overflow");
}

static void test_hours(void)
{
    struct egress e;
    egress_init(&e, 11, 512, 1000);
    check(egress_spend_token(&e, 1000), "EN-33: the first");
    check(!egress_spend_token(&e, 1000 + HOUR_MS - 1), "EN-33: one millisecond before the hour is over");
    check(egress_spend_token(&e, 1000 + HOUR_MS) && e.hour_started_ms == 1000 + HOUR_MS && e.spent == 11,
          "EN-33: at the hour a new one begins");
    check(!egress_spend_token(&e, 1001 + HOUR_MS), "EN-33: with its own budget");
    check(!egress_spend_token(&e, 999 + 2 * (uint64_t)HOUR_MS), "EN-33: until it is over");
    check(egress_spend_token(&e, 1000 + 50 * (uint64_t)HOUR_MS), "EN-33: what was not used is not added up");
    check(!egress_spend_token(&e, 1000 + 50 * (uint64_t)HOUR_MS), "EN-33: also after a long time");
}

static void test_exfiltration(void)
{
    static const struct {
        uint64_t bits_per_hour, weights_len, seconds;
    } rows[] = {
        {3600, 1, 8},
        {28800, 1, 1},
        {28801, 1, 0},
        {1, 0, 0},
        {1, 1, 28800},
        {10000000, 1181440, 3402},
        {1, UINT64_MAX / 8 / 3600, UINT64_MAX / 8 / 3600 * 28800},
        {1, UINT64_MAX / 8 / 3600 + 1, UINT64_MAX},
        {1, UINT64_MAX, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct egress e;
        egress_init(&e, rows[i].bits_per_hour, 512, 0);
        check(egress_exfiltration_s(&e, rows[i].weights_len) == rows[i].seconds, "EN-34: row %zu", i);
    }
}

int main(void)
{
    test_token_bits();
    test_edges();
    test_hours();
    test_exfiltration();
    return tap_done();
}
