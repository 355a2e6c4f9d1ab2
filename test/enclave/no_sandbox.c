/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the sandbox where a test runs a process's own main in a child: sanitizers and the test's exit need
 * calls that no process of the enclave may make.  The sandbox itself is attacked in sandbox.c. */
#include "enclave/sandbox.h"

enum status sandbox_harden(void)
{
    return STATUS_OK;
}

enum status sandbox_become_user(unsigned uid)
{
    (void)uid;
    return STATUS_OK;
}

bool sandbox_lock_memory(void)
{
    return false;
}

enum status sandbox_enter(enum role role, enum sandbox_stage stage, bool *landlocked)
{
    (void)role;
    (void)stage;
    *landlocked = false;
    return STATUS_OK;
}
