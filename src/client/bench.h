/* SPDX-License-Identifier: Apache-2.0 */
/* The command bench: how fast a model runs here, and how much of what the memory allows that is. */
#ifndef CLIENT_BENCH_H
#define CLIENT_BENCH_H

#include "sys/command.h"

extern const struct command bench_commands[];

#endif
