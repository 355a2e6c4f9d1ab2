/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_DETOKENIZE_H
#define CLIENT_DETOKENIZE_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "sys/command.h"
#include <stddef.h>
#include <stdint.h>

int detokenize_run(const struct command_line *line);

/* Reads ids from text: apart by white space, or a JSON list of numbers.  tokens: room for capacity, which text_len / 2
 * + 1 always is; each is below tokens_n.  STATUS_MALFORMED says what is wrong; *n is 0 then. */
must_check enum status token_ids_parse(uint32_t *tokens, size_t capacity, size_t *n, const void *text, size_t text_len,
                                       uint32_t tokens_n, struct reason *why);

#endif
