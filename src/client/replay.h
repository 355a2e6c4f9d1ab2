/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister replay`: computes a receipt's tokens again, without the server (spec/receipt.md, section "Replay"). */
#ifndef CLIENT_REPLAY_H
#define CLIENT_REPLAY_H

#include "sys/command.h"

extern const struct command replay_commands[];

#endif
