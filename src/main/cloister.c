/* SPDX-License-Identifier: Apache-2.0 */
/* cloister: the tool of model owners, brokers, clients and auditors.  Each table of commands lives with its module. */
#include "broker/commands.h"
#include "client/chat.h"
#include "client/keys.h"
#include "client/receipt.h"
#include "client/replay.h"
#include "client/seal.h"
#include "client/simulator.h"
#include "client/verify.h"
#include "sys/command.h"
#include "sys/console.h"
#include "sys/openssl/start.h"

#include <signal.h>
#include <stddef.h>

int main(int argc, char **argv)
{
    static const struct command *const groups[] = {
        seal_commands,    keys_commands,   broker_commands, simulator_commands, verify_commands,
        chat_commands,    receipt_commands, replay_commands, NULL};
    signal(SIGPIPE, SIG_IGN);
    if (openssl_start() != STATUS_OK)
        return EXIT_CODE_USAGE;
    return command_main(groups, argc, argv);
}
