/* SPDX-License-Identifier: Apache-2.0 */
/* Normalization Form C of text in UTF-8 (Unicode Standard Annex 15, for Unicode 15.1).  Bytes that form no character
 * stay as they are, and nothing changes across them. */
#ifndef ENGINE_TOKENIZER_NFC_H
#define ENGINE_TOKENIZER_NFC_H

#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

/* The most bytes that become of len bytes, and the scratch that is needed, aligned to 4. */
size_t nfc_len_max(size_t len);
size_t nfc_scratch_len(size_t len);

/* Writes the normal form of text to out, which does not overlap it.  The time is linear in len.  STATUS_LIMIT: more
 * than capacity bytes; *out_len is 0 then. */
must_check enum status nfc_write(uint8_t *out, size_t capacity, size_t *out_len, const uint8_t *text, size_t len,
                                 void *scratch);

#endif
