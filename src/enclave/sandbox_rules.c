/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/sandbox_rules.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const struct sandbox_rule rules_of_all[] = {
    {SYS_recvmsg, ARGUMENT_ANY, 0, 0, "messages of the other processes"},
    {SYS_sendmsg, ARGUMENT_ANY, 0, 0, "messages to them"},
    {SYS_poll, ARGUMENT_ANY, 0, 0, "wait for messages"},
    {SYS_ppoll, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_write, ARGUMENT_ANY, 0, 0, "the log"},
    {SYS_clock_gettime, ARGUMENT_ANY, 0, 0, "time, where the vDSO does not answer"},
    {SYS_gettimeofday, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_getrandom, ARGUMENT_ANY, 0, 0, "keys, nonces"},
    {SYS_getpid, ARGUMENT_ANY, 0, 0, "OpenSSL's random generator checks for a fork"},
    {SYS_futex, ARGUMENT_ANY, 0, 0, "locks of libc and OpenSSL, idle workers"},
    {SYS_brk, ARGUMENT_ANY, 0, 0, "heap"},
    {SYS_mmap, ARGUMENT_WITHOUT, 2, PROT_EXEC, "heap, never code"},
    {SYS_mprotect, ARGUMENT_WITHOUT, 2, PROT_EXEC, "heap of a thread, never code"},
    {SYS_munmap, ARGUMENT_ANY, 0, 0, "heap"},
    {SYS_mremap, ARGUMENT_ANY, 0, 0, "heap"},
    {SYS_madvise, ARGUMENT_ANY, 0, 0, "heap: kept out of dumps, huge pages"},
    {SYS_close, ARGUMENT_ANY, 0, 0, "end of a connection"},
    {SYS_rt_sigreturn, ARGUMENT_ANY, 0, 0, "end of a signal handler"},
    {SYS_rt_sigprocmask, ARGUMENT_ANY, 0, 0, "ends of threads, abort"},
    {SYS_sched_yield, ARGUMENT_ANY, 0, 0, "a worker that waits"},
    {SYS_restart_syscall, ARGUMENT_ANY, 0, 0, "the kernel, after a stop"},
    {SYS_exit, ARGUMENT_ANY, 0, 0, "end of a thread"},
    {SYS_exit_group, ARGUMENT_ANY, 0, 0, "end"},
    {0, ARGUMENT_ANY, 0, 0, NULL},
};

static const struct sandbox_rule rules_of_gate[] = {
    {SYS_accept4, ARGUMENT_ANY, 0, 0, "new connections"},
    {SYS_read, ARGUMENT_ANY, 0, 0, "TLS records"},
    {SYS_readv, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_writev, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_shutdown, ARGUMENT_ANY, 0, 0, "end of a connection"},
    {SYS_setsockopt, ARGUMENT_ANY, 0, 0, "TCP_NODELAY"},
    {SYS_getsockopt, ARGUMENT_ANY, 0, 0, "errors of a connection"},
    {SYS_ioctl, ARGUMENT_EQUALS, 1, FIONREAD, "how much waits to be read"},
    {SYS_fcntl, ARGUMENT_EQUALS, 1, F_GETFL, "non-blocking"},
    {SYS_fcntl, ARGUMENT_EQUALS, 1, F_SETFL, "the same"},
    {SYS_fcntl, ARGUMENT_EQUALS, 1, F_SETFD, "close on exec"},
    {SYS_epoll_ctl, ARGUMENT_ANY, 0, 0, "event loop"},
    {SYS_epoll_wait, ARGUMENT_ANY, 0, 0, "event loop"},
    {SYS_epoll_pwait, ARGUMENT_ANY, 0, 0, "event loop"},
    {0, ARGUMENT_ANY, 0, 0, NULL},
};

/* While the model is opened; SANDBOX_SERVING takes these away. */
static const struct sandbox_rule rules_of_vault_opening[] = {
    {SYS_pread64, ARGUMENT_ANY, 0, 0, "the sealed model"},
    {SYS_fstat, ARGUMENT_ANY, 0, 0, "its length"},
    {SYS_newfstatat, ARGUMENT_ANY, 0, 0, "its length, as newer libc asks"},
    {SYS_lseek, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_mlock, ARGUMENT_ANY, 0, 0, "weights stay in memory"},
    {SYS_rt_sigaction, ARGUMENT_ANY, 0, 0, "libc, before its first thread"},
    {SYS_clone, ARGUMENT_ANY, 0, 0, "workers"},
    {SYS_clone3, ARGUMENT_ANY, 0, 0, "workers"},
    {SYS_set_robust_list, ARGUMENT_ANY, 0, 0, "start of a thread"},
    {SYS_rseq, ARGUMENT_ANY, 0, 0, "start of a thread"},
    {SYS_prctl, ARGUMENT_ANY, 0, 0, "names of memory in newer libc; further lists"},
    {SYS_seccomp, ARGUMENT_ANY, 0, 0, "the list for serving"},
    {SYS_landlock_create_ruleset, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_landlock_restrict_self, ARGUMENT_ANY, 0, 0, "the same"},
    {SYS_sched_getaffinity, ARGUMENT_ANY, 0, 0, "processors"},
    {SYS_gettid, ARGUMENT_ANY, 0, 0, "start of a thread"},
    {0, ARGUMENT_ANY, 0, 0, NULL},
};

static const struct sandbox_rule rules_of_warden[] = {
    {SYS_wait4, ARGUMENT_ANY, 0, 0, "how a process ended"},
    {SYS_kill, ARGUMENT_ANY, 0, 0, "end the others"},
    {SYS_read, ARGUMENT_ANY, 0, 0, "signals, from their descriptor"},
    {SYS_nanosleep, ARGUMENT_ANY, 0, 0, "time for the others to end"},
    {SYS_clock_nanosleep, ARGUMENT_ANY, 0, 0, "the same"},
    {0, ARGUMENT_ANY, 0, 0, NULL},
};

const struct sandbox_rule *sandbox_rules(enum role role, enum sandbox_stage stage, int list)
{
    if (list == 0)
        return rules_of_all;
    switch (role) {
    case ROLE_WARDEN: return rules_of_warden;
    case ROLE_GATE: return rules_of_gate;
    case ROLE_SCRIBE: return NULL;
    case ROLE_VAULT: return stage == SANDBOX_OPENING ? rules_of_vault_opening : NULL;
    }
    return NULL;
}
