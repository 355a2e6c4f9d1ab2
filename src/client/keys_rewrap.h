/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges the wraps of a sealed file in place (spec/sealed-model.md SM-30 and SM-31). */
#ifndef CLIENT_KEYS_REWRAP_H
#define CLIENT_KEYS_REWRAP_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/seal/wraps.h"
#include "sys/model_stream.h"

/* Opens path for an exchange and keeps others from starting one: STATUS_BUSY when one is under way.  The caller closes
 * *fd. */
must_check enum status keys_rewrap_open(int *fd, struct model_stream *s, const char *path, struct reason *why);

/* Puts wraps in the place of those that s was opened with. */
must_check enum status keys_rewrap_write(const struct model_stream *s, const struct seal_wraps *wraps,
                                         struct reason *why);

#endif
