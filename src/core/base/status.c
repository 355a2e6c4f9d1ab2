/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"

const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_OK: return "ok";
    case STATUS_MALFORMED: return "malformed";
    case STATUS_TRUNCATED: return "truncated";
    case STATUS_UNSUPPORTED: return "unsupported";
    case STATUS_FORGED: return "forged";
    case STATUS_REFUSED: return "refused";
    case STATUS_STALE: return "stale";
    case STATUS_LIMIT: return "over a limit";
    case STATUS_NO_MEMORY: return "out of memory";
    case STATUS_NOT_FOUND: return "not found";
    case STATUS_EXISTS: return "exists already";
    case STATUS_IO: return "input/output error";
    case STATUS_NETWORK: return "network error";
    case STATUS_BUSY: return "busy";
    case STATUS_USAGE: return "wrong use";
    case STATUS_BROKEN: return "internal error";
    }
    return "unknown status";
}
