/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, SILENCE_MS = 20000 };

static _Noreturn void bail_out(const char *what)
{
    printf("Bail out! %s\n", what);
    exit(1);
}

/* In the child: the descriptors at their places, all others closed. */
static _Noreturn void become(const int *descriptors, size_t n, int (*run)(void))
{
    int high[PEERS_MAX + 1], null = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < n; i++)
        high[i] = fcntl(descriptors[i], F_DUPFD, 64);
    for (size_t i = 0; i < n; i++)
        dup2(high[i], FIRST_FD + (int)i);
    dup2(null, STDERR_FILENO); /* the enclave's log */
    for (int fd = FIRST_FD + (int)n; fd < 200; fd++)
        close(fd);
    _exit(run());
}

void process_start(struct process *p, size_t peers_n, int file, int (*run)(void))
{
    int theirs[PEERS_MAX + 1];
    *p = (struct process){.peers_n = peers_n};
    for (size_t i = 0; i < peers_n; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 || channel_init(&p->peers[i], pair[0]) != STATUS_OK)
            bail_out("no socket pair");
        theirs[i] = pair[1];
    }
    theirs[peers_n] = file;
    fflush(stdout);
    p->pid = fork();
    if (p->pid < 0)
        bail_out("no process");
    if (p->pid == 0)
        become(theirs, peers_n + (file >= 0), run);
    for (size_t i = 0; i < peers_n; i++)
        close(theirs[i]);
}

int process_end(struct process *p)
{
    int how = 0;
    for (size_t i = 0; i < p->peers_n; i++)
        close(p->peers[i].fd);
    waitpid(p->pid, &how, 0);
    return WIFEXITED(how) ? WEXITSTATUS(how) : ENDED_BY_SIGNAL + WTERMSIG(how);
}

void process_send(struct process *p, size_t peer, enum message type, uint64_t id, const void *payload, size_t len)
{
    enum status status = channel_send(&p->peers[peer], type, id, payload, len);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) /* one that ended is seen when it is heard */
        bail_out("cannot send");
}

bool process_hear(struct process *p, size_t peer, struct channel_message *m)
{
    struct pollfd ready = {.fd = p->peers[peer].fd, .events = POLLIN};
    if (poll(&ready, 1, SILENCE_MS) != 1)
        bail_out("the process under test is silent");
    enum status status = channel_receive(&p->peers[peer], m, true);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        bail_out("a message of the process under test is malformed");
    return status == STATUS_OK;
}
