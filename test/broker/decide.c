/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's commands and decisions without a network: RL-1 to RL-4, RL-6 to RL-9, RL-11, RL-14. */
#include "broker/decide.h"

#include "broker/fixture.h"
#include "tap.h"

#include <sys/stat.h>

static struct fixture f;
static struct nonces nonces;
static struct arena arena;
static uint8_t memory[DECIDE_ARENA_LEN];

static const struct kek_source here;

static void fresh_nonce(uint8_t nonce[static 32], uint64_t now_ms)
{
    struct answer answer;
    struct reason why;
    static uint8_t scratch[RELEASE_ARENA_LEN];
    struct arena own;
    memset(&answer, 0, sizeof answer);
    decide_nonce(&answer, &nonces, now_ms);
    arena_init(&own, scratch, sizeof scratch);
    if (answer.http_status != 200 || release_nonce_parse(nonce, &own, answer.body, answer.body_len, &why) != STATUS_OK)
        check(false, "a nonce is given out");
}

static const char *log_text(void)
{
    static char text[65536];
    char path[128];
    snprintf(path, sizeof path, "%s/audit.log", f.directory);
    FILE *file = fopen(path, "rb");
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static uint64_t records_n(void)
{
    uint64_t n = 0;
    for (const char *at = log_text(); (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

static void ask(struct answer *answer, const struct asking *a)
{
    struct broker b;
    struct reason why = {{0}};
    uint64_t before = records_n();
    memset(answer, 0, sizeof *answer);
    if (broker_open(&b, f.directory, BROKER_UNLOCKED, &here, &why) != STATUS_OK) {
        check(false, "the broker opens: %s", why.text);
        return;
    }
    decide_release(answer, &b, &nonces, &arena, a->text, a->text_len, 5000, clock_unix_seconds());
    broker_close(&b);
    if (strcmp(answer->code == NULL ? "" : answer->code, "malformed") != 0)
        check(records_n() == before + 1, "RL-4: the answer is in the log");
    check(arena_used(&arena) == 0, "no memory is kept");
}

static bool refused(const struct asking *a, const char *code, const char *words)
{
    struct answer answer;
    ask(&answer, a);
    bool right = answer.http_status != 200 && answer.code != NULL && strcmp(answer.code, code) == 0 &&
                 strstr(answer.message.text, words) != NULL && answer.body_len == 0;
    if (!right)
        note("%u %s: %s", answer.http_status, answer.code == NULL ? "" : answer.code, answer.message.text);
    return right;
}

static void commands(void)
{
    struct stat st;
    char path[128];
    const char *const again[] = {"broker", "init", f.directory, NULL};
    const char *const add[] = {"broker", "add", f.directory, f.sealed, NULL};
    const char *const policy[] = {"broker", "policy", f.directory, "first", f.policy, NULL};
    const char *const remove[] = {"broker", "policy", f.directory, "first", "--remove", NULL};
    const char *const log[] = {"broker", "log", f.directory, NULL};
    check(stat(f.directory, &st) == 0 && (st.st_mode & 0777) == 0700, "the directory is its owner's alone");
    snprintf(path, sizeof path, "%s/tls.key", f.directory);
    check(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "so is the TLS key");
    check(fixture_run(again) == 1, "init does not touch a broker that is there");
    check(fixture_run(add) == 0, "add takes the sealed model's key");
    uint64_t before = records_n();
    check(fixture_run(add) == 0 && records_n() == before, "add again changes nothing");
    check(fixture_run(policy) == 0, "policy sets");
    check(fixture_run(remove) == 0 && fixture_run(remove) == 1, "and removes, once");
    check(fixture_run(log) == 0, "log verifies");
    chmod(f.directory, 0750);
    check(fixture_run(add) == 4, "a directory that others can enter is refused");
    chmod(f.directory, 0700);
}

static void bad_files(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/other", f.folder);
    const char *const add[] = {"broker", "add", f.directory, path, NULL};
    const char *const set[] = {"broker", "policy", f.directory, "p", path, NULL};
    const char *const named[] = {"broker", "policy", f.directory, "no/name", path, NULL};
    const char *const trust[] = {"broker", "trust", f.directory, "--simulator-root", path, NULL};
    check(fixture_run(add) == 1, "a sealed file that is not there: 1");
    fixture_put(path, "{}", 2);
    check(fixture_run(add) == 5, "one that is no sealed file: 5");
    check(fixture_run(set) == 5, "a policy that is incomplete: 5");
    check(fixture_run(trust) == 5, "a root that is no key: 5");
    check(fixture_run(named) == 1, "a name that is none: 1");
    uint8_t *sealed;
    size_t sealed_len;
    struct reason why;
    if (file_read(&sealed, &sealed_len, f.sealed, 1 << 20, &why) != STATUS_OK)
        return;
    sealed[SEAL_HEAD_LEN / 16 + 100] ^= 1; /* within the wrap's slot */
    fixture_put(path, sealed, sealed_len);
    int code = fixture_run(add);
    check(code == 2 || code == 5, "an altered wrap is refused: %d", code);
    file_free(sealed, sealed_len);
}

static void releases(void)
{
    struct asking a;
    struct answer answer;
    uint8_t nonce[32];
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &f, nonce) && refused(&a, "policy", "none of this broker's policies"),
          "RL-3: without a policy nothing is released");
    const char *const policy[] = {"broker", "policy", f.directory, "first", f.policy, NULL};
    check(fixture_run(policy) == 0, "a policy is set");
    check(refused(&a, "nonce", "used before"), "RL-2: the refusal used the nonce up");
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &f, nonce), "asks again");
    ask(&answer, &a);
    struct release_response response;
    struct release_key key;
    struct seal_dek dek;
    struct reason why;
    check(answer.http_status == 200 &&
              release_response_parse(&response, &arena, answer.body, answer.body_len, &why) == STATUS_OK &&
              release_response_open(&key, &response, &a.request, &a.private_key) == STATUS_OK &&
              memcmp(key.bytes, f.dek.bytes, sizeof key.bytes) == 0,
          "RL-6: the enclave gets its key");
    arena_rewind(&arena, 0);
    memcpy(dek.bytes, key.bytes, sizeof dek.bytes);
    check(seal_header_verify(&dek, &f.header, f.tag) == STATUS_OK, "RL-7: which opens the sealed file's header");
    check(strstr(log_text(), "\"detail\":\"policy first\"") != NULL, "the log names the policy");
    check(refused(&a, "nonce", "replay"), "RL-1: the same request replayed is refused");
}

static void refusals(void)
{
    struct asking a;
    struct fixture other = f;
    uint8_t nonce[32];
    other.measurement[0] ^= 1;
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &other, nonce) && refused(&a, "policy", "\"measurements\": expected"),
          "RL-3: another measurement is refused, by name");
    check(strstr(log_text(), "\"outcome\":\"refused\"") != NULL, "RL-4: refusals are logged");
    other = f;
    other.simulator_root.seed[0] ^= 1;
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &other, nonce) && refused(&a, "evidence", "trust anchor"),
          "RL-3: another simulator is refused");
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &f, nonce), "asks");
    uint8_t second[32];
    fresh_nonce(second, 1000);
    memcpy(a.request.nonce, second, sizeof second);
    struct writer w;
    writer_init(&w, a.text, sizeof a.text);
    check(release_request_write(&w, &a.request) == STATUS_OK && (a.text_len = writer_len(&w)) != 0 &&
              refused(&a, "evidence", "report data"),
          "RL-3: evidence for another nonce is refused");
    memset(nonce, 9, sizeof nonce);
    check(asking_write(&a, &f, nonce) && refused(&a, "nonce", "never issued"), "RL-1: a nonce of its own is refused");
    other = f;
    other.header.file_id[0] ^= 1;
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &other, nonce) && refused(&a, "not_found", "registered"), "an unknown sealed file is told");
    a.text[5] = '!';
    check(refused(&a, "malformed", ""), "RL-5: a malformed request is refused");
    check(strstr(log_text(), "d0d0d0d0") == NULL, "RL-14: the data key is not in the log");
}

static void stale(void)
{
    struct asking a;
    struct answer answer;
    struct broker b;
    struct reason why;
    uint8_t nonce[32];
    fresh_nonce(nonce, 1000);
    if (!check(asking_write(&a, &f, nonce) && broker_open(&b, f.directory, BROKER_UNLOCKED, &here, &why) == STATUS_OK,
               "asks, late"))
        return;
    memset(&answer, 0, sizeof answer);
    decide_release(&answer, &b, &nonces, &arena, a.text, a.text_len, 61000, clock_unix_seconds());
    check(answer.http_status == 403 && strcmp(answer.code, "stale") == 0, "RL-1: a nonce of 60 s is stale");
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &f, nonce), "asks with old evidence");
    memset(&answer, 0, sizeof answer);
    decide_release(&answer, &b, &nonces, &arena, a.text, a.text_len, 2000, clock_unix_seconds() + 90000);
    check(answer.http_status == 403 && strcmp(answer.code, "stale") == 0 &&
              strstr(answer.message.text, "time:") != NULL,
          "EV-5: stale evidence is told apart");
    close(b.log.fd); /* the log can no longer be written */
    b.log.fd = -1;
    fresh_nonce(nonce, 1000);
    check(asking_write(&a, &f, nonce), "asks when the log is gone");
    memset(&answer, 0, sizeof answer);
    decide_release(&answer, &b, &nonces, &arena, a.text, a.text_len, 2000, clock_unix_seconds());
    check(answer.http_status == 503 && answer.body_len == 0 && answer.body[0] == '\0',
          "RL-4: without a record there is no key");
    broker_close(&b);
}

/* A stranger who sends made-up nonces without end. */
static void flood(void)
{
    struct asking a;
    struct answer answer;
    struct broker b;
    struct reason why;
    uint8_t nonce[32];
    unsigned recorded = 0, busy = 0;
    memset(nonce, 3, sizeof nonce);
    if (!check(asking_write(&a, &f, nonce) && broker_open(&b, f.directory, BROKER_UNLOCKED, &here, &why) == STATUS_OK,
               "a flood"))
        return;
    uint64_t before = records_n();
    for (int i = 0; i < 200; i++) {
        memset(&answer, 0, sizeof answer);
        decide_release(&answer, &b, &nonces, &arena, a.text, a.text_len, 200000, clock_unix_seconds());
        recorded += answer.http_status == 403;
        busy += answer.http_status == 503;
    }
    check(recorded == 60 && busy == 140 && records_n() == before + 60, "RL-4: 60 refusals a minute are recorded");
    memset(&answer, 0, sizeof answer);
    decide_release(&answer, &b, &nonces, &arena, a.text, a.text_len, 260000, clock_unix_seconds());
    check(answer.http_status == 403, "RL-4: and more in the next");
    broker_close(&b);
}

/* What a thief of the directory without the KEK has. */
static void stolen(void)
{
    char command[512], kek[128], moved[128];
    snprintf(kek, sizeof kek, "%s/kek", f.directory);
    snprintf(moved, sizeof moved, "%s/kek", f.folder);
    rename(kek, moved);
    snprintf(command, sizeof command, "grep -rlaP '\\xd0\\xd0\\xd0\\xd0\\xd0\\xd0\\xd0\\xd0' %s", f.directory);
    check(system(command) != 0, "RL-8: no file of the directory holds the data key in the clear");
    const char *const add[] = {"broker", "add", f.directory, f.sealed, NULL};
    const char *const elsewhere[] = {"broker", "add", f.directory, f.sealed, "--kek", moved, NULL};
    check(fixture_run(add) == 1, "RL-8: without the KEK nothing opens");
    check(fixture_run(elsewhere) == 0, "with the KEK from elsewhere it does");
    fixture_put(kek, "00000000000000000000000000000000000000000000000000000000000000ff\n", 65);
    check(fixture_run(add) == 4, "RL-9: a wrong KEK is refused");
    unlink(kek);
    rename(moved, kek);
}

static void damaged_log(void)
{
    char path[128], copy[160], command[600];
    snprintf(path, sizeof path, "%s/audit.log", f.directory);
    snprintf(copy, sizeof copy, "%s/audit.copy", f.folder);
    snprintf(command, sizeof command, "cp %s %s && sed -i '2s/trust\\|add/xxx/;2s/ok/no/' %s", path, copy, path);
    const char *const serve[] = {"broker", "serve", f.directory, NULL};
    const char *const log[] = {"broker", "log", f.directory, NULL};
    if (system(command) != 0)
        check(false, "damages the log");
    int code = fixture_run(serve);
    check(code == 2 || code == 5, "RL-11: serve refuses a damaged log");
    code = fixture_run(log);
    check(code == 2 || code == 5, "RL-11: log reports it");
    check(truncate(path, 0) == 0 && fixture_run(serve) == 2, "RL-13: serve refuses an emptied log");
    snprintf(command, sizeof command, "cp %s %s", copy, path);
    check(system(command) == 0 && fixture_run(log) == 0, "the copy is whole");
}

int main(void)
{
    if (!check(fixture_open(&f), "a broker, a sealed model, a policy"))
        return tap_done();
    arena_init(&arena, memory, sizeof memory);
    nonces_init(&nonces);
    commands();
    bad_files();
    releases();
    refusals();
    stale();
    flood();
    stolen();
    damaged_log();
    fixture_close(&f);
    return tap_done();
}
