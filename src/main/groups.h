/* SPDX-License-Identifier: Apache-2.0 */
/* Every command of `cloister`: the tool runs them, the manual describes them. */
#ifndef MAIN_GROUPS_H
#define MAIN_GROUPS_H

#include "sys/command.h"

extern const struct command *const command_groups[]; /* ends with NULL */

#endif
