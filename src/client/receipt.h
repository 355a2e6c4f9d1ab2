/* SPDX-License-Identifier: Apache-2.0 */
/* `cloister receipt verify`, and receipts from files. */
#ifndef CLIENT_RECEIPT_H
#define CLIENT_RECEIPT_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "core/base/verdict.h"
#include "core/receipt/receipt.h"
#include "sys/command.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECEIPT_FILE_MAX = 8 << 20 }; /* bytes */

/* A receipt and the memory it lives in.  Free with receipt_file_close. */
struct receipt_file {
    struct receipt receipt;
    uint8_t *memory;
    size_t memory_len;
};

/* STATUS_NOT_FOUND, _LIMIT, _MALFORMED, _UNSUPPORTED, _NO_MEMORY; nothing is verified. */
must_check enum status receipt_file_open(struct receipt_file *file, const char *path, struct reason *why);
void receipt_file_close(struct receipt_file *file);

/* What the verdict was about, and the verdict: as text, or as one JSON object with member "verified".  NOT A TEE in
 * words when the receipt comes from the simulator.  word: "verified", "replayed".  Returns the exit code. */
int receipt_print(const struct receipt *r, const struct verdict *v, const char *word, bool json);

extern const struct command receipt_commands[];

#endif
