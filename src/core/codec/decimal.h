/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal text to binary64, without the C library's locale. */
#ifndef CORE_CODEC_DECIMAL_H
#define CORE_CODEC_DECIMAL_H

#include "core/base/status.h"
#include <stddef.h>

/* The double nearest to a number in the grammar of RFC 8259 section 6, ties to even; smaller than half the least
 * subnormal gives zero with its sign.  STATUS_MALFORMED for other text and for magnitudes that round to infinity; *out
 * is 0 then.  Time grows with text_len alone. */
must_check enum status decimal_double(double *out, const char *text, size_t text_len);

#endif
