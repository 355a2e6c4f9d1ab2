/* SPDX-License-Identifier: Apache-2.0 */
/* What a server of ours says when it refuses: {"error":{"message":...}}. */
#ifndef SYS_API_ERROR_H
#define SYS_API_ERROR_H

#include "core/base/reason.h"
#include <stddef.h>

/* Appends the message of such a body to why; of any other body its first bytes, quoted. */
void api_error_add(struct reason *why, const void *body, size_t body_len);

#endif
