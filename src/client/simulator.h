/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister simulator new`: the root key with which an enclave simulates evidence on a machine without a TEE. */
#ifndef CLIENT_SIMULATOR_H
#define CLIENT_SIMULATOR_H

#include "sys/command.h"

extern const struct command simulator_commands[];

#endif
