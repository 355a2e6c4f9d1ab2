/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister chat`: verifies a server, then talks to its model so that only the enclave can read it. */
#ifndef CLIENT_CHAT_H
#define CLIENT_CHAT_H

#include "sys/command.h"

extern const struct command chat_commands[];

#endif
