/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's commands that have a file of their own, and what they share. */
#ifndef BROKER_RUN_H
#define BROKER_RUN_H

#include "broker/kek.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "sys/command.h"
#include <stdint.h>

int broker_run_add(const struct command_line *line);
int broker_run_policy(const struct command_line *line);
int broker_run_log(const struct command_line *line);

/* No core dump, no ptrace by others, files for the owner alone. */
void broker_harden(void);

struct kek_source broker_kek_source(const struct command_line *line);

/* Tells why a broker could not be opened; returns the exit code. */
int broker_fail_open(enum status status, const struct reason *why, const char *directory);

must_check enum status broker_read_simulator_root(uint8_t root[static 32], const char *path, struct reason *why);

#endif
