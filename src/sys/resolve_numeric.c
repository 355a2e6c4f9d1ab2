/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/resolve.h"

#include <string.h>

enum status resolve_host(struct resolved *out, const char *host, uint16_t port, struct reason *why)
{
    (void)port;
    memset(out, 0, sizeof *out);
    reason_set(why, "the enclave takes numeric addresses only, not the name ", host, NULL);
    return STATUS_USAGE;
}
