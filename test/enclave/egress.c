/* SPDX-License-Identifier: Apache-2.0 */
/* The egress budget: bits of a token, the budget's edge, the hour's border, the time that weights take.
 * EN-32 EN-33 EN-34 EN-35 */
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
        unsigned tokens; /* of 9 + 3 bits */
    } rows[] = {{0, 0}, {1, 0}, {11, 0}, {12, 1}, {13, 1}, {23, 1}, {24, 2}, {35, 2}, {36, 3}, {1200, 100}, {1199, 99}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct egress e;
        unsigned n = 0;
        egress_init(&e, rows[i].budget, 512, 5);
        while (n < 200 && egress_spend_token(&e, 0, 6))
            n++;
        check(n == rows[i].tokens && e.spent == 12 * (uint64_t)n, "EN-32: %u tokens for %llu bits", rows[i].tokens,
              (unsigned long long)rows[i].budget);
        check(!egress_spend_token(&e, 0, 6) && !egress_spend_token(&e, 0, 4 + HOUR_MS) && e.spent == 12 * (uint64_t)n,
              "and no more in this hour");
    }
    struct egress largest = {.bits_per_hour = UINT64_MAX, .spent = UINT64_MAX - 12, .token_bits = 9};
    check(egress_spend_token(&largest, 0, 0) && !egress_spend_token(&largest, 0, 0) && largest.spent == UINT64_MAX,
          "EN-32: no overflow");
}

/* A token every step_ms for five hours: in no 60 minutes does more than the budget leave. */
static void test_any_hour(void)
{
    enum { BUDGET = 1000, TOKEN = 12, LOG_MAX = 4096 };
    static const uint64_t steps[] = {1, 997, 29989, 59999, 60000, 60001, 123457};
    static uint64_t left_at[LOG_MAX];
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct egress e;
        size_t n = 0, first = 0;
        bool within = true;
        egress_init(&e, BUDGET, 512, 12345);
        for (uint64_t now = 12345; now < 12345 + 5 * (uint64_t)HOUR_MS && n < LOG_MAX; now += steps[i]) {
            if (!egress_spend_token(&e, 0, now))
                continue;
            left_at[n++] = now;
            while (left_at[first] + HOUR_MS <= now)
                first++;
            within = within && (n - first) * TOKEN <= BUDGET;
        }
        size_t tried = (size_t)(5 * (uint64_t)HOUR_MS / steps[i]), most = 4 * (BUDGET / TOKEN) * 60 / 61;
        check(within && n >= (tried < most ? tried : most), "EN-33: %zu tokens, one tried every %llu ms", n,
              (unsigned long long)steps[i]);
    }
}

static void test_hours(void)
{
    struct egress e;
    egress_init(&e, 12, 512, 1000);
    check(egress_spend_token(&e, 0, 1000), "EN-33: the first");
    check(!egress_spend_token(&e, 0, 1000 + HOUR_MS), "EN-33: not after an hour: its minute may still count");
    check(!egress_spend_token(&e, 0, 61 * 60000 - 1), "EN-33: nor before 61 minutes are over");
    check(egress_spend_token(&e, 0, 61 * 60000) && e.spent == 12, "EN-33: then the next");
    check(egress_spend_token(&e, 0, 50 * (uint64_t)HOUR_MS), "EN-33: what was not used is not added up");
    check(!egress_spend_token(&e, 0, 50 * (uint64_t)HOUR_MS), "EN-33: also after a long time");
}

/* EN-35: 12 bits of the token, 32 of its log-probability, 9 + 32 of each alternative. */
static void test_logprobs(void)
{
    static const struct {
        uint32_t logprobs_n;
        uint64_t bits;
    } rows[] = {{0, 12}, {1, 44}, {2, 85}, {6, 249}, {21, 864}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct egress e;
        egress_init(&e, 2 * rows[i].bits - 1, 512, 0);
        check(egress_spend_token(&e, rows[i].logprobs_n, 0) && e.spent == rows[i].bits &&
                  !egress_spend_token(&e, rows[i].logprobs_n, 0),
              "EN-35: a token with %u log-probabilities is %u bits", rows[i].logprobs_n, (unsigned)rows[i].bits);
    }
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
    test_any_hour();
    test_logprobs();
    test_exfiltration();
    return tap_done();
}
