/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal, lower case out; either case in.  The time does not depend on the bytes. */
#ifndef CORE_CODEC_HEX_H
#define CORE_CODEC_HEX_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

/* out gets 2 * len characters and a NUL. */
void hex_write(char *out, const void *bytes, size_t len);

/* Exactly 2 * out_len hexadecimal digits; anything else is STATUS_MALFORMED and out is zeroed. */
must_check enum status hex_parse(uint8_t *out, size_t out_len, const char *text, size_t text_len);

#endif
