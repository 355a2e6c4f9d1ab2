/* SPDX-License-Identifier: Apache-2.0 */
/* cloister-enclave: one binary, four processes.  `--config FILE` starts the warden; `--role NAME` is how the warden
 * starts the others. */
#include "enclave/role.h"
#include "enclave/warden.h"
#include "sys/console.h"
#include "sys/openssl/start.h"
#include "sys/version.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (openssl_start() != STATUS_OK)
        return EXIT_CODE_USAGE;
    if (argc == 3 && strcmp(argv[1], "--config") == 0)
        return warden_main(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--role") == 0) {
        if (strcmp(argv[2], role_name(ROLE_GATE)) == 0)
            return gate_main();
        if (strcmp(argv[2], role_name(ROLE_SCRIBE)) == 0)
            return scribe_main();
        if (strcmp(argv[2], role_name(ROLE_VAULT)) == 0)
            return vault_main();
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: cloister-enclave --config FILE\n\n"
               "Obtains a sealed model's key with evidence of this machine and serves the model.\n"
               "`cloister-enclave --version` prints the version.\n");
        return EXIT_CODE_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("cloister-enclave %s\n", CLOISTER_VERSION);
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "cloister-enclave: error: wanted --config FILE\n");
    return EXIT_CODE_USAGE;
}
