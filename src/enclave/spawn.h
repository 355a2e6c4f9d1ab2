/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the other processes: fork, then exec of this same binary, so that no memory is shared and each has its own
 * address layout. */
#ifndef ENCLAVE_SPAWN_H
#define ENCLAVE_SPAWN_H

#include "core/base/status.h"
#include "enclave/role.h"
#include <sys/types.h>

struct spawned {
    pid_t pid[ROLES_N];   /* 0 for the warden itself, and for one that has ended */
    int channel[ROLES_N]; /* the warden's end; -1 for itself */
};

/* Starts gate, scribe and vault with their descriptors (enclave/role.h).  listen_fd and model_fd become the children's
 * and are closed here.  user_base: 0, or the first user id when root is to be given up: role r runs as user_base + r.
 * On failure everything started is ended. */
must_check enum status spawn_all(struct spawned *s, int listen_fd, int model_fd, unsigned user_base);

/* Closes the channels, which tells every process to wipe and end; kills after grace_ms what still runs, and reaps.  A
 * process of another user that cannot be killed dies with the warden (PR_SET_PDEATHSIG). */
void spawn_end_all(struct spawned *s, unsigned grace_ms);

#endif
