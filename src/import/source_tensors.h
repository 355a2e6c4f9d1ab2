/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a safetensors folder as those of a GGUF file: names, order, and how their bytes change on the way.
 * spec/import.md, IMP-40 to IMP-44. */
#ifndef IMPORT_SOURCE_TENSORS_H
#define IMPORT_SOURCE_TENSORS_H

#include "core/base/reason.h"
#include "core/base/status.h"
#include "import/builder.h"
#include "import/source_config.h"
#include "import/tensor_set.h"
#include <stdint.h>

/* Rows of the embedding, 0 when there is none. */
uint32_t source_tensors_vocab_n(struct tensor_set *set, const struct source_config *c);

/* Adds every tensor of set to b.  STATUS_MALFORMED names one that is missing or has another shape, STATUS_UNSUPPORTED
 * one that is left over or of a type that is not F32, F16 or BF16. */
must_check enum status source_tensors_write(struct builder *b, struct tensor_set *set, const struct source_config *c,
                                            struct reason *why);

#endif
