/* SPDX-License-Identifier: Apache-2.0 */
/* A text inside a request. */
#ifndef ENCLAVE_CHAT_TEXT_H
#define ENCLAVE_CHAT_TEXT_H

#include <stddef.h>

/* Text of the parsed tree, UTF-8. */
struct chat_text {
    const char *text;
    size_t len;
};

#endif
