/* SPDX-License-Identifier: Apache-2.0 */
/* The four processes of the enclave and the descriptors each is started with. */
#ifndef ENCLAVE_ROLE_H
#define ENCLAVE_ROLE_H

enum role {
    ROLE_WARDEN, /* configuration, evidence, keys; starts and watches the others */
    ROLE_GATE,   /* the network: TLS and HTTP */
    ROLE_SCRIBE, /* requests, text and tokens, receipts */
    ROLE_VAULT,  /* weights and engine */
};

enum { ROLES_N = 4 };

/* Descriptors after exec; 0 to 2 are /dev/null, /dev/null and the log. */
enum {
    FD_WARDEN = 3, /* channel to the warden */
    FD_SCRIBE = 4, /* gate, vault: channel to the scribe */
    FD_GATE = 4,   /* scribe: channel to the gate */
    FD_VAULT = 5,  /* scribe: channel to the vault */
    FD_FILE = 5,   /* gate: listening socket; vault: the sealed model */
};

const char *role_name(enum role role);

/* Entry of each child; returns its exit code. */
int gate_main(void);
int scribe_main(void);
int vault_main(void);

#endif
