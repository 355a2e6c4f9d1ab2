/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a request's JSON: each is absent (or null), within its range, or wrong, with a reason for the client. */
#ifndef ENCLAVE_REQUEST_MEMBER_H
#define ENCLAVE_REQUEST_MEMBER_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include <stdbool.h>
#include <stdint.h>

/* STATUS_MALFORMED: "member" must be wanted. */
must_check enum status request_wrong(struct reason *why, const char *member, const char *wanted);

/* Not there, or null. */
bool request_absent(const struct json *value);

/* *out stays as it is when the member is absent. */
must_check enum status request_bool(bool *out, const struct json *object, const char *member, struct reason *why);
must_check enum status request_count(uint32_t *out, const struct json *object, const char *member, uint32_t min,
                                     uint32_t max, struct reason *why);
must_check enum status request_float(float *out, const struct json *object, const char *member, double min, double max,
                                     struct reason *why);

#endif
