/* SPDX-License-Identifier: Apache-2.0 */
/* What the headers of a well-formed head say about the body and the connection. */
#ifndef CORE_CODEC_HTTP_FRAMING_H
#define CORE_CODEC_HTTP_FRAMING_H

#include "core/codec/http_head.h"

/* Sets body, content_len, keep_alive and expect_continue from the start line and headers (RFC 9112 section 6.3, but
 * refusing every ambiguity).  STATUS_MALFORMED or STATUS_UNSUPPORTED. */
must_check enum status http_framing_of_request(struct http_head *head, struct reason *why);
must_check enum status http_framing_of_response(struct http_head *head, bool to_head, struct reason *why);

#endif
