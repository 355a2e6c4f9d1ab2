/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister broker ...`: rows for the command table; the last has no name. */
#ifndef BROKER_COMMANDS_H
#define BROKER_COMMANDS_H

#include "sys/command.h"

extern const struct command broker_commands[];

#endif
