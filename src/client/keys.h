/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister keys new`, `show` and `rewrap`. */
#ifndef CLIENT_KEYS_H
#define CLIENT_KEYS_H

#include "sys/command.h"

extern const struct command keys_commands[];

#endif
