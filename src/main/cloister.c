/* SPDX-License-Identifier: Apache-2.0 */
/* cloister: the tool of model owners, brokers, clients and auditors.  Each table of commands lives with its module. */
#include "main/groups.h"
#include "sys/command.h"
#include "sys/console.h"
#include "sys/openssl/start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Data that could not be written is no success. */
static int close_output(int code)
{
    bool failed = ferror(stdout) != 0;
    failed = fflush(stdout) != 0 || failed;
    if (!failed)
        return code;
    if (code == EXIT_CODE_OK)
        console_error("cannot write to standard output: %s", strerror(errno));
    return code == EXIT_CODE_OK ? EXIT_CODE_USAGE : code;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (openssl_start() != STATUS_OK) {
        console_error("the cryptographic library does not start");
        return EXIT_CODE_USAGE;
    }
    return close_output(command_main(command_groups, argc, argv));
}
