/* SPDX-License-Identifier: Apache-2.0 */
/* The vault, on a small model, against every message in every state of a slot and every value out of bounds; and the
 * egress budget as the scribe meets it.  EN-21 EN-30 EN-31 EN-32 EN-35 EN-36 EN-50 GR-1 GR-2
 * GR-3 GR-4 */
#include "enclave/processes.h"
#include "enclave/role.h"
#include "enclave/vault_serve.h"

#include "engine/gguf_make.h"
#include "engine/kernel/kernels.h"
#include "engine/rig.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

/* what every START must hold besides */
#define ONES .top_p_bits = 0x3f800000, .typical_p_bits = 0x3f800000, .repeat_penalty_bits = 0x3f800000

enum { WARDEN = 0, SCRIBE = 1 };
enum slot_state { IDLE, PROMPT, RUNNING, ENDED };
enum { CONTEXT = 2048, MANY = 2000 };

static struct rig rig;
static struct channel_message m;
static uint32_t pages_n = 2 * (CONTEXT / CACHE_PAGE + 1); /* of the KV cache */
static struct vault_setup setup = {
    .threads = 1, .sequences = 2, .context = CONTEXT, .batch = 4, .egress_bits_per_hour = 1ULL << 40};

/* Token i is the byte i modulo 256. */
static void make_vocabulary(struct vault_model *v)
{
    static struct token tokens[512];
    const struct tokenizer t = {.tokens = tokens, .tokens_n = 512};
    for (uint32_t i = 0; i < 512; i++)
        tokens[i] = (struct token){.kind = TOKEN_BYTE, .byte = (uint8_t)i};
    v->vocabulary_memory = malloc(token_bytes_len(&t));
    token_bytes_init(&v->vocabulary, &t, v->vocabulary_memory);
}

/* In the child: what vault_main does once the model is open. */
static int serve(void)
{
    static struct vault_model v;
    static struct rig_engine e;
    struct reason why;
    struct channel warden, scribe;
    struct serving *serving;
    const struct engine_options options = {.sequences_max = setup.sequences,
                                           .context_max = setup.context,
                                           .batch_max = setup.batch,
                                           .logits_max = 2,
                                           .pages_max = pages_n};
    if (worker_pool_open(&v.pool, 1, &why) != STATUS_OK || channel_init(&warden, FD_WARDEN) != STATUS_OK ||
        channel_init(&scribe, FD_SCRIBE) != STATUS_OK)
        return 3;
    struct workers workers = {.n = 1, .context = v.pool, .run = worker_pool_run};
    rig_engine_open(&e, &rig, &kernels_scalar, workers, options);
    v.model = rig.model;
    v.engine = e.engine;
    make_vocabulary(&v);
    if (vault_serve_open(&serving, &v, &setup, &why) != STATUS_OK)
        return 3;
    return vault_serve(serving, &warden, &scribe) == STATUS_NOT_FOUND ? 0 : 1;
}

/* A frame that fits the message and, in the first slot's state, its place. */
static struct frame fitting(enum message type, uint32_t max_tokens)
{
    struct frame f = {0};
    if (type == MESSAGE_START)
        f = (struct frame){.prompt_n = 2, .max_tokens = max_tokens, ONES};
    if (type == MESSAGE_PROMPT || type == MESSAGE_TOKEN) {
        f.words_n = 1;
        f.words[0] = 5;
    }
    return f;
}

static void send_frame(struct process *p, enum message type, uint64_t slot, const struct frame *f)
{
    uint8_t bytes[FRAME_LEN];
    if (frame_write(bytes, f) == STATUS_OK)
        process_send(p, SCRIBE, type, slot, bytes, sizeof bytes);
}

static void send_fitting(struct process *p, enum message type, uint64_t slot, uint32_t max_tokens)
{
    struct frame f = fitting(type, max_tokens);
    send_frame(p, type, slot, &f);
}

static bool hear(struct process *p, enum message type, uint64_t slot, struct frame *f)
{
    while (process_hear(p, SCRIBE, &m)) {
        if (m.type == type && m.id == slot)
            return frame_read(f, &m) == STATUS_OK;
    }
    return false;
}

/* Whether a sequence in the other slot still ends as it should. */
static bool lives(struct process *p)
{
    struct frame f;
    send_fitting(p, MESSAGE_START, 1, 1);
    send_fitting(p, MESSAGE_PROMPT, 1, 0);
    send_fitting(p, MESSAGE_PROMPT, 1, 0);
    return hear(p, MESSAGE_END, 1, &f) && f.end == FRAME_END_LENGTH;
}

static bool reach(struct process *p, enum slot_state state)
{
    struct frame f;
    process_start(p, 2, -1, serve);
    if (state == IDLE)
        return true;
    send_fitting(p, MESSAGE_START, 0, state == ENDED ? 1 : MANY);
    send_fitting(p, MESSAGE_PROMPT, 0, 0);
    if (state == PROMPT)
        return true;
    send_fitting(p, MESSAGE_PROMPT, 0, 0);
    /* running: what is not heard fills the channel, so that it cannot end before our next message */
    return hear(p, state == ENDED ? MESSAGE_END : MESSAGE_TOKEN, 0, &f);
}

static void test_table(void)
{
    static const struct {
        enum slot_state state;
        enum message type;
    } rows[] = {{IDLE, MESSAGE_START},   {PROMPT, MESSAGE_PROMPT}, {PROMPT, MESSAGE_STOP},
                {RUNNING, MESSAGE_STOP}, {ENDED, MESSAGE_STOP},    {ENDED, MESSAGE_FREE}};
    static const char *const names[] = {"IDLE", "PROMPT", "RUNNING", "ENDED"};
    static const size_t lens[] = {0, 4, FRAME_LEN - 1, FRAME_LEN, FRAME_LEN + 1};
    for (int state = IDLE; state <= ENDED; state++) {
        unsigned passed = 0, tried = 0;
        for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++) {
            for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++, tried++) {
                struct process p;
                uint8_t bytes[FRAME_LEN + 1] = {0};
                struct frame f = fitting((enum message)type, MANY);
                bool wanted = false;
                for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
                    wanted = wanted || (rows[row].state == (enum slot_state)state &&
                                        rows[row].type == (enum message)type && lens[i] == FRAME_LEN);
                bool reached = reach(&p, (enum slot_state)state) && frame_write(bytes, &f) == STATUS_OK;
                process_send(&p, SCRIBE, (enum message)type, 0, bytes, lens[i]);
                bool survived = lives(&p);
                int code = process_end(&p);
                passed += reached && survived == wanted && code == (wanted ? 0 : 1);
            }
        }
        check(passed == tried, "EN-21: slot %s: every message but its own ends the vault (%u tried)", names[state],
              tried);
    }
    static const uint64_t slots[] = {2, 255, 1ULL << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct process p;
        process_start(&p, 2, -1, serve);
        send_fitting(&p, MESSAGE_START, slots[i], 1);
        check(!lives(&p) && process_end(&p) == 1, "EN-31: a slot that there is not");
    }
}

static void test_values(void)
{
    static const uint32_t nan = 0x7fc00000, infinity = 0x7f800000, below = 0xbf800000;
    const uint32_t values[] = {nan, infinity, below, 0x42c80001}; /* the last: above 100 */
    struct frame starts[64];
    size_t starts_n = 0;
    const struct frame good = {.prompt_n = 1, .max_tokens = 1, ONES};
    const struct frame single[] = {
        {.prompt_n = 0, .max_tokens = 1, ONES},
        {.prompt_n = CONTEXT, .max_tokens = 1, ONES},
        {.prompt_n = UINT32_MAX, .max_tokens = 1, ONES},
        {.prompt_n = 1, .max_tokens = 0, ONES},
        {.prompt_n = 1, .max_tokens = 1, ONES, .end = 1},
        {.prompt_n = 1, .max_tokens = 1, ONES, .bias_n = 513},
        {.prompt_n = 1, .max_tokens = 1, ONES, .grammar_n = 65537},
        {.prompt_n = 1, .max_tokens = 1, ONES, .logprobs_n = 1}, /* not permitted */
        {.prompt_n = 1, .max_tokens = 1, ONES, .words_n = 33},
        {.prompt_n = 1, .max_tokens = 1, ONES, .words_n = 1, .words = {512}},
        {.prompt_n = 1, .max_tokens = 1, ONES, .frequency_penalty_bits = 0x40000001}, /* above 2 */
        {.prompt_n = 1, .max_tokens = 1, ONES, .presence_penalty_bits = 0xc0000001},
    };
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        starts[starts_n++] = single[i];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (int field = 0; field < 5; field++) {
            struct frame *f = &starts[starts_n++];
            *f = good;
            *(field == 0   ? &f->temperature_bits
              : field == 1 ? &f->top_p_bits
              : field == 2 ? &f->min_p_bits
              : field == 3 ? &f->typical_p_bits
                           : &f->repeat_penalty_bits) = values[i];
        }
    }
    starts[starts_n] = good;
    starts[starts_n++].top_p_bits = 0;
    starts[starts_n] = good;
    starts[starts_n++].top_p_bits = 0x3f800001;
    const struct frame prompts[] = {
        {.words_n = 0},
        {.words_n = 3, .words = {5, 5, 5}}, /* 2 were announced */
        {.words_n = FRAME_WORDS_MAX},
        {.words_n = 1, .words = {512}},
        {.words_n = 2, .words = {5, UINT32_MAX}},
        {.words_n = 1, .words = {5}, .seed = 1},
        {.words_n = 1, .words = {5}, .prompt_n = 2},
    };
    for (size_t i = 0; i < starts_n; i++) {
        struct process p;
        process_start(&p, 2, -1, serve);
        send_frame(&p, MESSAGE_START, 0, &starts[i]);
        check(!lives(&p) && process_end(&p) == 1, "EN-31: a START out of bounds, %zu", i);
    }
    for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
        struct process p;
        process_start(&p, 2, -1, serve);
        send_fitting(&p, MESSAGE_START, 0, 1);
        send_frame(&p, MESSAGE_PROMPT, 0, &prompts[i]);
        check(!lives(&p) && process_end(&p) == 1, "EN-31: a PROMPT out of bounds, %zu", i);
    }
    for (int type = MESSAGE_STOP; type <= MESSAGE_FREE; type++) {
        struct process p;
        const struct frame hidden = {.seed = 1};
        bool reached = reach(&p, ENDED);
        send_frame(&p, (enum message)type, 0, &hidden);
        check(reached && !lives(&p) && process_end(&p) == 1, "EN-30: a field that the message does not use");
    }
}

/* Tokens until the end of the first slot's sequence, and that nothing comes after it. */
static unsigned count_tokens(struct process *p, struct frame *end)
{
    unsigned n = 0;
    bool ended = false;
    while (!ended && process_hear(p, SCRIBE, &m)) {
        n += m.type == MESSAGE_TOKEN;
        ended = m.type == MESSAGE_END;
    }
    return ended && frame_read(end, &m) == STATUS_OK ? n : 0;
}

static void test_ends(void)
{
    struct process p;
    struct frame f = {0};
    bool reached = reach(&p, RUNNING);
    send_fitting(&p, MESSAGE_STOP, 0, 0);
    check(reached && hear(&p, MESSAGE_END, 0, &f) && f.end == FRAME_END_STOPPED, "EN-31: stopped");
    send_fitting(&p, MESSAGE_STOP, 0, 0);
    send_fitting(&p, MESSAGE_FREE, 0, 0);
    for (uint32_t n = 1; n < 4; n++) {
        send_fitting(&p, MESSAGE_START, 0, n);
        send_fitting(&p, MESSAGE_PROMPT, 0, 0);
        send_fitting(&p, MESSAGE_PROMPT, 0, 0);
        check(count_tokens(&p, &f) == n && f.end == FRAME_END_LENGTH, "EN-31: %u tokens", n);
        send_fitting(&p, MESSAGE_FREE, 0, 0);
    }
    send_fitting(&p, MESSAGE_START, 0, UINT32_MAX);
    send_fitting(&p, MESSAGE_PROMPT, 0, 0);
    send_fitting(&p, MESSAGE_PROMPT, 0, 0);
    check(count_tokens(&p, &f) == CONTEXT - 2 && f.end == FRAME_END_LENGTH, "EN-31: the context is full");
    check(lives(&p) && process_end(&p) == 0, "EN-50: the scribe and the warden closed: it ends with 0");
    process_start(&p, 2, -1, serve);
    process_send(&p, WARDEN, MESSAGE_OPEN, 0, NULL, 0);
    check(!process_hear(&p, SCRIBE, &m) && process_end(&p) == 0,
          "EN-50: a warden that speaks again is taken as the end");
}

/* EN-32: 512 tokens of vocabulary: 9 + 3 bits each. */
static void test_budget(void)
{
    static const struct {
        uint64_t budget;
        unsigned tokens;
    } rows[] = {{11, 0}, {12, 1}, {35, 2}, {36, 3}, {120, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct process p;
        struct frame f = {0};
        setup.egress_bits_per_hour = rows[i].budget;
        process_start(&p, 2, -1, serve);
        unsigned tokens = 0;
        for (int round = 0; round < 3; round++) { /* further sequences get nothing */
            send_fitting(&p, MESSAGE_START, 0, MANY);
            send_fitting(&p, MESSAGE_PROMPT, 0, 0);
            send_fitting(&p, MESSAGE_PROMPT, 0, 0);
            tokens += count_tokens(&p, &f);
            send_fitting(&p, MESSAGE_FREE, 0, 0);
        }
        check(tokens == rows[i].tokens && f.end == FRAME_END_BUDGET && process_end(&p) == 0,
              "EN-32: %u tokens leave for %u bits", rows[i].tokens, (unsigned)rows[i].budget);
    }
    setup.egress_bits_per_hour = 1ULL << 40;
}

/* ---- bias, grammar, log-probabilities ---- */

#define BYTE(b) 0x30000000 + (b)*0x101
static const uint32_t three[] = {1, 1, 0, 4, BYTE('a'), BYTE('b'), BYTE('c'), 0};
enum { THREE_N = sizeof three / sizeof three[0] };

static struct frame words(const uint32_t *list, uint32_t n)
{
    struct frame f = {.words_n = n};
    memcpy(f.words, list, n * sizeof list[0]);
    return f;
}

/* START, then these frames in order, then the prompt; whether it runs to an end, which is then in *end. */
static bool run(struct process *p, const struct frame *start, const enum message *types, const struct frame *frames,
                size_t frames_n, uint32_t *tokens, size_t *tokens_n, struct frame *end)
{
    const struct frame prompt = words((const uint32_t[]){5}, 1);
    struct frame f;
    send_frame(p, MESSAGE_START, 0, start);
    for (size_t i = 0; i < frames_n; i++)
        send_frame(p, types[i], 0, &frames[i]);
    send_frame(p, MESSAGE_PROMPT, 0, &prompt);
    *tokens_n = 0;
    while (process_hear(p, SCRIBE, &m)) {
        if (frame_read(&f, &m) != STATUS_OK)
            return false;
        if (m.type == MESSAGE_END) {
            *end = f;
            send_fitting(p, MESSAGE_FREE, 0, 0);
            return true;
        }
        tokens[(*tokens_n)++ % 64] = f.words[0];
    }
    return false;
}

static void test_terms(void)
{
    static const enum message grammar_first[] = {MESSAGE_GRAMMAR, MESSAGE_BIAS, MESSAGE_GRAMMAR},
                              bias_first[] = {MESSAGE_BIAS, MESSAGE_GRAMMAR, MESSAGE_GRAMMAR};
    const struct frame bias = words((const uint32_t[]){'a', 0xff800000, 7, 0x42c80000}, 4); /* never, 100 */
    const struct frame parts[] = {words(three, 3), bias, words(three + 3, THREE_N - 3)};
    const struct frame other[] = {bias, words(three, 7), words(three + 7, THREE_N - 7)};
    struct frame start = {.prompt_n = 1, .max_tokens = 9, .bias_n = 2, .grammar_n = THREE_N, ONES, .seed = 3},
                 end = {0};
    struct process p;
    uint32_t tokens[64];
    size_t n;
    process_start(&p, 2, -1, serve);
    for (int round = 0; round < 2; round++) {
        bool ran =
            run(&p, &start, round == 0 ? grammar_first : bias_first, round == 0 ? parts : other, 3, tokens, &n, &end);
        check(ran && n == 3 && end.end == FRAME_END_STOP && tokens[0] == 'a' + 256 && tokens[1] % 256 == 'b' &&
                  tokens[2] % 256 == 'c',
              "GR-4: a grammar is kept to and ends the sequence, a bias takes a token out, round %d", round);
    }
    start = (struct frame){.prompt_n = 1, .max_tokens = 9, .bias_n = 2, ONES, .words_n = 2, .words = {9, 7}};
    check(run(&p, &start, bias_first, &bias, 1, tokens, &n, &end) && n == 1 && tokens[0] == 7 &&
              end.end == FRAME_END_STOP,
          "EN-31: a token that stops");
    const struct frame none = words((const uint32_t[]){'a', 0xff800000, 'a' + 256, 0xff800000}, 4);
    start = (struct frame){.prompt_n = 1, .max_tokens = 9, .bias_n = 2, .grammar_n = THREE_N, ONES};
    const struct frame impossible[] = {none, words(three, THREE_N)};
    check(run(&p, &start, bias_first, impossible, 2, tokens, &n, &end) && n == 0 && end.end == FRAME_END_GRAMMAR,
          "EN-31: no token can come: end 4");
    /* rule i is two ways through rule i + 1, and what waits behind differs */
    static uint32_t many[3 + 20 + 20 * 6] = {1, 20, 0};
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t at = 3 + 20 + 6 * i, next = i < 19 ? 0x20000000 + i + 1 : BYTE('x');
        const uint32_t rule[] = {next, BYTE('y'), 0x10000000, next, BYTE('z'), 0};
        many[3 + i] = at;
        memcpy(many + at, rule, sizeof rule);
    }
    start = (struct frame){.prompt_n = 1, .max_tokens = 9, .grammar_n = sizeof many / sizeof many[0], ONES};
    const struct frame pieces[] = {words(many, 46), words(many + 46, 46), words(many + 92, 46), words(many + 138, 5)};
    static const enum message grammars[] = {MESSAGE_GRAMMAR, MESSAGE_GRAMMAR, MESSAGE_GRAMMAR, MESSAGE_GRAMMAR};
    check(run(&p, &start, grammars, pieces, 4, tokens, &n, &end) && n == 0 && end.end == FRAME_END_GRAMMAR && lives(&p),
          "GR-3: a grammar with a million ways at its beginning is given up, and the vault lives on");
    check(process_end(&p) == 0, "it ends in order");
}

static void test_wrong_terms(void)
{
    static const uint32_t left[] = {1, 1, 0, 4, 0x20000000, BYTE('a'), 0}, bad[] = {1, 1, 0, 4, 0x60000000, 0};
    const struct {
        const char *what;
        struct frame start;
        enum message type;
        struct frame f;
    } rows[] = {
        {"an element too many", {.grammar_n = THREE_N - 1}, MESSAGE_GRAMMAR, words(three, THREE_N)},
        {"no elements", {.grammar_n = THREE_N}, MESSAGE_GRAMMAR, {0}},
        {"a bias too many", {.bias_n = 1}, MESSAGE_BIAS, words((const uint32_t[]){1, 0, 2, 0}, 4)},
        {"half a bias", {.bias_n = 2}, MESSAGE_BIAS, words((const uint32_t[]){1, 0, 2}, 3)},
        {"no bias", {.bias_n = 2}, MESSAGE_BIAS, {0}},
        {"a bias of no token", {.bias_n = 1}, MESSAGE_BIAS, words((const uint32_t[]){512, 0}, 2)},
        {"a bias above 100", {.bias_n = 1}, MESSAGE_BIAS, words((const uint32_t[]){1, 0x42c80001}, 2)},
        {"a bias that is no number", {.bias_n = 1}, MESSAGE_BIAS, words((const uint32_t[]){1, 0x7fc00000}, 2)},
        {"an infinite bias", {.bias_n = 1}, MESSAGE_BIAS, words((const uint32_t[]){1, 0x7f800000}, 2)},
        {"left recursion", {.grammar_n = 7}, MESSAGE_GRAMMAR, words(left, 7)},
        {"an unknown element", {.grammar_n = 6}, MESSAGE_GRAMMAR, words(bad, 6)},
        {"a list that is cut", {.grammar_n = THREE_N - 1}, MESSAGE_GRAMMAR, words(three, THREE_N - 1)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct process p;
        struct frame start = {.prompt_n = 1, .max_tokens = 1, ONES};
        const struct frame prompt = words((const uint32_t[]){5}, 1);
        start.grammar_n = rows[i].start.grammar_n;
        start.bias_n = rows[i].start.bias_n;
        process_start(&p, 2, -1, serve);
        send_frame(&p, MESSAGE_START, 0, &start);
        send_frame(&p, rows[i].type, 0, &rows[i].f);
        send_frame(&p, MESSAGE_PROMPT, 0, &prompt);
        check(!lives(&p) && process_end(&p) == 1, "EN-31 GR-1 GR-2: %s ends the vault", rows[i].what);
    }
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* EN-35: with 5 alternatives a token is 12 + 32 + 5 * 41 = 249 bits. */
static void test_logprobs(void)
{
    struct process p;
    const struct frame start = {.prompt_n = 1, .max_tokens = 9, .logprobs_n = 6, ONES};
    const struct frame prompt = words((const uint32_t[]){5}, 1);
    struct frame f = {0};
    unsigned tokens = 0, right = 0;
    setup.logprobs = 1;
    setup.egress_bits_per_hour = 249 * 4 - 1;
    process_start(&p, 2, -1, serve);
    send_frame(&p, MESSAGE_START, 0, &start);
    send_frame(&p, MESSAGE_PROMPT, 0, &prompt);
    while (process_hear(&p, SCRIBE, &m) && m.type == MESSAGE_TOKEN && frame_read(&f, &m) == STATUS_OK) {
        bool fine = f.words_n == 12 && float_of(f.words[1]) <= 0;
        for (uint32_t i = 0; i + 1 < 5 && fine; i++)
            fine = float_of(f.words[3 + 2 * i]) >= float_of(f.words[5 + 2 * i]) && f.words[2 + 2 * i] < 512;
        right += fine && float_of(f.words[3]) >= float_of(f.words[1]);
        tokens++;
    }
    check(tokens == 3 && right == 3 && frame_read(&f, &m) == STATUS_OK && f.end == FRAME_END_BUDGET &&
              process_end(&p) == 0,
          "EN-35: three tokens with their log-probabilities, then the budget is spent");
    setup.logprobs = 0;
    setup.egress_bits_per_hour = 1ULL << 40;
}

/* EN-36: pages are had one sequence after another; a scribe that does not count them ends the vault. */
static void test_pages(void)
{
    struct process p;
    struct frame f;
    pages_n = CONTEXT / CACHE_PAGE;
    bool reached = reach(&p, RUNNING); /* of 2 tokens and MANY: all pages */
    send_fitting(&p, MESSAGE_STOP, 0, 0);
    reached = reached && hear(&p, MESSAGE_END, 0, &f);
    check(reached && lives(&p) && process_end(&p) == 0, "EN-36: pages of a sequence that ended are another's");
    reached = reach(&p, RUNNING);
    check(reached && !lives(&p) && process_end(&p) == 1, "EN-36: a START without pages for it ends the vault");
    pages_n = 2 * (CONTEXT / CACHE_PAGE + 1);
}

int main(void)
{
    size_t len;
    uint8_t *file = gguf_make(&len, &(struct gguf_make_options){.vocab_n = 512,
                                                                .dim = 32,
                                                                .hidden = 32,
                                                                .layers_n = 1,
                                                                .heads_n = 2,
                                                                .kv_heads_n = 1,
                                                                .context_n = CONTEXT,
                                                                .type = WEIGHT_F32,
                                                                .tied = true,
                                                                .weights = true,
                                                                .seed = 3});
    rig_open(&rig, file, len);
    test_ends();
    test_pages();
    test_budget();
    test_terms();
    test_wrong_terms();
    test_logprobs();
    test_values();
    test_table();
    rig_close(&rig);
    return tap_done();
}
