/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server in a child process, attacked with the client and with raw bytes inside and outside TLS. */
#include "sys/clock.h"
#include "sys/https_app.h"
#include "sys/https_client.h"
#include "sys/https_wire.h"
#include "sys/listen.h"
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { LONG_MS = 20000 };

static struct tls_identity *identity;
static uint16_t port;
static uint8_t body[300000];
static char raw[70000];

static struct https_client *connect_client(void)
{
    struct https_client *client;
    struct reason why = {{0}};
    enum status status =
        https_client_open(&client, "127.0.0.1", port, HTTPS_TRUST_PINNED, identity->spki_sha256, LONG_MS, &why);
    if (status != STATUS_OK)
        note("%s", why.text);
    return client;
}

static enum status call(struct https_client *client, struct https_reply *reply, const char *method, const char *path,
                        const void *bytes, size_t len)
{
    struct reason why = {{0}};
    struct https_call c = {.method = method,
                           .path = path,
                           .body = bytes,
                           .body_len = len,
                           .deadline_ms = LONG_MS,
                           .silence_ms = LONG_MS,
                           .body_out = body,
                           .body_capacity = sizeof body};
    enum status status = https_client_request(client, reply, &c, &why);
    if (status != STATUS_OK)
        note("%s %s: %s", method, path, why.text);
    return status;
}

/* One GET on a connection of its own; the body is in body. */
static unsigned get(const char *path)
{
    struct https_reply reply = {0};
    struct https_client *client = connect_client();
    unsigned answer = 0;
    if (client != NULL && call(client, &reply, "GET", path, NULL, 0) == STATUS_OK) {
        answer = reply.head->status;
        body[reply.body_len] = '\0';
    }
    https_client_close(client);
    return answer;
}

static bool open_raw(struct https_wire *wire)
{
    struct reason why = {{0}};
    enum status status = https_wire_open(wire, "127.0.0.1", port, clock_monotonic_ms() + LONG_MS, &why);
    if (status != STATUS_OK)
        note("%s", why.text);
    return status == STATUS_OK;
}

static bool send_raw(struct https_wire *wire, const void *bytes, size_t len)
{
    struct reason why;
    return https_wire_write(wire, bytes, len, clock_monotonic_ms() + LONG_MS, &why) == STATUS_OK;
}

/* Reads to the end of the connection into raw; the status code at its start, or 0. */
static unsigned read_raw(struct https_wire *wire)
{
    struct reason why;
    size_t len = 0, got = 0;
    while (len < sizeof raw - 1 &&
           https_wire_read(wire, raw + len, &got, sizeof raw - 1 - len, clock_monotonic_ms() + LONG_MS, &why) ==
               STATUS_OK &&
           got != 0)
        len += got;
    raw[len] = '\0';
    return strncmp(raw, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(raw + 9, NULL, 10) : 0;
}

static unsigned exchange_raw(const void *bytes, size_t len)
{
    struct https_wire wire;
    unsigned answer = open_raw(&wire) && send_raw(&wire, bytes, len) ? read_raw(&wire) : 0;
    https_wire_close(&wire);
    return answer;
}

static void test_plain(void)
{
    struct https_client *client = connect_client();
    struct https_reply reply;
    check(client != NULL, "the client connects and the pinned key is right");
    if (client == NULL)
        exit(1);
    check(call(client, &reply, "GET", "/hello", NULL, 0) == STATUS_OK && reply.head->status == 200 &&
              reply.body_len == 5 && memcmp(body, "hello", 5) == 0,
          "GET");
    check(call(client, &reply, "HEAD", "/hello", NULL, 0) == STATUS_OK && reply.body_len == 0 &&
              http_text_is(http_head_get(reply.head, "content-length"), "5"),
          "HEAD has the length and no body");
    static uint8_t sent[APP_BODY_MAX];
    memset(sent, 'e', sizeof sent);
    check(call(client, &reply, "POST", "/echo", sent, 50000) == STATUS_OK && reply.body_len == 50000 &&
              memcmp(body, sent, 50000) == 0,
          "POST with a body of 50,000 bytes");
    check(call(client, &reply, "POST", "/echo", sent, APP_BODY_MAX) == STATUS_OK && memcmp(body, "long", 4) == 0,
          "a body of exactly the limit; an answer over the queue's limit is refused and another sent");
    check(call(client, &reply, "GET", "/later", NULL, 0) == STATUS_OK && memcmp(body, "later", 5) == 0,
          "an answer that comes later");
    check(call(client, &reply, "GET", "/header", NULL, 0) == STATUS_OK &&
              http_text_is(http_head_get(reply.head, "x-note"), "fine"),
          "a header that would split the answer is refused");
    check(call(client, &reply, "GET", "/none", NULL, 0) == STATUS_OK && reply.head->status == 404 &&
              strstr((char *)body, "{\"error\":{\"message\":\"no such path\",\"type\":\"invalid_request_error\","
                                   "\"param\":null,\"code\":null}}") != NULL,
          "an error is JSON");
    check(call(client, &reply, "GET", "/stream?300", NULL, 0) == STATUS_OK &&
              reply.body_len == (size_t)300 * APP_PIECE_LEN,
          "a stream longer than the queue arrives whole");
    unsigned good = 0;
    while (good < 1000 && call(client, &reply, "GET", "/hello", NULL, 0) == STATUS_OK && reply.body_len == 5)
        good++;
    check(good == 1000, "1,000 requests on one connection");
    https_client_close(client);
}

static void test_refusals(void)
{
    static const struct {
        const char *name, *bytes;
        unsigned status;
    } rows[] = {
        {"no Host", "GET /hello HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"bare LF", "GET /hello HTTP/1.1\nHost: a\n\n", 400},
        {"folded header", "GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
        {"white space before ':'", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"length and chunks",
         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"other coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"other version", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 501},
        {"other expectation", "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 501},
        {"bad chunk", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"stated length over the limit", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", 413},
        {"chunk over the limit of the route",
         "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 413},
        {"HTTP/1.0 closes", "GET /hello HTTP/1.0\r\n\r\n", 200},
        {"Connection: close closes", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200},
        {"chunked body",
         "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
         200},
        {"100-continue is answered first",
         "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 100},
        {"two requests in one write are answered in turn",
         "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned answer = exchange_raw(rows[i].bytes, strlen(rows[i].bytes));
        if (!check(answer == rows[i].status, "%s: %u", rows[i].name, rows[i].status))
            note("got %u: %s", answer, raw);
    }
    check(strstr(raw, "later") != NULL && strstr(raw, "hello") > strstr(raw, "later"), "both answers, in order");
    static char big[40000];
    memset(big, 'a', sizeof big);
    memcpy(big, "GET /hello HTTP/1.1\r\nX: ", 24);
    check(exchange_raw(big, sizeof big) == 431, "a head over 16 KiB: 431, and the answer survives unread input");
    check(exchange_raw("GET /\0 HTTP/1.1\r\n", 17) == 400, "NUL in a head: 400");
}

static uint64_t since_ms(uint64_t start)
{
    return clock_monotonic_ms() - start;
}

/* Sends first, then drip every 20 ms until the server ends the connection; milliseconds that took. */
static uint64_t drip(const char *first, char byte, unsigned *answer)
{
    struct https_wire wire;
    uint64_t start = clock_monotonic_ms();
    *answer = 0;
    if (open_raw(&wire) && send_raw(&wire, first, strlen(first))) {
        for (struct pollfd p = {.fd = wire.fd, .events = POLLIN}; since_ms(start) < LONG_MS && poll(&p, 1, 20) == 0;) {
            if (byte != 0 && !send_raw(&wire, &byte, 1))
                break;
        }
        *answer = read_raw(&wire);
    }
    https_wire_close(&wire);
    return since_ms(start);
}

static int connect_tcp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        exit(1);
    return fd;
}

/* Waits until the server closes fd; milliseconds that took. */
static uint64_t wait_closed(int fd)
{
    char byte[256];
    uint64_t start = clock_monotonic_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, LONG_MS) > 0 && read(fd, byte, sizeof byte) > 0)
        continue;
    return since_ms(start);
}

static void test_slow(void)
{
    unsigned answer;
    uint64_t took = drip("GET /hello HTTP/1.1\r\nHost: a\r\nX: ", 'x', &answer);
    check(answer == 408 && took >= APP_SHORT_MS - 50 && took < 10 * APP_SHORT_MS, "a head byte by byte: 408");
    took = drip("GET /hello HTTP/1.1\r\nHost: a\r\n", 0, &answer);
    check(answer == 408 && took < 10 * APP_SHORT_MS, "half a head, then silence: 408");
    took = drip("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n", 'x', &answer);
    check(answer == 408 && took < 10 * APP_SHORT_MS, "a body below the minimum rate: 408");
    took = drip("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", 0, &answer);
    check(answer == 408 && took < 10 * APP_SHORT_MS, "a body that never comes: 408");
    took = drip("", 0, &answer);
    check(answer == 0 && took >= 2 * APP_SHORT_MS - 50 && took < 12 * APP_SHORT_MS, "an idle connection is closed");
    int fd = connect_tcp();
    took = wait_closed(fd);
    close(fd);
    check(took >= APP_SHORT_MS - 50 && took < 10 * APP_SHORT_MS, "a silent handshake is closed");
    fd = connect_tcp();
    check(write(fd, "GET / HTTP/1.1\r\n\r\n", 18) == 18 && wait_closed(fd) < 10 * APP_SHORT_MS, "no TLS: closed");
    close(fd);
}

static void counts(unsigned long *gone, unsigned long *connections, unsigned long *busy)
{
    char *end;
    *gone = *connections = *busy = 0;
    if (get("/counts") != 200)
        return;
    *gone = strtoul((char *)body, &end, 10);
    *connections = strtoul(end, &end, 10);
    *busy = strtoul(end, NULL, 10);
}

static void test_gone(void)
{
    unsigned long before, after, connections, busy, busy_before;
    struct https_wire wire;
    static const char never[] = "GET /never HTTP/1.1\r\nHost: a\r\n\r\n";
    counts(&before, &connections, &busy_before);
    if (open_raw(&wire) && send_raw(&wire, never, sizeof never - 1))
        https_wire_close(&wire);
    usleep(50000);
    counts(&after, &connections, &busy);
    check(after == before + 1, "a client that leaves before its answer is reported");
    before = after;
    if (open_raw(&wire) && send_raw(&wire, never, sizeof never - 1)) {
        usleep(50000);
        SSL_shutdown(wire.ssl); /* half-closed: nothing more will be sent, the answer would still be read */
        read_raw(&wire);
    }
    https_wire_close(&wire);
    counts(&after, &connections, &busy);
    check(after == before + 1, "a half-closed connection counts as gone");
    before = after;
    static const char stream[] = "GET /stream?100000 HTTP/1.1\r\nHost: a\r\n\r\n";
    uint64_t start = clock_monotonic_ms();
    if (open_raw(&wire) && send_raw(&wire, stream, sizeof stream - 1)) {
        do {
            usleep(100000);
            counts(&after, &connections, &busy);
        } while (after == before && since_ms(start) < LONG_MS);
    }
    check(after == before + 1 && since_ms(start) >= APP_SHORT_MS && busy > busy_before,
          "a stream whose reader stalls meets backpressure and is cut off");
    https_wire_close(&wire);
    struct https_client *client = connect_client();
    struct https_reply reply;
    enum status status = client == NULL ? STATUS_BROKEN : call(client, &reply, "GET", "/abort", NULL, 0);
    check(status == STATUS_NETWORK || status == STATUS_TRUNCATED, "an aborted stream is seen as truncated");
    check(client != NULL && !https_client_usable(client), "and its connection is not used again");
    https_client_close(client);
}

static bool stop_at_once(void *context, const struct http_head *head, const uint8_t *bytes, size_t len)
{
    size_t *seen = context;
    (void)bytes;
    *seen += len;
    return head->status != 200;
}

static void test_client(void)
{
    struct https_client *client = NULL;
    struct https_reply reply;
    struct reason why = {{0}};
    uint8_t wrong[SHA256_LEN] = {1};
    size_t spki_len, seen = 0;
    check(https_client_open(&client, "127.0.0.1", port, HTTPS_TRUST_PINNED, wrong, LONG_MS, &why) == STATUS_FORGED &&
              client == NULL,
          "another key than the pinned one: %s", why.text);
    check(https_client_open(&client, "127.0.0.1", port, HTTPS_TRUST_PINNED, NULL, LONG_MS, &why) == STATUS_USAGE &&
              https_client_open(&client, "127.0.0.1", port, HTTPS_TRUST_NOTHING, wrong, LONG_MS, &why) == STATUS_USAGE,
          "trust and pin must fit");
    check(https_client_open(&client, "127.0.0.1", 1, HTTPS_TRUST_NOTHING, NULL, LONG_MS, &why) == STATUS_NETWORK,
          "nothing listens: %s", why.text);
    check(https_client_open(&client, "no such host", port, HTTPS_TRUST_NOTHING, NULL, LONG_MS, &why) != STATUS_OK,
          "bad host: %s", why.text);
    if (https_client_open(&client, "localhost", port, HTTPS_TRUST_NOTHING, NULL, LONG_MS, &why) != STATUS_OK)
        exit(1);
    const uint8_t *spki = https_client_spki(client, &spki_len);
    check(spki_len == identity->spki_len && memcmp(spki, identity->spki, spki_len) == 0 &&
              memcmp(https_client_spki_sha256(client), identity->spki_sha256, SHA256_LEN) == 0,
          "an unpinned client reports the key it saw");
    struct https_call c = {.method = "GET", .path = "/hello", .deadline_ms = LONG_MS, .silence_ms = LONG_MS};
    c.path = "/a b";
    check(https_client_request(client, &reply, &c, &why) == STATUS_USAGE, "a path that cannot be sent is not");
    https_client_close(client);
    client = connect_client();
    c.path = "/hello";
    c.body_out = body;
    c.body_capacity = 4;
    check(client != NULL && https_client_request(client, &reply, &c, &why) == STATUS_LIMIT,
          "a response over the limit");
    https_client_close(client);
    client = connect_client();
    c.path = "/stream?100";
    c.piece = stop_at_once;
    c.context = &seen;
    check(client != NULL && https_client_request(client, &reply, &c, &why) == STATUS_REFUSED && seen != 0,
          "a reader stops a stream");
    https_client_close(client);
    client = connect_client();
    c.path = "/never";
    c.silence_ms = 100;
    check(client != NULL && https_client_request(client, &reply, &c, &why) == STATUS_NETWORK, "silence: %s", why.text);
    https_client_close(client);
}

static void test_limits(void)
{
    int fds[APP_CONNECTIONS_MAX + 4];
    unsigned closed = 0;
    usleep(200000); /* earlier connections end */
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fds[i] = connect_tcp();
    usleep(100000);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        struct pollfd p = {.fd = fds[i], .events = POLLIN};
        closed += poll(&p, 1, 0) > 0;
    }
    check(closed >= sizeof fds / sizeof *fds - APP_PEER_MAX && closed < sizeof fds / sizeof *fds,
          "connections of one peer beyond its limit are closed (%u)", closed);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        close(fds[i]);
    usleep(100000);
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    struct https_wire wires[4];
    unsigned refused = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!open_raw(&wires[i]) || !send_raw(&wires[i], head, sizeof head - 1) || !send_raw(&wires[i], body, 90000))
            note("connection %zu broke", i);
    }
    for (size_t i = 0; i < 4; i++)
        refused += read_raw(&wires[i]) == 503;
    check(refused >= 1 && refused <= 3, "bodies beyond the common limit: 503 (%u)", refused);
    for (size_t i = 0; i < 4; i++)
        https_wire_close(&wires[i]);
    check(get("/hello") == 200, "the server goes on");
}

int main(void)
{
    static const char *const names[] = {"localhost", "127.0.0.1", NULL};
    char address[LISTEN_ADDRESS_SIZE];
    struct reason why = {{0}};
    int fd;
    if (tls_identity_new(&identity, names, clock_unix_seconds(), 86400, &why) != STATUS_OK ||
        listen_on(&fd, address, "127.0.0.1:0", &why) != STATUS_OK) {
        printf("Bail out! %s\n", why.text);
        return 1;
    }
    port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        https_app_run(fd, identity);
    close(fd);
    test_plain();
    test_refusals();
    test_slow();
    test_gone();
    test_client();
    test_limits();
    int ended = -1;
    check(get("/drain") == 200, "a draining server still answers");
    check(waitpid(child, &ended, 0) == child && ended == 0, "and ends by itself once its connections have");
    tls_identity_free(identity);
    return tap_done();
}
