/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648): standard with padding (section 4) and URL-safe without (section 5).  Strict: no white space, no
 * missing or extra padding, no non-zero trailing bits.  The time does not depend on the bytes. */
#ifndef CORE_CODEC_BASE64_H
#define CORE_CODEC_BASE64_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

enum base64_kind { BASE64_STANDARD, BASE64_URL };

/* Characters that len bytes take, without a NUL. */
size_t base64_text_len(enum base64_kind kind, size_t len);

/* out gets base64_text_len(kind, len) characters and a NUL. */
void base64_write(enum base64_kind kind, char *out, const void *bytes, size_t len);

/* Sets *out_len; STATUS_LIMIT when the bytes pass out_capacity, STATUS_MALFORMED for text that is not base64; out is
 * zeroed and *out_len 0 then. */
must_check enum status base64_parse(enum base64_kind kind, uint8_t *out, size_t out_capacity, size_t *out_len,
                                    const char *text, size_t text_len);

#endif
