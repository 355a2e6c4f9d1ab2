/* SPDX-License-Identifier: Apache-2.0 */
/* What each process may ask of the kernel: a seccomp allow-list that kills the process on anything else, Landlock
 * without any right, no new privileges, no dumps, a user of its own. */
#ifndef ENCLAVE_SANDBOX_H
#define ENCLAVE_SANDBOX_H

#include "core/base/status.h"
#include "enclave/role.h"
#include <stdbool.h>

/* How far a process has come; each list is a part of the one before. */
enum sandbox_stage {
    SANDBOX_OPENING, /* vault only: it still starts threads and reads the model */
    SANDBOX_SERVING,
};

/* No core dumps, no ptrace by others, no new privileges; dies with its parent.  Before anything secret is in memory. */
must_check enum status sandbox_harden(void);

/* Gives up root for the user and group uid, all supplementary groups and all capabilities but that to lock memory. */
must_check enum status sandbox_become_user(unsigned uid);

/* Tries to lock all present and future memory; false when the limit does not allow it. */
bool sandbox_lock_memory(void);

/* Enters Landlock (all rights dropped) and the seccomp list for all threads.  *landlocked is false when the kernel has
 * no Landlock; seccomp alone then refuses every open.  STATUS_REFUSED when the kernel has no seccomp filter. */
must_check enum status sandbox_enter(enum role role, enum sandbox_stage stage, bool *landlocked);

#endif
