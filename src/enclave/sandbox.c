/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters are classic BPF over struct seccomp_data (seccomp(2)); Landlock by its three system calls
 * (landlock(7)). */
#include "enclave/sandbox.h"

#include "enclave/sandbox_rules.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FILTER_MAX = 512,
    X32_BIT = 0x40000000,
    /* every file-system right up to ABI 5, both TCP rights (ABI 4), both scopes (ABI 6); older kernels get fewer */
    LANDLOCK_FS_ABI_1 = (1 << 13) - 1,
    LANDLOCK_FS_ABI_2 = (1 << 14) - 1,
    LANDLOCK_FS_ABI_3 = (1 << 15) - 1,
    LANDLOCK_FS_ABI_5 = (1 << 16) - 1,
    LANDLOCK_NET_ABI_4 = 3,
    LANDLOCK_SCOPE_ABI_6 = 3,
};

enum status sandbox_harden(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

/* The capability to lock memory without a limit, where root had it (capabilities(7)). */
static bool may_lock(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capget, &head, sets) == 0 && (sets[0].effective & (1U << CAP_IPC_LOCK)) != 0;
}

/* Leaves that capability alone of all, also over the exec to come. */
static enum status keep_lock_capability(bool keep)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    uint32_t bit = keep ? 1U << CAP_IPC_LOCK : 0;
    sets[0] = (struct __user_cap_data_struct){bit, bit, bit};
    if (syscall(SYS_capset, &head, sets) != 0)
        return STATUS_IO;
    if (keep && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_IPC_LOCK, 0, 0) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

enum status sandbox_become_user(unsigned uid)
{
    bool lock = may_lock();
    if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
        setresuid(uid, uid, uid) != 0 || keep_lock_capability(lock) != STATUS_OK)
        return STATUS_IO;
    /* a change of user makes the process dumpable or not by a system setting; say no again */
    return prctl(PR_SET_DUMPABLE, 0) == 0 && setuid(0) != 0 ? STATUS_OK : STATUS_BROKEN;
}

bool sandbox_lock_memory(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (limit.rlim_cur != RLIM_INFINITY && !may_lock()))
        return false; /* with a limit, memory that is asked for later could not be had */
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

/* The first fields of struct landlock_ruleset_attr of newer kernels. */
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

static enum status drop_landlock_rights(bool *landlocked)
{
    struct ruleset rights = {LANDLOCK_FS_ABI_1, 0, 0};
    size_t size = sizeof rights.fs;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *landlocked = false;
    if (abi < 1)
        return STATUS_OK;
    if (abi >= 2)
        rights.fs = abi >= 5 ? LANDLOCK_FS_ABI_5 : abi >= 3 ? LANDLOCK_FS_ABI_3 : LANDLOCK_FS_ABI_2;
    if (abi >= 4) {
        rights.net = LANDLOCK_NET_ABI_4;
        size = offsetof(struct ruleset, scoped);
    }
    if (abi >= 6) {
        rights.scoped = LANDLOCK_SCOPE_ABI_6;
        size = sizeof rights;
    }
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rights, size, 0);
    if (fd < 0)
        return STATUS_REFUSED;
    long entered = syscall(SYS_landlock_restrict_self, fd, 0);
    close(fd);
    *landlocked = entered == 0;
    return entered == 0 ? STATUS_OK : STATUS_REFUSED;
}

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned short len;
};

static void add(struct filter *f, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t value)
{
    if (f->len < FILTER_MAX) /* one that does not fit is refused by the caller */
        f->code[f->len] = (struct sock_filter){code, if_true, if_false, value};
    f->len++;
}

static uint32_t argument_offset(unsigned argument)
{
    return (uint32_t)(offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t)); /* low half */
}

/* Allows one system call; the system call's number is in the accumulator. */
static void add_rule(struct filter *f, const struct sandbox_rule *rule)
{
    bool plain = rule->test == ARGUMENT_ANY;
    add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, plain ? 1 : 4, (uint32_t)rule->number);
    if (plain) {
        add(f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
        return;
    }
    add(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, argument_offset(rule->argument));
    if (rule->test == ARGUMENT_EQUALS)
        add(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, rule->value);
    else
        add(f, BPF_JMP | BPF_JSET | BPF_K, 1, 0, rule->value);
    add(f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    add(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)); /* for the next rule of this call */
}

enum status sandbox_enter(enum role role, enum sandbox_stage stage, bool *landlocked)
{
    struct filter f = {.len = 0};
    enum status status = drop_landlock_rights(landlocked);
    if (status != STATUS_OK)
        return status;
    add(&f, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
    add(&f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
    add(&f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
    add(&f, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    add(&f, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
    add(&f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
    for (const struct sandbox_rule *rule = sandbox_rules(role, stage, 0); rule != NULL && rule->why != NULL; rule++)
        add_rule(&f, rule);
    for (const struct sandbox_rule *rule = sandbox_rules(role, stage, 1); rule != NULL && rule->why != NULL; rule++)
        add_rule(&f, rule);
    add(&f, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
    if (f.len > FILTER_MAX)
        return STATUS_BROKEN;
    struct sock_fprog program = {f.len, f.code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return STATUS_REFUSED;
    return STATUS_OK;
}
