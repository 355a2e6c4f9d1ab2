/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes the parts of a Binary HTTP message may hold; shared by reader and writer. */
#ifndef CORE_OHTTP_BHTTP_TEXT_H
#define CORE_OHTTP_BHTTP_TEXT_H

#include "core/codec/http_head.h"

/* Token characters (RFC 9110 section 5.6.2) without upper case. */
must_check bool bhttp_name_char(uint8_t c);

/* Printable, space, tab or obs-text. */
must_check bool bhttp_value_char(uint8_t c);

must_check bool bhttp_is_name(const struct http_text *name);

/* No control characters, and no white space at either end. */
must_check bool bhttp_is_value(const struct http_text *value);

/* Method: a token.  Scheme: lower case letters.  Authority: no white space, may be empty.  Path: starts with '/', no
 * white space, or "*". */
must_check bool bhttp_is_control(const struct http_text *method, const struct http_text *scheme,
                                 const struct http_text *authority, const struct http_text *path);

#endif
