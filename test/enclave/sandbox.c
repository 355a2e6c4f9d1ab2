/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks from inside: each process, in its own sandbox, tries what it must not be able to do.  A try that is not
 * killed fails the test, whatever the kernel answered.  EN-10 EN-11 EN-12 */
#include "enclave/sandbox.h"

#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static void try_open(void)
{
    syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static void try_open_old(void)
{
    syscall(SYS_open, "/etc/passwd", O_RDONLY);
}

static void try_create_in_shm(void)
{
    syscall(SYS_openat, AT_FDCWD, "/dev/shm/cloister-leak", O_CREAT | O_WRONLY, 0600);
}

static void try_memfd(void)
{
    syscall(SYS_memfd_create, "leak", 0);
}

static void try_socket(void)
{
    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void try_connect(void)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(9)};
    syscall(SYS_connect, 0, &peer, sizeof peer);
}

static void try_exec(void)
{
    char path[] = "/bin/true";
    char *arguments[] = {path, NULL};
    syscall(SYS_execve, path, arguments, NULL);
}

static void try_fork(void)
{
    if (syscall(SYS_fork) == 0)
        _exit(0);
}

static void try_ptrace(void)
{
    syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}

static void try_read_other_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0);
}

static void try_code_page(void)
{
    syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_make_executable(void)
{
    static _Alignas(4096) char page[4096];
    syscall(SYS_mprotect, page, sizeof page, PROT_READ | PROT_EXEC);
}

static void try_kill(void)
{
    syscall(SYS_kill, getppid(), 0);
}

static void try_setuid(void)
{
    syscall(SYS_setuid, 0);
}

static void try_mount(void)
{
    syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, "");
}

static void try_unshare(void)
{
    syscall(SYS_unshare, CLONE_NEWUSER);
}

static void try_io_uring(void)
{
    syscall(SYS_io_uring_setup, 1, NULL);
}

static void try_sendfile(void)
{
    syscall(SYS_sendfile, 1, 0, NULL, 1);
}

static void try_read_file_again(void)
{
    char byte;
    syscall(SYS_pread64, 0, &byte, 1, 0);
}

static void try_thread(void)
{
    syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, NULL, NULL, NULL, NULL);
}

static void try_x32(void)
{
    syscall(0x40000000 + SYS_getpid);
}

/* By bare system calls: a sanitizer's allocator asks for more than the program's own. */
static void do_what_is_needed(void)
{
    uint8_t random[8];
    long memory = syscall(SYS_mmap, NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool fine = memory > 0 && syscall(SYS_munmap, memory, 1 << 20) == 0 &&
                syscall(SYS_getrandom, random, sizeof random, 0) == sizeof random &&
                syscall(SYS_write, STDERR_FILENO, "", 0) == 0;
    syscall(SYS_exit_group, fine ? 42 : 1);
}

enum { WARDEN = 1 << ROLE_WARDEN, GATE = 1 << ROLE_GATE, SCRIBE = 1 << ROLE_SCRIBE, VAULT = 1 << ROLE_VAULT, ALL = 15 };

static const struct {
    const char *name;
    void (*attempt)(void);
    unsigned roles; /* for which it must be deadly */
} attacks[] = {
    {"open a file", try_open, ALL},
    {"open a file by the older call", try_open_old, ALL},
    {"create a file in /dev/shm", try_create_in_shm, ALL},
    {"make a memory file", try_memfd, ALL},
    {"make a socket", try_socket, ALL},
    {"connect", try_connect, ALL},
    {"run a program", try_exec, ALL},
    {"fork", try_fork, ALL},
    {"trace its parent", try_ptrace, ALL},
    {"read its parent's memory", try_read_other_memory, ALL},
    {"map a page of code", try_code_page, ALL},
    {"make a page executable", try_make_executable, ALL},
    {"signal another process", try_kill, GATE | SCRIBE | VAULT},
    {"become root", try_setuid, ALL},
    {"mount", try_mount, ALL},
    {"make a namespace", try_unshare, ALL},
    {"set up io_uring", try_io_uring, ALL},
    {"copy between descriptors", try_sendfile, ALL},
    {"read the model again", try_read_file_again, ALL},
    {"start a thread", try_thread, ALL},
    {"use the x32 calls", try_x32, ALL},
};

/* How a child of that role ends after the attempt: its wait status. */
static int run(enum role role, enum sandbox_stage stage, void (*attempt)(void))
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        bool landlocked;
        if (sandbox_harden() != STATUS_OK || sandbox_enter(role, stage, &landlocked) != STATUS_OK)
            _exit(2);
        attempt();
        _exit(3);
    }
    waitpid(child, &how, 0);
    return how;
}

/* Landlock by itself, for the day that seccomp fails: a child with Landlock's part of the sandbox only cannot be made
 * from outside, so look at what the kernel reports of a child that has entered. */
static void hardened(void)
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit {
            unsigned long now, most;
        } core = {1, 1};
        bool fine = sandbox_harden() == STATUS_OK && prctl(PR_GET_DUMPABLE) == 0 &&
                    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                    syscall(SYS_prlimit64, 0, 4 /* RLIMIT_CORE */, NULL, &core) == 0 && core.now == 0 && core.most == 0;
        _exit(fine ? 42 : 1);
    }
    waitpid(child, &how, 0);
    check(WIFEXITED(how) && WEXITSTATUS(how) == 42, "no dumps, no core, no new privileges");
}

int main(void)
{
    hardened();
    for (int role = ROLE_WARDEN; role < ROLES_N; role++) {
        int how = run((enum role)role, SANDBOX_SERVING, do_what_is_needed);
        check(WIFEXITED(how) && WEXITSTATUS(how) == 42, "%s can do what it needs", role_name((enum role)role));
        for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
            if ((attacks[i].roles & 1U << role) == 0)
                continue;
            how = run((enum role)role, SANDBOX_SERVING, attacks[i].attempt);
            check(WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS, "%s dies when it tries to %s",
                  role_name((enum role)role), attacks[i].name);
        }
    }
    static void (*const opening[])(void) = {try_open, try_create_in_shm, try_memfd, try_socket,    try_connect,
                                            try_exec, try_ptrace,        try_kill,  try_code_page, try_setuid};
    for (size_t i = 0; i < sizeof opening / sizeof opening[0]; i++) {
        int how = run(ROLE_VAULT, SANDBOX_OPENING, opening[i]);
        check(WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS, "the vault while it opens the model, attack %zu", i);
    }
    return tap_done();
}
