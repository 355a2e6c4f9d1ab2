/* SPDX-License-Identifier: Apache-2.0 */
/* The warden while the enclave serves: evidence for each attestation request, and an end to everything when one process
 * ends or a signal asks for it. */
#ifndef ENCLAVE_WARDEN_SERVE_H
#define ENCLAVE_WARDEN_SERVE_H

#include "core/base/status.h"
#include "core/evidence/keyset.h"
#include "enclave/attestor.h"
#include "enclave/channel.h"
#include "enclave/role.h"

/* A descriptor that becomes readable on SIGTERM, SIGINT, SIGHUP or SIGCHLD, which are blocked from now on; -1 on
 * failure. */
int warden_signals(void);

/* STATUS_OK when a signal asked for the end; anything else says that a process failed. */
must_check enum status warden_serve(struct channel channels[static ROLES_N], const struct attestor *attestor,
                                    const struct keyset *keyset, int signals);

#endif
