/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister verify` on the documents of spec/examples and on a server of our own: EV-5, EV-6, EV-15, EV-18 to EV-21,
 * PO-2, PO-6. */
#include "client/verify.h"

#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/evidence/sample.h"
#include "sys/clock.h"
#include "sys/https_server.h"
#include "sys/listen.h"
#include "tap.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/wait.h>

#define AA8     "aaaaaaaa"
#define NONCE   AA8 AA8 AA8 AA8 AA8 AA8 AA8 AA8
#define EXAMPLE "spec/examples/attestation.json"
#define ROOT    "spec/examples/simulator-root.pub"
#define POLICY  "spec/examples/policy-simulator.json"
#define TIME    "1767225600"

static char output[1 << 18];

/* Runs `cloister WORD...` in a child; its exit code, with what it printed in output. */
static int run(const char *const *words)
{
    static const struct command *const groups[] = {verify_commands, NULL};
    int ends[2], status = -1;
    size_t len = 0;
    fflush(stdout);
    if (pipe(ends) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[16] = {strdup("cloister"), strdup("verify")};
        int argc = 2;
        for (; words[argc - 2] != NULL && argc < 15; argc++)
            argv[argc] = strdup(words[argc - 2]);
        dup2(ends[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        int code = command_main(groups, argc, argv);
        fflush(stdout);
        _exit(code);
    }
    close(ends[1]);
    ssize_t got;
    while (len < sizeof output - 1 && (got = read(ends[0], output + len, sizeof output - 1 - len)) > 0)
        len += (size_t)got;
    output[len] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool says(const char *words)
{
    return strstr(output, words) != NULL;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void files(const char *folder)
{
    static const struct {
        const char *name;
        int code;
        const char *words[12];
        const char *says;
    } rows[] = {
        {"the example",
         0,
         {EXAMPLE, "--nonce", NONCE, "--time", TIME, "--simulator-root", ROOT, "--policy", POLICY},
         "verified (SIMULATOR - NOT A TEE)"},
        {"EV-21: no nonce",
         4,
         {EXAMPLE, "--time", TIME, "--simulator-root", ROOT, "--policy", POLICY},
         "NOT VERIFIED: nonce"},
        {"EV-20: another nonce",
         2,
         {EXAMPLE, "--nonce",
          "bb"
          "aaaaaa" AA8 AA8 AA8 AA8 AA8 AA8 AA8,
          "--time", TIME, "--simulator-root", ROOT, "--policy", POLICY},
         "a replay"},
        {"EV-15: no policy",
         4,
         {EXAMPLE, "--nonce", NONCE, "--time", TIME, "--simulator-root", ROOT},
         "NOT VERIFIED: policy: kind: no policy given"},
        {"no simulator root", 4, {EXAMPLE, "--nonce", NONCE, "--time", TIME, "--policy", POLICY}, "trust anchor"},
        {"EV-5: a day later",
         6,
         {EXAMPLE, "--nonce", NONCE, "--time", "1767312001", "--simulator-root", ROOT, "--policy", POLICY},
         "NOT VERIFIED: time"},
        {"EV-5: an hour before",
         6,
         {EXAMPLE, "--nonce", NONCE, "--time", "1767222000", "--simulator-root", ROOT, "--policy", POLICY},
         "NOT VERIFIED: time"},
        {"PO-6: a policy for hardware",
         4,
         {EXAMPLE, "--nonce", NONCE, "--time", TIME, "--simulator-root", ROOT, "--policy",
          "spec/examples/policy-tdx.json"},
         "expected one of: tdx; seen simulator"},
        {"a nonce that is none", 1, {EXAMPLE, "--nonce", "12"}, ""},
        {"a time that is none", 1, {EXAMPLE, "--time", "noon"}, ""},
        {"a policy that is not there", 1, {EXAMPLE, "--policy", "/nonexistent"}, ""},
        {"a policy that is none", 5, {EXAMPLE, "--policy", EXAMPLE}, ""},
        {"a root that is none", 5, {EXAMPLE, "--simulator-root", POLICY}, ""},
        {"a bundle that is not there", 1, {"/nonexistent"}, ""},
        {"EV-18: a bundle that is none", 5, {POLICY}, "NOT VERIFIED: bundle"},
        {"a URL without https", 1, {"http://127.0.0.1:1"}, ""},
        {"a server that is not there", 3, {"https://127.0.0.1:1"}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int code = run(rows[i].words);
        if (!check(code == rows[i].code && says(rows[i].says), "%s: exit code %d", rows[i].name, rows[i].code))
            note("%d: %.400s", code, output);
    }
    char path[128];
    snprintf(path, sizeof path, "%s/part", folder);
    put(path, "{\"version\":1}");
    const char *const empty[] = {EXAMPLE, "--nonce",  NONCE, "--time", TIME, "--simulator-root",
                                 ROOT,    "--policy", path,  NULL};
    check(run(empty) == 4 && says("\"measurements\": expected in the policy, seen absent"),
          "PO-2: an absent field refuses, by name");
}

static void as_json(void)
{
    static alignas(16) uint8_t memory[1 << 22];
    const char *const words[] = {EXAMPLE, "--nonce",  NONCE,  "--time", TIME, "--simulator-root",
                                 ROOT,    "--policy", POLICY, "--json", NULL};
    const char *const none[] = {EXAMPLE, "--json", NULL};
    struct arena arena;
    const struct json *root = NULL;
    struct reason why;
    bool verified = false;
    arena_init(&arena, memory, sizeof memory);
    check(run(words) == 0 && json_parse(&root, &arena, output, strlen(output), &why) == STATUS_OK, "--json is JSON");
    check(json_bool(&verified, json_get(root, "verified")) == STATUS_OK && verified &&
              json_get(root, "checks")->members_n == 18,
          "EV-15: with every check");
    check(json_is_text(json_get(root, "notice"), "SIMULATOR - NOT A TEE"), "EV-6: and the words");
    check(run(none) != 0 && json_parse(&root, &arena, output, strlen(output), &why) == STATUS_OK &&
              json_bool(&verified, json_get(root, "verified")) == STATUS_OK && !verified &&
              json_get(root, "keyset")->type == JSON_NULL,
          "a verdict that fails is JSON too, and names no keys");
}

/* ---- a server ---- */

enum behaviour { GENUINE, REPLAYS, OTHER_TLS_KEY, FAILS, BABBLES };

struct enclave {
    struct sample sample;
    enum behaviour behaviour;
    struct https_server *server;
};

static size_t no_body(void *context, const struct http_head *head)
{
    (void)context;
    (void)head;
    return 0;
}

static void gone(void *context, uint64_t exchange)
{
    (void)context;
    (void)exchange;
}

static void answer(void *context, uint64_t exchange, const struct https_request *request)
{
    static char text[8192];
    struct enclave *e = context;
    struct writer w;
    const struct http_text *query = &request->head->query;
    if (query->len == 6 + 64 && e->behaviour != REPLAYS &&
        hex_parse(e->sample.nonce, 32, query->text + 6, 64) != STATUS_OK)
        return;
    e->sample.statement.issued_at = clock_unix_seconds();
    writer_init(&w, text, sizeof text);
    if (e->behaviour == BABBLES)
        writer_text(&w, "hello");
    else if (!sample_bind(&e->sample) || bundle_write(&w, &e->sample.bundle) != STATUS_OK)
        return;
    const struct https_response response = {.status = e->behaviour == FAILS ? 503 : 200,
                                            .content_type = "application/json",
                                            .body = text,
                                            .body_len = writer_len(&w)};
    if (https_answer(e->server, exchange, &response) != STATUS_OK)
        _exit(1);
}

static void serve(enum behaviour behaviour, int fd, const struct tls_identity *identity)
{
    static const struct https_options options = {.handshake_ms = 5000,
                                                 .head_ms = 5000,
                                                 .body_ms = 5000,
                                                 .body_grace_ms = 5000,
                                                 .body_min_rate = 1,
                                                 .idle_ms = 5000,
                                                 .write_ms = 5000,
                                                 .connections_max = 16,
                                                 .connections_peer_max = 16,
                                                 .bodies_max = 65536,
                                                 .queue_max = 65536};
    static struct enclave e;
    struct reason why;
    struct event_base *loop = event_base_new();
    const struct https_callbacks callbacks = {
        .context = &e, .body_max = no_body, .request = answer, .writable = gone, .gone = gone};
    if (!sample_init(&e.sample))
        _exit(1);
    e.behaviour = behaviour;
    memcpy(e.sample.keyset.tls_spki_sha256, identity->spki_sha256, SHA256_LEN);
    if (behaviour == OTHER_TLS_KEY)
        e.sample.keyset.tls_spki_sha256[0] ^= 1;
    if (https_server_new(&e.server, loop, fd, identity, &options, &callbacks, &why) != STATUS_OK)
        _exit(1);
    event_base_dispatch(loop);
    _exit(0);
}

static void server(enum behaviour behaviour, int wanted, const char *words, const char *name)
{
    static const char *const names[] = {"localhost", NULL};
    struct tls_identity *identity = NULL;
    char chosen[LISTEN_ADDRESS_SIZE], url[96];
    struct reason why;
    int fd = -1;
    if (tls_identity_new(&identity, names, clock_unix_seconds(), 3600, &why) != STATUS_OK ||
        listen_on(&fd, chosen, "127.0.0.1:0", &why) != STATUS_OK) {
        check(false, "a server for %s", name);
        return;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        serve(behaviour, fd, identity);
    close(fd);
    snprintf(url, sizeof url, "https://%s", chosen);
    const char *const line[] = {url, "--simulator-root", ROOT, "--policy", POLICY, NULL};
    int code = run(line);
    if (!check(code == wanted && says(words), "%s: exit code %d", name, wanted))
        note("%d: %.600s", code, output);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    tls_identity_free(identity);
}

static void saved(const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/saved", folder);
    const char *const keep[] = {EXAMPLE, "--save", path, NULL};
    const char *const again[] = {path, "--nonce",  NONCE,  "--time", TIME, "--simulator-root",
                                 ROOT, "--policy", POLICY, NULL};
    check(run(keep) == 6 && run(again) == 0, "--save keeps a bundle that verifies later");
}

int main(void)
{
    char folder[] = "/tmp/cloister-verify-XXXXXX";
    if (mkdtemp(folder) == NULL)
        return 1;
    files(folder);
    as_json();
    server(GENUINE, 0, "its TLS key is the one in the evidence", "EV-19: a genuine server");
    server(REPLAYS, 2, "NOT VERIFIED: nonce", "EV-20: a server that replays");
    server(OTHER_TLS_KEY, 2, "NOT VERIFIED: connection", "EV-19: someone in between");
    server(FAILS, 3, "", "a server that fails");
    server(BABBLES, 5, "NOT VERIFIED: bundle", "EV-18: a server that babbles");
    saved(folder);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || tap_done();
}
