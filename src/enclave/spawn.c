/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/spawn.h"

#include "enclave/event.h"
#include "enclave/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 3 };

/* Puts the descriptors at FD_WARDEN and up, closes all others, and becomes the role.  Does not return. */
static _Noreturn void become(enum role role, const int descriptors[static DESCRIPTORS_MAX], unsigned user)
{
    char self[] = "/proc/self/exe", name[] = "cloister-enclave", option[] = "--role", role_text[8];
    char *arguments[] = {name, option, role_text, NULL};
    char *environment[] = {NULL};
    int high[DESCRIPTORS_MAX];
    snprintf(role_text, sizeof role_text, "%s", role_name(role));
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        _exit(1);
    for (int i = 0; i < DESCRIPTORS_MAX; i++) /* out of the way of the final numbers first */
        high[i] = descriptors[i] < 0 ? -1 : fcntl(descriptors[i], F_DUPFD_CLOEXEC, 64);
    for (int i = 0; i < DESCRIPTORS_MAX; i++) {
        if (descriptors[i] >= 0 && (high[i] < 0 || dup2(high[i], FD_WARDEN + i) < 0))
            _exit(1);
    }
    if (close_range(FD_WARDEN + DESCRIPTORS_MAX, ~0U, 0) != 0)
        _exit(1);
    if (user != 0 && sandbox_become_user(user) != STATUS_OK)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of user, which clears it */
    signal(SIGINT, SIG_IGN);          /* the warden ends the enclave in order */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    execve(self, arguments, environment);
    _exit(1);
}

static enum status start(struct spawned *s, enum role role, const int descriptors[static DESCRIPTORS_MAX],
                         unsigned user_base)
{
    pid_t pid = fork();
    if (pid < 0)
        return STATUS_IO;
    if (pid == 0)
        become(role, descriptors, user_base == 0 ? 0 : user_base + (unsigned)role);
    s->pid[role] = pid;
    event_log(ROLE_WARDEN, EVENT_PROCESS_STARTED, pid, 0);
    return STATUS_OK;
}

static void close_all(int *descriptors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
}

enum status spawn_all(struct spawned *s, int listen_fd, int model_fd, unsigned user_base)
{
    /* pairs: warden-gate, warden-scribe, warden-vault, gate-scribe, scribe-vault */
    int pairs[5][2];
    enum status status = STATUS_OK;
    memset(s, 0, sizeof *s);
    memset(pairs, 0xff, sizeof pairs);
    memset(s->channel, 0xff, sizeof s->channel);
    for (size_t i = 0; i < 5 && status == STATUS_OK; i++)
        status = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[i]) == 0 ? STATUS_OK : STATUS_IO;
    const int gate[] = {pairs[0][1], pairs[3][0], listen_fd};
    const int scribe[] = {pairs[1][1], pairs[3][1], pairs[4][0]};
    const int vault[] = {pairs[2][1], pairs[4][1], model_fd};
    if (status == STATUS_OK)
        status = start(s, ROLE_GATE, gate, user_base);
    if (status == STATUS_OK)
        status = start(s, ROLE_SCRIBE, scribe, user_base);
    if (status == STATUS_OK)
        status = start(s, ROLE_VAULT, vault, user_base);
    if (status == STATUS_OK) {
        for (int role = ROLE_GATE; role < ROLES_N; role++) {
            s->channel[role] = pairs[role - 1][0];
            pairs[role - 1][0] = -1;
        }
    }
    close_all(&pairs[0][0], 10);
    close(listen_fd);
    close(model_fd);
    if (status != STATUS_OK)
        spawn_end_all(s, 0);
    return status;
}

static size_t reap(struct spawned *s)
{
    size_t running = 0;
    for (int role = ROLE_GATE; role < ROLES_N; role++) {
        int how = 0;
        if (s->pid[role] != 0 && waitpid(s->pid[role], &how, WNOHANG) == s->pid[role]) {
            event_log(ROLE_WARDEN, EVENT_PROCESS_ENDED, s->pid[role], how);
            s->pid[role] = 0;
        }
        running += s->pid[role] != 0;
    }
    return running;
}

void spawn_end_all(struct spawned *s, unsigned grace_ms)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    close_all(s->channel, ROLES_N); /* each sees its channel close, wipes and ends */
    for (unsigned waited = 0; reap(s) > 0 && waited < grace_ms + 1000; waited += 10) {
        for (int role = ROLE_GATE; waited >= grace_ms && role < ROLES_N; role++) {
            if (s->pid[role] != 0)
                kill(s->pid[role], SIGKILL);
        }
        nanosleep(&pause, NULL);
    }
}
