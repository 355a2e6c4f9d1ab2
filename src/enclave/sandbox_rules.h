/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that each process is left with, each with the reason that it is needed. */
#ifndef ENCLAVE_SANDBOX_RULES_H
#define ENCLAVE_SANDBOX_RULES_H

#include "enclave/role.h"
#include "enclave/sandbox.h"
#include <stdint.h>

enum argument_test {
    ARGUMENT_ANY,
    ARGUMENT_EQUALS,  /* argument == value */
    ARGUMENT_WITHOUT, /* (argument & value) == 0 */
};

struct sandbox_rule {
    int number;
    enum argument_test test;
    unsigned argument; /* which one is tested, from 0 */
    uint32_t value;
    const char *why; /* NULL in the last row of a list */
};

/* List 0 is what every process has, list 1 the role's own at that stage; NULL when there is none. */
const struct sandbox_rule *sandbox_rules(enum role role, enum sandbox_stage stage, int list);

#endif
