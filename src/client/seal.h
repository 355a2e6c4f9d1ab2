/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a model's owner: `seal`, `convert`, `inspect`, `unseal`. */
#ifndef CLIENT_SEAL_H
#define CLIENT_SEAL_H

#include "sys/command.h"

extern const struct command seal_commands[];

int seal_run(const struct command_line *line);
int convert_run(const struct command_line *line);
int inspect_run(const struct command_line *line);
int unseal_run(const struct command_line *line);

#endif
