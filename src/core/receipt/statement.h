/* SPDX-License-Identifier: Apache-2.0 */
/* The statement as JSON, in both directions; the public face is core/receipt/receipt.h. */
#ifndef CORE_RECEIPT_STATEMENT_H
#define CORE_RECEIPT_STATEMENT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/codec/json.h"
#include "core/codec/json_writer.h"
#include "core/receipt/receipt.h"

/* STATUS_OK when every field is in its range, otherwise STATUS_USAGE. */
must_check enum status statement_check(const struct receipt_statement *s);

/* The object, keys in order; s has been checked. */
void statement_write_json(struct json_writer *j, const struct receipt_statement *s);

/* Exactly the members that are written; s is zeroed on error. */
must_check enum status statement_parse(struct receipt_statement *s, const struct json *object, struct reason *why);

#endif
