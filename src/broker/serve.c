/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/serve.h"

#include "broker/decide.h"
#include "core/codec/hex.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/file.h"
#include "sys/https_server.h"
#include "sys/listen.h"
#include "sys/tls_identity.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct serving {
    struct broker *broker;
    struct event_base *loop;
    struct event *stops[2];
    struct https_server *server;
    struct tls_identity *identity;
    int lock_fd;
    struct nonces nonces;
    struct arena arena;
    uint8_t memory[DECIDE_ARENA_LEN];
};

static size_t body_max(void *context, const struct http_head *head)
{
    (void)context;
    if (http_text_is(&head->path, "/v1/release"))
        return RELEASE_TEXT_MAX;
    return http_text_is(&head->path, "/v1/nonce") ? 64 : 0;
}

static void send_answer(struct serving *s, uint64_t exchange, const struct answer *answer)
{
    static const char *const headers[] = {"Cache-Control", "no-store", NULL};
    const struct https_response response = {.status = 200,
                                            .content_type = "application/json",
                                            .headers = headers,
                                            .body = answer->body,
                                            .body_len = answer->body_len};
    enum status status = answer->http_status == 200
                             ? https_answer(s->server, exchange, &response)
                             : https_answer_error(s->server, exchange, answer->http_status, answer->message.text,
                                                  "broker_error", answer->code);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        console_warning("an answer could not be sent: %s", status_name(status));
}

static void answer_request(void *context, uint64_t exchange, const struct https_request *request)
{
    struct serving *s = context;
    struct answer answer;
    const struct http_text *path = &request->head->path;
    bool post = http_text_is(&request->head->method, "POST");
    bool get = http_text_is(&request->head->method, "GET");
    memset(&answer, 0, sizeof answer);
    answer.code = "not_found";
    if (http_text_is(path, "/v1/nonce") && post) {
        decide_nonce(&answer, &s->nonces, clock_monotonic_ms());
    } else if (http_text_is(path, "/v1/release") && post) {
        decide_release(&answer, s->broker, &s->nonces, &s->arena, request->body, request->body_len,
                       clock_monotonic_ms(), clock_unix_seconds());
        if (answer.http_status >= 500)
            console_warning("%s", answer.message.text);
    } else if (http_text_is(path, "/health") && get) {
        answer.http_status = 200;
        answer.body_len = strlen(strcpy(answer.body, "{\"status\":\"ok\"}"));
    } else if (http_text_is(path, "/v1/nonce") || http_text_is(path, "/v1/release") || http_text_is(path, "/health")) {
        answer.http_status = 405;
        answer.code = "method";
        reason_set(&answer.message, "another method is wanted: POST /v1/nonce, POST /v1/release, GET /health", NULL);
    } else {
        answer.http_status = 404;
        reason_set(&answer.message, "no such path: POST /v1/nonce, POST /v1/release, GET /health", NULL);
    }
    send_answer(s, exchange, &answer);
}

static void writable(void *context, uint64_t exchange)
{
    (void)context;
    (void)exchange;
}

static void stop(evutil_socket_t signal_number, short events, void *context)
{
    struct serving *s = context;
    (void)signal_number;
    (void)events;
    event_base_loopbreak(s->loop);
}

/* The lock lasts as long as the process: a killed broker leaves none. */
static enum status take_lock(struct serving *s, struct reason *why)
{
    char path[BROKER_PATH_MAX];
    enum status status = broker_path(path, s->broker->directory, "serve.lock", why);
    if (status != STATUS_OK)
        return status;
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return status_from_errno(why, "cannot open", path);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    if (errno != EWOULDBLOCK)
        return status_from_errno(why, "cannot lock", path);
    reason_set(why, "another broker serves ", s->broker->directory, " already: stop it first", NULL);
    return STATUS_BUSY;
}

static enum status load_identity(struct serving *s, struct reason *why)
{
    char key[BROKER_PATH_MAX], certificate[BROKER_PATH_MAX];
    enum status status = broker_path(key, s->broker->directory, "tls.key", why);
    if (status == STATUS_OK)
        status = broker_path(certificate, s->broker->directory, "tls.crt", why);
    return status == STATUS_OK ? tls_identity_load(&s->identity, key, certificate, why) : status;
}

static enum status start_loop(struct serving *s, struct reason *why)
{
    static const int signals[2] = {SIGTERM, SIGINT};
    s->loop = event_base_new();
    for (int i = 0; s->loop != NULL && i < 2; i++) {
        s->stops[i] = evsignal_new(s->loop, signals[i], stop, s);
        if (s->stops[i] == NULL || event_add(s->stops[i], NULL) != 0)
            break;
    }
    if (s->loop == NULL || s->stops[1] == NULL) {
        reason_set(why, "cannot start the event loop", NULL);
        return STATUS_NO_MEMORY;
    }
    signal(SIGPIPE, SIG_IGN);
    return STATUS_OK;
}

static enum status start_server(struct serving *s, const char *address, char chosen[static LISTEN_ADDRESS_SIZE],
                                struct reason *why)
{
    static const struct https_options options = {
        .handshake_ms = 10000,
        .head_ms = 10000,
        .body_ms = 30000,
        .body_grace_ms = 5000,
        .body_min_rate = 1024,
        .idle_ms = 60000,
        .write_ms = 10000,
        .connections_max = 1024,
        .connections_peer_max = 64,
        .bodies_max = 16 * 1024 * 1024,
        .queue_max = 64 * 1024,
    };
    const struct https_callbacks callbacks = {
        .context = s, .body_max = body_max, .request = answer_request, .writable = writable, .gone = writable};
    int fd = -1;
    enum status status = listen_on(&fd, chosen, address, why);
    if (status == STATUS_OK)
        status = https_server_new(&s->server, s->loop, fd, s->identity, &options, &callbacks, why);
    return status;
}

static void announce(const struct serving *s, const char *address, bool json)
{
    char pin[2 * SHA256_LEN + 1];
    hex_write(pin, s->identity->spki_sha256, SHA256_LEN);
    if (json) {
        printf("{\"url\":\"https://%s\",\"spki_sha256\":\"%s\",\"simulator\":%s%s}\n", address, pin,
               s->broker->anchors.simulator_known ? "true" : "false",
               s->broker->anchors.simulator_known ? ",\"notice\":\"" NOT_A_TEE_WORDS "\"" : "");
    } else {
        printf("broker     https://%s\n", address);
        printf("TLS key    sha256 %s\n", pin);
        if (s->broker->anchors.simulator_known)
            printf("%sNOT A TEE: this broker trusts a simulator root; policies that name the simulator give keys to "
                   "machines that prove nothing.%s\n",
                   console_yellow(), console_plain());
    }
    fflush(stdout);
}

static enum status record_start(struct serving *s, const char *address, struct reason *why)
{
    struct audit_record record = {.event = AUDIT_SERVE};
    struct reason detail = {{0}};
    if (s->broker->log.torn != 0)
        console_warning("the audit log ends in an incomplete record of %llu bytes (a crash while writing); cutting it "
                        "off",
                        (unsigned long long)s->broker->log.torn);
    reason_set(&detail, "listening on ", address, NULL);
    memcpy(record.detail, detail.text, sizeof record.detail);
    return broker_record(s->broker, &record, why);
}

static void serving_free(struct serving *s)
{
    https_server_free(s->server);
    for (int i = 0; i < 2; i++)
        if (s->stops[i] != NULL)
            event_free(s->stops[i]);
    if (s->loop != NULL)
        event_base_free(s->loop);
    tls_identity_free(s->identity);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    free(s);
}

enum status broker_serve(struct broker *b, const char *address, bool json, struct reason *why)
{
    char chosen[LISTEN_ADDRESS_SIZE];
    struct serving *s = calloc(1, sizeof *s);
    if (s == NULL) {
        reason_set(why, "out of memory", NULL);
        return STATUS_NO_MEMORY;
    }
    s->broker = b;
    s->lock_fd = -1;
    nonces_init(&s->nonces);
    arena_init(&s->arena, s->memory, sizeof s->memory);
    enum status status = take_lock(s, why);
    if (status == STATUS_OK)
        status = load_identity(s, why);
    if (status == STATUS_OK)
        status = start_loop(s, why);
    if (status == STATUS_OK)
        status = start_server(s, address, chosen, why);
    if (status == STATUS_OK)
        status = record_start(s, chosen, why);
    if (status == STATUS_OK) {
        announce(s, chosen, json);
        event_base_dispatch(s->loop);
    }
    serving_free(s);
    return status;
}
