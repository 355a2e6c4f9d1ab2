/* SPDX-License-Identifier: Apache-2.0 */
/* The scribe against every message in every state, from gate, vault and warden; and whole requests with their cancels.
 * EN-5 EN-21 EN-22 EN-23 EN-24 EN-31 EN-36 EN-45 EN-50 */
#include "enclave/scribe.h"
#include "enclave/processes.h"
#include "enclave/role.h"
#include "enclave/setup.h"

#include "engine/rig.h"
#include "tap.h"

#include <poll.h>

enum { WARDEN = 0, GATE = 1, VAULT = 2 };
enum { EXCHANGE = 7, OTHER = 8, PROBE = 9 };

static struct rig rig;
static uint32_t slots_n = 1, pages_n = 1, context = 64;
static const uint8_t *meta; /* what the warden sends: the rig's, or one with a chat template */
static size_t meta_len;
static struct channel_message m;

static const char chat[] =
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Once upon\"}],\"temperature\":0}";

static void send_frame(struct process *p, enum message type, uint64_t slot, uint32_t token_or_end)
{
    uint8_t bytes[FRAME_LEN];
    struct frame f = {.end = type == MESSAGE_END ? token_or_end : 0,
                      .words_n = type == MESSAGE_TOKEN,
                      .words = {type == MESSAGE_TOKEN ? token_or_end : 0}};
    if (frame_write(bytes, &f) == STATUS_OK)
        process_send(p, VAULT, type, slot, bytes, sizeof bytes);
}

static void start_bare(struct process *p)
{
    process_start(p, 3, -1, scribe_main);
    check(process_hear(p, WARDEN, &m) && m.type == MESSAGE_SCRIBE_HELLO && m.len > 36 && m.len <= 36 + 128,
          "EN-22: the scribe says hello");
}

static void send_meta(struct process *p)
{
    for (size_t at = 0; at < meta_len; at += CHANNEL_PAYLOAD_MAX) {
        size_t left = meta_len - at;
        process_send(p, WARDEN, MESSAGE_META, 0, meta + at, left < CHANNEL_PAYLOAD_MAX ? left : CHANNEL_PAYLOAD_MAX);
    }
    process_send(p, WARDEN, MESSAGE_META_END, 0, NULL, 0);
}

static void send_setup(struct process *p)
{
    uint8_t bytes[SETUP_LEN_MAX];
    size_t len;
    struct scribe_setup setup = {.model_name = "m",
                                 .tee = "simulator",
                                 .isa = "scalar",
                                 .threads = 1,
                                 .sequences = slots_n,
                                 .context = context,
                                 .pages_n = pages_n,
                                 .vocab_n = rig.model.vocab_n};
    if (scribe_setup_write(bytes, &len, &setup) == STATUS_OK)
        process_send(p, WARDEN, MESSAGE_SCRIBE_SETUP, 0, bytes, len);
}

/* One slot, a context of 64. */
static bool start(struct process *p)
{
    process_start(p, 3, -1, scribe_main);
    if (!process_hear(p, WARDEN, &m))
        return false;
    send_meta(p);
    send_setup(p);
    return process_hear(p, WARDEN, &m) && m.type == MESSAGE_SCRIBE_READY && m.len == 64;
}

static void request(struct process *p, uint64_t exchange, enum request_kind kind, const char *body)
{
    uint8_t bytes[4] = {(uint8_t)kind};
    process_send(p, GATE, MESSAGE_REQUEST, exchange, bytes, sizeof bytes);
    if (body[0] != '\0')
        process_send(p, GATE, MESSAGE_REQUEST_PART, exchange, body, strlen(body));
    process_send(p, GATE, MESSAGE_REQUEST_END, exchange, NULL, 0);
}

static bool answers_probe(struct process *p)
{
    request(p, PROBE, REQUEST_MODELS, "");
    while (process_hear(p, GATE, &m)) {
        if (m.id == PROBE && m.type == MESSAGE_RESPONSE_END)
            return true;
    }
    return false;
}

/* Whether it still answers; messages about other exchanges are passed over.  Between two requests it hears the vault.
 */
static bool lives(struct process *p)
{
    return answers_probe(p) && answers_probe(p);
}

static bool hear_vault(struct process *p, enum message type)
{
    while (process_hear(p, VAULT, &m)) {
        if (m.type == type)
            return true;
    }
    return false;
}

/* Brings the job of EXCHANGE into that state. */
static bool reach(struct process *p, enum job_state state)
{
    const uint8_t kind[4] = {REQUEST_CHAT};
    if (!start(p))
        return false;
    if (state == JOB_NONE)
        return true;
    if (state == JOB_RECEIVING) {
        process_send(p, GATE, MESSAGE_REQUEST, EXCHANGE, kind, sizeof kind);
        return true;
    }
    if (state == JOB_WAITING) {
        request(p, OTHER, REQUEST_CHAT, chat);
        request(p, EXCHANGE, REQUEST_CHAT, chat);
        return hear_vault(p, MESSAGE_PROMPT);
    }
    request(p, EXCHANGE, REQUEST_CHAT, chat);
    if (!hear_vault(p, MESSAGE_PROMPT))
        return false;
    if (state == JOB_STOPPING) {
        process_send(p, GATE, MESSAGE_CANCEL, EXCHANGE, NULL, 0);
        return hear_vault(p, MESSAGE_STOP);
    }
    return true;
}

struct allowed {
    int state;
    enum message type;
    size_t len_min, len_max;
};

static bool is_allowed(const struct allowed *rows, size_t rows_n, int state, enum message type, size_t len)
{
    for (size_t i = 0; i < rows_n; i++) {
        if (rows[i].state == state && rows[i].type == type && len >= rows[i].len_min && len <= rows[i].len_max)
            return true;
    }
    return false;
}

static const char *const state_names[] = {"NONE", "RECEIVING", "WAITING", "RUNNING", "STOPPING"};
static const size_t lens[] = {0, 4, FRAME_LEN};

static void test_gate_table(void)
{
    static const struct allowed rows[] = {
        {JOB_NONE, MESSAGE_REQUEST, 4, 4},
        {JOB_NONE, MESSAGE_CANCEL, 0, 0},
        {JOB_RECEIVING, MESSAGE_REQUEST_PART, 1, CHANNEL_PAYLOAD_MAX},
        {JOB_RECEIVING, MESSAGE_REQUEST_END, 0, 0},
        {JOB_RECEIVING, MESSAGE_CANCEL, 0, 0},
        {JOB_WAITING, MESSAGE_CANCEL, 0, 0},
        {JOB_RUNNING, MESSAGE_CANCEL, 0, 0},
        {JOB_STOPPING, MESSAGE_CANCEL, 0, 0},
    };
    static const uint8_t payload[FRAME_LEN];
    for (int state = JOB_NONE; state <= JOB_STOPPING; state++) {
        unsigned passed = 0, killed = 0, tried = 0;
        for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++) {
            for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++, tried++) {
                struct process p;
                bool wanted = is_allowed(rows, sizeof rows / sizeof rows[0], state, (enum message)type, lens[i]);
                bool reached = reach(&p, (enum job_state)state);
                process_send(&p, GATE, (enum message)type, EXCHANGE, payload, lens[i]);
                bool survived = lives(&p);
                int code = process_end(&p);
                passed += reached && survived == wanted && code == (wanted ? 0 : 1);
                killed += !wanted;
            }
        }
        check(passed == tried, "EN-21: job %s: %u of %u messages from gate end the scribe", state_names[state], killed,
              tried);
    }
}

static void test_vault_table(void)
{
    static const enum job_state states[] = {JOB_NONE, JOB_RUNNING, JOB_STOPPING};
    static const struct allowed rows[] = {
        {JOB_RUNNING, MESSAGE_TOKEN, FRAME_LEN, FRAME_LEN},
        {JOB_RUNNING, MESSAGE_END, FRAME_LEN, FRAME_LEN},
        {JOB_STOPPING, MESSAGE_TOKEN, FRAME_LEN, FRAME_LEN},
        {JOB_STOPPING, MESSAGE_END, FRAME_LEN, FRAME_LEN},
    };
    for (size_t at = 0; at < sizeof states / sizeof states[0]; at++) {
        int state = (int)states[at];
        unsigned passed = 0, tried = 0;
        for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++) {
            for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++, tried++) {
                struct process p;
                uint8_t payload[FRAME_LEN] = {0};
                payload[68] = type == MESSAGE_TOKEN; /* one token, 0 */
                bool wanted = is_allowed(rows, sizeof rows / sizeof rows[0], state, (enum message)type, lens[i]);
                bool reached = reach(&p, (enum job_state)state);
                process_send(&p, VAULT, (enum message)type, 0, payload, lens[i]);
                bool survived = lives(&p);
                int code = process_end(&p);
                passed += reached && survived == wanted && code == (wanted ? 0 : 1);
            }
        }
        check(passed == tried, "EN-31: slot of a job %s: every message from the vault but its own ends the scribe",
              state_names[state]);
    }
    static const uint64_t slots[] = {1, 255, 256, UINT64_MAX};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct process p;
        bool reached = reach(&p, JOB_RUNNING);
        send_frame(&p, MESSAGE_TOKEN, slots[i], 5);
        check(reached && !lives(&p) && process_end(&p) == 1, "EN-31: a token of a slot that there is not");
    }
    static const uint32_t tokens[] = {512, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct process p;
        bool reached = reach(&p, JOB_RUNNING);
        send_frame(&p, MESSAGE_TOKEN, 0, tokens[i]);
        check(reached && !lives(&p) && process_end(&p) == 1, "EN-31: a token beyond the vocabulary");
    }
}

static void test_start_order(void)
{
    unsigned passed = 0, tried = 0;
    for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++, tried++) {
        struct process p;
        uint8_t payload[16] = {0};
        bool heard;
        if (type != MESSAGE_META && type != MESSAGE_META_END) {
            tried++;
            process_start(&p, 3, -1, scribe_main);
            heard = process_hear(&p, WARDEN, &m);
            process_send(&p, WARDEN, (enum message)type, 0, payload, sizeof payload);
            passed += heard && !process_hear(&p, WARDEN, &m) && process_end(&p) == 1;
        }
        process_start(&p, 3, -1, scribe_main);
        heard = process_hear(&p, WARDEN, &m);
        send_meta(&p);
        process_send(&p, WARDEN, (enum message)type, 0, payload, sizeof payload);
        while (process_hear(&p, WARDEN, &m)) { /* what it says of the tokenizer */
        }
        passed += heard && process_end(&p) == 1;
    }
    check(passed == tried, "EN-22: a message out of turn, or a setup of another length, ends the scribe");
    struct process p;
    start_bare(&p);
    check(process_end(&p) == 0, "EN-50: at a closed channel it ends with 0");
    check(start(&p), "it starts");
    process_send(&p, WARDEN, MESSAGE_META, 0, "x", 1);
    check(!process_hear(&p, WARDEN, &m), "while serving the warden has nothing more to say");
    check(process_end(&p) == 0, "EN-50: it is taken as the end");
}

/* Counts what the gate hears about EXCHANGE until the scribe has answered a probe as well. */
struct heard {
    unsigned responses, parts, ends, aborts;
    bool after_end; /* something came after the end */
    unsigned status;
};

static struct heard listen_to(struct process *p)
{
    struct heard h = {0};
    request(p, PROBE, REQUEST_MODELS, "");
    while (process_hear(p, GATE, &m) && !(m.id == PROBE && m.type == MESSAGE_RESPONSE_END)) {
        if (m.id != EXCHANGE)
            continue;
        h.after_end = h.after_end || h.ends + h.aborts != 0;
        h.responses += m.type == MESSAGE_RESPONSE;
        h.status = m.type == MESSAGE_RESPONSE ? (unsigned)(m.payload[0] | m.payload[1] << 8) : h.status;
        h.parts += m.type == MESSAGE_RESPONSE_PART;
        h.ends += m.type == MESSAGE_RESPONSE_END;
        h.aborts += m.type == MESSAGE_RESPONSE_ABORT;
    }
    return h;
}

static void test_cancels(void)
{
    for (int state = JOB_RECEIVING; state <= JOB_STOPPING; state++) {
        struct process p;
        bool reached = reach(&p, (enum job_state)state);
        for (int i = 0; i < 3; i++)
            process_send(&p, GATE, MESSAGE_CANCEL, EXCHANGE, NULL, 0);
        if (state >= JOB_RUNNING) {
            if (state == JOB_RUNNING)
                reached = reached && hear_vault(&p, MESSAGE_STOP);
            send_frame(&p, MESSAGE_TOKEN, 0, 300); /* was on its way */
            send_frame(&p, MESSAGE_END, 0, FRAME_END_STOPPED);
            reached = reached && hear_vault(&p, MESSAGE_FREE);
        }
        struct heard h = listen_to(&p);
        check(reached && h.aborts == 1 && h.ends == 0 && h.responses == 0 && !h.after_end,
              "EN-23: cancelled three times while %s: one abort and nothing else", state_names[state]);
        check(process_end(&p) == 0, "it lived on");
    }
}

static void test_whole_requests(void)
{
    static const struct {
        enum frame_end end;
        unsigned status;
    } rows[] = {{FRAME_END_STOP, 200}, {FRAME_END_LENGTH, 200}, {FRAME_END_BUDGET, 429}, {FRAME_END_GRAMMAR, 400}};
    struct process p;
    bool started = start(&p);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request(&p, EXCHANGE, REQUEST_CHAT, chat);
        bool fine = started && hear_vault(&p, MESSAGE_PROMPT);
        send_frame(&p, MESSAGE_TOKEN, 0, 300);
        send_frame(&p, MESSAGE_END, 0, rows[i].end);
        fine = fine && hear_vault(&p, MESSAGE_FREE);
        process_send(&p, GATE, MESSAGE_CANCEL, EXCHANGE, NULL, 0); /* crossed the end */
        struct heard h = listen_to(&p);
        check(fine && h.responses == 1 && h.status == rows[i].status && h.parts == 1 && h.ends == 1 && h.aborts == 0 &&
                  !h.after_end,
              "EN-23: end %d: one answer, %u", (int)rows[i].end, rows[i].status);
    }
    static const char *const wrong[] = {"", "{", "[]", "{}", "{\"model\":\"other\",\"messages\":[]}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        request(&p, EXCHANGE, REQUEST_CHAT, wrong[i]);
        struct heard h = listen_to(&p);
        check(h.responses == 1 && h.status == 400 && h.ends == 1 && h.aborts == 0 && !h.after_end,
              "EN-23: a wrong request has one answer, 400");
    }
    request(&p, EXCHANGE, REQUEST_RECEIPT, "/v1/receipts/00000000000000000000000000000000");
    check(listen_to(&p).status == 404, "no such receipt");
    check(process_end(&p) == 0, "it lived on");
}

/* The rig's metadata with one more text in front; the caller frees it. */
static uint8_t *with_template(const char *template)
{
    enum { COUNT_AT = 16, FIRST_AT = 24, STRING = 8 }; /* of the GGUF header */
    static const char key[] = "tokenizer.chat_template";
    uint64_t key_len = sizeof key - 1, text_len = strlen(template), count;
    uint32_t type = STRING;
    uint8_t *made = malloc(rig.meta_len + 20 + key_len + text_len), *at = made + FIRST_AT;
    memcpy(made, rig.file, FIRST_AT);
    memcpy(&count, made + COUNT_AT, sizeof count);
    count++;
    memcpy(made + COUNT_AT, &count, sizeof count);
    memcpy(at, &key_len, 8);
    memcpy(at += 8, key, key_len);
    memcpy(at += key_len, &type, 4);
    memcpy(at += 4, &text_len, 8);
    memcpy(at += 8, template, text_len);
    memcpy(at + text_len, rig.file + FIRST_AT, rig.meta_len - FIRST_AT);
    meta = made;
    meta_len = rig.meta_len + 20 + key_len + text_len;
    return made;
}

/* EN-45: a template refuses, fails, never ends, is none: 400, and the scribe lives on. */
static void test_templates(void)
{
    static const struct {
        const char *template;
        unsigned status;
    } rows[] = {{"{% for m in messages %}{{ m.role ~ m.content ~ eos_token }}{% endfor %}", 200},
                {"{{ raise_exception('no') }}", 400},
                {"{{ messages.x.y }}", 400},
                {"{% for i in range(1000000000) %}{{ i }}{% endfor %}", 400},
                {"{{ ''", 400}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct process p;
        uint8_t *made = with_template(rows[i].template);
        bool fine = start(&p);
        for (int turn = 0; turn < 2; turn++) {
            request(&p, EXCHANGE, REQUEST_CHAT, chat);
            if (rows[i].status == 200) {
                fine = fine && hear_vault(&p, MESSAGE_PROMPT);
                send_frame(&p, MESSAGE_TOKEN, 0, 300);
                send_frame(&p, MESSAGE_END, 0, FRAME_END_STOP);
                fine = fine && hear_vault(&p, MESSAGE_FREE);
            }
            struct heard h = listen_to(&p);
            fine = fine && h.responses == 1 && h.status == rows[i].status && h.ends == 1 && !h.after_end;
        }
        check(fine && process_end(&p) == 0, "EN-45: %u for %s", rows[i].status, rows[i].template);
        free(made);
        meta = rig.file;
        meta_len = rig.meta_len;
    }
}

/* Three choices with one slot: one after the other, one answer; a failed or cancelled one takes the others with it. */
static void test_choices(void)
{
    static const char three[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Once upon\"}],\"n\":3,"
                                "\"seed\":18446744073709551615}";
    static const char seeded[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Once upon\"}],\"n\":3,"
        "\"seed\":-1,\"stop_token_ids\":[5],\"logit_bias\":{\"7\":1},\"grammar\":\"root ::= .*\"}";
    struct process p;
    struct frame f;
    bool started = start(&p), fine = true;
    request(&p, EXCHANGE, REQUEST_CHAT, three);
    check(started && listen_to(&p).status == 400, "EN-48: a seed beyond 64 bits");
    request(&p, EXCHANGE, REQUEST_CHAT, seeded);
    for (uint64_t i = 0; i < 3; i++) {
        unsigned biases = 0, elements = 0;
        fine = fine && hear_vault(&p, MESSAGE_START) && frame_read(&f, &m) == STATUS_OK && f.seed == i - 1 &&
               f.words_n == 2 && f.words[1] == 5 && f.bias_n == 1 && f.grammar_n > 4;
        uint32_t grammar_n = f.grammar_n;
        while (fine && process_hear(&p, VAULT, &m) && m.type != MESSAGE_PROMPT) {
            fine = frame_read(&f, &m) == STATUS_OK;
            biases += m.type == MESSAGE_BIAS ? f.words_n / 2 : 0;
            elements += m.type == MESSAGE_GRAMMAR ? f.words_n : 0;
        }
        fine = fine && biases == 1 && elements == grammar_n;
        send_frame(&p, MESSAGE_TOKEN, 0, 300);
        send_frame(&p, MESSAGE_END, 0, FRAME_END_LENGTH);
    }
    fine = fine && hear_vault(&p, MESSAGE_FREE);
    struct heard h = listen_to(&p);
    check(fine && h.responses == 1 && h.status == 200 && h.ends == 1 && !h.after_end,
          "EN-23: three choices, seeds one apart, in one answer");
    request(&p, EXCHANGE, REQUEST_CHAT, seeded);
    fine = hear_vault(&p, MESSAGE_PROMPT);
    send_frame(&p, MESSAGE_END, 0, FRAME_END_GRAMMAR);
    fine = fine && hear_vault(&p, MESSAGE_FREE);
    h = listen_to(&p);
    check(fine && h.responses == 1 && h.status == 400 && h.ends == 1, "EN-23: the first fails: one answer, 400");
    request(&p, EXCHANGE, REQUEST_CHAT, seeded);
    fine = hear_vault(&p, MESSAGE_PROMPT);
    process_send(&p, GATE, MESSAGE_CANCEL, EXCHANGE, NULL, 0);
    fine = fine && hear_vault(&p, MESSAGE_STOP);
    send_frame(&p, MESSAGE_END, 0, FRAME_END_STOPPED);
    fine = fine && hear_vault(&p, MESSAGE_FREE);
    h = listen_to(&p);
    check(fine && h.aborts == 1 && h.ends == 0 && !h.after_end,
          "EN-23: cancelled: one abort, and no choice starts any more");
    request(&p, OTHER, REQUEST_CHAT, chat);
    check(hear_vault(&p, MESSAGE_START) && process_end(&p) == 0, "the slot is free for the next");
}

/* Frames to the vault until it has heard so many; how many of them were STARTs, and of which slot the last was. */
static unsigned count_starts(struct process *p, uint64_t *slot)
{
    unsigned n = 0;
    struct pollfd ready = {.fd = p->peers[VAULT].fd, .events = POLLIN};
    while (lives(p) && poll(&ready, 1, 0) == 1 && process_hear(p, VAULT, &m)) {
        n += m.type == MESSAGE_START;
        *slot = m.type == MESSAGE_START ? m.id : *slot;
    }
    return n;
}

/* EN-36: three slots and three pages of 64 tokens: who waits, and in which order they start. */
static void test_pages(void)
{
    static const char whole[] = "{\"model\":\"m\",\"prompt\":\"Once upon\",\"max_tokens\":100}";
    static const char brief[] = "{\"model\":\"m\",\"prompt\":\"Once upon\",\"max_tokens\":8}";
    struct process p;
    uint64_t slot = 0;
    slots_n = 3;
    pages_n = 3;
    context = 128;
    bool started = start(&p);
    request(&p, 20, REQUEST_COMPLETION, whole); /* two pages */
    request(&p, 21, REQUEST_COMPLETION, whole);
    request(&p, 22, REQUEST_COMPLETION, brief); /* would fit, and does not overtake */
    check(started && count_starts(&p, &slot) == 1 && slot == 0, "EN-36: the second has no room yet, the third waits");
    send_frame(&p, MESSAGE_END, 0, FRAME_END_LENGTH);
    check(count_starts(&p, &slot) == 2 && slot == 1, "EN-36: when the first ends both start");
    request(&p, 23, REQUEST_COMPLETION, whole);
    request(&p, 24, REQUEST_COMPLETION, brief);
    send_frame(&p, MESSAGE_END, 1, FRAME_END_LENGTH); /* the brief one: one page is free */
    check(count_starts(&p, &slot) == 0, "EN-36: one page is too few for the next");
    process_send(&p, GATE, MESSAGE_CANCEL, 23, NULL, 0);
    check(count_starts(&p, &slot) == 1 && slot == 1, "EN-36: when that is cancelled the one behind it starts");
    send_frame(&p, MESSAGE_END, 0, FRAME_END_LENGTH);
    send_frame(&p, MESSAGE_END, 1, FRAME_END_LENGTH);
    request(&p, 25, REQUEST_COMPLETION, whole);
    request(&p, 26, REQUEST_COMPLETION, brief);
    check(count_starts(&p, &slot) == 2, "EN-36: all pages are free again");
    check(process_end(&p) == 0, "it lived on");
    pages_n = 1;
    started = start(&p);
    check(!(started && lives(&p)) && process_end(&p) == 1, "EN-5: a pool of less than one sequence ends the scribe");
    slots_n = pages_n = 1;
    context = 64;
}

/* EN-24: what a gate gone wrong cannot do. */
static void test_bounds(void)
{
    static uint8_t part[CHANNEL_PAYLOAD_MAX];
    struct process p;
    bool reached = reach(&p, JOB_RECEIVING);
    for (size_t i = 0; i < JOB_BODY_MAX / sizeof part; i++)
        process_send(&p, GATE, MESSAGE_REQUEST_PART, EXCHANGE, part, sizeof part);
    check(reached && lives(&p), "EN-24: a body of 1 MiB");
    process_send(&p, GATE, MESSAGE_REQUEST_PART, EXCHANGE, part, 1);
    check(!lives(&p) && process_end(&p) == 1, "EN-24: one byte more ends the scribe");
    reached = start(&p);
    const uint8_t kind[4] = {REQUEST_CHAT};
    for (uint64_t i = 0; i < JOBS_MAX - 1; i++) /* one is left for the probe */
        process_send(&p, GATE, MESSAGE_REQUEST, 1000 + i, kind, sizeof kind);
    check(reached && lives(&p), "255 jobs at once, and a probe");
    process_send(&p, GATE, MESSAGE_REQUEST, 5000, kind, sizeof kind);
    process_send(&p, GATE, MESSAGE_REQUEST, 5001, kind, sizeof kind);
    check(!lives(&p) && process_end(&p) == 1, "257 end the scribe: the gate's bound is lower");
    for (unsigned bad = REQUEST_RECEIPT + 1; bad < 256; bad += 50) {
        const uint8_t other[4] = {(uint8_t)bad};
        reached = start(&p);
        process_send(&p, GATE, MESSAGE_REQUEST, EXCHANGE, other, sizeof other);
        check(reached && !lives(&p) && process_end(&p) == 1, "EN-21: a request of kind %u", bad);
    }
}

int main(void)
{
    size_t len;
    uint8_t *file = rig_read("test/data/stories260K/stories260K.gguf", &len);
    rig_open(&rig, file, len);
    meta = rig.file;
    meta_len = rig.meta_len;
    test_start_order();
    test_whole_requests();
    test_templates();
    test_cancels();
    test_choices();
    test_pages();
    test_bounds();
    test_gate_table();
    test_vault_table();
    rig_close(&rig);
    return tap_done();
}
