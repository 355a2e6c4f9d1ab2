/* SPDX-License-Identifier: Apache-2.0 */
#include "main/groups.h"

#include "broker/commands.h"
#include "client/bench.h"
#include "client/chat.h"
#include "client/chat_template.h"
#include "client/keys.h"
#include "client/receipt.h"
#include "client/replay.h"
#include "client/seal.h"
#include "client/simulator.h"
#include "client/tokenize.h"
#include "client/verify.h"

#include <stddef.h>

const struct command *const command_groups[] = {
    seal_commands,    keys_commands,   broker_commands, simulator_commands,     verify_commands,   chat_commands,
    receipt_commands, replay_commands, bench_commands,  chat_template_commands, tokenize_commands, NULL,
};
