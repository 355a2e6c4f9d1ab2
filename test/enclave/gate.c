/* SPDX-License-Identifier: Apache-2.0 */
/* The gate between a real TLS client and a scribe and warden that misbehave: every message in every state of an
 * exchange, answers out of bounds, and a flood of bodies.  EN-21 EN-22 EN-24 EN-40 EN-50 */
#include "enclave/gate_exchange.h"
#include "enclave/processes.h"
#include "enclave/role.h"

#include "sys/https_client.h"
#include "sys/listen.h"
#include "tap.h"

#include <signal.h>
#include <sys/wait.h>

enum { WARDEN = 0, SCRIBE = 1, CALL_MS = 5000 };

static struct channel_message m;
static uint16_t port;

static bool start(struct process *p)
{
    char address[LISTEN_ADDRESS_SIZE];
    struct reason why;
    int fd;
    if (listen_on(&fd, address, "127.0.0.1:0", &why) != STATUS_OK)
        return false;
    port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
    process_start(p, 2, fd, gate_main);
    close(fd);
    if (!process_hear(p, WARDEN, &m) || m.type != MESSAGE_GATE_HELLO || m.len != 36)
        return false;
    process_send(p, WARDEN, MESSAGE_SERVE, 0, NULL, 0);
    return true;
}

/* One request; the status of its answer, or 0 when there is none. */
static unsigned call(const char *method, const char *path, const void *body, size_t body_len, uint32_t ms)
{
    static uint8_t out[1 << 16];
    struct https_client *client;
    struct https_reply reply;
    struct reason why;
    const struct https_call wanted = {.method = method,
                                      .path = path,
                                      .body = body,
                                      .body_len = body_len,
                                      .deadline_ms = ms,
                                      .silence_ms = ms,
                                      .body_out = out,
                                      .body_capacity = sizeof out};
    if (https_client_open(&client, "127.0.0.1", port, HTTPS_TRUST_NOTHING, NULL, CALL_MS, &why) != STATUS_OK)
        return 0;
    enum status status = https_client_request(client, &reply, &wanted, &why);
    unsigned seen = status == STATUS_OK ? reply.head->status : 0;
    https_client_close(client);
    return seen;
}

/* A client of its own, which waits for the answer. */
static pid_t start_client(const char *method, const char *path)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        call(method, path, "{}", method[0] == 'P' ? 2 : 0, CALL_MS);
        _exit(0);
    }
    return pid;
}

static bool lives(void)
{
    return call("GET", "/health", NULL, 0, CALL_MS) == 200;
}

/* Waits until the gate has ended. */
static bool ends(struct process *p)
{
    while (process_hear(p, SCRIBE, &m)) {
    }
    return true;
}

static void send_response(struct process *p, uint64_t id, uint32_t status, uint8_t content, uint8_t streamed)
{
    uint8_t bytes[12] = {(uint8_t)status, (uint8_t)(status >> 8), (uint8_t)(status >> 16), 0, content, 0, 0, 0,
                         streamed};
    process_send(p, SCRIBE, MESSAGE_RESPONSE, id, bytes, sizeof bytes);
}

/* Brings an exchange into that state; its id, or 0 for EXCHANGE_NONE. */
static uint64_t reach(struct process *p, enum exchange_state state, pid_t *client)
{
    *client = 0;
    if (!start(p) || state == EXCHANGE_NONE)
        return 0;
    bool evidence = state == EXCHANGE_EVIDENCE;
    *client = start_client(evidence ? "GET" : "POST",
                           evidence ? "/v1/attestation?nonce="
                                      "0000000000000000000000000000000000000000000000000000000000000000"
                                    : "/infer");
    if (!process_hear(p, evidence ? WARDEN : SCRIBE, &m))
        return 0;
    uint64_t id = m.id;
    if (state == EXCHANGE_WHOLE || state == EXCHANGE_STREAM)
        send_response(p, id, 200, 0, state == EXCHANGE_STREAM);
    return id;
}

static int finish(struct process *p, pid_t client)
{
    int code = process_end(p);
    if (client > 0) {
        kill(client, SIGKILL);
        waitpid(client, NULL, 0);
    }
    return code;
}

static void test_tables(void)
{
    static const struct {
        enum exchange_state state;
        int from;
        enum message type;
        size_t len_min, len_max;
    } rows[] = {
        {EXCHANGE_EVIDENCE, WARDEN, MESSAGE_BUNDLE, 1, CHANNEL_PAYLOAD_MAX},
        {EXCHANGE_EVIDENCE, WARDEN, MESSAGE_BUNDLE_END, 0, 0},
        {EXCHANGE_REQUESTED, SCRIBE, MESSAGE_RESPONSE, 12, 12},
        {EXCHANGE_REQUESTED, SCRIBE, MESSAGE_RESPONSE_ABORT, 0, 0},
        {EXCHANGE_WHOLE, SCRIBE, MESSAGE_RESPONSE_PART, 1, CHANNEL_PAYLOAD_MAX},
        {EXCHANGE_WHOLE, SCRIBE, MESSAGE_RESPONSE_END, 0, 0},
        {EXCHANGE_WHOLE, SCRIBE, MESSAGE_RESPONSE_ABORT, 0, 0},
        {EXCHANGE_STREAM, SCRIBE, MESSAGE_RESPONSE_PART, 1, CHANNEL_PAYLOAD_MAX},
        {EXCHANGE_STREAM, SCRIBE, MESSAGE_RESPONSE_END, 0, 0},
        {EXCHANGE_STREAM, SCRIBE, MESSAGE_RESPONSE_ABORT, 0, 0},
    };
    static const char *const names[] = {"NONE", "EVIDENCE", "REQUESTED", "WHOLE", "STREAM"};
    static const size_t lens[] = {0, 12};
    for (int state = EXCHANGE_NONE; state <= EXCHANGE_STREAM; state++) {
        unsigned passed = 0, tried = 0;
        for (int from = WARDEN; from <= SCRIBE; from++) {
            for (int type = MESSAGE_ATTEST; type <= MESSAGE_END; type++) {
                for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
                    struct process p;
                    pid_t client;
                    bool wanted = false;
                    const uint8_t payload[12] = {200};
                    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
                        wanted = wanted || ((int)rows[row].state == state && rows[row].from == from &&
                                            (int)rows[row].type == type && lens[i] >= rows[row].len_min &&
                                            lens[i] <= rows[row].len_max);
                    if (lens[i] == 0 && !wanted && (type + state) % 4 != 0) /* each start costs a TLS key: some */
                        continue;
                    tried++;
                    uint64_t id = reach(&p, (enum exchange_state)state, &client);
                    process_send(&p, (size_t)from, (enum message)type, id == 0 ? 77 : id, payload, lens[i]);
                    bool survived = wanted ? lives() : !ends(&p);
                    passed += finish(&p, client) == (wanted ? 0 : 1) && survived == wanted;
                }
            }
        }
        check(passed == tried, "EN-21: exchange %s: every message but its own ends the gate (%u tried)", names[state],
              tried);
    }
}

static void test_values(void)
{
    static const struct {
        uint32_t status;
        uint8_t content;
    } rows[] = {{0, 0}, {199, 0}, {600, 0}, {65736, 0}, {200, 4}, {200, 255}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct process p;
        pid_t client;
        uint64_t id = reach(&p, EXCHANGE_REQUESTED, &client);
        send_response(&p, id, rows[i].status, rows[i].content, 0);
        check(id != 0 && ends(&p) && finish(&p, client) == 1, "EN-21: an answer of status %u, content %u",
              rows[i].status, rows[i].content);
    }
}

/* A scribe that does not read while clients send the largest bodies: refused, and nobody dies. */
static void test_flood(void)
{
    static uint8_t body[1 << 20];
    struct process p;
    unsigned status = 0, sent = 0;
    bool started = start(&p);
    while (started && status == 0 && sent++ < 60)
        status = call("POST", "/infer", body, sizeof body, 50);
    check(status == 503 && sent > 16, "EN-24: after %u bodies that wait, 503", sent);
    check(lives(), "EN-24: and it serves on");
    check(call("POST", "/infer", body, sizeof body, 1000) == 503, "EN-24: still 503");
    check(call("POST", "/infer", "{}", 2, 300) == 0, "a small one still waits in line");
    check(process_end(&p) == 0, "EN-50: it ends with 0 when the others close");
}

static void test_answers(void)
{
    static const struct {
        const char *method, *path;
        unsigned status;
    } rows[] = {{"GET", "/health", 200},       {"GET", "/nowhere", 404},        {"GET", "/infer", 405},
                {"POST", "/ohttp", 415},       {"GET", "/v1/attestation", 400}, {"GET", "/v1/attestation?nonce=1", 400},
                {"DELETE", "/v1/models", 405}, {"GET", "/v1/receipts/", 404}};
    static uint8_t large[(1 << 20) + 1];
    struct process p;
    bool started = start(&p);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(started && call(rows[i].method, rows[i].path, NULL, 0, CALL_MS) == rows[i].status, "EN-40: %s %s: %u",
              rows[i].method, rows[i].path, rows[i].status);
    check(call("POST", "/infer", large, sizeof large, CALL_MS) == 413, "EN-40: a body over 1 MiB");
    check(process_end(&p) == 0, "EN-50: the end");
    for (int type = MESSAGE_GATE_HELLO; type <= MESSAGE_END; type++) {
        char address[LISTEN_ADDRESS_SIZE];
        struct reason why;
        int fd = -1;
        if (type == MESSAGE_SERVE || listen_on(&fd, address, "127.0.0.1:0", &why) != STATUS_OK)
            continue;
        process_start(&p, 2, fd, gate_main);
        close(fd);
        bool heard = process_hear(&p, WARDEN, &m);
        process_send(&p, WARDEN, (enum message)type, 0, NULL, 0);
        check(heard && process_end(&p) == 1, "EN-22: message %d before SERVE ends the gate", type);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    test_answers();
    test_values();
    test_flood();
    test_tables();
    return tap_done();
}
