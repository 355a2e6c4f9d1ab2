/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer.json as the metadata of a GGUF file that has a vocabulary and no tensors.  All bytes are from outside;
 * the caller reads the files.  spec/import.md, IMP-58. */
#ifndef IMPORT_TOKENIZER_FILE_H
#define IMPORT_TOKENIZER_FILE_H

#include "core/base/arena.h"
#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/folder.h"
#include <stddef.h>
#include <stdint.h>

/* Takes the texts of folder, of which only tokenizer must be there.  *meta lives in a (tokenizer_file_arena_len bytes
 * at most); engine/tokenizer/tokenizer.h opens it.  STATUS_UNSUPPORTED names what is not understood; STATUS_NOT_FOUND:
 * no tokenizer; STATUS_MALFORMED, _LIMIT, _NO_MEMORY.  *meta is NULL on error. */
must_check enum status tokenizer_file_convert(const uint8_t **meta, size_t *meta_len, struct arena *a,
                                              const struct folder *folder, struct reason *why);
size_t tokenizer_file_arena_len(const struct folder *folder);

#endif
