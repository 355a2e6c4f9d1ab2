/* SPDX-License-Identifier: Apache-2.0 */
/* The broker as a process: HTTPS, two at once, killed at any moment, full and read-only disks: RL-1, RL-4, RL-10,
 * RL-12. */
#include "broker/fixture.h"
#include "core/codec/json.h"
#include "sys/https_client.h"
#include "tap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static alignas(16) uint8_t memory[RELEASE_ARENA_LEN];

struct server {
    pid_t pid;
    uint16_t port;
    uint8_t pin[32];
};

static void pause_us(long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

/* Runs the words in a child whose output goes to fd. */
static pid_t spawn(const char *const *words, int fd)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    _exit(fixture_run(words));
}

static int quiet(const char *const *words)
{
    int status, null = open("/dev/null", O_WRONLY);
    pid_t pid = spawn(words, null);
    close(null);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool start(struct server *s, const char *directory, const char *listen)
{
    char line[1024] = "";
    size_t len = 0;
    int ends[2];
    struct arena arena;
    const struct json *root = NULL;
    struct https_url url;
    struct reason why;
    const char *const words[] = {"broker", "serve", directory, "--listen", listen, "--json", NULL};
    memset(s, 0, sizeof *s);
    if (pipe(ends) != 0)
        return false;
    s->pid = spawn(words, ends[1]);
    close(ends[1]);
    char *object = NULL; /* warnings may come first, on their own lines */
    while (len < sizeof line - 1 && read(ends[0], line + len, 1) == 1) {
        len++;
        if (line[len - 1] == '\n' && (object = strchr(line, '{')) != NULL)
            break;
    }
    close(ends[0]);
    if (object == NULL)
        return false;
    arena_init(&arena, memory, sizeof memory);
    char text[256];
    return json_parse(&root, &arena, object, strlen(object), &why) == STATUS_OK &&
           json_hex(s->pin, 32, json_get(root, "spki_sha256")) == STATUS_OK &&
           json_copy_text(text, sizeof text, json_get(root, "url")) == STATUS_OK &&
           https_url_parse(&url, text, &why) == STATUS_OK && (s->port = url.port) != 0;
}

static int stop(const struct server *s, int signal_number)
{
    int status = -1;
    kill(s->pid, signal_number);
    waitpid(s->pid, &status, 0);
    return status;
}

/* One exchange; the HTTP status, or 0 when there was none. */
static unsigned call(const struct server *s, const char *method, const char *path, const char *body, size_t body_len,
                     char *out, size_t out_capacity, size_t *out_len)
{
    struct https_client *client = NULL;
    struct https_reply reply;
    struct reason why;
    const struct https_call request = {.method = method,
                                       .path = path,
                                       .body = body,
                                       .body_len = body_len,
                                       .deadline_ms = 5000,
                                       .silence_ms = 5000,
                                       .body_out = (uint8_t *)out,
                                       .body_capacity = out_capacity};
    unsigned status = 0;
    *out_len = 0;
    if (https_client_open(&client, "127.0.0.1", s->port, HTTPS_TRUST_PINNED, s->pin, 5000, &why) == STATUS_OK &&
        https_client_request(client, &reply, &request, &why) == STATUS_OK) {
        status = reply.head->status;
        *out_len = reply.body_len;
    }
    https_client_close(client);
    return status;
}

static bool get_nonce(const struct server *s, uint8_t nonce[static 32])
{
    char text[1024];
    size_t len;
    struct arena arena;
    struct reason why;
    if (call(s, "POST", "/v1/nonce", "", 0, text, sizeof text, &len) != 200)
        return false;
    arena_init(&arena, memory, sizeof memory);
    return release_nonce_parse(nonce, &arena, text, len, &why) == STATUS_OK;
}

/* A whole release; the HTTP status of the last answer. */
static unsigned release(const struct server *s, const struct fixture *f, bool *right_key)
{
    static struct asking a;
    char text[2048];
    size_t len;
    uint8_t nonce[32];
    struct arena arena;
    struct release_response response;
    struct release_key key;
    struct reason why;
    *right_key = false;
    if (!get_nonce(s, nonce) || !asking_write(&a, f, nonce))
        return 0;
    unsigned status = call(s, "POST", "/v1/release", a.text, a.text_len, text, sizeof text, &len);
    arena_init(&arena, memory, sizeof memory);
    *right_key = status == 200 && release_response_parse(&response, &arena, text, len, &why) == STATUS_OK &&
                 release_response_open(&key, &response, &a.request, &a.private_key) == STATUS_OK &&
                 memcmp(key.bytes, f->dek.bytes, sizeof key.bytes) == 0;
    return status;
}

/* "release" records with outcome ok. */
static unsigned released_n(const struct fixture *f)
{
    static char text[1 << 20];
    char path[128];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/audit.log", f->directory);
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    if (file != NULL)
        fclose(file);
    for (const char *at = text; (at = strstr(at, "\"release\",\"outcome\":\"ok\"")) != NULL; at++)
        n++;
    return n;
}

static void network(const struct fixture *f)
{
    struct server s;
    char text[2048];
    size_t len;
    bool right;
    uint8_t nonce[32];
    struct asking a = {0};
    if (!check(start(&s, f->directory, "127.0.0.1:0"), "serve starts and says where"))
        return;
    check(call(&s, "GET", "/health", "", 0, text, sizeof text, &len) == 200 && len == 15, "GET /health");
    check(release(&s, f, &right) == 200 && right, "a proven enclave gets its key over HTTPS");
    check(call(&s, "GET", "/v1/nonce", "", 0, text, sizeof text, &len) == 405, "another method: 405");
    check(call(&s, "GET", "/", "", 0, text, sizeof text, &len) == 404, "another path: 404");
    check(call(&s, "POST", "/v1/release", "{}", 2, text, sizeof text, &len) == 400 && memmem(text, len, "malformed", 9),
          "a malformed request: 400");
    memset(text, ' ', sizeof text);
    check(call(&s, "POST", "/v1/nonce", text, 1000, text, sizeof text, &len) == 413, "a body for /v1/nonce: 413");
    const char *const serve[] = {"broker", "serve", f->directory, "--listen", "127.0.0.1:0", NULL};
    check(quiet(serve) == 1, "RL-10: a second broker on the directory is refused");
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%u", s.port);
    char other[128];
    snprintf(other, sizeof other, "%s/second", f->folder);
    const char *const init[] = {"broker", "init", other, NULL};
    const char *const taken[] = {"broker", "serve", other, "--listen", address, NULL};
    check(quiet(init) == 0 && quiet(taken) == 1, "a taken port is refused");
    const char *const policy[] = {"broker", "policy", f->directory, "first", "--remove", NULL};
    const char *const again[] = {"broker", "policy", f->directory, "first", f->policy, NULL};
    check(quiet(policy) == 0 && release(&s, f, &right) == 403, "a policy removed counts at once");
    check(quiet(again) == 0 && release(&s, f, &right) == 200 && right, "one set too");
    check(get_nonce(&s, nonce) && asking_write(&a, f, nonce), "a nonce before the restart");
    check(stop(&s, SIGTERM) == 0, "SIGTERM ends it with 0");
    check(start(&s, f->directory, "127.0.0.1:0"), "it starts again");
    check(call(&s, "POST", "/v1/release", a.text, a.text_len, text, sizeof text, &len) == 403 &&
              memmem(text, len, "\"nonce\"", 7) != NULL,
          "RL-1: a nonce does not outlive a restart");
    stop(&s, SIGKILL);
}

/* Killed while it answers: every key that was handed out is in the log, and the broker starts again. */
static void killed(const struct fixture *f, unsigned seed)
{
    enum { ROUNDS = 12 };
    struct server s;
    unsigned answered = released_n(f), bad = 0;
    const char *const log[] = {"broker", "log", f->directory, NULL};
    srand(seed);
    for (int round = 0; round < ROUNDS; round++) {
        bool right;
        if (!start(&s, f->directory, "127.0.0.1:0")) {
            bad++;
            break;
        }
        pid_t killer = fork();
        if (killer == 0) {
            pause_us(rand() % 60000);
            kill(s.pid, SIGKILL);
            _exit(0);
        }
        while (release(&s, f, &right) == 200)
            answered++;
        int status;
        kill(s.pid, SIGKILL);
        waitpid(s.pid, &status, 0);
        waitpid(killer, &status, 0);
        bad += quiet(log) != 0 || released_n(f) < answered;
        answered = released_n(f);
        rand();
    }
    check(bad == 0, "RL-4, RL-12: killed %d times, %u releases, none missing from the log", ROUNDS, answered);
}

/* Each command killed at a random moment leaves all or nothing, and can be repeated. */
static void commands_killed(const struct fixture *f)
{
    char made[128];
    snprintf(made, sizeof made, "%s/made", f->folder);
    const char *const init[] = {"broker", "init", made, NULL};
    const char *const add[] = {"broker", "add", f->directory, f->sealed, NULL};
    const char *const policy[] = {"broker", "policy", f->directory, "first", f->policy, NULL};
    const char *const log[] = {"broker", "log", made, NULL};
    int null = open("/dev/null", O_WRONLY), status;
    unsigned half = 0;
    for (int round = 0; round < 20; round++) {
        pid_t pid = spawn(init, null);
        pause_us(rand() % 30000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        if (access(made, F_OK) == 0) {
            char command[300];
            half += quiet(log) != 0;
            snprintf(command, sizeof command, "rm -rf %s %s.new-*", made, made);
            half += system(command) != 0;
        }
    }
    check(half == 0, "a killed init leaves a whole broker or none");
    for (int round = 0; round < 20; round++) {
        pid_t pid = spawn(round % 2 == 0 ? policy : add, null);
        pause_us(rand() % 20000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    close(null);
    check(quiet(add) == 0 && quiet(policy) == 0, "a killed add and policy can be repeated");
}

/* A small disk of our own; needs to be root. */
static void full_disk(const struct fixture *f)
{
    struct fixture small = *f;
    struct server s;
    char disk[128], filler[160], pub[160];
    bool right;
    snprintf(disk, sizeof disk, "%s/disk", f->folder);
    if (mkdir(disk, 0700) != 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", disk, "tmpfs", 0, "size=1m") != 0) {
        check(true, "full and read-only disk # SKIP needs to be root");
        return;
    }
    snprintf(small.directory, sizeof small.directory, "%s/disk/b", f->folder);
    snprintf(pub, sizeof pub, "%s/broker.pub", small.directory);
    const char *const init[] = {"broker", "init", small.directory, "--simulator-root", f->simulator, NULL};
    const char *const add[] = {"broker", "add", small.directory, f->sealed, NULL};
    const char *const policy[] = {"broker", "policy", small.directory, "first", f->policy, NULL};
    const char *const log[] = {"broker", "log", small.directory, NULL};
    check(quiet(init) == 0 && fixture_seal(&small, pub) && quiet(add) == 0 && quiet(policy) == 0 &&
              start(&s, small.directory, "127.0.0.1:0") && release(&s, &small, &right) == 200,
          "a broker on a small disk");
    snprintf(filler, sizeof filler, "%s/filler", disk);
    char command[256];
    snprintf(command, sizeof command, "head -c 2000000 /dev/zero >%s 2>/dev/null", filler);
    check(system(command) != 0, "the disk is full");
    unsigned status = 200;
    for (int i = 0; i < 40 && status == 200; i++) /* what is left of the log's last page */
        status = release(&s, &small, &right);
    check(status == 503 && !right, "RL-4: a full disk releases nothing: %u", status);
    check(quiet(policy) == 1, "nor takes a policy");
    check(quiet(log) == 0, "the log is whole");
    unlink(filler);
    check(release(&s, &small, &right) == 200 && right, "with room again the same broker goes on");
    check(stop(&s, SIGTERM) == 0 && quiet(log) == 0, "and ends well");
    check(mount("none", disk, NULL, MS_REMOUNT | MS_RDONLY, "size=1m") == 0 && quiet(policy) == 1 && quiet(add) == 1,
          "a read-only disk is told");
    const char *const serve[] = {"broker", "serve", small.directory, "--listen", "127.0.0.1:0", NULL};
    check(quiet(serve) == 1 && quiet(log) == 0, "serve too; log can still be read");
    umount(disk);
}

int main(void)
{
    static struct fixture f;
    signal(SIGPIPE, SIG_IGN);
    if (!check(fixture_open(&f), "a broker, a sealed model, a policy"))
        return tap_done();
    const char *const add[] = {"broker", "add", f.directory, f.sealed, NULL};
    const char *const policy[] = {"broker", "policy", f.directory, "first", f.policy, NULL};
    check(quiet(add) == 0 && quiet(policy) == 0, "the model and its policy");
    network(&f);
    killed(&f, 1);
    commands_killed(&f);
    full_disk(&f);
    fixture_close(&f);
    return tap_done();
}
