/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629): shortest form only, no surrogates, nothing above U+10FFFF. */
#ifndef CORE_CODEC_UTF8_H
#define CORE_CODEC_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the well-formed character at the start of the len bytes; 0 when there is none. */
size_t utf8_char_len(const uint8_t *bytes, size_t len);

/* Writes a code point (not a surrogate, at most 0x10ffff) as 1 to 4 bytes and returns how many. */
size_t utf8_write(uint8_t out[static 4], uint32_t code_point);

#endif
