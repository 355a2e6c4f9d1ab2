/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing in two passes over the source: the root first, because every chunk is bound to it, then the chunks
 * (spec/sealed-model.md SM-13). */
#ifndef CLIENT_SEAL_WRITE_H
#define CLIENT_SEAL_WRITE_H

#include "client/seal_source.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/header.h"
#include "core/seal/recipient.h"
#include <stddef.h>

/* Every field is mandatory; at least one recipient or the raw key. */
struct seal_request {
    struct seal_source *source;
    const struct seal_recipient *recipients;
    size_t recipients_n;
    const struct seal_raw_key *raw_key; /* NULL: none */
    unsigned threads_n;
};

/* What pass one finds: length, root and metadata length of h are set, file_id is fresh. */
must_check enum status seal_write_find_root(struct seal_header *h, const struct seal_request *request,
                                            struct reason *why);

/* Pass two: writes the whole sealed file to fd under a fresh data key.  STATUS_BUSY when the source is no longer what
 * pass one read; fd then holds nothing of use. */
must_check enum status seal_write_file(int fd, const struct seal_header *h, const struct seal_request *request,
                                       struct reason *why);

#endif
